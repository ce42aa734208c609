// Package state is what was applied: the snapshot that lives under state/ in
// git, its files and their codec.
//
// # Files
//
// Paths are relative to state/. Every path is computed from a name by this
// package and never stored or taken from a file's content.
//
//	meta.json                                          lineage, serial, digest, settings last applied, spent approvals
//	roles/<role>.json                                  one role
//	accounts/<xx>/<account>/account.json               one account: grants, tokens, generations, tombstones
//	accounts/<xx>/<account>/<token>.<generation>.age   one sealed value
//
// xx is the first two hex digits of SHA-256(account), so that no directory of
// git holds more than a few hundred entries and a change rewrites kilobytes.
//
// # Canonical form
//
// A state file is JSON in exactly one spelling: keys in a fixed order, two
// spaces of indentation, lists of strings on one line, a newline at the end.
// [Decode] refuses any other spelling of the same content, because encoding/json
// and its likes accept repeated keys and keys in another case: a file that two
// readers read differently is a way to hide a change from one of them.
//
// # Digest
//
// meta.json carries a SHA-256 over all other files, defined so that standard
// tools can recompute it:
//
//	cd state && find * -type f ! -path meta.json | LC_ALL=C sort | xargs sha256sum | sha256sum
//
// What it does not cover is meta.json itself, so that has a sum of its own, over all of its
// lines but those of the two:
//
//	grep -v -e '^  "digest"' -e '^  "meta_sha256"' state/meta.json | sha256sum
//
// osmoctl state verify holds the two together. Whoever plans or applies asks the history of
// state instead, which knows of any edit, and of who made it.
//
// Each account records the SHA-256 of its ciphertexts, so the digest is checked
// without reading one of them; that the ciphertexts match their records is what
// osmoctl state verify adds.
//
// # What state never holds
//
// No token value, only its SHA-256: values have 190 bits of entropy, so the
// digest gives nothing away, and it lets a leaked token be recognised offline.
// Of a value that osmoctl did not see issued not even that: somebody may have
// chosen it. A token that was found on a server and taken over has such a value,
// until it is replaced; see [Generation.Adopted].
// No status that a date decides: "expired" is computed, see [Generation.Status].
package state

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// FormatVersion is the version of the files that this package writes, and the
// only one it reads.
const FormatVersion = 1

// Sum is a SHA-256, written in hex.
type Sum [sha256.Size]byte

// SumOf is the SHA-256 of b.
func SumOf(b []byte) Sum { return sha256.Sum256(b) }

// String is the sum in lower-case hex.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// Short is the form shown to people: "sha256:" and eight digits.
func (s Sum) Short() string { return "sha256:" + hex.EncodeToString(s[:4]) }

// Snapshot is the whole state at one commit. The zero Snapshot is that of a
// project to which nothing was applied yet.
//
// Snapshots are immutable: change one through [Snapshot.Edit].
type Snapshot struct {
	Meta     Meta
	Roles    map[string]*Role
	Accounts map[string]*Account
	// roleSums and accountSums have the SHA-256 of the JSON file of each, by its name.
	roleSums, accountSums map[string]Sum
	// part says that [DecodePart] read it, so that other files are unknown.
	part bool
}

func newSnapshot() *Snapshot {
	return &Snapshot{
		Roles: map[string]*Role{}, Accounts: map[string]*Account{},
		roleSums: map[string]Sum{}, accountSums: map[string]Sum{},
	}
}

// Exists reports whether anything was ever applied.
func (s *Snapshot) Exists() bool { return s.Meta.Serial > 0 }

// Meta is the content of meta.json.
type Meta struct {
	// Lineage is made at random by the first apply and never changes.
	Lineage string
	// Serial rises by one with every commit of state; 0 means no state.
	Serial int
	// Digest covers all other files, see the package comment.
	Digest Sum
	// Own is the sum that meta.json has of itself; zero where it was written before there
	// was one. Whether it fits is for [Meta.IsEdited] to say.
	Own Sum
	// Applied are the project's settings at the last apply. A plan must
	// satisfy its guardrails as well as the declared ones, so that no pull
	// request loosens a rail and profits from it in one go.
	Applied Settings
	// Spent are the approvals that an apply has used, as long as they are declared;
	// each counts once. They are sorted.
	Spent []Spent
	// Underway is what a server may have otherwise than the rest of state says;
	// nil is nothing, and always so where there is no server.
	Underway *Underway
}

// IsEdited reports whether meta.json has a sum of itself that does not fit.
func (m Meta) IsEdited() bool { return m.Own != (Sum{}) && m.Own != SumOf(ownText(m)) }

// Spent is an approval that was used: the digest of the plan, and the flag that it was
// worth.
type Spent struct{ Plan, Allow string }

func (s Spent) compare(o Spent) int {
	return cmp.Or(strings.Compare(s.Plan, o.Plan), strings.Compare(s.Allow, o.Allow))
}

// HasSpent reports whether an apply has used an approval.
func (s *Snapshot) HasSpent(a model.Approval) bool {
	return slices.Contains(s.Meta.Spent, Spent{a.Plan, a.Allow})
}

// Underway is work on a server that was begun. It is recorded before the server
// is asked to create something, and after state has let go of what the server
// still has to take away; so whatever becomes of a run, the next one knows where
// to look. Both lists are sorted.
type Underway struct {
	// Run is the one that reserved Create; empty where nothing is reserved.
	Run string
	// Create are roles, accounts, and generations of tokens that may be on the
	// server and are not otherwise in state. A number that stands here is used by
	// this run alone, and once.
	Create []model.Address
	// Remove are roles, accounts, and generations of tokens that state has let go
	// of, and that were not seen to be gone from the server.
	Remove []model.Address
}

// Underway is what is underway on a server; the zero value is nothing. Its lists must
// not be changed.
func (s *Snapshot) Underway() Underway {
	if s.Meta.Underway == nil {
		return Underway{}
	}
	return *s.Meta.Underway
}

// Creates and Removes report whether an address stands in the list of that name.
func (u Underway) Creates(a model.Address) bool { return holds(u.Create, a) }

// Removes is like Creates.
func (u Underway) Removes(a model.Address) bool { return holds(u.Remove, a) }

func holds(sorted []model.Address, a model.Address) bool {
	_, found := slices.BinarySearchFunc(sorted, a, model.Address.Compare)
	return found
}

// Numbers are the generations of tokens that are reserved.
func (u Underway) Numbers() (list []model.Address) {
	for _, a := range u.Create {
		if a.Generation > 0 {
			list = append(list, a)
		}
	}
	return list
}

// Settings is what state remembers of osmoctl.yaml.
type Settings struct {
	Backend    model.Backend
	Git        model.Git
	Guardrails model.Guardrails
	// Server is the OSMO server that the declarations are for.
	Server model.Server
	// Recipients maps each declared name to the IDs of its keys, sorted.
	Recipients map[string][]string
}

// SettingsOf extracts from a project file what state remembers of it.
func SettingsOf(p model.Project) Settings {
	s := Settings{Backend: p.Backend, Git: p.Git, Guardrails: p.Guardrails, Server: p.Server, Recipients: make(map[string][]string, len(p.Recipients))}
	for name, keys := range p.Recipients {
		s.Recipients[name] = model.Set(model.IDs(keys))
	}
	return s
}

// KeyNames names keys by their IDs as the recipients do: a name that stands for
// one key goes before a name that stands for several. A key without a name has "".
func (s Settings) KeyNames() map[string]string {
	names := map[string]string{}
	for _, single := range []bool{true, false} {
		for _, name := range model.Names(s.Recipients) {
			ids := s.Recipients[name]
			for _, id := range ids {
				if names[id] == "" && (len(ids) == 1) == single {
					names[id] = name
				}
			}
		}
	}
	return names
}

// AccountNames are the names of the accounts that exist, sorted. State also keeps
// those that were deleted.
func (s *Snapshot) AccountNames() []string {
	return slices.DeleteFunc(model.Names(s.Accounts), func(name string) bool { return !s.Accounts[name].Live() })
}

// Role is an applied role.
type Role struct {
	Name        string
	CreatedAt   time.Time
	CreatedBy   string
	Description string
	SyncMode    model.SyncMode
	// External says that somebody else made the role on the server: the rest is what
	// it was last seen to be.
	External bool
	// ExternalRoles is nil where the declaration left the mapping alone.
	ExternalRoles []string
	Policies      []model.Policy
}

// Account is an applied account, or what is remembered of a deleted one: its
// tokens' last generations and tombstones.
type Account struct {
	Name      string
	CreatedAt time.Time
	CreatedBy string
	// DeletedOn is set once the account is gone.
	DeletedOn   model.Date
	Description string
	Labels      map[string]string
	Protect     bool
	// Grants are sorted by role.
	Grants []Grant
	Tokens map[string]*Token
}

// Live reports whether the account exists; a nil account does not.
func (a *Account) Live() bool { return a != nil && a.DeletedOn == 0 }

// IsUsed reports whether one of an account's tokens has or had a generation of this
// name on a server, where each name is asked for once: generation 2 of a token and the
// first of one that is called NAME-g2 would share it.
func IsUsed(tokens map[string]*Token, name string) bool {
	if t := tokens[name]; t != nil && t.LastGeneration > 0 {
		return true
	}
	base, number, ok := model.SplitServerName(name)
	return ok && tokens[base] != nil && tokens[base].LastGeneration >= number
}

// Roles returns the names of the granted roles, sorted.
func (a *Account) Roles() []string {
	out := make([]string, len(a.Grants))
	for i, g := range a.Grants {
		out[i] = g.Role
	}
	return out
}

// Lasting are the granted roles but for those that are kept for values which
// retire, sorted.
func (a *Account) Lasting() (roles []string) {
	for _, g := range a.Grants {
		if !g.Kept {
			roles = append(roles, g.Role)
		}
	}
	return roles
}

// Kept are the granted roles that are kept for values which retire, sorted.
func (a *Account) Kept() (roles []string) {
	for _, g := range a.Grants {
		if g.Kept {
			roles = append(roles, g.Role)
		}
	}
	return roles
}

// Holds reports whether the account is granted role.
func (a *Account) Holds(role string) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == role })
}

// Spent reports whether the account keeps a role for values that retire, and all
// of them have ended by a day.
func (a *Account) Spent(role string, on model.Date) bool {
	if !slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == role && g.Kept }) {
		return false
	}
	for _, t := range a.Tokens {
		for i := range t.Generations {
			if g := &t.Generations[i]; g.EndsOn() > on && slices.Contains(g.CurrentRoles(), role) {
				return false
			}
		}
	}
	return true
}

// Grant is one role of an account.
type Grant struct {
	Role       string
	AssignedAt time.Time
	AssignedBy string
	// Kept is set where the role was renamed and is not declared any more: it
	// stays until the last value has ended that carries it, and no token takes
	// it any more.
	Kept bool
}

// Token is an applied token, or what is remembered of a deleted one.
type Token struct {
	// DeletedOn is set once the token is gone.
	DeletedOn model.Date
	// Spec is the declaration as last applied; zero once the token is gone.
	Spec model.TokenSpec
	// RenamedTo is the token that replaced this one by `previously`. The
	// token is then no longer declared and only waits for its last
	// generation to be revoked; once gone it is still known to have been
	// replaced, since an earlier name may retire longer.
	RenamedTo string
	// Honoured is the highest declared generation that was acted upon.
	Honoured int
	// LastGeneration is the highest number ever given out. Numbers are never
	// reused while the lineage lasts.
	LastGeneration int
	// Generations are the live ones, oldest first. At most one is active.
	Generations []Generation
	// Tombstones are the ended ones, oldest first.
	Tombstones []Tombstone
}

// Live reports whether the token exists; a nil token does not.
func (t *Token) Live() bool { return t != nil && t.DeletedOn == 0 }

// Active returns the generation that was not replaced, or nil. It may have
// expired.
func (t *Token) Active() *Generation {
	for i := range t.Generations {
		if t.Generations[i].RevokeAfter == 0 {
			return &t.Generations[i]
		}
	}
	return nil
}

// Generation returns the live generation with this number, or nil.
func (t *Token) Generation(number int) *Generation {
	for i := range t.Generations {
		if t.Generations[i].Number == number {
			return &t.Generations[i]
		}
	}
	return nil
}

// Status of a generation on a given day.
type Status string

// The statuses of a live generation; an ended one has a [Tombstone] instead.
const (
	Active   Status = "active"
	Retiring Status = "retiring"
	Expired  Status = "expired"
)

// Generation is one issued value of a token.
type Generation struct {
	Number int
	// ServerName is what the token is called on a server.
	ServerName string
	// IssuedAt and IssuedBy say when and for whom; of an adopted generation, when
	// and for whom it was taken over.
	IssuedAt time.Time
	IssuedBy string
	// ExpiresAt is the day at whose 00:00 UTC the value dies.
	ExpiresAt   model.Date
	Description string
	// Roles are those it was issued with, sorted; RemovedRoles those of them
	// that left its account since. OSMO does not give them back.
	Roles        []string
	RemovedRoles []string
	// Recipients are the IDs of the keys it is sealed to, sorted.
	Recipients []string
	// FormerRecipients, sorted, are those of keys that it was sealed to
	// earlier and is no longer. They have seen the value, and in git's
	// history they still do; nil where there are none.
	FormerRecipients []string
	// Adopted says that a server had the token already, and it was taken over from
	// whoever made it. No call reads a value back, so this one is not known: Value
	// and Ciphertext are zero, there are no recipients, and no file.
	Adopted bool
	// Value and Ciphertext are SHA-256 sums.
	Value      Sum
	Ciphertext Sum
	// RevokeAfter is set once a newer generation replaced this one: it is
	// revoked on that day.
	RevokeAfter model.Date
}

// Known reports whether the value is known, as a sum and sealed.
func (g *Generation) Known() bool { return !g.Adopted }

// sealed are an account's generations that have a ciphertext, by their tokens' names.
func (a *Account) sealed() iter.Seq2[string, *Generation] {
	return func(yield func(token string, g *Generation) bool) {
		for token, t := range a.Tokens {
			for i := range t.Generations {
				if g := &t.Generations[i]; g.Known() && !yield(token, g) {
					return
				}
			}
		}
	}
}

// Handle is what the generation of a token is known by.
func (g *Generation) Handle(token model.Address) Handle {
	return handleOf(token.At(g.Number), g.Adopted, g.Value)
}

// Handle is what a generation is known by in every state in which it stands: its
// value, wherever that is; or its address, where the value is not known.
type Handle struct {
	// Value is zero where Adopted is not.
	Value   Sum
	Adopted model.Address
}

func handleOf(a model.Address, adopted bool, value Sum) Handle {
	if adopted {
		return Handle{Adopted: a}
	}
	return Handle{Value: value}
}

// String is for people: the short form of the value, or that it is unknown.
func (h Handle) String() string {
	if h.Value == (Sum{}) {
		return "unknown"
	}
	return h.Value.Short()
}

// Status on a day: expired from ExpiresAt on, else retiring or active.
func (g *Generation) Status(on model.Date) Status {
	switch {
	case g.ExpiresAt <= on:
		return Expired
	case g.RevokeAfter != 0:
		return Retiring
	}
	return Active
}

// EndsOn is the day from which the value has to be gone: that of its expiry, or
// that of its revocation, where that is earlier.
func (g *Generation) EndsOn() model.Date {
	if g.RevokeAfter != 0 {
		return min(g.RevokeAfter, g.ExpiresAt)
	}
	return g.ExpiresAt
}

// CurrentRoles are the roles the value still carries, sorted.
func (g *Generation) CurrentRoles() []string {
	if len(g.RemovedRoles) == 0 {
		return g.Roles
	}
	out := make([]string, 0, len(g.Roles))
	for _, r := range g.Roles {
		if !slices.Contains(g.RemovedRoles, r) {
			out = append(out, r)
		}
	}
	return out
}

// EverReadable are the IDs of all keys that could ever read the value, sorted.
func (g *Generation) EverReadable() []string {
	if len(g.FormerRecipients) == 0 {
		return g.Recipients
	}
	return model.Set(append(slices.Clone(g.Recipients), g.FormerRecipients...))
}

// recordReseal records that the value is sealed to other keys. Those that it was
// sealed to, and those in former, stay known.
func (g *Generation) recordReseal(to, former []string) {
	known := append(slices.Clone(g.EverReadable()), former...)
	g.Recipients = model.Set(to)
	g.FormerRecipients = nil
	for _, id := range model.Set(known) {
		if !slices.Contains(g.Recipients, id) {
			g.FormerRecipients = append(g.FormerRecipients, id)
		}
	}
}

// Tombstone remembers an ended generation, for ever.
type Tombstone struct {
	Generation int
	// Adopted says that the generation was adopted: Value is zero, since it was
	// never known.
	Adopted bool
	Value   Sum
	EndedOn model.Date
	// Reason is a sentence for people.
	Reason string
}

// Known reports whether the value was known.
func (s *Tombstone) Known() bool { return !s.Adopted }

// Handle is what the ended generation of a token is known by.
func (s *Tombstone) Handle(token model.Address) Handle {
	return handleOf(token.At(s.Generation), s.Adopted, s.Value)
}

// clone copies an account deeply enough that editing the copy leaves the
// original alone.
func (a *Account) clone() *Account {
	c := *a
	c.Labels = maps.Clone(a.Labels)
	c.Grants = slices.Clone(a.Grants)
	c.Tokens = make(map[string]*Token, len(a.Tokens))
	for name, t := range a.Tokens {
		ct := *t
		ct.Generations = slices.Clone(t.Generations)
		ct.Tombstones = slices.Clone(t.Tombstones)
		c.Tokens[name] = &ct
	}
	return &c
}

// Granted are the IDs of the keys that may read a token by what the last apply
// recorded, whether or not its value was sealed to them yet. A token that is gone,
// or was never there, has none.
func (s *Snapshot) Granted(t *Token) (ids []string) {
	if !t.Live() {
		return nil
	}
	for _, name := range t.Spec.Recipients {
		ids = append(ids, s.Meta.Applied.Recipients[name]...)
	}
	return ids
}

// Values returns the SHA-256 of every value ever issued, live or ended, as far as it
// is known.
func (s *Snapshot) Values() map[Sum]bool {
	out := make(map[Sum]bool, len(s.Accounts))
	for _, a := range s.Accounts {
		for sum := range a.Values() {
			out[sum] = true
		}
	}
	return out
}

// Values are those of an account, live or ended, as far as they are known.
func (a *Account) Values() iter.Seq[Sum] {
	return func(yield func(Sum) bool) {
		for _, t := range a.Tokens {
			for i := range t.Generations {
				if g := &t.Generations[i]; g.Known() && !yield(g.Value) {
					return
				}
			}
			for i := range t.Tombstones {
				if s := &t.Tombstones[i]; s.Known() && !yield(s.Value) {
					return
				}
			}
		}
	}
}
