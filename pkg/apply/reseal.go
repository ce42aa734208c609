package apply

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/osmoctl/osmoctl/internal/parallel"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Opener gives back values that were sealed. It is called from several
// goroutines at once.
type Opener interface {
	// Open returns the value of a generation, for the caller to wipe, after it
	// has checked that the sealed file is the recorded one and belongs there.
	// It is seal.ErrNoIdentity where no identity at hand opens the file.
	Open(ctx context.Context, a model.Address, g *state.Generation) (secret.Value, error)
}

// UnreadableError is returned where values cannot be opened and nothing may be
// left out.
type UnreadableError struct {
	// Left are the generations, in the plan's order.
	Left []model.Address
	// All says that not one of those planned can be opened.
	All bool
}

func (e *UnreadableError) Error() string {
	n := len(e.Left)
	switch {
	case n == 1:
		return fmt.Sprintf("no identity that was given opens %s; nothing was changed", e.Left[0])
	case n <= maxNamed:
		return fmt.Sprintf("no identity that was given opens %s; nothing was changed", joinAddresses(e.Left))
	}
	return fmt.Sprintf("no identity that was given opens %d values: %s and %d more; nothing was changed", n, joinAddresses(e.Left[:maxNamed]), n-maxNamed)
}

// maxNamed is how many generations an error names.
const maxNamed = 5

func joinAddresses(list []model.Address) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = a.String()
	}
	return strings.Join(names, ", ")
}

// Reseal executes p, a plan of [plan.BuildReseal], on top of have. Its steps are
// those of an apply, with opening in the place of issuing: a value exists in the
// clear between opening and the search of the files to be written.
//
// Nothing is committed unless every value could be opened, or skip allows to
// leave out those that no identity opens; the result has them. Where none can be
// opened it is an [*UnreadableError] all the same.
func (r *Run) Reseal(ctx context.Context, p *plan.Plan, have *state.Snapshot, opener Opener, skip bool) (*Result, error) {
	switch err := r.checkFresh(p, have); {
	case err != nil:
		return nil, err
	case !p.Pending():
		return &Result{Serial: have.Meta.Serial}, nil
	}
	set, err := r.resealAll(ctx, p, have, opener, skip)
	defer set.wipe()
	if err != nil {
		return nil, err
	}
	edit, resealed := have.Edit(), make([]model.Address, len(set.order))
	for i, g := range set.order {
		resealed[i] = g.address
		edit.Reseal(g.address, g.ciphertext, model.IDs(g.resolved.Readers))
	}
	p = withoutLeft(p, set.order)
	serial, commit, err := r.commitLast(ctx, edit, set, p)
	if err != nil {
		return nil, err
	}
	return &Result{Commit: commit, Serial: serial, Resealed: resealed, Left: set.left}, nil
}

// withoutLeft is the plan without what was left out.
func withoutLeft(p *plan.Plan, done []*generation) *plan.Plan {
	if len(done) == len(p.Changes) {
		return p
	}
	changes := make([]plan.Change, len(done))
	for i, g := range done {
		changes[i] = plan.Change{Address: g.address, Action: plan.Reseal}
	}
	return p.Part(changes)
}

// resealAll opens what the plan asks for and seals it again, on all
// processors. The set is returned also with an error, so that its values can be
// wiped.
func (r *Run) resealAll(ctx context.Context, p *plan.Plan, have *state.Snapshot, opener Opener, skip bool) (*sealedSet, error) {
	set := &sealedSet{}
	for i := range p.Changes {
		set.order = append(set.order, &generation{address: p.Changes[i].Address, resolved: p.Changes[i].Resolved})
	}
	if err := r.checkRecipients(ctx, set.order); err != nil {
		return set, err
	}
	resealer := &resealer{run: r, have: have, opener: opener, skip: skip, total: len(set.order)}
	err := parallel.Try(ctx, len(set.order), func(ctx context.Context, i int) error { return resealer.resealOne(ctx, set.order[i]) })
	if err != nil {
		return set, err
	}
	return set, set.leaveOut(skip)
}

// resealer opens and seals the values of one run.
type resealer struct {
	run    *Run
	have   *state.Snapshot
	opener Opener
	skip   bool
	total  int
	done   atomic.Int64
	// stuck is set once a value could not be opened that may not be left out:
	// the others are then only opened, to name all that cannot be.
	stuck atomic.Bool
}

func (s *resealer) resealOne(ctx context.Context, g *generation) error {
	err := s.open(ctx, g)
	switch {
	case errors.Is(err, seal.ErrNoIdentity):
		s.stuck.Store(!s.skip)
		g.unreadable = true
	case err != nil:
		return err
	case !s.stuck.Load():
		if err := s.run.sealValue(ctx, g); err != nil {
			return err
		}
	}
	s.run.say("resealing "+model.Plural(s.total, "token", "tokens"), int(s.done.Add(1)), s.total)
	return nil
}

// open takes no value but the one that was issued: what else an opener may
// come up with would be sealed under a token's name.
func (s *resealer) open(ctx context.Context, g *generation) (err error) {
	a := g.address
	recorded := s.have.Accounts[a.Account].Tokens[a.Name].Generation(a.Generation)
	if g.value, err = s.opener.Open(ctx, a, recorded); err != nil {
		return err
	}
	g.sum = state.Sum(g.value.SHA256())
	if subtle.ConstantTimeCompare(g.sum[:], recorded.Value[:]) != 1 {
		return fmt.Errorf("%s: %w", a, ErrOtherValue)
	}
	return nil
}

// leaveOut takes what could not be opened out of the set.
func (s *sealedSet) leaveOut(allowed bool) error {
	var opened []*generation
	for _, g := range s.order {
		if g.unreadable {
			s.left = append(s.left, g.address)
		} else {
			opened = append(opened, g)
		}
	}
	if all := len(opened) == 0; len(s.left) > 0 && (all || !allowed) {
		return &UnreadableError{Left: s.left, All: all}
	}
	s.order = opened
	return nil
}
