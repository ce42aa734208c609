package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
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

// keys counts, for each key that is declared or can open something, the tokens:
// those with the most at stake first.
func (b *builder) keys(p *Plan) []Key {
	byID := map[string]*Key{}
	at := func(id string) *Key {
		if byID[id] == nil {
			byID[id] = &Key{Key: id, Name: b.names[id]}
		}
		return byID[id]
	}
	for id, n := range b.declaredCounts() {
		at(id).Declared = n
	}
	for id, n := range b.appliedCounts() {
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
	for _, keys := range b.want.Project.Recipients {
		for _, k := range keys {
			at(k.ID()).Name = k.Name
		}
	}
	return sortedKeys(byID)
}

func sortedKeys(byID map[string]*Key) []Key {
	out := make([]Key, 0, len(byID))
	for _, k := range byID {
		out = append(out, *k)
	}
	slices.SortFunc(out, func(a, b Key) int {
		return cmp.Or(b.Gained-a.Gained, b.Lost-a.Lost, cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// declaredCounts has for each key the number of tokens declared for it.
// Thousands of tokens share one list of keys: lists are counted first.
func (b *builder) declaredCounts() map[string]int {
	type list struct {
		readers []model.Recipient
		tokens  int
	}
	lists := map[*model.Recipient]*list{}
	for _, a := range b.want.Accounts {
		for _, t := range a.Tokens {
			if len(t.Readers) == 0 {
				continue
			}
			if lists[&t.Readers[0]] == nil {
				lists[&t.Readers[0]] = &list{readers: t.Readers}
			}
			lists[&t.Readers[0]].tokens++
		}
	}
	count := map[string]int{}
	for _, l := range lists {
		for _, r := range l.readers {
			count[r.ID()] += l.tokens
		}
	}
	return count
}

// appliedCounts has for each key the number of tokens of which it can open a
// live value.
func (b *builder) appliedCounts() map[string]int {
	lists := map[string]int{}
	for _, a := range b.have.Accounts {
		for _, t := range a.Tokens {
			var ids []string
			for i := range t.Generations {
				if g := &t.Generations[i]; g.ExpiresAt > b.today {
					ids = both(ids, g.Recipients)
				}
			}
			if len(ids) > 0 {
				lists[strings.Join(ids, "\n")]++
			}
		}
	}
	count := map[string]int{}
	for ids, n := range lists {
		for id := range strings.SplitSeq(ids, "\n") {
			count[id] += n
		}
	}
	return count
}

// both is the union of two sorted lists.
func both(a, b []string) []string {
	switch {
	case len(a) == 0:
		return b
	case slices.Equal(a, b):
		return a
	}
	return model.Set(append(slices.Clone(a), b...))
}
