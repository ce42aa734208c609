package view

import (
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
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
	// Recipients are the declared names.
	Recipients []string     `json:"recipients"`
	ExpiresIn  model.Days   `json:"expires_in,omitzero"`
	Rotate     *plan.Rhythm `json:"rotate"`
	// NextRotation is the day on which a date alone asks for a new
	// generation; it may have passed.
	NextRotation model.Date   `json:"next_rotation,omitzero"`
	RenamedTo    string       `json:"renamed_to,omitzero"`
	DeletedOn    model.Date   `json:"deleted_on,omitzero"`
	Generations  []Generation `json:"generations"`
	Tombstones   []Tombstone  `json:"tombstones"`
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
	Generation   int        `json:"generation"`
	Status       string     `json:"status"`
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
	Ciphertext string `json:"ciphertext"`
	// ValueSHA256 and CiphertextSHA256 are in hex.
	ValueSHA256      string `json:"value_sha256"`
	CiphertextSHA256 string `json:"ciphertext_sha256"`

	// value is kept for its short form.
	value state.Sum
	// revokeDue says that its day has come and no apply has revoked it.
	revokeDue bool
}

// Tombstone is what is remembered of an ended generation.
type Tombstone struct {
	Generation  int        `json:"generation"`
	EndedOn     model.Date `json:"ended_on"`
	Reason      string     `json:"reason"`
	ValueSHA256 string     `json:"value_sha256"`
}

// TokenOf is the view of an account's token, as applied, on a day. names gives
// the name of a key by its ID, or "".
func TokenOf(account *state.Account, name string, today model.Date, names map[string]string) Token {
	t := account.Tokens[name]
	out := Token{
		UserName: account.Name, TokenName: name, Description: t.Spec.Description, Roles: []string{},
		Status: StatusEnded, Inherited: t.Spec.Inherit, PendingRoles: orEmpty(plan.PendingRoles(account, t)), LostRoles: []string{}, Recipients: orEmpty(t.Spec.Recipients),
		ExpiresIn: t.Spec.Expiry.In, Rotate: &plan.Rhythm{Every: t.Spec.Rotate.Every, Overlap: t.Spec.Rotate.Overlap},
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
		out.Tombstones[i] = Tombstone{g.Generation, g.EndedOn, g.Reason, g.Value.String()}
	}
	if g := best(t, today); g != nil {
		out.ExpiresAt, out.Generation, out.Status = Midnight(g.ExpiresAt), g.Number, string(g.Status(today))
		out.Roles, out.LostRoles = orEmpty(g.CurrentRoles()), orEmpty(g.RemovedRoles)
	}
	return out
}

func generationOf(account, token string, g *state.Generation, today model.Date, names map[string]string) Generation {
	out := Generation{
		Generation: g.Number, Status: string(g.Status(today)), ServerName: g.ServerName,
		IssuedAt: g.IssuedAt.UTC(), IssuedBy: g.IssuedBy, ExpiresAt: Midnight(g.ExpiresAt), RevokeAfter: g.RevokeAfter,
		Roles: orEmpty(g.Roles), RemovedRoles: orEmpty(g.RemovedRoles), Recipients: make([]plan.Reader, len(g.Recipients)),
		Ciphertext:  state.Dir + "/" + state.CiphertextPath(account, token, g.Number),
		ValueSHA256: g.Value.String(), CiphertextSHA256: g.Ciphertext.String(), value: g.Value,
		revokeDue: g.RevokeAfter != 0 && g.RevokeAfter <= today,
	}
	for i, id := range g.Recipients {
		out.Recipients[i] = plan.Reader{Name: names[id], Key: id}
	}
	for _, id := range g.FormerRecipients {
		out.FormerRecipients = append(out.FormerRecipients, plan.Reader{Name: names[id], Key: id})
	}
	return out
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

// Tokens writes the tokens of one user, or of all where user is empty: text or
// JSON.
func (v *View) Tokens(user string, list []Token, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.tokens(user, list) },
		json: func() any { return orEmpty(list) },
	})
}

func (p *page) tokens(user string, list []Token) {
	switch {
	case len(list) == 0 && user == "":
		p.line("No tokens found")
		return
	case len(list) == 0:
		p.line("No tokens found for user " + user)
		return
	case user == "":
		p.field("Total tokens", count(len(list)))
	default:
		p.field("Tokens for user", user)
	}
	p.blank()
	p.tokenTable(user == "", list)
	p.blank()
}

func (p *page) tokenTable(withUser bool, list []Token) {
	heading := []string{"User", "Name", "Description", "Active", "Expires At (UTC)", "Roles"}
	rows := make([][]string, len(list))
	for i, t := range list {
		rows[i] = []string{t.UserName, t.TokenName, t.Description, title(t.Status), orDash(model.Date(t.ExpiresAt).String()), orDash(joined(t.Roles))}
	}
	if !withUser {
		heading = heading[1:]
		for i := range rows {
			rows[i] = rows[i][1:]
		}
	}
	p.table(heading, rows)
}

// Token writes one token with its generations: text or JSON.
func (v *View) Token(t Token, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.token(t) },
		json: func() any { return t },
	})
}

func (p *page) token(t Token) {
	p.field("Token", t.TokenName)
	p.field("Owner", t.UserName)
	p.optional("Description", t.Description)
	p.field("Status", title(t.Status))
	p.optional("Expires At (UTC)", model.Date(t.ExpiresAt).String())
	p.field("Roles", rolesWords(t))
	p.optional("Pending Roles", pendingWords(t))
	p.optional("Lost Roles", lostWords(t))
	p.optional("Rotation", rotationWords(t))
	p.optional("Next Rotation", t.NextRotation.String())
	p.optional("Recipients", joined(t.Recipients))
	p.optional("Renamed To", t.RenamedTo)
	p.optional("Deleted On", t.DeletedOn.String())
	p.generations(t.Generations)
	p.tombstones(t.Tombstones)
}

func rolesWords(t Token) string {
	if t.Inherited {
		return orNone(t.Roles) + " (inherited from the account when issued)"
	}
	return orNone(t.Roles)
}

// pendingWords says which roles are to come, and when.
func pendingWords(t Token) string {
	switch {
	case len(t.PendingRoles) == 0:
		return ""
	case t.NextRotation == 0:
		return joined(t.PendingRoles) + " (with its next generation, which no date brings)"
	}
	return joined(t.PendingRoles) + " (with its next generation, due " + t.NextRotation.String() + ")"
}

// lostWords says which roles are gone. A rotation alone brings back what the
// account holds again.
func lostWords(t Token) string {
	if len(t.LostRoles) == 0 {
		return ""
	}
	return joined(t.LostRoles) + " (left the account since; this value never gets them back)"
}

// rotationWords is the declared life of a token: lives 90d, rotated every 60d
// with an overlap of 7d.
func rotationWords(t Token) string {
	words := ""
	if t.ExpiresIn > 0 {
		words = "lives " + t.ExpiresIn.String()
	}
	if t.Rotate != nil && t.Rotate.Every > 0 {
		words = commaAfter(words) + "rotated every " + t.Rotate.Every.String()
	}
	if words == "" {
		return ""
	}
	return words + ", with an overlap of " + t.Rotate.Overlap.String()
}

func (p *page) generations(list []Generation) {
	p.blank()
	if len(list) == 0 {
		p.line("Generations: None")
		return
	}
	p.line("Generations:")
	for i := len(list) - 1; i >= 0; i-- {
		p.generation(list[i])
	}
}

func (p *page) generation(g Generation) {
	head := "  - " + count(g.Generation) + " (" + g.Status + ", " + endWords(g.Status, g.ExpiresAt)
	switch {
	case g.revokeDue:
		head += ", to be revoked since " + g.RevokeAfter.String()
	case g.RevokeAfter != 0:
		head += ", revoked on " + g.RevokeAfter.String()
	}
	p.line(head + ")")
	p.field("    Issued", moment(g.IssuedAt)+" by "+g.IssuedBy)
	p.field("    Roles", orNone(g.Roles))
	if len(g.RemovedRoles) > 0 {
		p.field("    Lost Roles", joined(g.RemovedRoles))
	}
	p.field("    Server Name", g.ServerName)
	p.field("    Value", g.value.Short())
	p.field("    Ciphertext", g.Ciphertext)
	p.line("    Readers:")
	for _, r := range g.Recipients {
		p.line("      - " + keyName(r.Name, r.Key))
	}
	for _, r := range g.FormerRecipients {
		p.line("      - formerly " + keyName(r.Name, r.Key))
	}
}

// endWords says when a value dies, or died.
func endWords(status string, on Midnight) string {
	if status == string(state.Expired) {
		return "expired on " + model.Date(on).String()
	}
	return "expires on " + model.Date(on).String()
}

func (p *page) tombstones(list []Tombstone) {
	if len(list) == 0 {
		return
	}
	p.blank()
	p.line("Ended Generations:")
	for i := len(list) - 1; i >= 0; i-- {
		t := list[i]
		p.line("  - " + count(t.Generation) + " (ended on " + t.EndedOn.String() + "): " + t.Reason)
	}
}
