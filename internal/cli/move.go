package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/gitstore/remote"
	"github.com/osmoctl/osmoctl/pkg/diag"
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

// moves tells whether the plan, which was not blocked, takes state elsewhere.
func (l *ledger) moves(made *plan.Plan) bool {
	return l.at.meta != nil && len(made.Targets) == 0 && (l.at.goal != nil || l.declared != l.git)
}

// move does the step that is due, and says whether it was the last.
func (c *applyCmd) move(env *Env, l *ledger, b base, made *plan.Plan, settings state.Settings, have *state.Snapshot, t *trust) error {
	there, err := l.project.ledgerBy(env.Context, b.head, l.declared)
	if err != nil {
		return err
	}
	if l.git.StateBranch == "" && l.declared.StateBranch == "" {
		to, err := there.besides(env.Context, b)
		if err != nil {
			return err
		}
		return c.execute(env, there, to, made, settings, have, t)
	}
	if l.at.goal == nil {
		return c.announce(env, l, b, have, t)
	}
	return c.settle(env, l, there, b, made, settings, have, t)
}

// besides is what to build on where state goes along with declarations to another
// branch, or to the same one on a remote.
func (l *ledger) besides(ctx context.Context, from base) (base, error) {
	b, err := l.beginHere(ctx)
	if err != nil {
		return b, err
	}
	same, err := l.project.store.Same(from.parent, b.parent, state.Dir)
	if err == nil && !same {
		err = stale(diag.Hinted(fmt.Errorf("the state at %s is not the one that the last apply recorded at commit %.12s", l.git.Place(), from.parent),
			"merge the branches, so that both have the newer state, and plan again"))
	}
	return b, err
}

// announce records at the old place where state goes on, and has the plan made
// again: on a state with one more serial.
func (c *applyCmd) announce(env *Env, l *ledger, b base, have *state.Snapshot, t *trust) error {
	day, err := env.today()
	if err != nil {
		return err
	}
	run, err := c.run(env, l, b, t)
	if err != nil {
		return err
	}
	run.Settings = have.Meta.Applied
	run.Settings.Git = l.declared
	if _, err := run.Apply(env.Context, plan.Move(have, l.declared, day, b.parent), have); err != nil {
		err = fmt.Errorf("record at %s that state moves to %s: %w", l.git.Place(), l.declared.Place(), err)
		if refused := (*remote.RefusedError)(nil); errors.As(err, &refused) {
			err = diag.Hinted(err, fmt.Sprintf("let this identity push there for once, or set %s=%s wherever osmoctl runs for this project: then the old place need not say it",
				statePlaceVariable, l.declared.Place()))
		}
		return err
	}
	env.infof("The state moves to %s: %s says so now.", l.declared.Place(), l.git.Place())
	c.moving = true
	head, err := l.project.head()
	if err != nil {
		return err
	}
	again, err := l.project.ledger(env.Context, head)
	if err != nil {
		return err
	}
	*l = *again
	return errLostRace
}

// settle makes the first commit at the new place.
func (c *applyCmd) settle(env *Env, l, there *ledger, b base, made *plan.Plan, settings state.Settings, have *state.Snapshot, t *trust) error {
	to := b
	if there.git.StateBranch != "" {
		tip, err := there.stateTip(env.Context)
		if err != nil {
			return err
		}
		to.parent = tip
	} else {
		found, err := there.beginHere(env.Context)
		if err != nil {
			return err
		}
		to = found
	}
	meta, _, err := l.project.metaAt(to.parent)
	if err == nil && meta != nil && !l.at.left(meta) {
		err = stale(errPlaceTaken)
	}
	if err != nil {
		return err
	}
	run, err := c.issuing(env, there, to, settings, t)
	if err != nil {
		return err
	}
	run.Store = &movingStore{commitStore{ledger: there, base: to, author: run.Store.(*commitStore).author}, b.parent}
	run.Moved = b.parent
	return c.carryOut(env, run, made, have)
}

// movingStore puts the whole state at another place.
type movingStore struct {
	commitStore
	// from is the commit that state is taken from.
	from string
}

// Commit is [commitStore.Commit] with all files of state. Whatever moved there
// meanwhile has the plan made again.
func (s *movingStore) Commit(ctx context.Context, changes []state.Change, message string) (string, error) {
	all, err := s.whole(ctx, changes)
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
	if isMoved(err) {
		err = errLostRace
	}
	return commit, err
}

// whole is the state as it will be, over what the new place has left of an older
// one.
func (s *movingStore) whole(ctx context.Context, changes []state.Change) ([]gitstore.Change, error) {
	files, err := s.ledger.project.store.Files(ctx, s.from, []string{state.Dir}, nil)
	if err != nil {
		return nil, err
	}
	left, err := s.ledger.project.store.Files(ctx, s.base.parent, []string{state.Dir}, func(string) bool { return false })
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
