package cli

import (
	"context"
	"errors"
	"io"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// What is due does not wait for what is declared: a night in which a deletion is
// blocked, or a manifest cannot be read, is no night without rotations. Such a plan
// is made of state alone, and applied on top of what is published, as a revocation
// is. Where state is to move, that waits for an apply of the declarations.

// makeDue plans what is due of the state that a plan of the work tree would be made
// against.
func (c *planCmd) makeDue(env *Env, p *project) (*plan.Plan, error) {
	day, err := env.today()
	if err != nil {
		return nil, err
	}
	from, err := p.comparedWith(env.Context, c.StateRef)
	if err != nil {
		return nil, err
	}
	have, err := p.snapshot(env.Context, from.commit)
	if err != nil {
		return nil, err
	}
	opts := plan.Options{
		Limits: env.limits, Today: day, Commit: from.commit, Targets: c.Target, Allow: c.allowances.options(),
		StateEdited: from.edited, Notices: from.notices, Blocked: from.blocked,
	}
	if c.AsOf != 0 {
		opts.Today, opts.AsOf = c.AsOf, true
	}
	made, err := p.due(env.Context, have, from.declarations, opts)
	if err != nil {
		return nil, err
	}
	return made, p.holdAgainstHistory(env.Context, made, have, from.commit, from.branch)
}

// attemptDue applies what is due of what is there now.
func (c *applyCmd) attemptDue(env *Env, l *ledger, saved *savedPlan) error {
	b, err := l.whole(env.Context, l.latest)
	if err != nil {
		return err
	}
	have, err := l.project.snapshot(env.Context, b.parent)
	if err != nil {
		return err
	}
	opts := plan.Options{Commit: b.parent, Limits: env.limits, Targets: c.Target, Allow: c.allowances.options()}
	if saved != nil {
		opts.Targets = saved.Targets
	}
	if opts.Today, err = env.today(); err != nil {
		return err
	}
	made, err := l.project.due(env.Context, have, b.declarations, opts)
	if err != nil {
		return err
	}
	trust, err := l.trust(env.Context, b)
	if err != nil {
		return err
	}
	if err := trust.accept(c.AcceptState); err != nil {
		return err
	}
	made.Blocked = append(made.Blocked, trust.blocked()...)
	made.Blocked = append(made.Blocked, l.at.blocked...)
	made.Blocked = append(made.Blocked, l.at.behind(have)...)
	c.holdToReview(made)
	if err := c.expected(l.project, made, saved); err != nil {
		return err
	}
	if stop, err := c.approved(env, made, c.Plan != "", c.format()); stop || err != nil {
		return err
	}
	run, err := c.issuing(env, l, b, have.Meta.Applied, trust)
	if err != nil {
		return err
	}
	// No declaration is applied, so none is recorded.
	run.Declarations = ""
	if have.Exists() {
		if run.Declarations, err = l.madeFrom(b); err != nil {
			return err
		}
	}
	return c.carryOut(env, run, made, have)
}

// meanwhile adds to what stops an apply of the declarations that what is due need
// not wait for it.
func (l *ledger) meanwhile(err error) error {
	if l.at.meta == nil {
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

// due plans what is due of a state. from is the commit from which osmoctl.yaml is
// looked for, back in time, where state has a key by its digest alone.
func (p *project) due(ctx context.Context, have *state.Snapshot, from string, opts plan.Options) (*plan.Plan, error) {
	keys, err := p.appliedKeys(ctx, have, from, opts.Today)
	if err != nil {
		return nil, err
	}
	made, problems := plan.Due(have, keys, opts)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return made, nil
}

// appliedKeys are the keys that state recorded, by their IDs. A digest names its key
// beyond doubt, so it does not matter who wrote the file that has it.
func (p *project) appliedKeys(ctx context.Context, have *state.Snapshot, from string, day model.Date) (map[string]model.Recipient, error) {
	keys := map[string]model.Recipient{}
	recorded := plan.DueKeys(have, day)
	for _, name := range model.Names(have.Meta.Applied.Recipients) {
		recorded = append(recorded, have.Meta.Applied.Recipients[name]...)
	}
	nameOf := have.Meta.Applied.KeyNames()
	for _, id := range recorded {
		if key, err := seal.ParseRecipient(id); err == nil {
			key.Name = nameOf[id]
			keys[id] = key
		}
	}
	missing := func() bool {
		for _, id := range plan.DueKeys(have, day) {
			if _, known := keys[id]; !known {
				return true
			}
		}
		return false
	}
	if from == "" || !missing() {
		return keys, nil
	}
	err := p.store.History(ctx, from, config.ProjectFile, func(c gitstore.Commit) error {
		p.keysAt(c.Hash, keys)
		if !missing() {
			return io.EOF
		}
		return nil
	})
	for _, ended := range []error{io.EOF, gitstore.ErrShallow, gitstore.ErrMissingObject} {
		if errors.Is(err, ended) {
			err = nil // What is still missing, the plan says.
		}
	}
	return keys, err
}

// keysAt adds the keys that osmoctl.yaml has at a commit. One that cannot be read
// has none.
func (p *project) keysAt(commit string, keys map[string]model.Recipient) {
	files, err := p.store.FS(commit, config.ProjectFile)
	if err != nil {
		return
	}
	file, problems := config.LoadProject(files)
	if problems.HasErrors() {
		return
	}
	for _, list := range file.Recipients {
		for _, key := range list {
			if _, known := keys[key.ID()]; !known {
				keys[key.ID()] = key
			}
		}
	}
}
