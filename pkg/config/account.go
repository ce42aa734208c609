package config

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// accountDecl is a declared service account.
type accountDecl struct {
	account *model.Account
	key     *node
	roles   []*node
	tokens  []tokenDecl
	// previously are the items of that list.
	previously []*node
}

// tokenDecl is a declared token.
type tokenDecl struct {
	token      *model.Token
	key        *node
	recipients field
	// names are the items of recipients, previously those of that list.
	names, previously []*node
}

const (
	accountDescription = iota
	accountLabels
	accountRoles
	accountProtect
	accountTokens
	accountPreviously
)

var accountKeys = keys{"description", "labels", "roles", "protect", "tokens", "previously"}

func (m *manifest) readAccount(e entry) {
	d := accountDecl{key: e.key, account: &model.Account{Name: e.key.value, Origin: m.pos(e.key)}}
	m.checkName(e.key, model.CheckAccountName)
	if f, ok := m.fields(e.value, "a service account", accountKeys); ok {
		m.fillAccount(&d, f)
	}
	m.accounts = append(m.accounts, d)
}

func (m *manifest) fillAccount(d *accountDecl, f fields) {
	a := d.account
	a.Description = m.text(f[accountDescription].value, `"description"`)
	a.Labels = m.readLabels(m.bound(f[accountLabels].value, m.limits.Labels, "labels", "the account", a.Name, "labels"))
	d.roles = m.scalars(m.bound(f[accountRoles].value, m.limits.AccountRoles, "account_roles", "the account", a.Name, "roles"), `"roles"`)
	a.Roles = model.Set(values(d.roles))
	a.Protect, _ = m.truth(f[accountProtect].value, `"protect"`)
	d.previously = m.readEarlierNames(f[accountPreviously], "the account", a.Name, m.limits.AccountRoles, "account_roles", model.CheckAccountName)
	a.Previously = valuesOrNil(d.previously)
	tokens := m.entries(m.bound(f[accountTokens].value, m.limits.AccountTokens, "account_tokens", "the account", a.Name, "tokens"), `"tokens"`)
	if len(tokens) > 0 {
		m.mustHaveRoles(d, f[accountRoles])
	}
	m.readTokens(d, tokens)
}

func (m *manifest) mustHaveRoles(d *accountDecl, f field) {
	at := d.key
	switch {
	case !f.isSet():
	case f.value.kind == listNode && len(f.value.items) == 0:
		at = f.value
	default:
		return
	}
	m.fail(at, codeNoRoles, "give the account roles, which its tokens then hold",
		"the account %s has tokens and no roles", quote(d.account.Name))
}

// readLabels reads labels. Accounts that have the same ones share them: nothing that is
// declared is changed.
func (r *reader) readLabels(n *node) map[string]string {
	entries := r.entries(n, `"labels"`)
	if len(entries) == 0 {
		return nil
	}
	spelled := make([]byte, 0, 128)
	for _, e := range entries {
		if e.value.kind != scalarNode {
			r.text(e.value, "the label "+quote(e.key.value))
		}
		if what := badLabelKey(e.key.value); what != "" {
			r.fail(e.key, codeBadLabel, "", "a label's key %s", what)
		}
		if len(e.value.value) > maxLabel {
			r.fail(e.value, codeBadLabel, "", "the value of the label %s has more than %d bytes", quote(e.key.value), maxLabel)
		}
		spelled = append(append(append(append(spelled, e.key.value...), 0), e.value.value...), 0)
	}
	if known, same := r.labels[string(spelled)]; same {
		return known
	}
	labels := make(map[string]string, len(entries))
	for _, e := range entries {
		labels[e.key.value] = e.value.value
	}
	if r.labels == nil {
		r.labels = map[string]map[string]string{}
	}
	r.labels[string(spelled)] = labels
	return labels
}

// maxLabel bounds a label's key and value, in bytes.
const maxLabel = 63

// badLabelKey says what keeps a label's key from being of the form
// [A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?, or returns "".
func badLabelKey(key string) string {
	if key == "" {
		return "is empty"
	}
	switch odd := func(c rune) bool { return !isAlphanumeric(c) && !strings.ContainsRune("_./-", c) }; {
	case len(key) > maxLabel:
		return "has at most 63 bytes"
	case strings.ContainsFunc(key, odd):
		return `holds only letters, digits, "_", ".", "/" and "-"`
	case !isAlphanumeric(rune(key[0])) || !isAlphanumeric(rune(key[len(key)-1])):
		return "begins and ends with a letter or digit"
	}
	return ""
}

func (m *manifest) readTokens(d *accountDecl, entries []entry) {
	d.account.Tokens = make(map[string]*model.Token, len(entries))
	d.tokens = make([]tokenDecl, 0, len(entries))
	for _, e := range entries {
		t := m.readToken(d.account, e)
		d.tokens = append(d.tokens, t)
		d.account.Tokens[t.token.Name] = t.token
	}
	collisions, claimed := collisions{}, map[string]*model.Token{}
	for i := range d.tokens {
		if len(d.tokens) > 1 {
			m.collide(collisions, d.tokens[i].key)
		}
		m.checkGenerationName(d.account, d.tokens[i].key)
		m.checkEarlier(d.account, &d.tokens[i], claimed)
	}
}

// checkGenerationName reports a token whose name is the one that a generation of
// another token takes on the server.
func (m *manifest) checkGenerationName(a *model.Account, key *node) {
	base, _, ok := model.SplitServerName(key.value)
	if !ok || a.Tokens[base] == nil {
		return
	}
	m.failTwice(key, codeGenerationName, "give one of the two another name",
		"the name "+quote(key.value)+" is the server's name for a generation of the token "+quote(base),
		a.Tokens[base].Origin, "the other token")
}

const (
	tokenDescription = iota
	tokenRoles
	tokenExpiresAt
	tokenExpiresIn
	tokenRotate
	tokenGeneration
	tokenRecipients
	tokenPreviously
)

var tokenKeys = keys{
	"description", "roles", "expires_at", "expires_in", "rotate", "generation", "recipients", "previously",
}

func (m *manifest) readToken(a *model.Account, e entry) tokenDecl {
	t := &model.Token{Account: a.Name, Name: e.key.value, Origin: m.pos(e.key)}
	m.checkName(e.key, model.CheckTokenName)
	d := tokenDecl{token: t, key: e.key}
	if f, ok := m.fields(e.value, "a token", tokenKeys); ok {
		m.fillToken(a, &d, f)
	}
	return d
}

func (m *manifest) fillToken(a *model.Account, d *tokenDecl, f fields) {
	t := d.token
	t.Description = m.text(f[tokenDescription].value, `"description"`)
	m.readTokenRoles(a, t, f[tokenRoles])
	m.readLifetime(d, f)
	t.Generation, _ = m.number(f[tokenGeneration].value, `"generation"`, 1, maxCount)
	m.readTokenRecipients(d, f[tokenRecipients])
	d.previously = m.readEarlierNames(f[tokenPreviously], "the token", t.Name, m.limits.AccountTokens, "account_tokens", model.CheckTokenName)
	t.Previously = valuesOrNil(d.previously)
}

func (m *manifest) readTokenRoles(a *model.Account, t *model.Token, f field) {
	if t.Inherit = !f.isSet(); t.Inherit {
		return
	}
	m.refuseEmpty(f, `"roles"`, "name roles, or delete the key: the token then takes all roles of its account")
	roles := m.scalars(m.bound(f.value, m.limits.AccountRoles, "account_roles", "the token", t.Name, "roles"), `"roles"`)
	t.Roles = model.Set(values(roles))
	for _, n := range roles {
		if len(a.Roles) == 0 || hasRole(a, n.value) {
			continue
		}
		hint := nearHint{n.value, a.Roles, "add it to the roles of the account, or take it out here"}
		m.failNear(n, hint, codeTokenRole, "the account %s lacks the role %s", quote(a.Name), quote(n.value))
	}
}

func hasRole(a *model.Account, role string) bool {
	_, found := slices.BinarySearch(a.Roles, role)
	return found
}

// readLifetime fills the token's expiry and rotation.
func (m *manifest) readLifetime(d *tokenDecl, f fields) {
	var own rhythm
	m.readRotation(&own, f[tokenRotate].value)
	own.in = m.readSpan(f[tokenExpiresIn], `"expires_in"`, 1)
	m.chooseExpiry(d, &own, f[tokenExpiresAt], f[tokenExpiresIn])
	own.fill(m.project.token)
	if own.in.set {
		m.checkLifetime(own.in, m.project.maxLifetime())
	}
	m.checkRhythm(own)
	d.token.Expiry.In = own.in.days
	d.token.Rotate = own.rotation()
}

// chooseExpiry decides which of the declarations of a token's end holds: its own, or
// else the default.
func (m *manifest) chooseExpiry(d *tokenDecl, own *rhythm, at, in field) {
	t := d.token
	switch {
	case at.isSet() && in.isSet():
		m.failTwice(at.key, codeExpiryConflict, "keep one of the two",
			"a token has either expires_at or expires_in", m.pos(in.key), "the other one")
	case at.isSet():
		t.ExpiryOrigin = m.pos(at.value)
		t.Expiry.At = m.date(at.value, `"expires_at"`)
		m.checkDate(at.value, t.Expiry.At)
	case in.isSet():
		t.ExpiryOrigin = own.in.pos
	case m.project.token.in.set:
		own.in = m.project.token.in.inherit()
		t.ExpiryOrigin = own.in.pos
	case !m.project.unknown:
		m.fail(d.key, codeNoExpiry, "give it expires_in or expires_at, or set defaults.token.expires_in in "+ProjectFile,
			"the token %s has no expiry", quote(t.Name))
	}
}

// checkDate reports a date beyond the limit on a token's life. A date that has
// passed is for the plan to judge: it is no mistake for a token that was issued
// in time.
func (m *manifest) checkDate(n *node, at model.Date) {
	limit := m.project.maxLifetime()
	if at == 0 || m.today == 0 || m.today.Until(at) <= limit {
		return
	}
	m.fail(n, codeExpiryLimit, limitHint, "%s is beyond the limit of %s from today, which is %s", at, limit, m.today.Add(limit))
}

// readTokenRecipients takes the recipients as declared; they are resolved when the
// manifests are merged.
func (m *manifest) readTokenRecipients(d *tokenDecl, f field) {
	d.recipients = f
	if f.isSet() {
		m.refuseEmpty(f, `"recipients"`, "name who reads the token, or delete the key")
		d.names = m.readRecipientNames(f.value)
		d.token.Recipients = values(d.names)
		return
	}
	d.token.Recipients = m.project.Defaults.Recipients
	d.token.Readers = m.project.readers
	if len(d.token.Recipients) == 0 && !m.project.unknown {
		m.fail(d.key, codeNoRecipients, "give it recipients, or set defaults.recipients in "+ProjectFile,
			"the token %s has no recipients", quote(d.token.Name))
	}
}

// readEarlierNames reads the earlier names of something, of which what says what it is.
func (m *manifest) readEarlierNames(f field, what, name string, limit int, limitName string, check func(string) error) []*node {
	if !f.isSet() {
		return nil
	}
	m.refuseEmpty(f, `"previously"`, "name what "+what+" was called before, or delete the key")
	list := m.scalars(m.bound(f.value, limit, limitName, what, name, "earlier names"), `"previously"`)
	for _, n := range list {
		switch err := check(n.value); {
		case err != nil:
			m.fail(n, codeBadPrevious, "", "%s was never a name of the kind: %v", quote(n.value), err)
		case n.value == name:
			m.fail(n, codeBadPrevious, "name what "+what+" was called before", "%s has this name still", what)
		case strings.EqualFold(n.value, name):
			// Old and new live side by side for a while, in files of their names.
			m.fail(n, codeBadPrevious, "rename it in two steps, by way of another name", "the earlier name %s differs from the name of %s in case only, and some file systems take the two for one", quote(n.value), what)
		}
	}
	return slices.DeleteFunc(list, func(n *node) bool { return n.value == name })
}

// valuesOrNil are the values of a list that may be absent.
func valuesOrNil(list []*node) []string {
	if len(list) == 0 {
		return nil
	}
	return values(list)
}

// checkEarlier reports an earlier name that another token of the account has, or claims:
// whoever uses the old value would not know which one to take.
func (m *manifest) checkEarlier(a *model.Account, d *tokenDecl, claimed map[string]*model.Token) {
	for _, n := range d.previously {
		other, first := a.Tokens[n.value], claimed[n.value]
		switch {
		case other != nil && other != d.token:
			m.failTwice(n, codeBadPrevious, "delete that token, or take its name out here",
				"the token "+quote(n.value)+" is still declared", other.Origin, "the other token")
		case first != nil && first != d.token:
			m.failTwice(n, codeBadPrevious, "take the name out of one of the two",
				"the token "+quote(first.Name)+" has the earlier name "+quote(n.value)+" too", first.Origin, "the other token")
		}
		claimed[n.value] = d.token
	}
}

// collisions finds names that differ only in case, which a file system may
// take for one.
type collisions map[string]collision

type collision struct {
	name string
	pos  diag.Position
}

// collide reports a name that differs only in case from one before.
func (r *reader) collide(c collisions, key *node) {
	if d, ok := c.check(key.value, r.pos(key)); ok {
		r.add(d)
	}
}

// check takes the name in, and returns a problem if another one is like it.
func (c collisions) check(name string, pos diag.Position) (d diag.Diagnostic, found bool) {
	lower := strings.ToLower(name)
	first, ok := c[lower]
	if !ok {
		c[lower] = collision{name, pos}
		return d, false
	}
	if first.name == name {
		return d, false
	}
	d = diag.Diagnostic{
		Code: codeCaseCollision, Pos: pos, Hint: "give one of the two another name",
		Summary: "the names " + quote(name) + " and " + quote(first.name) + " differ only in case",
	}
	if first.pos.File == "" {
		d.Hint = quote(first.name) + " is built into OSMO: choose another name"
	} else {
		d.Related = secondPlace(first.pos, "the other one")
	}
	return d, true
}
