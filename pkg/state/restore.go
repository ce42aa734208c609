package state

import (
	"bytes"
	"fmt"
	"slices"
	"sort"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Restoration is what an earlier state comes back into. [Restoration.Snapshot]
// repairs forward: what Then records is in force again, except for what must
// never be forgotten or revived.
//
//	tokens, accounts and roles     those of Then; others are deleted
//	generations live on both sides go on, with what they lost since
//	live now and not in Then       end
//	live in Then and ended since   stay ended
//	keys that could read a value   of all sides; none is forgotten
//	tombstones, numbers, counters  of all sides; they never get fewer or fall
//	settings, lineage              of the most trusted side known
//	what a server is to lose       as there, but for what is back
type Restoration struct {
	// Then is the state to go back to.
	Then *Snapshot
	// Known are the states since, the most trusted first: the newest that
	// nothing is wrong with, and the one at hand where it can be read.
	Known []*Snapshot
	// Serial is the highest that is known of the lineage.
	Serial int
	// On is the day on which generations end, and Reason says why.
	On     model.Date
	Reason string
	// Has tells whether a sealed value with this sum is at hand for a path.
	Has func(path string, sum Sum) bool
}

// Snapshot is the restored state. None of the snapshots that it is made from is
// changed.
func (r *Restoration) Snapshot() *Snapshot {
	e := (&Snapshot{}).Edit()
	e.next.Meta = r.meta()
	ended := r.findEnded()
	for _, role := range r.Then.Roles {
		e.SetRole(role)
	}
	for _, name := range model.Names(r.accountNames()) {
		a := r.account(name, ended)
		e.next.Accounts[name], e.accounts[name] = a, true
	}
	u := e.next.Underway()
	e.SetUnderway(Underway{Run: u.Run, Create: u.Create, Remove: slices.DeleteFunc(slices.Clone(u.Remove), e.next.has)})
	next, _ := e.Finish()
	return next
}

// has reports whether a role or account is alive: one that came back is not to be taken
// away from a server any more. A generation that has ended does not come back.
func (s *Snapshot) has(a model.Address) bool {
	return a.Kind == model.KindRole && s.Roles[a.Name] != nil || a.Kind == model.KindAccount && s.Accounts[a.Name].Live()
}

// meta is that of the most trusted side, at the highest serial.
func (r *Restoration) meta() Meta {
	m := r.Then.Meta
	if len(r.Known) > 0 {
		m = r.Known[0].Meta
	}
	m.Serial = max(m.Serial, r.Serial)
	m.Spent = slices.Clone(m.Spent)
	for _, s := range r.sides() {
		m.Serial = max(m.Serial, s.Meta.Serial)
		m.Spent = append(m.Spent, s.Meta.Spent...) // What was used stays used.
	}
	slices.SortFunc(m.Spent, Spent.compare)
	m.Spent = slices.Compact(m.Spent)
	return m
}

// sides are all snapshots, the most trusted first.
func (r *Restoration) sides() []*Snapshot { return append(slices.Clone(r.Known), r.Then) }

func (r *Restoration) accountNames() map[string]bool {
	names := map[string]bool{}
	for _, s := range r.sides() {
		for name := range s.Accounts {
			names[name] = true
		}
	}
	return names
}

// findEnded finds the values that any side knows to have ended: in whatever place they
// stand, they never live again.
func (r *Restoration) findEnded() map[Handle]bool {
	ended := map[Handle]bool{}
	for _, s := range r.sides() {
		for account, a := range s.Accounts {
			for token, t := range a.Tokens {
				for i := range t.Tombstones {
					ended[t.Tombstones[i].Handle(model.TokenAddress(account, token))] = true
				}
			}
		}
	}
	return ended
}

// account brings back an account as it was, or what is remembered of one that
// did not exist then.
func (r *Restoration) account(name string, ended map[Handle]bool) *Account {
	a := r.latest(name)
	if then := r.Then.Accounts[name]; then.Live() {
		a = then.clone()
	} else if a.Live() {
		*a = Account{Name: name, CreatedAt: a.CreatedAt, CreatedBy: a.CreatedBy, DeletedOn: r.On}
	}
	sides := make([]*Account, 0, len(r.Known)+1)
	for _, s := range r.sides() {
		sides = append(sides, s.Accounts[name])
	}
	a.Tokens = map[string]*Token{}
	for token := range tokenNames(sides) {
		a.Tokens[token] = r.token(a, token, ended)
	}
	return a
}

// latest is a copy of an account on the most trusted side that has it.
func (r *Restoration) latest(name string) *Account {
	for _, s := range r.sides() {
		if a := s.Accounts[name]; a != nil {
			return a.clone()
		}
	}
	return nil
}

func tokenNames(sides []*Account) map[string]bool {
	names := map[string]bool{}
	for _, a := range sides {
		if a == nil {
			continue
		}
		for name := range a.Tokens {
			names[name] = true
		}
	}
	return names
}

// tokenSides is one token on all sides; nil where a side does not know it.
type tokenSides struct {
	then *Token
	// all has the most trusted first, and then last.
	all []*Token
}

func (r *Restoration) tokenSides(account, name string) tokenSides {
	var s tokenSides
	for _, snap := range r.sides() {
		var t *Token
		if a := snap.Accounts[account]; a != nil {
			t = a.Tokens[name]
		}
		s.then = t
		if t != nil {
			s.all = append(s.all, t)
		}
	}
	return s
}

// token brings back a token of a restored account.
func (r *Restoration) token(a *Account, name string, ended map[Handle]bool) *Token {
	sides := r.tokenSides(a.Name, name)
	t := &Token{}
	for _, s := range sides.all {
		t.Honoured, t.LastGeneration = max(t.Honoured, s.Honoured), max(t.LastGeneration, s.LastGeneration)
		remember(t, s.Tombstones)
	}
	if sides.then.Live() && a.Live() {
		t.Spec, t.RenamedTo = sides.then.Spec, sides.then.RenamedTo
		r.bringBack(a, t, name, sides, ended)
	}
	r.endOthers(t, sides)
	waited := t.RenamedTo != "" && len(t.Generations) == 0
	if !sides.then.Live() || !a.Live() || waited {
		r.forget(t, sides)
	}
	return t
}

// remember adds tombstones of numbers that have none, in their order.
func remember(t *Token, tombstones []Tombstone) {
	for _, s := range tombstones {
		if !t.hasEnded(s.Generation) {
			t.Tombstones = append(t.Tombstones, s)
		}
	}
	sort.Slice(t.Tombstones, func(i, j int) bool { return t.Tombstones[i].Generation < t.Tombstones[j].Generation })
}

func (t *Token) hasEnded(number int) bool {
	return slices.ContainsFunc(t.Tombstones, func(s Tombstone) bool { return s.Generation == number })
}

// bringBack restores the generations that were live then and have not ended.
func (r *Restoration) bringBack(a *Account, t *Token, name string, sides tokenSides, ended map[Handle]bool) {
	address := model.TokenAddress(a.Name, name)
	for i := range sides.then.Generations {
		then := &sides.then.Generations[i]
		known := sides.live(then.Number)
		if t.hasEnded(then.Number) || ended[then.Handle(address)] || known[0].Handle(address) != then.Handle(address) {
			continue
		}
		g := r.generation(CiphertextPath(a.Name, name, then.Number), known)
		for _, role := range g.CurrentRoles() {
			if !a.Holds(role) {
				g.RemovedRoles = model.Set(append(slices.Clone(g.RemovedRoles), role))
			}
		}
		t.Generations = append(t.Generations, g)
	}
}

// live is a generation on all sides that have it live, the most trusted first.
func (s tokenSides) live(number int) (list []*Generation) {
	for _, t := range s.all {
		if g := t.Generation(number); g != nil {
			list = append(list, g)
		}
	}
	return list
}

// generation is the most trusted record of one, sealed as there where that can be
// had, and else as then. What it lost since stays lost, its end is not put off,
// and who ever could read it stays known.
func (r *Restoration) generation(path string, known []*Generation) Generation {
	g, then := *known[0], known[len(known)-1]
	if g.Known() && !r.Has(path, g.Ciphertext) {
		g.Ciphertext = then.Ciphertext
		g.recordReseal(then.Recipients, nil)
	}
	for _, k := range known[1:] {
		if k.Adopted != g.Adopted || k.Value != g.Value {
			continue
		}
		if g.Known() {
			g.recordReseal(g.Recipients, k.EverReadable())
		}
		g.RemovedRoles = model.Set(append(slices.Clone(g.RemovedRoles), k.RemovedRoles...))
		if k.RevokeAfter != 0 && (g.RevokeAfter == 0 || k.RevokeAfter < g.RevokeAfter) {
			g.RevokeAfter = k.RevokeAfter
		}
	}
	if len(g.RemovedRoles) == 0 {
		g.RemovedRoles = nil
	}
	return g
}

// endOthers ends what is live on any side and was not brought back.
func (r *Restoration) endOthers(t *Token, sides tokenSides) {
	for _, s := range sides.all {
		for i := range s.Generations {
			g := &s.Generations[i]
			if t.Generation(g.Number) == nil && !t.hasEnded(g.Number) {
				remember(t, []Tombstone{{Generation: g.Number, Adopted: g.Adopted, Value: g.Value, EndedOn: r.On, Reason: r.Reason}})
			}
			t.LastGeneration = max(t.LastGeneration, g.Number)
		}
	}
}

// forget leaves of a token what outlives it. One that was gone already keeps its
// day.
func (r *Restoration) forget(t *Token, sides tokenSides) {
	latest := sides.all[0]
	t.Spec, t.RenamedTo, t.DeletedOn = model.TokenSpec{}, latest.RenamedTo, latest.DeletedOn
	if latest.Live() {
		t.DeletedOn = r.On
	}
}

// ciphertextSums has the sum of every sealed value, by its path.
func ciphertextSums(s *Snapshot) map[string]Sum {
	sums := map[string]Sum{}
	for account, a := range s.Accounts {
		for token, g := range a.sealed() {
			sums[CiphertextPath(account, token, g.Number)] = g.Ciphertext
		}
	}
	return sums
}

// Over returns the changes that make files, which need not be sound, into this
// snapshot, sorted by path. sealed finds the content of a sealed value; one that
// cannot be had is an error.
func (s *Snapshot) Over(files []File, sealed func(path string, sum Sum) []byte) ([]Change, error) {
	wanted, err := s.contents(sealed)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, f := range files {
		data, keep := wanted[f.Path]
		switch {
		case !keep:
			changes = append(changes, Change{Path: f.Path, Delete: true})
		case f.Mode == RegularMode && bytes.Equal(f.Data, data):
			delete(wanted, f.Path)
		}
	}
	for path, data := range wanted {
		changes = append(changes, Change{Path: path, Data: data})
	}
	sort.Slice(changes, func(i, j int) bool { return changes[i].Path < changes[j].Path })
	return changes, nil
}

// contents are all files of the snapshot.
func (s *Snapshot) contents(sealed func(path string, sum Sum) []byte) (map[string][]byte, error) {
	out := make(map[string][]byte, len(s.Roles)+2*len(s.Accounts)+1)
	for path, sum := range ciphertextSums(s) {
		data := sealed(path, sum)
		if SumOf(data) != sum {
			return nil, fmt.Errorf("the sealed value %s/%s is not to be found in any of the states at hand", Dir, path)
		}
		out[path] = data
	}
	for name, r := range s.Roles {
		out[RolePath(name)] = encodeRole(r)
	}
	for name, a := range s.Accounts {
		out[AccountPath(name)] = encodeAccount(a)
	}
	out[MetaPath] = encodeMeta(s.Meta)
	return out, nil
}
