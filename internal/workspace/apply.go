package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Terms are what both kinds of apply take.
type Terms struct {
	// Targets restrict the plan; Allow lifts guardrails.
	Targets []model.Address
	Allow   model.Allowance
	// AcceptState are revisions of commits whose findings are accepted.
	AcceptState []string
	// Saved is the plan that was reviewed, or nil. It brings its own restrictions.
	Saved *SavedPlan
	// RisksFit tells whether a review shows all risks of a plan.
	RisksFit func(*plan.Plan) bool
	// Seal is how to seal what is issued.
	Seal seal.Options
	// TakeOver names a run whose reservations are given up, however lately it was
	// heard of.
	TakeOver string
	// SingleWriter says that no other clone ever applies: without a remote that
	// cannot be seen.
	SingleWriter bool
}

// Apply makes state equal to the committed declarations.
type Apply struct {
	usual
	Terms
	Replace []model.Address
	// Expect is the digest of the only plan to be applied; "" is any.
	Expect string

	// moving says that the plan was agreed to, and that its first commit has
	// recorded where state moves.
	moving bool
}

func (c *Apply) findBase(ctx context.Context, l *ledger) (base, error) { return l.findDeclared(ctx) }

// plan plans from the commit, with the saved plan's restrictions.
func (c *Apply) plan(ctx context.Context, l *ledger, b base) (*planned, error) {
	warnChanged := l.w.lookForEdits(ctx)
	opts := plan.Options{Commit: b.parent, Limits: l.w.outside.Limits, Targets: c.Targets, Replace: c.Replace}
	if c.Saved != nil {
		opts.Targets, opts.Replace = c.Saved.Targets, c.Saved.Replace
	}
	var err error
	if opts.Today, err = l.w.today(); err != nil {
		return nil, err
	}
	files, want, have, err := l.readBase(ctx, b)
	if err != nil {
		return nil, err
	}
	p := &planned{
		have: have, settings: state.SettingsOf(want.Project), declarations: l.declarationsToRecord(b),
		approvals: want.Approvals, warnChanged: warnChanged, facts: c.facts(l, want, have),
	}
	if err := c.lookAtServer(ctx, l, b, p, want, want.Project); err != nil {
		return nil, err
	}
	opts.Observed = p.observed
	p.settings.Server = plan.ServerOf(want.Project, have, p.observed)
	if p.plan, err = build(files, want, have, opts); err != nil {
		return nil, err
	}
	return p, nil
}

// lookAtServer opens what issues the tokens of a project, and looks at what it has.
func (t *Terms) lookAtServer(ctx context.Context, l *ledger, b base, p *planned, want *model.Declarations, project model.Project) (err error) {
	if p.backend, err = l.w.openBackend(project); err != nil {
		return err
	}
	if err := l.checkServer(p.backend, t, project.Backend.URL); err != nil {
		return err
	}
	p.observed, err = l.w.observe(ctx, p.backend, want, p.have)
	return err
}

func (c *Apply) review(ctx context.Context, l *ledger, b base, p *planned) error {
	if err := c.checkHistory(ctx, l, b, p); err != nil {
		return err
	}
	if !c.moving {
		p.facts.Found = append(p.facts.Found, l.at.CheckUnfinished(c.Allow.StateMove)...)
		if len(p.plan.Targets) == 0 {
			taken, err := l.w.places.CheckDestination(ctx, l.at, l.declared, l.w.places.FetchedTip)
			if err != nil {
				return err
			}
			p.facts.Found = append(p.facts.Found, taken...)
		}
	}
	if err := guard.Hold(p.plan, p.facts); err != nil {
		return c.explainError(l, err)
	}
	if c.moving {
		return nil
	}
	err := c.checkExpected(l.w, p.plan)
	if err == nil {
		return nil
	}
	// Whoever runs a job again wants to know that nothing is missing.
	want := c.Expect
	if c.Saved != nil {
		want = c.Saved.Digest
	}
	commit, last, failed := l.lastApply(ctx, b)
	if failed != nil || last.Plan != want {
		return err
	}
	return stale(diag.Hinted(err, fmt.Sprintf("that plan was applied already, by commit %.12s", commit)))
}

// facts are what a plan is judged by; declared is nil where none was read.
func (t *Terms) facts(l *ledger, declared *model.Declarations, have *state.Snapshot) guard.Facts {
	return guard.Facts{Declared: declared, Applied: have, Allow: t.Allow, Limits: l.w.outside.Limits, RisksFit: t.RisksFit}
}

// checkHistory adds to a plan what is wrong with the history and the place of the
// state that it was made from.
func (t *Terms) checkHistory(ctx context.Context, l *ledger, b base, p *planned) (err error) {
	if p.trust, err = l.checkTrust(ctx, b); err != nil {
		return err
	}
	if p.warnChanged != nil {
		p.warnChanged()
	}
	if err := p.trust.accept(t.AcceptState); err != nil {
		return err
	}
	p.facts.Found = slices.Concat(p.trust.listBlocked(), l.at.Blocked, l.at.Behind(p.have))
	return nil
}

func (c *Apply) checkExpected(w *Workspace, made *plan.Plan) error {
	if c.Expect != "" && made.Digest != c.Expect {
		return stale(diag.Hinted(fmt.Errorf("the plan is no longer the expected one: expected %s, now %s", c.Expect, made.Digest),
			"osmoctl plan shows what would be applied now"))
	}
	return w.checkSaved(c.Saved, made)
}

func (c *Apply) isGranted() bool { return c.moving || c.Saved != nil || c.Expect != "" }

func (c *Apply) execute(ctx context.Context, l *ledger, b base, p *planned, r Request) (*apply.Result, error) {
	if err := l.respect(ctx, b, p, &c.Terms, r); err != nil {
		return nil, err
	}
	// State moves only with all that is declared.
	if l.at.Meta != nil && len(p.plan.Targets) == 0 && (l.at.Goal != nil || l.declared != l.git) {
		return c.move(ctx, l, b, p, r)
	}
	run, err := c.prepare(l, b, p, r)
	if err != nil {
		return nil, err
	}
	return run.Apply(ctx, p.plan, p.have)
}

// prepare makes a run that issues tokens.
func (t *Terms) prepare(l *ledger, b base, p *planned, r Request) (*apply.Run, error) {
	run, err := l.prepare(b, p, r)
	if err != nil {
		return nil, err
	}
	run.Sealer = seal.NewSealer(t.Seal)
	run.Lineage = randomID(16)
	if run.Backend.Server() {
		l.w.store.NoteRun(run.ID)
	}
	return run, nil
}

// explainError adds to what stops an apply of the declarations that what is due need
// not wait for it.
func (c *Apply) explainError(l *ledger, err error) error {
	if l.at.Meta == nil {
		return err
	}
	command := "what is due by date need not wait: osmoctl apply --due-only"
	var hint *diag.HintError
	switch blocked := errors.Is(err, apply.ErrBlocked); {
	case blocked && errors.As(err, &hint):
		return diag.Hinted(err, hint.Hint()+"; "+command)
	case blocked, errors.As(err, new(diag.List)):
		return diag.Hinted(err, command)
	}
	return err
}
