package state

import (
	"maps"
	"slices"
	"sort"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Ending is a generation that ended, known from elsewhere than a snapshot.
type Ending struct {
	// Address is the generation.
	Address model.Address
	Tombstone
}

// Remember is the snapshot with these ended in it: each has its tombstone, also
// where the account or the token is unknown, and no value of theirs is live in any
// place. A snapshot that was read in part gets none for accounts that it lacks. It is for
// reading: what is written comes from an [Edit].
func (s *Snapshot) Remember(list []Ending) *Snapshot {
	if len(list) == 0 {
		return s
	}
	r := &remembering{next: *s, copied: map[string]bool{}, ended: map[Handle]Ending{}}
	r.next.Accounts = maps.Clone(s.Accounts)
	if r.next.Accounts == nil {
		r.next.Accounts = map[string]*Account{}
	}
	for _, e := range list {
		r.ended[e.Handle(e.Address)] = e
	}
	for name, a := range s.Accounts {
		for token, t := range a.Tokens {
			for i := range t.Generations {
				r.end(model.TokenAddress(name, token), &t.Generations[i])
			}
		}
	}
	for _, e := range list {
		if !s.part || s.Accounts[e.Address.Account] != nil {
			r.record(e.Address, e.Tombstone)
		}
	}
	return &r.next
}

type remembering struct {
	next Snapshot
	// copied are the accounts that are not the snapshot's own any more.
	copied map[string]bool
	ended  map[Handle]Ending
}

// end ends a live generation of a token if its value has ended.
func (r *remembering) end(token model.Address, g *Generation) {
	h := g.Handle(token)
	e, ended := r.ended[h]
	if !ended {
		return
	}
	stone := Tombstone{Generation: g.Number, Adopted: g.Adopted, Value: g.Value, EndedOn: e.EndedOn, Reason: e.Reason}
	t := r.account(token.Account, e.EndedOn).Tokens[token.Name]
	t.Generations = slices.DeleteFunc(t.Generations, func(g Generation) bool { return g.Handle(token) == h })
	r.record(token, stone)
}

// record adds a tombstone where there is none of the value.
func (r *remembering) record(a model.Address, s Tombstone) {
	account := r.account(a.Account, s.EndedOn)
	t := account.Tokens[a.Name]
	if t == nil {
		t = &Token{DeletedOn: s.EndedOn}
		account.Tokens[a.Name] = t
	}
	if slices.ContainsFunc(t.Tombstones, func(o Tombstone) bool { return o.Handle(a) == s.Handle(a) }) {
		return
	}
	t.Tombstones = append(t.Tombstones, s)
	sort.SliceStable(t.Tombstones, func(i, j int) bool { return t.Tombstones[i].Generation < t.Tombstones[j].Generation })
	t.LastGeneration = max(t.LastGeneration, s.Generation)
}

// account is one that may be changed; of one that is unknown no more is said than
// that it is gone.
func (r *remembering) account(name string, gone model.Date) *Account {
	a := r.next.Accounts[name]
	switch {
	case a == nil:
		a = &Account{Name: name, DeletedOn: gone, Tokens: map[string]*Token{}}
	case !r.copied[name]:
		a = a.clone()
	}
	r.next.Accounts[name], r.copied[name] = a, true
	return a
}
