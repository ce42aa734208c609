package workspace

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Reseal seals what lives to the declared recipients.
type Reseal struct {
	usual
	// Targets restrict it; Allow lifts guardrails.
	Targets []model.Address
	Allow   model.Allowance
	// SkipUnreadable leaves out what no identity opens.
	SkipUnreadable bool
	// Open prepares to open files, once there are any. After a lost race it is called
	// again. The caller of the opener wipes it.
	Open func(ctx context.Context, files map[model.Address][]byte) (*seal.Opener, error)
	// Seal is how to seal.
	Seal seal.Options
}

func (c *Reseal) findBase(ctx context.Context, l *ledger) (base, error) { return l.findDeclared(ctx) }

func (c *Reseal) plan(ctx context.Context, l *ledger, b base) (*planned, error) {
	day, err := l.w.today()
	if err != nil {
		return nil, err
	}
	_, want, have, err := l.readBase(ctx, b)
	if err != nil {
		return nil, err
	}
	made, problems := plan.BuildReseal(want, have, plan.Options{
		Limits: l.w.outside.Limits, Today: day, Commit: b.parent, Targets: c.Targets,
	})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	facts := guard.Facts{Declared: want, Applied: have, Allow: c.Allow, Limits: l.w.outside.Limits}
	return &planned{plan: made, have: have, declarations: l.declarationsToRecord(b), facts: facts}, nil
}

func (c *Reseal) review(ctx context.Context, l *ledger, b base, p *planned) error {
	return liftByApply(ctx, l, b, p)
}

func (c *Reseal) execute(ctx context.Context, l *ledger, b base, p *planned, r Request) (*apply.Result, error) {
	if !p.plan.Pending() {
		return &apply.Result{Serial: p.have.Meta.Serial}, nil
	}
	list := make([]model.Address, len(p.plan.Changes))
	for i := range p.plan.Changes {
		list[i] = p.plan.Changes[i].Address
	}
	files, err := l.w.Ciphertexts(ctx, b.parent, list)
	if err != nil {
		return nil, err
	}
	opener, err := c.Open(ctx, files)
	if err != nil {
		return nil, err
	}
	defer opener.Wipe()
	run, err := l.prepare(b, p, r)
	if err != nil {
		return nil, err
	}
	run.Sealer = seal.NewSealer(c.Seal)
	result, err := run.Reseal(ctx, p.plan, p.have, opener, c.SkipUnreadable)
	var unreadable *apply.UnreadableError
	if errors.As(err, &unreadable) {
		err = &UnreadableError{unreadable, readersOf(unreadable.Left, p.have)}
	}
	return result, err
}

// UnreadableError says that the identities open too little.
type UnreadableError struct {
	*apply.UnreadableError
	// Readers are those who could open what is left, by name where they have one.
	Readers []string
}

func (e *UnreadableError) Unwrap() error { return e.UnreadableError }

func readersOf(list []model.Address, have *state.Snapshot) []string {
	names, readers := have.Meta.Applied.KeyNames(), map[string]bool{}
	for _, a := range list {
		for _, id := range have.Accounts[a.Account].Tokens[a.Name].Generation(a.Generation).Recipients {
			readers[firstGiven(names[id], model.KeyFingerprint(id))] = true
		}
	}
	return model.Names(readers)
}
