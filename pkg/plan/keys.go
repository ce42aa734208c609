package plan

import (
	"cmp"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Key is one public key with the number of tokens that it is about.
type Key struct {
	Key string `json:"key"`
	// Name is the declared one, else the one it last stood under, else "".
	Name string `json:"name"`
	// Tokens is of how many tokens it can open a live value, before the plan.
	Tokens int `json:"tokens"`
	// Declared is for how many tokens it is a declared recipient, so that new
	// values of theirs are sealed to it.
	Declared int `json:"declared"`
	// Gained and Lost are of how many tokens the plan makes it a reader, and
	// ends that it is one.
	Gained int `json:"gained"`
	Lost   int `json:"lost"`
}

// countKeys counts, for each key that is declared or can open something, the tokens:
// those with the most at stake first.
func countKeys(p *Plan, by planner, declared, readable map[string]int) []Key {
	byID := map[string]*Key{}
	at := func(id string) *Key {
		if byID[id] == nil {
			byID[id] = &Key{Key: id, Name: by.keys.names[id]}
		}
		return byID[id]
	}
	for id, n := range declared {
		at(id).Declared = n
	}
	for id, n := range readable {
		at(id).Tokens = n
	}
	for i := range p.Readers {
		for _, r := range p.Readers[i].Gained {
			at(r.Key).Gained++
		}
		for _, r := range p.Readers[i].Lost {
			at(r.Key).Lost++
		}
	}
	for _, keys := range by.want.Project.Recipients {
		for _, k := range keys {
			at(k.ID()).Name = k.Name
		}
	}
	out := make([]Key, 0, len(byID))
	for _, k := range byID {
		out = append(out, *k)
	}
	slices.SortFunc(out, func(a, b Key) int {
		return cmp.Or(b.Gained-a.Gained, b.Lost-a.Lost, cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// countBeside begins to count for both, which looks at all tokens.
func (b basis) countBeside() (declared, readable func() map[string]int) {
	declared = beside(func() map[string]int {
		var lists declaredTally
		for _, a := range b.want.Accounts {
			lists.take(a)
		}
		return lists.count()
	})
	readable = beside(func() map[string]int {
		var lists readableTally
		for _, a := range b.have.Accounts {
			lists.take(a, b.today)
		}
		return lists.count()
	})
	return declared, readable
}

// declaredTally counts for each key the tokens that are declared for it.
type declaredTally struct{ tally[model.Recipient] }

func (t *declaredTally) take(want *model.Account) {
	for _, token := range want.Tokens {
		t.add(token.Readers, 1)
	}
}

func (t *declaredTally) count() map[string]int {
	return t.each(func(r model.Recipient) string { return r.ID() })
}

// readableTally counts for each key the tokens of which it can open a live value.
type readableTally struct{ tally[string] }

func (t *readableTally) take(have *state.Account, today model.Date) {
	for _, token := range have.Tokens {
		var ids []string
		for i := range token.Generations {
			if g := &token.Generations[i]; g.ExpiresAt > today {
				ids = unite(ids, g.Recipients)
			}
		}
		t.add(ids, 1)
	}
}

func (t *readableTally) count() map[string]int { return t.each(func(id string) string { return id }) }

// tally counts lists of keys. Thousands of tokens share a few lists, so lists are
// compared before keys are counted; many different ones are counted key by key.
type tally[K comparable] struct {
	lists []counted[K]
	keys  map[K]int
}

type counted[K comparable] struct {
	list []K
	n    int
}

// fewLists is how many lists are worth comparing with.
const fewLists = 16

// add counts a list that n tokens have.
func (t *tally[K]) add(list []K, n int) {
	for i := range t.lists {
		if slices.Equal(t.lists[i].list, list) {
			t.lists[i].n += n
			return
		}
	}
	if len(t.lists) < fewLists {
		t.lists = append(t.lists, counted[K]{list, n})
		return
	}
	for _, k := range list {
		t.addKey(k, n)
	}
}

func (t *tally[K]) addKey(k K, n int) {
	if t.keys == nil {
		t.keys = map[K]int{}
	}
	t.keys[k] += n
}

// join counts what another has counted.
func (t *tally[K]) join(o *tally[K]) {
	for _, l := range o.lists {
		t.add(l.list, l.n)
	}
	for k, n := range o.keys {
		t.addKey(k, n)
	}
}

// each sums up by the ID of a key.
func (t *tally[K]) each(id func(K) string) map[string]int {
	sum := map[string]int{}
	for _, l := range t.lists {
		for _, k := range l.list {
			sum[id(k)] += l.n
		}
	}
	for k, n := range t.keys {
		sum[id(k)] += n
	}
	return sum
}

// unite is the union of two sorted lists.
func unite(a, b []string) []string {
	switch {
	case len(a) == 0:
		return b
	case slices.Equal(a, b):
		return a
	}
	return model.Set(append(slices.Clone(a), b...))
}
