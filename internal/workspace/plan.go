package workspace

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/worktree"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// PlanRequest asks for a plan of what is in the work tree.
type PlanRequest struct {
	// Targets and Replace restrict and force, as [plan.Options] has them.
	Targets, Replace []model.Address
	// Allow lifts guardrails.
	Allow guard.Allow
	// RisksFit tells whether a review shows all risks of a plan.
	RisksFit func(*plan.Plan) bool
	// DueOnly asks for what dates ask for, of what is applied.
	DueOnly bool
	// StateRef is the branch that HEAD is to be merged into; "" is what a pull
	// request's pipeline says.
	StateRef string
	// AsOf is another day than today's; 0 is today.
	AsOf model.Date
}

// Plan plans what is in the work tree against the state where it was last applied,
// and on a pull request against the state where the branch left its base. What is
// wrong with either stands in the plan. It opens no connection.
func (w *Workspace) Plan(ctx context.Context, r PlanRequest) (*plan.Plan, error) {
	day, err := w.today()
	if err != nil {
		return nil, err
	}
	opts := plan.Options{Limits: w.outside.Limits, Today: day, Targets: r.Targets, Replace: r.Replace}
	if r.AsOf != 0 {
		opts.Today, opts.AsOf = r.AsOf, true
	}
	make := w.planDeclared
	if r.DueOnly {
		make = w.planDue
	}
	facts := guard.Facts{Allow: r.Allow, Limits: opts.Limits, RisksFit: r.RisksFit}
	from, made, err := make(ctx, r.StateRef, opts, &facts)
	if err != nil {
		return nil, err
	}
	trust, err := w.checkTrust(ctx, from.commit, from.branch, false)
	if err != nil {
		return nil, err
	}
	facts.Found = append(facts.Found, trust.blocked()...)
	made.Notices = append(made.Notices, trust.notices(facts.Applied)...)
	return made, guard.Hold(made, facts)
}

// planDeclared plans what the work tree declares, and notes what that is judged by.
func (w *Workspace) planDeclared(ctx context.Context, stateRef string, opts plan.Options, facts *guard.Facts) (from compared, made *plan.Plan, err error) {
	warnChanged := w.lookAround(ctx)
	if from, err = w.findCompared(ctx, stateRef); err != nil {
		return from, nil, err
	}
	want, have, err := w.readBoth(ctx, from.commit, func() (*model.Declarations, error) {
		files, err := w.Draft(ctx)
		if err != nil {
			return nil, err
		}
		return w.declarations(files)
	})
	if err != nil {
		return from, nil, err
	}
	files, err := w.Draft(ctx) // which is open
	if err != nil {
		return from, nil, err
	}
	opts.Commit, opts.Notices = from.commit, append(from.notices, readNotices(files.Remarks())...)
	facts.Declared, facts.Applied, facts.StateEdited = want, have, from.edited
	facts.First = append(from.blocked, from.checkUnfinished(facts.Allow.StateMove)...)
	if made, err = build(files, want, have, opts); err != nil {
		return from, nil, err
	}
	if facts.Found, err = w.checkDestination(ctx, from.Place, want.Project.Git, w.localTip); err != nil {
		return from, nil, err
	}
	if from.pending != "" {
		back, err := w.findTakenBack(from.pending, have, made)
		if err != nil {
			return from, nil, err
		}
		facts.Found = append(facts.Found, back...)
	}
	warnChanged()
	return from, made, nil
}

// planDue plans what is due of the state that a plan of the work tree would be made
// against.
func (w *Workspace) planDue(ctx context.Context, stateRef string, opts plan.Options, facts *guard.Facts) (from compared, made *plan.Plan, err error) {
	if from, err = w.findCompared(ctx, stateRef); err != nil {
		return from, nil, err
	}
	if facts.Applied, err = w.Snapshot(ctx, from.commit); err != nil {
		return from, nil, err
	}
	opts.Commit, opts.Notices = from.commit, from.notices
	facts.StateEdited, facts.First = from.edited, from.blocked
	made, err = w.buildDue(ctx, facts.Applied, from.declarations, opts)
	return from, made, err
}

// build plans, and gives problems their source lines.
func build(files fs.FS, want *model.Declarations, have *state.Snapshot, opts plan.Options) (*plan.Plan, error) {
	made, problems := plan.Build(want, have, opts)
	config.Annotate(files, problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return made, nil
}

// findTakenBack finds what the base declares, nobody has applied yet, and the
// branch at hand takes back: against the state that there is, that is no change.
func (w *Workspace) findTakenBack(pending string, have *state.Snapshot, made *plan.Plan) ([]plan.Blocked, error) {
	files, err := w.committed(pending)
	if err != nil {
		return nil, err
	}
	want, problems, err := w.outside.Load(files)
	if err != nil || problems.HasErrors() {
		return nil, err
	}
	base, problems := plan.Build(want, have, plan.Options{Today: made.Date, Limits: w.outside.Limits})
	if problems.HasErrors() {
		return nil, nil
	}
	return guard.TakenBack(base, made), nil
}

// stateDifferences lists the files under state/ that differ between two
// commits.
func (w *Workspace) stateDifferences(ctx context.Context, a, b string) ([]string, error) {
	none := func(string) bool { return false }
	before, err := w.store.Files(ctx, a, []string{state.Dir}, none)
	if err != nil {
		return nil, err
	}
	after, err := w.store.Files(ctx, b, []string{state.Dir}, none)
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

// Steps are the commands that it takes before the declarations of the work tree can
// be applied.
type Steps struct {
	// Commands come in this order.
	Commands []string
	// Only says that what was pushed has to be merged before it can be applied.
	Only bool
}

// StepsToApply tells what lies between a plan of the work tree and its apply, which
// reads commits. A plan of a pull request has none: that is merged first.
func (w *Workspace) StepsToApply(ctx context.Context, made *plan.Plan) (steps Steps) {
	for _, n := range made.Notices {
		if n.Code == noticeCompared {
			return steps
		}
	}
	head, err := w.store.Head()
	if err != nil {
		return steps
	}
	files, err := w.Draft(ctx)
	if err != nil {
		return steps
	}
	var dirty []string
	for _, r := range files.Remarks() {
		if r.Kind == worktree.Uncommitted && isRead(r) {
			dirty = append(dirty, r.Path)
		}
	}
	if len(dirty) > 0 {
		steps.Commands = append(steps.Commands, "git add "+shellWords(dirty), "git commit")
	}
	declared, err := readSettings(files)
	if err != nil || declared.Push == "" || head.Branch == "" {
		return steps
	}
	published := false
	branch := firstGiven(declared.Branch, strings.TrimPrefix(head.Branch, headsPrefix))
	if tip, err := w.store.Ref(trackingRef(declared.Push, branch)); err == nil && tip != "" && head.Commit != "" {
		published, _ = w.isKnownAncestor(head.Commit, tip)
	}
	if len(steps.Commands) > 0 || !published {
		steps.Commands = append(steps.Commands, "git push "+model.ShellWord(declared.Push)+" HEAD")
		steps.Only = declared.Branch != "" && head.Branch != headsPrefix+declared.Branch
	}
	return steps
}
