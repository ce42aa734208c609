// Package model is the vocabulary of osmoctl: what a project wants, in values
// that know neither YAML nor git nor OSMO's API.
//
// [Declarations] is everything that one reading of a project directory says:
// the [Project] file, the [Role]s and the [Account]s with their [Token]s, with
// the project's defaults already filled in, and the [Approval]s. Everything else that is wanted is
// derived from it; whatever was applied is in package state.
//
// An [Address] names one thing, everywhere: in plans, flags, messages and
// logs. [Date] is a UTC day and [Days] a whole number of them, because OSMO
// counts a token's life in days and nothing finer: a token is dead at 00:00 UTC
// on its date.
//
// Values of this package are valid by construction as far as package config
// built them; the Check functions are the rules that config applies and that
// anything else must apply to names that come from elsewhere.
package model

import (
	"iter"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// Declarations is what a project wants.
type Declarations struct {
	Project Project
	// Roles and Accounts are keyed by name.
	Roles    map[string]*Role
	Accounts map[string]*Account
	// Approvals are in the order of their file.
	Approvals []Approval
	// Suppressions are the comments that keep a finding about a declaration from
	// being reported, in the order in which they were read. They say nothing about
	// what is wanted.
	Suppressions []Suppression
}

// Suppression is a comment such as "# osmoctl:ignore CODE reason".
type Suppression struct {
	// Code and Reason are empty where the comment lacks them.
	Code, Reason string
	// Pos is where the comment stands, and Line the line that it is about: the next
	// one that is no comment.
	Pos  diag.Position
	Line int
}

// Effect of a policy, spelled as OSMO spells it.
type Effect string

// The two effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// SyncMode tells OSMO what a login through an identity provider does to a
// role's holders.
type SyncMode string

// The sync modes, "import" being what an absent field means.
const (
	SyncImport SyncMode = "import"
	SyncForce  SyncMode = "force"
	SyncIgnore SyncMode = "ignore"
)

// Policy is one statement of a role. Actions are a set: OSMO returns them
// sorted, so their order means nothing; it is kept for display. So is that of
// resources, of which any that matches does. Resources may be empty, which
// matches only actions without a resource.
type Policy struct {
	Effect    Effect   `json:"effect"`
	Actions   []string `json:"actions"`
	Resources []string `json:"resources"`
	// Origin is where the policy begins in a manifest, and ActionPlaces and
	// ResourcePlaces are where its patterns stand there, in their order. All are zero
	// where it comes from elsewhere.
	Origin                       diag.Position `json:"-"`
	ActionPlaces, ResourcePlaces []LineColumn  `json:"-"`
}

// LineColumn is a place in a file that is known. Line and Column count from 1.
type LineColumn struct{ Line, Column int32 }

// ActionAt and ResourceAt are where the pattern of that index stands, as near as is
// known.
func (p *Policy) ActionAt(i int) diag.Position { return p.at(p.ActionPlaces, i) }

// ResourceAt is documented with ActionAt.
func (p *Policy) ResourceAt(i int) diag.Position { return p.at(p.ResourcePlaces, i) }

func (p *Policy) at(places []LineColumn, i int) diag.Position {
	if i >= len(places) {
		return p.Origin
	}
	return diag.Position{File: p.Origin.File, Line: int(places[i].Line), Column: int(places[i].Column)}
}

// Equal reports whether two policies say the same, wherever they stand: same effect, same set of
// actions, same set of resources.
func (p Policy) Equal(q Policy) bool {
	return p.Effect == q.Effect && SameSet(p.Actions, q.Actions) && SameSet(p.Resources, q.Resources)
}

// EqualPolicies reports whether two roles' policies say the same, in whatever
// order and however often: OSMO asks all of them, and a Deny wins wherever it
// stands.
func EqualPolicies(a, b []Policy) bool {
	return slices.EqualFunc(a, b, Policy.Equal) || slices.Equal(CanonicalPolicies(a), CanonicalPolicies(b))
}

// CanonicalPolicies is the same for policies that are equal, and for no others.
func CanonicalPolicies(policies []Policy) []string {
	texts := make([]string, len(policies))
	for i, p := range policies {
		texts[i] = p.canonical()
	}
	return Set(texts)
}

// canonical is a text that two policies share exactly where they are equal.
func (p Policy) canonical() string {
	text := strconv.Quote(string(p.Effect))
	for _, list := range [][]string{p.Actions, p.Resources} {
		for _, s := range Set(list) {
			text += strconv.Quote(s)
		}
		text += ";"
	}
	return text
}

// SameSet reports whether two lists have the same members, in whatever order and
// however often.
func SameSet(a, b []string) bool { return slices.Equal(a, b) || slices.Equal(Set(a), Set(b)) }

// Role is a declared OSMO role.
type Role struct {
	Name        string
	Description string
	Policies    []Policy
	// ExternalRoles maps roles of an identity provider to this one. nil
	// leaves OSMO's mapping alone, an empty list clears it.
	ExternalRoles []string
	SyncMode      SyncMode
	// External says that the role lives on the server, made by somebody else: it may
	// be held, and is never written or deleted. Its policies are nil where it is not
	// known what it allows.
	External bool
	// Previously lists earlier names of this role.
	Previously []string
	Origin     diag.Position
}

// IsUnknown reports whether nobody has looked at what a role of the server allows.
func (r *Role) IsUnknown() bool { return r.External && r.Policies == nil }

// Account is a declared service account: an OSMO user with roles and tokens.
type Account struct {
	Name        string
	Description string
	Labels      map[string]string
	// Roles is a set, sorted.
	Roles []string
	// Protect blocks deletion of the account, of its last token, and removal
	// of its roles, until an earlier apply recorded it as false.
	Protect bool
	Tokens  map[string]*Token
	// Previously lists earlier names of this account.
	Previously []string
	Origin     diag.Position
}

// TokenSpec is what a declaration asks of a token's values: state remembers it as
// it was last applied.
type TokenSpec struct {
	Description string
	// Inherit is true where roles were left out: the token takes all of its
	// account's roles at the time of issue. Roles, sorted, is then nil.
	Inherit bool
	Roles   []string
	Expiry  Expiry
	// Rotate is zero where none was asked for.
	Rotate Rotation
	// Recipients are names, in the order in which they were declared.
	Recipients []string
}

// Equal reports whether two specs ask for the same. Names of recipients are a
// set, in whatever order they are declared.
func (s TokenSpec) Equal(o TokenSpec) bool {
	return s.Description == o.Description && s.Inherit == o.Inherit && slices.Equal(s.Roles, o.Roles) &&
		s.Expiry == o.Expiry && s.Rotate == o.Rotate && SameSet(s.Recipients, o.Recipients)
}

// Token is a declared token, with the project's defaults filled in.
type Token struct {
	Account string
	Name    string
	TokenSpec
	// Generation counts requests for a rotation; 0 and 1 ask for none.
	Generation int
	// Readers are the keys that Recipients resolve to: every key once, sorted by
	// ID.
	Readers []Recipient
	// Previously lists earlier names of this token.
	Previously []string
	// Origin is where the token's name stands, ExpiryOrigin where its expiry
	// does (in osmoctl.yaml, where the default applies).
	Origin, ExpiryOrigin diag.Position
}

// Address of the token.
func (t *Token) Address() Address { return TokenAddress(t.Account, t.Name) }

// RolesAtIssue is what the token would be issued with, given its account.
func (t *Token) RolesAtIssue(a *Account) []string {
	if t.Inherit {
		return a.Roles
	}
	return t.Roles
}

// Expiry is how a token's end was declared: exactly one field is set.
type Expiry struct {
	// At is a fixed date; such a token is never renewed by itself.
	At Date `json:"expires_at,omitzero"`
	// In is a lifetime counted from the day of issue.
	In Days `json:"expires_in,omitzero"`
}

// On is the date at which a token issued on day is dead.
func (e Expiry) On(day Date) Date {
	if e.At != 0 {
		return e.At
	}
	return day.Add(e.In)
}

// Rotation is a token's declared rhythm.
type Rotation struct {
	// Every is the longest time between two generations; zero means none.
	Every Days `json:"every,omitzero"`
	// Overlap is how long an old generation stays valid beside the new one.
	// Zero revokes the old one in the apply that issues the new one; where
	// nothing was declared, config fills in [DefaultOverlap].
	Overlap Days `json:"overlap"`
}

// DefaultOverlap is what an undeclared overlap means, cut to what the token's
// rhythm and lifetime leave room for. It is not zero: a rotation that nobody
// prepared for must not stop whoever still uses the old value.
const DefaultOverlap Days = 7

// Project is the content of osmoctl.yaml.
type Project struct {
	Version int
	// Recipients maps each declared name to the keys it resolves to.
	Recipients map[string][]Recipient
	Defaults   Defaults
	Guardrails Guardrails
	Git        Git
	Backend    Backend
	Server     Server
}

// Server is the OSMO server that the declarations are for, whoever issues the
// tokens: which actions there are and what the built-in roles say depends on it.
type Server struct {
	// Version is one whose rules osmoctl knows, such as "6.4"; empty stands
	// for the newest.
	Version string `json:"version,omitzero"`
	// Mode is where the server keeps its roles; empty is not known, and then
	// both answers matter.
	Mode Mode `json:"mode,omitzero"`
}

// Mode is where an OSMO server keeps its roles.
type Mode string

// The modes: roles in the database, which a server completes at every start, or
// in the ConfigMap that the Helm chart makes, which it takes as they are.
const (
	ModeDatabase  Mode = "database"
	ModeConfigMap Mode = "configmap"
)

// Words are what people call a mode.
func (m Mode) Words() string {
	if m == ModeConfigMap {
		return "ConfigMap mode"
	}
	return "database mode"
}

// Defaults fill what a token leaves out.
type Defaults struct {
	Recipients []string
	Expiry     Expiry
	Rotate     Rotation
}

// Git is how the project uses its repository.
type Git struct {
	// Push is the name of a configured remote; empty means commit only.
	Push string `json:"push,omitzero"`
	// Branch is the one that apply writes; empty means the remote's default,
	// else the current one.
	Branch string `json:"branch,omitzero"`
	// StateBranch keeps state apart from the declarations' branch.
	StateBranch string `json:"state_branch,omitzero"`
}

// Place names where these settings keep state, in one word for flags and
// messages: the branch behind its remote, origin/osmoctl-state. What is left to
// the repository's default is called HEAD.
func (g Git) Place() string {
	branch := g.StateBranch
	if branch == "" {
		branch = g.Branch
	}
	if branch == "" {
		branch = "HEAD"
	}
	if g.Push == "" {
		return branch
	}
	return g.Push + "/" + branch
}

// Backend says who issues tokens.
type Backend struct {
	// Kind is one of the constants.
	Kind string `json:"kind"`
	// URL is the server's address, without a path. Whoever runs osmoctl has to name
	// it too: a file of the repository alone sends a credential nowhere.
	URL string `json:"url,omitzero"`
	// Owns are patterns of addresses, such as "account/svc-*". What they match on
	// the server and is not declared is taken away; everything else that is not
	// declared is left alone.
	Owns []string `json:"owns,omitzero"`
}

// The kinds of backends. The local one issues tokens itself, and is what an absent
// backend means; the other has an OSMO server issue them.
const (
	BackendLocal = "local"
	BackendOSMO  = "osmo"
)

// String names who issues tokens: the address of a server, or the local kind.
func (b Backend) String() string {
	if b.Kind == BackendOSMO {
		return b.URL
	}
	return BackendLocal
}

// Owned reports whether a pattern of Owns matches an address: an asterisk at the end
// stands for anything.
func (b Backend) Owned(a Address) bool {
	return slices.ContainsFunc(b.Owns, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "*")
		return pattern == a.String() || open && strings.HasPrefix(a.String(), prefix)
	})
}

// Limit bounds a number of changes in one plan, absolutely and as a percentage
// of what exists. A nil field sets no bound of its kind.
type Limit struct {
	Count   *int `json:"count,omitempty"`
	Percent *int `json:"percent,omitempty"`
}

// Words spells the limit as people write it: 5 or 20%.
func (l Limit) Words() string {
	var parts []string
	if l.Count != nil {
		parts = append(parts, strconv.Itoa(*l.Count))
	}
	if l.Percent != nil {
		parts = append(parts, strconv.Itoa(*l.Percent)+"%")
	}
	if len(parts) == 0 {
		return "no limit"
	}
	return strings.Join(parts, " or ")
}

// Guardrails are the declared limits on what one plan may do. A zero field is
// silent; package guard holds the default for each. The tag of a field is its key
// in osmoctl.yaml and in state, and its type says how it is read: a string is the
// pattern of a name, and a list has names of recipients.
type Guardrails struct {
	MaxTokenLifetime   Days     `json:"max_token_lifetime,omitzero"`
	RequireTokenRoles  *bool    `json:"require_token_roles,omitempty"`
	AccountName        string   `json:"account_name,omitzero"`
	MinRecipients      int      `json:"min_recipients,omitzero"`
	RequiredRecipients []string `json:"required_recipients,omitempty"`
	MaxNewReaders      *int     `json:"max_new_readers,omitempty"`
	MaxDeletes         *Limit   `json:"max_deletes,omitempty"`
	MaxRotations       *Limit   `json:"max_rotations,omitempty"`
	MaxAdministrators  *int     `json:"max_administrators,omitempty"`
	// Forbid is sorted by name.
	Forbid []Forbid `json:"forbid,omitempty"`
}

// AboutAccess reports whether any of them is about what roles allow.
func (g Guardrails) AboutAccess() bool { return g.MaxAdministrators != nil || len(g.Forbid) > 0 }

// All yields each guardrail by its name, in the order in which state has them.
func (g Guardrails) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for field, value := range reflect.ValueOf(g).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !yield(name, value.Interface()) {
				return
			}
		}
	}
}

// Set returns the distinct strings of list, sorted, never nil.
func Set(list []string) []string {
	out := make([]string, len(list))
	copy(out, list)
	sort.Strings(out)
	return slices.Compact(out)
}

// Names returns the keys of a map, sorted: the one order in which osmoctl walks
// anything.
func Names[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}
