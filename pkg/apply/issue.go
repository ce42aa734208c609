package apply

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// generation is one value on its way from birth to commit.
type generation struct {
	address    model.Address
	resolved   *plan.Resolved
	value      secret.Value
	sum        state.Sum
	ciphertext []byte
	// unreadable is set where a value that lives cannot be opened.
	unreadable bool
}

// sealedSet are the generations of one run, by the token they belong to.
type sealedSet struct {
	order []*generation
	by    map[model.Address]*generation
	// left are those that were not opened.
	left []model.Address
}

func (s *sealedSet) wipe() {
	for _, g := range s.order {
		g.value.Wipe()
	}
}

func (s *sealedSet) issued() []Issued {
	out := make([]Issued, len(s.order))
	for i, g := range s.order {
		out[i] = Issued{
			Address: g.address, ExpiresAt: g.resolved.ExpiresAt, Value: g.sum,
			Path: state.Dir + "/" + state.CiphertextPath(g.address.Account, g.address.Name, g.address.Generation),
		}
	}
	return out
}

// issueAll issues and seals whatever the plan asks for, on all processors. The
// set is returned also with an error, so that its values can be wiped.
func (r *Run) issueAll(ctx context.Context, p *plan.Plan, have *state.Snapshot) (*sealedSet, error) {
	set := &sealedSet{by: map[model.Address]*generation{}}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Resolved != nil && c.Resolved.Generation > 0 {
			g := &generation{address: c.Address.At(c.Resolved.Generation), resolved: c.Resolved}
			set.order = append(set.order, g)
			set.by[c.Address] = g
		}
	}
	if err := r.checkRecipients(ctx, set); err != nil {
		return set, err
	}
	if err := r.sealAll(ctx, set); err != nil {
		return set, err
	}
	return set, set.checkNew(have)
}

// checkRecipients tries each distinct set of recipients once.
func (r *Run) checkRecipients(ctx context.Context, set *sealedSet) error {
	tried := map[string]bool{}
	for _, g := range set.order {
		key := strings.Join(model.IDs(g.resolved.Readers), " ")
		if tried[key] {
			continue
		}
		tried[key] = true
		if err := r.Sealer.Check(ctx, g.resolved.Readers); err != nil {
			return fmt.Errorf("recipients of %s: %w", g.address.Token(), err)
		}
	}
	return nil
}

func (r *Run) sealAll(ctx context.Context, set *sealedSet) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	var done atomic.Int64
	for _, g := range set.order {
		group.Go(func() error {
			if err := r.seal(ctx, g); err != nil {
				return err
			}
			if n := done.Add(1); r.Progress != nil {
				r.Progress(int(n), len(set.order))
			}
			return nil
		})
	}
	return group.Wait()
}

func (r *Run) seal(ctx context.Context, g *generation) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if g.value, err = r.Issuer.Issue(ctx, g.address); err != nil {
		return fmt.Errorf("issue %s: %w", g.address, err)
	}
	g.sum = state.Sum(g.value.SHA256())
	return r.sealValue(ctx, g)
}

// sealValue seals a value that is there.
func (r *Run) sealValue(ctx context.Context, g *generation) (err error) {
	b := seal.Binding{Account: g.address.Account, Token: g.address.Name, Generation: g.address.Generation}
	if g.ciphertext, err = r.Sealer.Seal(ctx, b, g.resolved.Readers, g.value); err != nil {
		return fmt.Errorf("seal %s: %w", g.address, err)
	}
	return nil
}

// checkNew refuses a value that was ever given out before, in this run or any
// other: two tokens of one value, or a revoked value that lives again, would
// come from a broken source of randomness.
func (s *sealedSet) checkNew(have *state.Snapshot) error {
	if len(s.order) == 0 {
		return nil
	}
	known := have.Values()
	for _, g := range s.order {
		if known[g.sum] {
			return fmt.Errorf("%s: %w", g.address, ErrRepeatedValue)
		}
		known[g.sum] = true
	}
	return nil
}

// search looks for the run's values in everything that is about to be written.
func (s *sealedSet) search(changes []state.Change, message string) error {
	values := make([]secret.Value, len(s.order))
	for i, g := range s.order {
		values[i] = g.value
	}
	detector := secret.NewDetector(values...)
	defer detector.Wipe()
	if detector.Find([]byte(message)) {
		return fmt.Errorf("the commit's message: %w", ErrSelfLeak)
	}
	for _, c := range changes {
		if detector.Find(c.Data) {
			return fmt.Errorf("%s/%s: %w", state.Dir, c.Path, ErrSelfLeak)
		}
	}
	return nil
}
