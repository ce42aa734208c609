package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/issuer/local"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type applyCmd struct {
	textJSONMarkdown
	scope
	allowances
	Plan        string        `arg:"" optional:"" type:"path" help:"A plan written by plan --out. It is planned again, and applied only if nothing differs."`
	AutoApprove bool          `help:"Apply without asking."`
	Expect      string        `placeholder:"DIGEST" help:"Apply only a plan with this digest (sha256:...)."`
	Actor       string        `placeholder:"NAME" help:"Whom to record as the one who made the changes."`
	LockTimeout time.Duration `default:"30s" help:"How long to wait for another apply in this clone."`
	AllowPlugin []string      `placeholder:"NAME" help:"Let age-plugin-NAME be run to encrypt. OSMOCTL_PLUGINS does the same, with commas. Repeatable."`
}

// Help is the long description of the command.
func (applyCmd) Help() string {
	return `Declarations and state are read from HEAD, never from the work tree. The new state is one commit on the current branch; what you have staged or edited stays as it is. Unattended, give --auto-approve, a plan file or --expect.`
}

// Run plans, asks, and applies.
func (c *applyCmd) Run(env *Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	hardenProcess()
	dir, err := env.findProject()
	if err != nil {
		return err
	}
	p, err := env.openProjectAt(dir, c.LockTimeout)
	if err != nil {
		return err
	}
	defer p.close()
	lock, err := c.lock(env, p)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	return c.locked(env, p)
}

// lock waits for other runs in this clone, and says so where it takes long
// enough to wonder.
func (c *applyCmd) lock(env *Env, p *project) (*gitstore.Lock, error) {
	notice := time.AfterFunc(300*time.Millisecond, func() {
		env.infof("Waiting up to %s for another osmoctl that is at work here.", c.LockTimeout)
	})
	defer notice.Stop()
	return p.store.Lock(env.Context, env.holder())
}

func (c *applyCmd) check(env *Env) error {
	if c.Plan != "" && len(c.Target)+len(c.Replace) > 0 {
		return usagef("a saved plan brings its own --target and --replace")
	}
	if c.Expect != "" && !isDigest(c.Expect) {
		return usagef("--expect takes a digest such as sha256: and 64 hex digits")
	}
	if c.Plan == "" && c.Expect == "" && !c.AutoApprove && !env.StdinTerminal {
		return usagef("there is nobody to ask here: give --auto-approve, --expect DIGEST or a plan file")
	}
	return nil
}

func isDigest(s string) bool {
	sum, found := strings.CutPrefix(s, "sha256:")
	b, err := hex.DecodeString(sum)
	return found && err == nil && len(b) == 32
}

// locked applies under the lock.
func (c *applyCmd) locked(env *Env, p *project) error {
	if err := p.recover(env); err != nil {
		return err
	}
	saved, err := c.readPlan(env)
	if err != nil {
		return err
	}
	base, err := p.applyBase(env.Context)
	if err != nil {
		return err
	}
	made, settings, have, err := c.replan(env, p, base, saved)
	if err != nil {
		return err
	}
	if err := c.expected(made, saved); err != nil {
		return err
	}
	if stop, err := c.approved(env, made); stop || err != nil {
		return err
	}
	return c.execute(env, p, base, made, settings, have)
}

// recover finishes what an interrupted apply left in work tree and index.
func (p *project) recover(env *Env) error {
	done, err := p.store.Recover(env.Context)
	if err != nil {
		return err
	}
	if done.Commit != "" {
		env.infof("An interrupted apply was completed: commit %.12s now stands in work tree and index.", done.Commit)
	}
	env.warnLeft(done.Result)
	return nil
}

// warnLeft names what a commit could not bring along without overwriting
// somebody's work.
func (e *Env) warnLeft(r gitstore.Result) {
	for _, path := range r.LeftAlone {
		e.warnf("%s was changed by hand and left alone: git checkout HEAD -- %s brings the applied state back", path, path)
	}
	if r.IndexLeft != "" {
		e.warnf("the index was left alone (%s): git add state brings it up to date", r.IndexLeft)
	}
	if r.OtherHead {
		e.warnf("HEAD is on another branch now, so the work tree was left as it is")
	}
}

// base is the commit and branch that an apply builds on.
type base struct {
	commit, branch string
}

// applyBase finds the branch to write, and refuses whatever would make the
// commit not say what the user sees.
func (p *project) applyBase(ctx context.Context) (base, error) {
	head, err := p.head()
	switch {
	case err != nil:
		return base{}, err
	case head.Unborn:
		return base{}, hinted(errors.New("nothing is committed yet, and apply reads declarations from a commit"), "git add . && git commit")
	case head.Branch == "":
		return base{}, hinted(errors.New("HEAD is detached, so there is no branch to commit the state to"), "git switch BRANCH")
	}
	dirty, err := p.store.Uncommitted(head.Commit, config.ProjectFile, config.ManifestDir)
	if err != nil {
		return base{}, err
	}
	if len(dirty) > 0 {
		return base{}, uncommitted(dirty)
	}
	return base{commit: head.Commit, branch: head.Branch}, nil
}

func uncommitted(paths []string) error {
	shown, more := paths, ""
	if len(shown) > 5 {
		shown, more = shown[:5], fmt.Sprintf(" and %d more", len(paths)-5)
	}
	return hinted(fmt.Errorf("declarations are not committed: %s%s", strings.Join(shown, ", "), more),
		"apply uses committed declarations only: git add "+strings.Join(shown, " ")+" && git commit")
}

// replan plans from the commit, with the saved plan's restrictions.
func (c *applyCmd) replan(env *Env, p *project, b base, saved *savedPlan) (*plan.Plan, state.Settings, *state.Snapshot, error) {
	opts := plan.Options{Commit: b.commit, Targets: c.Target, Replace: c.Replace, Allow: c.allowances.options()}
	if saved != nil {
		opts.Targets, opts.Replace = saved.Targets, saved.Replace
	}
	var err error
	if opts.Today, err = env.today(); err != nil {
		return nil, state.Settings{}, nil, err
	}
	files, err := p.store.FS(b.commit, config.ProjectFile, config.ManifestDir)
	if err != nil {
		return nil, state.Settings{}, nil, err
	}
	want, have, err := p.both(env.Context, b.commit, func() (*model.Declarations, error) { return env.declarations(files) })
	if err != nil {
		return nil, state.Settings{}, nil, err
	}
	if err := supported(want.Project.Git, b.branch); err != nil {
		return nil, state.Settings{}, nil, err
	}
	made, err := env.build(files, want, have, opts)
	return made, state.SettingsOf(want.Project), have, err
}

// supported refuses what the project asks of git and this version cannot do:
// to commit without pushing where a push was asked for would lose updates.
func supported(g model.Git, branch string) error {
	short := strings.TrimPrefix(branch, "refs/heads/")
	switch {
	case g.Push != "" || g.StateBranch != "":
		return errors.New("osmoctl.yaml asks for git.push or git.state_branch, which this version does not support yet: remove it, apply, and push yourself")
	case g.Branch != "" && g.Branch != short:
		return hinted(fmt.Errorf("osmoctl.yaml says that apply writes branch %s, and HEAD is on %s", g.Branch, short), "git switch "+g.Branch)
	}
	return nil
}

// savedPlan is the head of a plan file; the rest is compared as bytes.
type savedPlan struct {
	FormatVersion int             `json:"format_version"`
	Digest        string          `json:"digest"`
	Date          model.Date      `json:"date"`
	AsOf          bool            `json:"as_of"`
	Base          plan.Base       `json:"base"`
	Targets       []model.Address `json:"targets"`
	Replace       []model.Address `json:"replace"`

	data []byte
}

// maxPlanFile bounds what is read of a plan file.
const maxPlanFile = 256 << 20

func (c *applyCmd) readPlan(env *Env) (*savedPlan, error) {
	if c.Plan == "" {
		return nil, nil
	}
	f, err := os.Open(absolute(env.Dir, c.Plan))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPlanFile+1))
	if err != nil {
		return nil, err
	}
	s := &savedPlan{data: data}
	switch {
	case len(data) > maxPlanFile:
		return nil, fmt.Errorf("%s is too large for a plan", c.Plan)
	case json.Unmarshal(data, s) != nil || s.FormatVersion == 0:
		return nil, fmt.Errorf("%s is not a plan that plan --out wrote", c.Plan)
	case s.FormatVersion != plan.FormatVersion:
		return nil, fmt.Errorf("%s has format version %d and this osmoctl knows only %d", c.Plan, s.FormatVersion, plan.FormatVersion)
	case s.AsOf:
		return nil, apply.ErrAsOf
	}
	return s, nil
}

// expected compares the plan just made with what was reviewed.
func (c *applyCmd) expected(made *plan.Plan, saved *savedPlan) error {
	if c.Expect != "" && made.Digest != c.Expect {
		return stale(hinted(fmt.Errorf("the plan is no longer the expected one: expected %s, now %s", c.Expect, made.Digest),
			"osmoctl plan shows what would be applied now"))
	}
	if saved == nil {
		return nil
	}
	again := "plan again, and have the new plan reviewed"
	switch {
	case saved.Base.Lineage != made.Base.Lineage:
		return stale(hinted(errors.New("the plan was made for another project's state: its lineage is a different one"), again))
	case saved.Base.Serial != made.Base.Serial:
		return stale(hinted(fmt.Errorf("plan is stale: made at serial %d, state is at %d", saved.Base.Serial, made.Base.Serial), again))
	case saved.Date != made.Date:
		return stale(hinted(fmt.Errorf("plan is stale: made for %s, the UTC day is %s", saved.Date, made.Date), again))
	}
	now := *made
	now.Base.Commit = saved.Base.Commit
	data, err := now.JSON()
	if err == nil && !bytes.Equal(data, saved.data) {
		err = stale(hinted(errors.New("what would be applied now differs from the saved plan: the declarations have changed or the file was edited"), again))
	}
	return err
}

// approved shows the plan and settles whether to go on.
func (c *applyCmd) approved(env *Env, made *plan.Plan) (stop bool, err error) {
	ask := c.Plan == "" && c.Expect == "" && !c.AutoApprove && made.Pending()
	if ask || len(made.Blocked) > 0 {
		v := env.view()
		if c.format() != view.Text || !ask {
			// Results alone belong on stdout; this is to decide by.
			v.Out, v.Color = v.Err, v.ErrColor
		}
		if err := v.Plan(made, view.Text); err != nil {
			return true, err
		}
	}
	if len(made.Blocked) > 0 {
		return true, hinted(apply.ErrBlocked, "every entry under Blocked names the flag that lifts it, where there is one")
	}
	if !ask {
		return false, nil
	}
	fmt.Fprint(env.Stderr, "\nApply this plan? Only \"yes\" is taken: ")
	answer, err := untilInterrupted(env.Context, func() (string, error) {
		return bufio.NewReader(env.Stdin).ReadString('\n')
	})
	if errors.Is(err, errInterrupted) {
		return true, err
	}
	if strings.TrimSpace(answer) != "yes" {
		return true, errors.New("not applied")
	}
	return false, nil
}

func (c *applyCmd) execute(env *Env, p *project, b base, made *plan.Plan, settings state.Settings, have *state.Snapshot) error {
	now, err := env.now()
	if err != nil {
		return err
	}
	who := env.actor(c.Actor, p.store)
	if who.err != nil {
		return who.err
	}
	run := &apply.Run{
		Issuer: &local.Issuer{Rand: rand.Reader},
		Sealer: seal.NewSealer(env.sealOptions(p, append(env.allowedPlugins(), c.AllowPlugin...))),
		Store:  &commitStore{project: p, base: b, author: who.signature, env: env},
		Actor:  who.name, ID: randomID(8), Now: now, Lineage: randomID(16), Settings: settings,
	}
	issue := made.Summary.Create + made.Summary.Rotate
	if env.StderrTerminal && issue > 100 {
		update, finish := env.view().Progress(issue, "sealing")
		run.Progress = update
		defer finish()
	}
	result, err := run.Apply(env.Context, made, have)
	if err != nil {
		return err
	}
	return env.view().Applied(made, result, c.format())
}

// commitStore is the [apply.Store] over the repository.
type commitStore struct {
	env     *Env
	project *project
	base    base
	author  gitstore.Signature
}

// Commit writes the objects, flushes them, and moves the branch.
func (s *commitStore) Commit(ctx context.Context, changes []state.Change, message string) (string, error) {
	files := make([]gitstore.Change, len(changes))
	for i, c := range changes {
		files[i] = gitstore.Change{Path: state.Dir + "/" + c.Path, Data: c.Data, Delete: c.Delete}
	}
	return s.project.commit(ctx, s.env, gitstore.Request{
		Parent: s.base.commit, Branch: s.base.branch, Changes: files,
		Message: message, Author: s.author, Committer: s.author,
	})
}

// commit writes and publishes one commit.
func (p *project) commit(ctx context.Context, env *Env, r gitstore.Request) (string, error) {
	pending, err := p.store.Write(ctx, r)
	if err != nil {
		return "", err
	}
	done, err := p.store.Publish(ctx, pending)
	switch {
	case err != nil && done.Moved:
		return "", hinted(err, "what the commit holds is safe; the next osmoctl command brings work tree and index to it")
	case err != nil:
		return "", err
	}
	env.warnLeft(done)
	return pending.Commit, nil
}

// randomID is n random bytes in hex.
func randomID(n int) string {
	b := make([]byte, n)
	// crypto/rand.Read never fails: it ends the process where the system has
	// no randomness.
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}
