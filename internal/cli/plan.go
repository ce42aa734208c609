package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// scope is what plan and apply restrict or force alike.
type scope struct {
	Target  []model.Address `name:"target" placeholder:"ADDR" help:"Plan only this object, what it needs, and what falls with its deletion. Repeatable."`
	Replace []model.Address `name:"replace" placeholder:"ADDR" help:"Rotate this token whatever its declaration says. Repeatable."`
	DueOnly bool            `help:"Only what dates ask for of what is applied: rotations and revocations that are due. No declaration is read, so whatever is declared meanwhile neither comes along nor stands in the way."`
}

// checkScope refuses what does not go together.
func (s scope) checkScope() error {
	if s.DueOnly && len(s.Replace) > 0 {
		return usagef("--due-only is for what dates ask for, and --replace for what they do not: give one of them")
	}
	return nil
}

// allowances lift guardrails for one run.
type allowances struct {
	AllowEmpty      bool            `help:"Let a project without any declaration delete everything."`
	AllowDeletes    *int            `placeholder:"N" help:"Let up to N objects be deleted."`
	AllowDelete     []model.Address `placeholder:"ADDR" help:"Do not count the deletion of this object. Repeatable."`
	AllowRotations  *int            `placeholder:"N" help:"Let up to N tokens be rotated that no date asks for."`
	AllowNewReaders *int            `placeholder:"N" help:"Let up to N keys read tokens that could read none before."`
	AllowRisks      *int            `placeholder:"N" help:"Go on with N risks, read as text, that do not fit into a comment on a pull request."`
	AllowLifetime   model.Days      `placeholder:"DAYS" help:"Let tokens live this long, such as 400d, where the last apply recorded a lower limit."`
	AllowStateMove  string          `placeholder:"PLACE" help:"Let the state move to where the git settings say, such as origin/osmoctl-state."`
	Allow           []model.Address `placeholder:"ADDR" help:"Lift the guardrails on the name, roles and recipients of this object. Repeatable."`
}

func (a allowances) options() plan.Allow {
	return plan.Allow{
		Empty: a.AllowEmpty, Deletes: a.AllowDeletes, Delete: a.AllowDelete, Rotations: a.AllowRotations,
		NewReaders: a.AllowNewReaders, Risks: a.AllowRisks, Lifetime: a.AllowLifetime, Objects: a.Allow, StateMove: a.AllowStateMove,
	}
}

type planCmd struct {
	textJSONMarkdown
	scope
	allowances
	Out              string     `type:"path" placeholder:"FILE|-" help:"Also write the plan as JSON to FILE, for apply FILE. It holds no secret. With - it goes to stdout, and what people read to stderr."`
	DetailedExitcode bool       `help:"Exit with 2 when changes are pending."`
	StateRef         string     `placeholder:"REF" help:"The branch that HEAD is to be merged into: state, its guardrails and its place are read where HEAD left it, and any difference under state/ is blocked. Default: what a pull request's pipeline says."`
	AsOf             model.Date `placeholder:"DATE" help:"Plan for this UTC day. Such a plan cannot be applied."`
}

// Help is the long description of the command.
func (planCmd) Help() string {
	return `Declarations are read from the work tree, as git would store them, and state from where the last apply recorded it; on a pull request, from where the branch left its base. A plan opens no connection, starts no program and needs no key, so anybody can make one of any pull request.`
}

// Run plans and shows the plan.
func (c *planCmd) Run(env *Env) error {
	if err := errors.Join(c.checkScope(), c.checkOut(env)); err != nil {
		return err
	}
	p, err := env.openProject()
	if err != nil {
		return err
	}
	defer p.close()
	make := c.make
	if c.DueOnly {
		make = c.makeDue
	}
	made, err := make(env, p)
	if err != nil {
		return err
	}
	c.holdToReview(made)
	c.steps(env, p, made)
	if err := c.save(env, made); err != nil {
		return err
	}
	if err := c.view(env).Plan(made, c.format()); err != nil {
		return err
	}
	switch {
	case len(made.Blocked) > 0:
		return silently(exitBlocked)
	case c.DetailedExitcode && made.Pending():
		return silently(exitPending)
	}
	return nil
}

func (c *planCmd) make(env *Env, p *project) (*plan.Plan, error) {
	day, err := env.today()
	if err != nil {
		return nil, err
	}
	warnChanged := p.lookAround(env.Context)
	from, err := p.comparedWith(env.Context, c.StateRef)
	if err != nil {
		return nil, err
	}
	want, have, err := p.both(env.Context, from.commit, p.worktree)
	if err != nil {
		return nil, err
	}
	files, err := p.drafted()
	if err != nil {
		return nil, err
	}
	opts := plan.Options{
		Limits: env.limits,
		Today:  day, Commit: from.commit, Targets: c.Target, Replace: c.Replace,
		StateEdited: from.edited, Notices: append(from.notices, readNotices(files.Remarks())...), Allow: c.allowances.options(),
		Blocked: append(from.blocked, from.unfinished(c.AllowStateMove)...),
	}
	if c.AsOf != 0 {
		opts.Today, opts.AsOf = c.AsOf, true
	}
	made, err := env.build(files, want, have, opts)
	if err != nil {
		return nil, err
	}
	taken, err := p.checkDestination(env.Context, from.place, want.Project.Git, p.localTip)
	if err != nil {
		return nil, err
	}
	made.Blocked = append(made.Blocked, taken...)
	if from.pending != "" {
		back, err := p.takenBack(env, from.pending, have, made)
		if err != nil {
			return nil, err
		}
		made.Blocked = append(made.Blocked, back...)
	}
	warnChanged()
	return made, p.holdAgainstHistory(env.Context, made, have, from.commit, from.branch)
}

// holdToReview blocks a plan whose risks a comment on a pull request has no room
// for: whoever reviews it there would not see all of them. It is the same for every
// format, so that what a review was shown and what apply does never differ.
func (a allowances) holdToReview(made *plan.Plan) {
	n := len(made.Risks)
	if view.RisksFit(made) || a.AllowRisks != nil && n <= *a.AllowRisks {
		return
	}
	made.Blocked = append(made.Blocked, plan.Blocked{
		Guardrail: plan.RailUnreadRisks, Flag: fmt.Sprintf("--allow-risks %d", n),
		Detail: fmt.Sprintf("a comment on a pull request has no room for all %d risks: osmoctl plan shows them as text", n),
	})
}

// holdAgainstHistory adds to a plan what is wrong with the history of the state
// that it was made from: it is named in every plan and keeps apply from going on.
func (p *project) holdAgainstHistory(ctx context.Context, made *plan.Plan, have *state.Snapshot, commit, branch string) error {
	trust, err := p.trust(ctx, commit, branch)
	if err != nil {
		return err
	}
	made.Blocked = append(made.Blocked, trust.blocked()...)
	made.Notices = append(made.Notices, trust.notices(have)...)
	return nil
}

// stateDifferences lists the files under state/ that differ between two
// commits.
func (p *project) stateDifferences(ctx context.Context, a, b string) ([]string, error) {
	none := func(string) bool { return false }
	before, err := p.store.Files(ctx, a, []string{state.Dir}, none)
	if err != nil {
		return nil, err
	}
	after, err := p.store.Files(ctx, b, []string{state.Dir}, none)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, f := range before {
		ids[f.Path] = fmt.Sprint(f.Mode, f.Hash)
	}
	differ := map[string]bool{}
	for _, f := range after {
		if ids[f.Path] != fmt.Sprint(f.Mode, f.Hash) {
			differ[f.Path] = true
		}
		delete(ids, f.Path)
	}
	for path := range ids {
		differ[path] = true
	}
	return model.Names(differ), nil
}

// build plans, and gives problems their source lines.
func (e *Env) build(files fs.FS, want *model.Declarations, have *state.Snapshot, opts plan.Options) (*plan.Plan, error) {
	made, problems := plan.Build(want, have, opts)
	config.Annotate(files, problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return made, nil
}

type validateCmd struct {
	Format string `short:"t" name:"format-type" enum:"text,json,github,sarif" default:"text" help:"Output format: ${enum}."`
}

func (c validateCmd) format() view.Format { return view.Format(c.Format) }

// Help is the long description of the command.
func (validateCmd) Help() string {
	return `Everything is checked that needs neither state nor repository; all problems are shown in one pass. In a repository the work tree is read as git would store it, as plan does; elsewhere, as it lies.`
}

// Run checks the declarations in the work tree.
func (c *validateCmd) Run(env *Env) error {
	dir, err := env.findProject()
	if err != nil {
		return err
	}
	files, closeFiles, err := env.openDeclared(dir)
	if err != nil {
		return err
	}
	defer closeFiles()
	want, problems, err := env.load(files)
	if err != nil {
		return err
	}
	env.warnOtherwise(files)
	if c.format() == view.Text {
		env.view().Diagnostics(problems)
	}
	found := report.ValidationOf(want, config.CountManifests(files, env.limits), problems)
	if err := env.view().Validation(found, c.format()); err != nil {
		return err
	}
	if problems.HasErrors() {
		return silently(exitError)
	}
	return nil
}
