package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/gitstore/sign"
	"github.com/osmoctl/osmoctl/internal/backend/local"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type applyCmd struct {
	textJSONMarkdown
	scope
	allowances
	writer
	Plan        string   `arg:"" optional:"" type:"path" help:"A plan written by plan --out. It is planned again, and applied only if nothing differs."`
	Expect      string   `placeholder:"DIGEST" help:"Apply only a plan with this digest (sha256:...)."`
	AllowPlugin []string `placeholder:"NAME" help:"Let age-plugin-NAME be run to encrypt. OSMOCTL_PLUGINS does the same, with commas. Repeatable."`
	AcceptState []string `placeholder:"COMMIT" help:"Accept what this commit did to state by hand, and record that. Repeatable."`

	// moving says that the plan was agreed to, and that its first commit has
	// recorded where state moves.
	moving bool
}

// Help is the long description of the command.
func (applyCmd) Help() string {
	return `Declarations are read from a commit, never from the work tree, and the new state is one commit; what you have staged or edited stays as it is. Without a remote both are HEAD and its branch. With git.push in osmoctl.yaml the remote's branch is fetched, has to have every commit of HEAD and the same declarations, and is pushed to before anything moves here. git.state_branch keeps the state on a branch of its own. Unattended, give --auto-approve, a plan file or --expect.

A blocked change keeps everything else waiting. With --due-only no declaration is read: rotations and revocations that dates ask for are carried out, of the tokens as they were applied. It is for a job that runs once a day.`
}

// Run plans, asks, and applies.
func (c *applyCmd) Run(env *Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	saved, err := c.readPlan(env)
	if err != nil {
		return err
	}
	attempt := c.attempt
	if c.DueOnly || saved != nil && saved.DueOnly {
		attempt = c.attemptDue
	}
	return c.locked(env, func(l *ledger) error {
		return c.untilWon(env, func() error { return attempt(env, l, saved) })
	})
}

func (c *applyCmd) check(env *Env) error {
	if err := c.checkScope(); err != nil {
		return err
	}
	if c.Plan != "" && (len(c.Target)+len(c.Replace) > 0 || c.DueOnly) {
		return usagef("a saved plan brings its own --target, --replace and --due-only")
	}
	if c.DueOnly && c.Expect != "" {
		return usagef("--expect names what was reviewed, and what is due by date needs no review: give --auto-approve with --due-only")
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

// attempt plans and applies on what is there now.
func (c *applyCmd) attempt(env *Env, l *ledger, saved *savedPlan) error {
	b, err := l.whole(env.Context, l.begin)
	if err != nil {
		return err
	}
	warnChanged := l.project.lookAround(env.Context)
	made, settings, have, err := c.replan(env, l.project, b, saved)
	if err != nil {
		return l.meanwhile(err)
	}
	trust, err := l.trust(env.Context, b)
	if err != nil {
		return err
	}
	warnChanged()
	if err := trust.accept(c.AcceptState); err != nil {
		return err
	}
	made.Blocked = append(made.Blocked, trust.blocked()...)
	if err := c.checkPlace(env, l, made, have); err != nil {
		return err
	}
	c.holdToReview(made)
	if !c.moving {
		if err := c.expected(l.project, made, saved); err != nil {
			return c.explain(err, l, b, saved)
		}
	}
	if stop, err := c.approved(env, made, c.moving || c.Plan != "" || c.Expect != "", c.format()); stop || err != nil {
		return l.meanwhile(err)
	}
	if l.moves(made) {
		return c.move(env, l, b, made, settings, have, trust)
	}
	return c.execute(env, l, b, made, settings, have, trust)
}

// checkPlace adds to a plan what is wrong with where state is, or is to go.
func (c *applyCmd) checkPlace(env *Env, l *ledger, made *plan.Plan, have *state.Snapshot) error {
	made.Blocked = append(made.Blocked, l.at.blocked...)
	made.Blocked = append(made.Blocked, l.at.behind(have)...)
	if c.moving {
		return nil
	}
	made.Blocked = append(made.Blocked, l.at.unfinished(c.AllowStateMove)...)
	if len(made.Targets) > 0 {
		return nil
	}
	taken, err := l.project.checkDestination(env.Context, l.at, l.declared, l.project.fetchedTip)
	made.Blocked = append(made.Blocked, taken...)
	return err
}

// explain adds to a refusal that the plan which was asked for is the one that the
// last apply executed: whoever runs a job again wants to know that nothing is
// missing.
func (c *applyCmd) explain(refused error, l *ledger, b base, saved *savedPlan) error {
	want := c.Expect
	if saved != nil {
		want = saved.Digest
	}
	commit, last, err := l.lastApply(b)
	if err != nil || last.Plan != want {
		return refused
	}
	return stale(diag.Hinted(refused, fmt.Sprintf("that plan was applied already, by commit %.12s", commit)))
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
		e.warnf("%s was changed by hand and left alone: git checkout HEAD -- %s brings the applied state back", path, model.ShellWord(path))
	}
	if r.OtherHead {
		e.warnf("HEAD is on another branch now, so the work tree was left as it is")
	}
}

// checkCommitted refuses declarations that lie in the work tree only: the
// commit would not say what the user sees.
func (p *project) checkCommitted(commit string) error {
	dirty, err := p.store.Uncommitted(commit, config.ProjectFile, config.ManifestDir)
	if err != nil || len(dirty) == 0 {
		return err
	}
	ignored, err := p.store.Ignored(commit, config.ProjectFile, config.ManifestDir)
	if err != nil {
		return err
	}
	return uncommitted(dirty, ignored)
}

// uncommitted names the files and the commands that commit them: git takes one
// that it ignores by force only.
func uncommitted(dirty, ignored []string) error {
	hint := "apply uses committed declarations only:"
	if tracked := merged(dirty, nil, ignored); len(tracked) > 0 {
		hint += " git add " + shellWords(tracked) + " &&"
	}
	if len(ignored) > 0 {
		hint += " git add -f " + shellWords(ignored) + " &&"
	}
	hint += " git commit"
	if len(ignored) > 0 {
		hint += "; or move " + named(ignored) + " away, which git ignores"
	}
	return diag.Hinted(fmt.Errorf("declarations are not committed: %s", named(dirty)), hint)
}

// replan plans from the commit, with the saved plan's restrictions.
func (c *applyCmd) replan(env *Env, p *project, b base, saved *savedPlan) (*plan.Plan, state.Settings, *state.Snapshot, error) {
	opts := plan.Options{Commit: b.parent, Limits: env.limits, Targets: c.Target, Replace: c.Replace, Allow: c.allowances.options()}
	if saved != nil {
		opts.Targets, opts.Replace = saved.Targets, saved.Replace
	}
	var err error
	if opts.Today, err = env.today(); err != nil {
		return nil, state.Settings{}, nil, err
	}
	files, err := p.store.FS(b.declarations, config.ProjectFile, config.ManifestDir)
	if err != nil {
		return nil, state.Settings{}, nil, err
	}
	want, have, err := p.both(env.Context, b.parent, func() (*model.Declarations, error) { return env.declarations(files) })
	if err != nil {
		return nil, state.Settings{}, nil, err
	}
	made, err := env.build(files, want, have, opts)
	return made, state.SettingsOf(want.Project), have, err
}

func (c *applyCmd) execute(env *Env, l *ledger, b base, made *plan.Plan, settings state.Settings, have *state.Snapshot, trust *trust) error {
	run, err := c.issuing(env, l, b, settings, trust)
	if err != nil {
		return err
	}
	return c.carryOut(env, run, made, have)
}

// issuing prepares a run that issues tokens.
func (c *applyCmd) issuing(env *Env, l *ledger, b base, settings state.Settings, trust *trust) (*apply.Run, error) {
	run, err := c.run(env, l, b, trust)
	if err != nil {
		return nil, err
	}
	run.Issuer = &local.Issuer{Rand: rand.Reader}
	run.Sealer = seal.NewSealer(env.sealOptions(l.project, append(env.allowedPlugins(), c.AllowPlugin...)))
	run.Lineage, run.Settings = randomID(16), settings
	return run, nil
}

// carryOut executes a plan and shows what came of it.
func (c *applyCmd) carryOut(env *Env, run *apply.Run, made *plan.Plan, have *state.Snapshot) error {
	defer c.progress(env, run, made.Summary.Create+made.Summary.Rotate, "sealing")()
	result, err := run.Apply(env.Context, made, have)
	if err != nil {
		return err
	}
	return env.view().Applied(made, result, c.format())
}

// commit writes and publishes one commit. beside says that it is for a branch
// that HEAD is not on, so that nobody expects the work tree to follow.
func (p *project) commit(ctx context.Context, env *Env, r gitstore.Request, beside bool) (string, error) {
	pending, err := p.write(ctx, r)
	if err != nil {
		return "", err
	}
	done, err := p.store.Publish(ctx, pending)
	switch {
	case err != nil && done.Moved:
		return "", diag.Hinted(err, "what the commit holds is safe; the next osmoctl command brings work tree and index to it")
	case err != nil:
		return "", whenFull(err)
	}
	if beside {
		done.OtherHead = false
	}
	env.warnLeft(done)
	return pending.Commit, nil
}

// write stores a commit, signed where git is configured to sign.
func (p *project) write(ctx context.Context, r gitstore.Request) (gitstore.Pending, error) {
	var err error
	r.Sign, err = sign.New(sign.Options{Config: p.store.Config, Trusted: p.store.TrustedConfig, Getenv: p.env.Getenv, Dir: p.store.Root()})
	if err != nil {
		return gitstore.Pending{}, err
	}
	p.writing = true
	pending, err := p.store.Write(ctx, r)
	return pending, whenFull(err)
}

// whenFull adds to an error of a disk that takes no more what it has not done.
func whenFull(err error) error {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS} {
		if errors.Is(err, full) {
			return diag.Hinted(err, "nothing was issued, and the branch is where it was; make room and apply again")
		}
	}
	return err
}

// randomID is n random bytes in hex.
func randomID(n int) string {
	b := make([]byte, n)
	// crypto/rand.Read never fails: it ends the process where the system has
	// no randomness.
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}
