package workspace

import (
	"context"
	"io/fs"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/worktree"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
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
	Allow model.Allowance
	// RisksFit tells whether a review shows all risks of a plan.
	RisksFit func(*plan.Plan) bool
	// DueOnly asks for what dates ask for, of what is applied.
	DueOnly bool
	// StateRef is the branch that HEAD is to be merged into; "" is what a pull
	// request's pipeline says.
	StateRef string
	// AsOf is another day than today's; 0 is today.
	AsOf model.Date
	// Refresh says whether to look at the project's server; nil is where that is
	// possible.
	Refresh *bool
}

// Plan plans what is in the work tree against the state where it was last applied,
// and on a pull request against the state where the branch left its base. What is
// wrong with either stands in the plan. It opens no connection but to a server that
// both the project and whoever runs osmoctl name.
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
	from, made, err := make(ctx, r, opts, &facts)
	if err != nil {
		return nil, err
	}
	trust, err := w.checkTrust(ctx, from.Commit, from.Branch, false)
	if err != nil {
		return nil, err
	}
	facts.Found = append(facts.Found, trust.listBlocked()...)
	made.Notices = append(made.Notices, append(trust.notices(facts.Applied), w.warnClutter()...)...)
	return made, guard.Hold(made, facts)
}

// planDeclared plans what the work tree declares, and notes what that is judged by.
func (w *Workspace) planDeclared(ctx context.Context, r PlanRequest, opts plan.Options, facts *guard.Facts) (from place.Compared, made *plan.Plan, err error) {
	warnChanged := w.lookForEdits(ctx)
	if from, err = w.places.FindCompared(ctx, r.StateRef); err != nil {
		return from, nil, err
	}
	want, have, err := w.readBoth(ctx, from.Commit, func() (*model.Declarations, error) {
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
	opts.Commit, opts.Notices = from.Commit, append(from.Notices, readNotices(files.Remarks())...)
	facts.Declared, facts.Applied, facts.StateEdited = want, have, from.Edited
	facts.First = append(from.Blocked, from.CheckUnfinished(facts.Allow.StateMove)...)
	if facts.Base, facts.BaseApprovals, err = w.readBaseApprovals(from); err != nil {
		return from, nil, err
	}
	seen, notices, err := w.refresh(ctx, r.Refresh, want.Project, want, have)
	if err != nil {
		return from, nil, err
	}
	opts.Observed, opts.Notices = seen, append(opts.Notices, notices...)
	if made, err = build(files, want, have, opts); err != nil {
		return from, nil, err
	}
	if facts.Found, err = w.places.CheckDestination(ctx, from.Place, want.Project.Git, w.places.LocalTip); err != nil {
		return from, nil, err
	}
	if from.Pending != "" {
		back, err := w.findTakenBack(from.Pending, have, made)
		if err != nil {
			return from, nil, err
		}
		facts.Found = append(facts.Found, back...)
	}
	warnChanged()
	return from, made, nil
}

// readBaseApprovals reads what is approved where HEAD left the branch that it is to be
// merged into: what it brings itself is told from that.
func (w *Workspace) readBaseApprovals(from place.Compared) (into string, list []model.Approval, err error) {
	if from.Base == "" {
		return "", nil, nil
	}
	files, err := w.repo.FS(from.Base, config.ApprovalsFile)
	if err != nil {
		return "", nil, err
	}
	return from.Into, config.LoadApprovals(files), nil
}

// planDue plans what is due of the state that a plan of the work tree would be made
// against.
func (w *Workspace) planDue(ctx context.Context, r PlanRequest, opts plan.Options, facts *guard.Facts) (from place.Compared, made *plan.Plan, err error) {
	if from, err = w.places.FindCompared(ctx, r.StateRef); err != nil {
		return from, nil, err
	}
	if facts.Applied, err = w.Snapshot(ctx, from.Commit); err != nil {
		return from, nil, err
	}
	opts.Commit, opts.Notices = from.Commit, from.Notices
	facts.StateEdited, facts.First = from.Edited, from.Blocked
	seen, notices, err := w.refresh(ctx, r.Refresh, appliedProject(facts.Applied), nil, facts.Applied)
	if err != nil {
		return from, nil, err
	}
	opts.Observed, opts.Notices = seen, append(opts.Notices, notices...)
	made, err = w.buildDue(ctx, facts.Applied, from.Declarations, opts)
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
	files, err := w.openCommitted(pending)
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
		if n.Code == place.NoticeCompared {
			return steps
		}
	}
	head, err := w.repo.Head()
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
	declared, err := place.ReadSettings(files)
	if err != nil || declared.Push == "" || head.Branch == "" {
		return steps
	}
	published := false
	branch := firstGiven(declared.Branch, strings.TrimPrefix(head.Branch, place.HeadsPrefix))
	if tip, err := w.repo.Ref(place.TrackingRef(declared.Push, branch)); err == nil && tip != "" && head.Commit != "" {
		published, _ = w.places.IsKnownAncestor(head.Commit, tip)
	}
	if len(steps.Commands) > 0 || !published {
		steps.Commands = append(steps.Commands, "git push "+model.ShellWord(declared.Push)+" HEAD")
		steps.Only = declared.Branch != "" && head.Branch != place.HeadsPrefix+declared.Branch
	}
	return steps
}
