package apply

import (
	"context"
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

// generation is one value on its way from birth to commit.
type generation struct {
	address     model.Address
	resolved    *plan.Resolved
	description string
	value       secret.Value
	sum         state.Sum
	ciphertext  []byte
	// asked is set where a server was asked to create it, and err where nothing
	// came of that.
	asked bool
	err   error
	// unreadable is set where a value that lives cannot be opened.
	unreadable bool
}

// newGenerations are those that a plan asks for.
func newGenerations(p *plan.Plan) (list []*generation) {
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Resolved != nil && c.Resolved.Generation > 0 {
			list = append(list, &generation{address: c.Address.At(c.Resolved.Generation), resolved: c.Resolved, description: c.After.Description})
		}
	}
	return list
}

// sealedSet are the generations of one commit.
type sealedSet struct {
	order []*generation
	// left are those that were not opened.
	left []model.Address
	// wiped is set once the values are gone.
	wiped bool
}

// byToken maps tokens to their generations.
func (s *sealedSet) byToken() map[model.Address]*generation {
	by := make(map[model.Address]*generation, len(s.order))
	for _, g := range s.order {
		by[g.address.Token()] = g
	}
	return by
}

func (s *sealedSet) wipe() {
	s.wiped = true
	for _, g := range s.order {
		g.value.Wipe()
	}
}

// results are what a run tells of them.
func (s *sealedSet) results() []Issued {
	out := make([]Issued, len(s.order))
	for i, g := range s.order {
		out[i] = Issued{
			Address: g.address, ExpiresAt: g.resolved.ExpiresAt, Value: g.sum,
			Path: state.Dir + "/" + state.CiphertextPath(g.address.Account, g.address.Name, g.address.Generation),
		}
	}
	return out
}

// checkRecipients tries each distinct set of recipients once.
func (r *Run) checkRecipients(ctx context.Context, list []*generation) error {
	tried := map[string]bool{}
	for _, g := range list {
		key := strings.Join(model.IDs(g.resolved.Readers), " ")
		if tried[key] {
			continue
		}
		tried[key] = true
		r.say("trying the recipients", 0, 0)
		if err := r.Sealer.Check(ctx, g.resolved.Readers); err != nil {
			return fmt.Errorf("recipients of %s: %w", g.address.Token(), err)
		}
	}
	return nil
}

// createAll creates and seals values on all processors, all or none.
func (r *Run) createAll(ctx context.Context, list []*generation, lineage string) error {
	var done atomic.Int64
	doing := "sealing " + model.Plural(len(list), "token", "tokens")
	if len(list) > 0 {
		r.say(doing, 0, len(list))
	}
	return parallel.Try(ctx, len(list), func(ctx context.Context, i int) error {
		if err := r.create(ctx, list[i], lineage); err != nil {
			return err
		}
		if err := r.sealValue(ctx, list[i]); err != nil {
			return err
		}
		r.say(doing, int(done.Add(1)), len(list))
		return nil
	})
}

// create has the backend create a value.
func (r *Run) create(ctx context.Context, g *generation, lineage string) (err error) {
	g.value, err = r.Backend.CreateToken(ctx, NewToken{
		Generation: g.address, Name: model.ServerName(g.address.Name, g.address.Generation), Description: g.description,
		Roles: g.resolved.Roles, ExpiresAt: g.resolved.ExpiresAt, Mark: model.Mark{Lineage: lineage, Run: r.ID},
	})
	if err != nil {
		return fmt.Errorf("issue %s: %w", g.address, err)
	}
	g.sum = state.Sum(g.value.SHA256())
	return nil
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
func checkNew(list []*generation, have *state.Snapshot) error {
	if len(list) == 0 {
		return nil
	}
	known := have.Values()
	for _, g := range list {
		if known[g.sum] {
			return fmt.Errorf("%s: %w", g.address, ErrRepeatedValue)
		}
		known[g.sum] = true
	}
	return nil
}

// search looks for the run's values in everything that is about to be written. Where a
// commit is made again on another state, the values are gone: the ciphertexts are those
// that were searched, and the rest was committed by others.
func (s *sealedSet) search(changes []state.Change, message string) error {
	if s.wiped {
		return nil
	}
	values := make([]secret.Value, len(s.order))
	for i, g := range s.order {
		values[i] = g.value
	}
	detector := secret.NewDetector(values...)
	defer detector.Wipe()
	if detector.Find([]byte(message)) {
		return fmt.Errorf("the commit's message: %w", ErrSelfLeak)
	}
	if leak := parallel.Index(changes, func(c state.Change) bool { return detector.Find(c.Data) }); leak >= 0 {
		return fmt.Errorf("%s/%s: %w", state.Dir, changes[leak].Path, ErrSelfLeak)
	}
	return nil
}
