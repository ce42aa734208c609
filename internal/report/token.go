package report

import (
	"encoding/json"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Midnight is a date in the form that OSMO's API gives a token's expiry:
// 2027-01-01T00:00:00, without a zone. The zero value is null.
type Midnight model.Date

// MarshalJSON writes OSMO's form.
func (m Midnight) MarshalJSON() ([]byte, error) {
	if m == 0 {
		return []byte("null"), nil
	}
	return []byte(`"` + model.Date(m).String() + `T00:00:00"`), nil
}

// Token is a token as it was applied. Its JSON form begins with the keys of
// OSMO's "token list". Every expires_at in it has OSMO's form, every other date
// is YYYY-MM-DD.
//
// A token has one row however many of its generations live: the best one speaks
// for it, which is the active one, else the newest retiring one, else the newest.
type Token struct {
	UserName    string   `json:"user_name"`
	TokenName   string   `json:"token_name"`
	ExpiresAt   Midnight `json:"expires_at"`
	Description string   `json:"description"`
	// Roles are those that the best generation carries today.
	Roles []string `json:"roles"`
	// Status is that of the best generation; "ended" where none lives, or
	// "deleted" where the token is gone.
	Status string `json:"status"`
	// Inherited says that the declaration leaves the roles to the account.
	Inherited bool `json:"inherited"`
	// PendingRoles are those of the account that the next generation takes
	// and the active one does not carry.
	PendingRoles []string `json:"pending_roles"`
	// LostRoles are those that the best generation was issued with and that
	// left the account since. It does not get them back.
	LostRoles []string `json:"lost_roles"`
	// Generation is the number of the best one; 0 where none lives.
	Generation int `json:"generation"`
	// Adopted says that the value of the best generation is not known.
	Adopted bool `json:"adopted,omitzero"`
	// Recipients are the declared names.
	Recipients []string        `json:"recipients"`
	ExpiresIn  model.Days      `json:"expires_in,omitzero"`
	Rotate     *model.Rotation `json:"rotate"`
	// NextRotation is the day on which a date alone asks for a new
	// generation; it may have passed.
	NextRotation model.Date   `json:"next_rotation,omitzero"`
	RenamedTo    string       `json:"renamed_to,omitzero"`
	DeletedOn    model.Date   `json:"deleted_on,omitzero"`
	Generations  []Generation `json:"generations"`
	Tombstones   []Tombstone  `json:"tombstones"`
	// Server is what was seen on the server; nil where it was not looked at.
	Server *Server `json:"server,omitzero"`
}

// Statuses of a token that no generation gives it.
const (
	// StatusEnded is that of a token whose every generation has ended, by a
	// revocation as a rule. The next apply may issue another.
	StatusEnded = "ended"
	// StatusDeleted is that of a token that is only remembered.
	StatusDeleted = "deleted"
)

// Generation is one live value of a token.
type Generation struct {
	Generation int    `json:"generation"`
	Status     string `json:"status"`
	// Adopted says that a server had the token already: its value is not known, and
	// it was not issued but taken over, for whom and when is said below.
	Adopted      bool       `json:"adopted,omitzero"`
	ServerName   string     `json:"server_name"`
	IssuedAt     time.Time  `json:"issued_at"`
	IssuedBy     string     `json:"issued_by"`
	ExpiresAt    Midnight   `json:"expires_at"`
	RevokeAfter  model.Date `json:"revoke_after,omitzero"`
	Roles        []string   `json:"roles"`
	RemovedRoles []string   `json:"removed_roles"`
	// Recipients are the keys it is sealed to, named as far as they have one.
	Recipients []plan.Reader `json:"recipients"`
	// FormerRecipients are keys that it was sealed to earlier.
	FormerRecipients []plan.Reader `json:"former_recipients,omitzero"`
	// Ciphertext is the path of the sealed value, from the project directory.
	Ciphertext OrUnknown `json:"ciphertext"`
	// ValueSHA256 and CiphertextSHA256 are in hex.
	ValueSHA256      OrUnknown `json:"value_sha256"`
	CiphertextSHA256 OrUnknown `json:"ciphertext_sha256"`

	// Value is what ValueSHA256 spells.
	Value state.Handle `json:"-"`
	// RevokeDue says that its day has come and no apply has revoked it.
	RevokeDue bool `json:"-"`
}

// Tombstone is what is remembered of an ended generation.
type Tombstone struct {
	Generation int        `json:"generation"`
	EndedOn    model.Date `json:"ended_on"`
	Reason     string     `json:"reason"`
	// Adopted says that its value was never known.
	Adopted     bool      `json:"adopted,omitzero"`
	ValueSHA256 OrUnknown `json:"value_sha256"`
}

// OrUnknown is a text about a value, empty where the value is not known. JSON says
// null of that.
type OrUnknown string

// MarshalJSON writes the text, or null.
func (u OrUnknown) MarshalJSON() ([]byte, error) {
	if u == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(u))
}

// TokenOf reports an account's token, as applied, on a day. names gives
// the name of a key by its ID, or "".
func TokenOf(account *state.Account, name string, today model.Date, names map[string]string) Token {
	t := account.Tokens[name]
	out := Token{
		UserName: account.Name, TokenName: name, Description: t.Spec.Description, Roles: []string{},
		Status: StatusEnded, Inherited: t.Spec.Inherit, PendingRoles: orEmpty(rights.Pending(account, t)), LostRoles: []string{}, Recipients: orEmpty(t.Spec.Recipients),
		ExpiresIn: t.Spec.Expiry.In, Rotate: &t.Spec.Rotate,
		NextRotation: plan.NextRotation(t, today), RenamedTo: t.RenamedTo, DeletedOn: t.DeletedOn,
		Generations: make([]Generation, len(t.Generations)), Tombstones: make([]Tombstone, len(t.Tombstones)),
	}
	if !t.Live() {
		out.Status = StatusDeleted
	}
	for i := range t.Generations {
		out.Generations[i] = generationOf(account.Name, name, &t.Generations[i], today, names)
	}
	for i, g := range t.Tombstones {
		out.Tombstones[i] = Tombstone{Generation: g.Generation, EndedOn: g.EndedOn, Reason: g.Reason, Adopted: g.Adopted}
		if g.Known() {
			out.Tombstones[i].ValueSHA256 = OrUnknown(g.Value.String())
		}
	}
	if g := best(t, today); g != nil {
		out.ExpiresAt, out.Generation, out.Status, out.Adopted = Midnight(g.ExpiresAt), g.Number, string(g.Status(today)), g.Adopted
		out.Roles, out.LostRoles = orEmpty(g.CurrentRoles()), orEmpty(g.RemovedRoles)
	}
	return out
}

// TokenRoles are the roles of one generation of a token. Its JSON form is that of OSMO's
// API, and then what OSMO does not know.
type TokenRoles struct {
	UserName  string `json:"user_name"`
	TokenName string `json:"token_name"`
	// Roles are those that the generation carries today: it got them when it was issued,
	// or taken over.
	Roles []AssignedRole `json:"roles"`
	// LostRoles are those that it got and that left the account since.
	LostRoles []string `json:"lost_roles"`
	// Generation is its number; 0 where none lives, which Status says too.
	Generation int    `json:"generation"`
	Status     string `json:"status"`
}

// TokenRolesOf reports the roles of a live generation, or of the best one where its number
// is 0.
func TokenRolesOf(account *state.Account, name string, number int, today model.Date) TokenRoles {
	t := account.Tokens[name]
	out := TokenRoles{UserName: account.Name, TokenName: name, Roles: []AssignedRole{}, LostRoles: []string{}, Status: StatusEnded}
	g := best(t, today)
	if number > 0 {
		g = t.Generation(number)
	}
	if g == nil {
		return out
	}
	for _, role := range g.CurrentRoles() {
		out.Roles = append(out.Roles, AssignedRole{RoleName: role, AssignedBy: g.IssuedBy, AssignedAt: g.IssuedAt.UTC()})
	}
	out.LostRoles, out.Generation, out.Status = orEmpty(g.RemovedRoles), g.Number, string(g.Status(today))
	return out
}

func generationOf(account, token string, g *state.Generation, today model.Date, names map[string]string) Generation {
	out := Generation{
		Generation: g.Number, Status: string(g.Status(today)), Adopted: g.Adopted, ServerName: g.ServerName,
		IssuedAt: g.IssuedAt.UTC(), IssuedBy: g.IssuedBy, ExpiresAt: Midnight(g.ExpiresAt), RevokeAfter: g.RevokeAfter,
		Roles: orEmpty(g.Roles), RemovedRoles: orEmpty(g.RemovedRoles), Recipients: readersOf(g.Recipients, names),
		Value: g.Handle(model.TokenAddress(account, token)), RevokeDue: g.RevokeAfter != 0 && g.RevokeAfter <= today,
	}
	if g.Known() {
		out.Ciphertext = OrUnknown(state.Dir + "/" + state.CiphertextPath(account, token, g.Number))
		out.ValueSHA256, out.CiphertextSHA256 = OrUnknown(g.Value.String()), OrUnknown(g.Ciphertext.String())
	}
	if len(g.FormerRecipients) > 0 {
		out.FormerRecipients = readersOf(g.FormerRecipients, names)
	}
	return out
}

// TokensOf reports the tokens of accounts that live, by account and name.
func TokensOf(snap *state.Snapshot, accounts []string, today model.Date) Each[Token] {
	names := snap.Meta.Applied.KeyNames()
	return func(yield func(Token) bool) {
		for _, account := range accounts {
			a := snap.Accounts[account]
			for _, name := range model.Names(a.Tokens) {
				if a.Tokens[name].Live() && !yield(TokenOf(a, name, today, names)) {
					return
				}
			}
		}
	}
}

// readersOf names keys, given by their IDs.
func readersOf(ids []string, names map[string]string) []plan.Reader {
	out := make([]plan.Reader, len(ids))
	for i, id := range ids {
		out[i] = plan.Reader{Name: names[id], Key: id}
	}
	return sortReaders(out)
}

// best is the generation that speaks for the token.
func best(t *state.Token, today model.Date) *state.Generation {
	var found *state.Generation
	rank := map[state.Status]int{state.Active: 2, state.Retiring: 1, state.Expired: 0}
	for i := range t.Generations {
		g := &t.Generations[i]
		if found == nil || rank[g.Status(today)] >= rank[found.Status(today)] {
			found = g
		}
	}
	return found
}
