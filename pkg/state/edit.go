package state

import (
	"maps"
	"slices"
	"sort"

	"github.com/osmoctl/osmoctl/internal/parallel"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Change is a file to write or to remove below state/.
type Change struct {
	// Path is relative to state/.
	Path   string
	Data   []byte
	Delete bool
}

// Edit is the next snapshot in the making. What it does not touch it shares
// with the snapshot it was made from, so an edit costs what it changes.
type Edit struct {
	base *Snapshot
	next *Snapshot
	// roles and accounts have the names whose files are to be written.
	roles    map[string]bool
	accounts map[string]bool
	// files are the ciphertexts of generations: nil means removed.
	files map[model.Address][]byte
}

// Edit begins the next snapshot.
func (s *Snapshot) Edit() *Edit {
	next := newSnapshot()
	if s.Exists() {
		next = &Snapshot{
			Roles: maps.Clone(s.Roles), Accounts: maps.Clone(s.Accounts),
			roleSums: maps.Clone(s.roleSums), accountSums: maps.Clone(s.accountSums), part: s.part,
		}
	}
	next.Meta = s.Meta
	return &Edit{base: s, next: next, roles: map[string]bool{}, accounts: map[string]bool{}, files: map[model.Address][]byte{}}
}

// SetRole writes a role.
func (e *Edit) SetRole(r *Role) {
	e.next.Roles[r.Name] = r
	e.roles[r.Name] = true
}

// DeleteRole removes a role.
func (e *Edit) DeleteRole(name string) {
	delete(e.next.Roles, name)
	e.roles[name] = true
}

// Role returns a role as it stands now, or nil. It must not be changed.
func (e *Edit) Role(name string) *Role { return e.next.Roles[name] }

// Account returns an account for changing; it is made, empty, where there was
// none.
func (e *Edit) Account(name string) *Account {
	a := e.next.Accounts[name]
	switch {
	case a == nil:
		a = &Account{Name: name, Tokens: map[string]*Token{}}
	case !e.accounts[name]:
		a = a.clone()
	}
	e.next.Accounts[name] = a
	e.accounts[name] = true
	return a
}

// Token returns a token for changing; it is made, empty, where there was none.
func (e *Edit) Token(account, name string) *Token {
	a := e.Account(account)
	if a.Tokens[name] == nil {
		a.Tokens[name] = &Token{}
	}
	return a.Tokens[name]
}

// Issue adds a generation with its ciphertext, whose sum it records.
func (e *Edit) Issue(a model.Address, g Generation, ciphertext []byte) {
	g.Ciphertext = SumOf(ciphertext)
	e.add(a, g)
	e.files[a.At(g.Number)] = ciphertext
}

// Adopt adds a generation that a server has already: nobody knows its value, and
// there is nothing to seal. What g says of the value is dropped.
func (e *Edit) Adopt(a model.Address, g Generation) {
	g.Adopted, g.Value, g.Ciphertext, g.Recipients, g.FormerRecipients = true, Sum{}, Sum{}, nil, nil
	e.add(a, g)
}

// add adds a generation as the newest.
func (e *Edit) add(a model.Address, g Generation) {
	t := e.Token(a.Account, a.Name)
	t.Generations = append(t.Generations, g)
	t.LastGeneration = max(t.LastGeneration, g.Number)
}

// Reseal replaces a live generation's ciphertext and recipients. Keys that it
// was sealed to before are remembered.
func (e *Edit) Reseal(a model.Address, ciphertext []byte, recipients []string) {
	g := e.Token(a.Account, a.Name).Generation(a.Generation)
	g.Ciphertext = SumOf(ciphertext)
	g.recordReseal(recipients, nil)
	e.files[a] = ciphertext
}

// End turns a live generation into a tombstone and removes its ciphertext.
func (e *Edit) End(a model.Address, on model.Date, reason string) {
	t := e.Token(a.Account, a.Name)
	g := t.Generation(a.Generation)
	if g == nil {
		return
	}
	t.Tombstones = append(t.Tombstones, Tombstone{Generation: g.Number, Adopted: g.Adopted, Value: g.Value, EndedOn: on, Reason: reason})
	sort.Slice(t.Tombstones, func(i, j int) bool { return t.Tombstones[i].Generation < t.Tombstones[j].Generation })
	t.Generations = slices.DeleteFunc(t.Generations, func(o Generation) bool { return o.Number == a.Generation })
	e.files[a] = nil
}

// DeleteToken ends all generations of a token. What must outlive it stays: its
// last number, its tombstones, and which token took over from it.
func (e *Edit) DeleteToken(a model.Address, on model.Date, reason string) {
	t := e.Token(a.Account, a.Name)
	for len(t.Generations) > 0 {
		e.End(a.At(t.Generations[0].Number), on, reason)
	}
	*t = Token{DeletedOn: on, RenamedTo: t.RenamedTo, Honoured: t.Honoured, LastGeneration: t.LastGeneration, Tombstones: t.Tombstones}
}

// DeleteAccount deletes an account with its tokens.
func (e *Edit) DeleteAccount(name string, on model.Date, reason string) {
	a := e.Account(name)
	for _, token := range model.Names(a.Tokens) {
		if a.Tokens[token].Live() {
			e.DeleteToken(model.TokenAddress(name, token), on, reason)
		}
	}
	*a = Account{Name: name, CreatedAt: a.CreatedAt, CreatedBy: a.CreatedBy, DeletedOn: on, Tokens: a.Tokens}
}

// Burn uses up a number under which nothing was issued, or nothing that can be
// known: it is not given out again. A token or account that is not in state is
// remembered as one that is gone.
func (e *Edit) Burn(a model.Address, on model.Date) {
	account := e.next.Accounts[a.Account]
	if account == nil {
		e.Account(a.Account).DeletedOn = on
	}
	if account == nil || account.Tokens[a.Name] == nil {
		e.Token(a.Account, a.Name).DeletedOn = on
	}
	t := e.Token(a.Account, a.Name)
	t.LastGeneration = max(t.LastGeneration, a.Generation)
}

// SetUnderway records what a server may have otherwise; empty lists are nothing.
func (e *Edit) SetUnderway(u Underway) {
	if len(u.Create) == 0 {
		u.Run = ""
	}
	e.next.Meta.Underway = nil
	if len(u.Create)+len(u.Remove) > 0 {
		e.next.Meta.Underway = &u
	}
}

// Spend records approvals as used, of those that are declared: what is not declared
// any more is forgotten, so that the record stays as short as the file.
func (e *Edit) Spend(used, declared []model.Approval) {
	was := e.next.Meta.Spent
	e.next.Meta.Spent = nil
	for _, a := range declared {
		now := slices.ContainsFunc(used, func(u model.Approval) bool { return u.Plan == a.Plan && u.Allow == a.Allow })
		if s := (Spent{a.Plan, a.Allow}); now || slices.Contains(was, s) {
			e.next.Meta.Spent = append(e.next.Meta.Spent, s)
		}
	}
	slices.SortFunc(e.next.Meta.Spent, Spent.compare)
	e.next.Meta.Spent = slices.Compact(e.next.Meta.Spent)
}

// SetSettings records the settings in force from now on.
func (e *Edit) SetSettings(s Settings) { e.next.Meta.Applied = s }

// SetLineage names the state at its first commit.
func (e *Edit) SetLineage(lineage string) { e.next.Meta.Lineage = lineage }

// Snapshot returns the snapshot as it stands now, for reading.
func (e *Edit) Snapshot() *Snapshot { return e.next }

// Finish raises the serial, computes the digest, and returns the next snapshot
// with the files that differ from the last, sorted by path. The Edit must not
// be used afterwards. It panics on one of a snapshot that was read in part: its digest
// would leave out all other files.
func (e *Edit) Finish() (*Snapshot, []Change) {
	if e.base.part {
		panic("state: a snapshot that was read in part cannot be written")
	}
	changes := make([]Change, 0, len(e.roles)+len(e.accounts)+len(e.files)+1)
	for name := range e.roles {
		if c := e.roleChange(name); !settle(name, c, e.base.roleSums, e.next.roleSums) {
			changes = append(changes, c)
		}
	}
	names := model.Names(e.accounts)
	for i, c := range parallel.Map(names, e.accountChange) {
		if !settle(names[i], c, e.base.accountSums, e.next.accountSums) {
			changes = append(changes, c)
		}
	}
	for a, data := range e.files {
		if before, existed := e.base.ciphertextSum(a); existed != (data != nil) || existed && before != SumOf(data) {
			changes = append(changes, Change{Path: CiphertextPath(a.Account, a.Name, a.Generation), Data: data, Delete: data == nil})
		}
	}
	e.next.Meta.Serial++
	e.next.Meta.Digest = e.next.digest()
	e.next.Meta.Own = SumOf(ownText(e.next.Meta))
	changes = append(changes, Change{Path: MetaPath, Data: encodeMeta(e.next.Meta)})
	sort.Slice(changes, func(i, j int) bool { return changes[i].Path < changes[j].Path })
	return e.next, changes
}

func (e *Edit) roleChange(name string) Change {
	if r := e.next.Roles[name]; r != nil {
		return Change{Path: RolePath(name), Data: encodeRole(r)}
	}
	return Change{Path: RolePath(name), Delete: true}
}

func (e *Edit) accountChange(name string) Change {
	return Change{Path: AccountPath(name), Data: encodeAccount(e.next.Accounts[name])}
}

// settle brings the sum of the changed file of a role or account up to date, and reports
// whether the file is in truth as it was before.
func settle(name string, c Change, base, next map[string]Sum) (same bool) {
	before, existed := base[name]
	if c.Delete {
		delete(next, name)
		return !existed
	}
	sum := SumOf(c.Data)
	next[name] = sum
	return existed && sum == before
}

// ciphertextSum is the sum of the sealed value of a generation, if there is one.
func (s *Snapshot) ciphertextSum(a model.Address) (sum Sum, is bool) {
	account := s.Accounts[a.Account]
	if account == nil || account.Tokens[a.Name] == nil {
		return sum, false
	}
	g := account.Tokens[a.Name].Generation(a.Generation)
	if g == nil || !g.Known() {
		return sum, false
	}
	return g.Ciphertext, true
}
