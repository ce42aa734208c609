package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/internal/backend/local"
	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/gitstore/remote"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// State moves to where changed git settings say in two commits, so that it is
// never in doubt where it is:
//
//  1. At the old place, an apply records the new settings, and nothing else.
//     Whoever reads there goes on to the new place from then on, and if nothing
//     is there yet, stays.
//  2. At the new place, the apply itself makes its commit, with all files of
//     state, the same lineage, the next serial, and the commit before it as a
//     parent: history goes on without a gap. It must be the first state there.
//
// Between two branches that both hold declarations no step 1 is needed: the state
// goes along with them, and has to be the same on both.

// move does the step that is due.
func (c *Apply) move(ctx context.Context, l *ledger, b base, p *planned, r Request) (*apply.Result, error) {
	there, err := l.w.openLedgerBy(ctx, b.head, l.declared)
	if err != nil {
		return nil, err
	}
	if l.git.StateBranch == "" && l.declared.StateBranch == "" {
		to, err := there.findBeside(ctx, b)
		if err != nil {
			return nil, err
		}
		p.declarations = there.declarationsToRecord(to)
		run, err := c.prepare(there, to, p, r)
		if err != nil {
			return nil, err
		}
		return run.Apply(ctx, p.plan, p.have)
	}
	if l.at.Goal == nil {
		return nil, c.announce(ctx, l, b, p, r)
	}
	return c.settle(ctx, l, there, b, p, r)
}

// findBeside finds what to build on where state goes along with declarations to another
// branch, or to the same one on a remote.
func (l *ledger) findBeside(ctx context.Context, from base) (base, error) {
	b, err := l.findDeclaredHere(ctx)
	if err != nil {
		return b, err
	}
	same, err := l.w.repo.Same(from.parent, b.parent, state.Dir)
	if err == nil && !same {
		err = stale(diag.Hinted(fmt.Errorf("the state at %s is not the one that the last apply recorded at commit %.12s", l.git.Place(), from.parent),
			"merge the branches, so that both have the newer state, and plan again"))
	}
	return b, err
}

// announce records at the old place where state goes on, and has the plan made
// again: on a state with one more serial.
func (c *Apply) announce(ctx context.Context, l *ledger, b base, p *planned, r Request) error {
	day, err := l.w.today()
	if err != nil {
		return err
	}
	goes := *p
	goes.plan, goes.settings = plan.Move(p.have, l.declared, day, b.parent), p.have.Meta.Applied
	goes.settings.Git = l.declared
	goes.backend = local.Backend{} // Nothing but the settings changes.
	if err := guard.Hold(goes.plan, guard.Facts{Applied: p.have}); err != nil {
		return err
	}
	run, err := l.prepare(b, &goes, r)
	if err != nil {
		return err
	}
	goes.plan.Lifted = p.plan.Lifted // They are used now: the plan to come has another digest.
	for _, a := range p.approvals {
		if slices.ContainsFunc(p.plan.Lifted, func(l plan.Lifted) bool { return l.Plan == a.Plan && l.Allow == a.Allow }) {
			c.Allow = a.Lifts.With(c.Allow)
		}
	}
	if _, err := run.Apply(ctx, goes.plan, p.have); err != nil {
		err = fmt.Errorf("record at %s that state moves to %s: %w", l.git.Place(), l.declared.Place(), err)
		if refused := (*remote.RefusedError)(nil); errors.As(err, &refused) {
			err = diag.Hinted(err, fmt.Sprintf("let this identity push there for once, or set %s=%s wherever osmoctl runs for this project: then the old place need not say it",
				place.Variable, l.declared.Place()))
		}
		return err
	}
	l.w.notef("The state moves to %s: %s says so now.", l.declared.Place(), l.git.Place())
	c.moving = true
	if err := l.reopen(ctx); err != nil {
		return err
	}
	return errLostRace
}

// settle makes the first commit at the new place.
func (c *Apply) settle(ctx context.Context, l, there *ledger, b base, p *planned, r Request) (*apply.Result, error) {
	to := b
	var err error
	if there.git.StateBranch != "" {
		to.parent, err = there.stateTip(ctx)
	} else {
		to, err = there.findDeclaredHere(ctx)
	}
	if err != nil {
		return nil, err
	}
	meta, _, err := l.w.places.MetaAt(ctx, to.parent)
	if err == nil && meta != nil && !l.at.LeftBehind(meta) {
		err = stale(errPlaceTaken)
	}
	if err != nil {
		return nil, err
	}
	p.declarations = there.declarationsToRecord(to)
	run, err := c.prepare(there, to, p, r)
	if err != nil {
		return nil, err
	}
	run.Store = &movingStore{*run.Store.(*commitStore), b.parent}
	run.Moved = b.parent
	return run.Apply(ctx, p.plan, p.have)
}

// movingStore puts the whole state at another place.
type movingStore struct {
	commitStore
	// from is the commit that state is taken from, until it is there.
	from string
}

// Commit is [commitStore.Commit] with all files of state. Whatever moved there
// meanwhile has the plan made again.
func (s *movingStore) Commit(ctx context.Context, changes []state.Change, message string) (string, error) {
	if s.from == "" {
		return s.commitStore.Commit(ctx, changes, message)
	}
	all, err := s.listAll(ctx, changes)
	if err != nil {
		return "", err
	}
	request := gitstore.Request{
		Parent: s.base.parent, Beside: s.from, Changes: all,
		Message: message, Author: s.author, Committer: s.author,
	}
	put := s.push
	if s.ledger.remote == nil {
		put = s.local
	}
	commit, err := put(ctx, request)
	switch {
	case isMoved(err):
		err = errLostRace
	case err == nil:
		s.base.parent, s.from = commit, ""
	}
	return commit, markNotCommitted(err)
}

// listAll lists the state as it will be, over what the new place has left of an older
// one.
func (s *movingStore) listAll(ctx context.Context, changes []state.Change) ([]gitstore.Change, error) {
	files, err := s.ledger.w.repo.Files(ctx, s.from, []string{state.Dir}, nil)
	if err != nil {
		return nil, err
	}
	left, err := s.ledger.w.repo.Files(ctx, s.base.parent, []string{state.Dir}, func(string) bool { return false })
	if err != nil {
		return nil, err
	}
	data := make(map[string][]byte, len(files)+len(changes))
	for _, f := range files {
		data[f.Path] = f.Data
	}
	for _, c := range changes {
		path := state.Dir + "/" + c.Path
		if delete(data, path); !c.Delete {
			data[path] = c.Data
		}
	}
	var all []gitstore.Change
	for _, path := range model.Names(data) {
		all = append(all, gitstore.Change{Path: path, Data: data[path]})
	}
	for _, f := range left {
		if _, kept := data[f.Path]; !kept {
			all = append(all, gitstore.Change{Path: f.Path, Delete: true})
		}
	}
	return all, nil
}

// errPlaceTaken is for the moment between a plan and its commit.
var errPlaceTaken = errors.New("the place that state was to move to has got a state meanwhile")
