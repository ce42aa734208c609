package apply

import (
	"context"
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Restore commits the state that p, a plan of [plan.Restore], brings back. It
// issues nothing. changes are all that is to be written for next.
func (r *Run) Restore(ctx context.Context, p *plan.Plan, next *state.Snapshot, changes []state.Change) (*Result, error) {
	switch {
	case p.Blocked == nil:
		return nil, ErrUnguarded
	case len(p.Blocked) > 0:
		return nil, ErrBlocked
	case model.DateOf(r.Now) != p.Date:
		return nil, fmt.Errorf("%w: it is of %s and the UTC day is now %s: plan again", ErrStale, p.Date, model.DateOf(r.Now))
	case !p.Pending():
		return &Result{Serial: p.Base.Serial}, nil
	}
	commit, err := r.Store.Commit(ctx, changes, r.restoreMessage(p, next).String())
	if err != nil {
		return nil, err
	}
	return &Result{Commit: commit, Serial: next.Meta.Serial}, nil
}
