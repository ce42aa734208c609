package config

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// merger puts the manifests together, in the order of their paths, and finds
// what no single one of them shows.
type merger struct {
	*problems
	project  *project
	limits   model.Limits
	roles    map[string]*model.Role
	accounts map[string]*model.Account
	// suppressions are those of all manifests.
	suppressions []model.Suppression
	// references are looked up once everything is declared, and so are the
	// earlier names of roles and accounts.
	references []reference
	earlier    []earlierName
	// mentions counts the references to each role that is not built in.
	mentions map[string]int
	// incomplete is set where something may be declared that was not read,
	// stopped where nothing more is to be read.
	incomplete, stopped bool
	// tokens counts those of all accounts.
	tokens int

	roleNames, accountNames collisions
	// actions remembers what OSMO makes of an action.
	actions map[string]verdict
}

// reference is an account's mention of a role.
type reference struct {
	pos  diag.Position
	node node
}

// earlierName is a role's or an account's mention of a name that it had.
type earlierName struct {
	reference
	kind model.Kind
}

// verdict is what OSMO makes of an action, and what is to be said of it.
type verdict struct {
	known         bool
	summary, hint string
}

func newMerger(p *project, to *problems, limits model.Limits) *merger {
	m := &merger{
		problems: to, project: p, limits: limits,
		roles: map[string]*model.Role{}, accounts: map[string]*model.Account{},
		roleNames: collisions{}, accountNames: collisions{},
		actions: map[string]verdict{}, mentions: map[string]int{},
	}
	for _, name := range access.BuiltinNames() {
		m.roleNames.check(name, diag.Position{})
	}
	return m
}

// add takes over what one manifest declares and what is wrong with it.
func (m *merger) add(f *manifest) {
	m.problems.merge(&f.problems)
	m.incomplete = m.incomplete || f.broken
	m.suppressions = append(m.suppressions, f.suppressions...)
	for i := range f.roles {
		m.addRole(f, &f.roles[i])
	}
	for i := range f.accounts {
		m.addAccount(f, &f.accounts[i])
	}
	m.checkTotals(f)
}

func (m *merger) addRole(f *manifest, d *roleDecl) {
	if first := m.roles[d.role.Name]; first != nil {
		m.failDuplicate("role", d.role.Name, d.role.Origin, first.Origin)
		return
	}
	m.roles[d.role.Name] = d.role
	m.collide(m.roleNames, d.role.Name, d.role.Origin)
	for _, n := range d.actions {
		m.checkAction(f, n)
	}
	m.addEarlier(f, model.KindRole, d.previously)
}

func (m *merger) addAccount(f *manifest, d *accountDecl) {
	if first := m.accounts[d.account.Name]; first != nil {
		m.failDuplicate("account", d.account.Name, d.account.Origin, first.Origin)
		return
	}
	m.accounts[d.account.Name] = d.account
	m.collide(m.accountNames, d.account.Name, d.account.Origin)
	for _, n := range d.roles {
		m.addReference(f, n)
	}
	m.addEarlier(f, model.KindAccount, d.previously)
	m.tokens += len(d.tokens)
	for i := range d.tokens {
		m.addToken(f, &d.tokens[i])
	}
}

// addReference keeps the mention of a role until all are declared. There may be very many:
// more of one role than there is room for problems would never be reported.
func (m *merger) addReference(f *manifest, n *node) {
	if access.IsBuiltin(n.value) || m.mentions[n.value] == maxProblems {
		return
	}
	m.mentions[n.value]++
	m.references = append(m.references, reference{f.pos(n), *n})
}

func (m *merger) addEarlier(f *manifest, kind model.Kind, names []*node) {
	for _, n := range names {
		m.earlier = append(m.earlier, earlierName{reference{f.pos(n), *n}, kind})
	}
}

func (m *merger) failDuplicate(what, name string, pos, first diag.Position) {
	m.problems.add(diag.Diagnostic{
		Code: codeDuplicateName, Summary: "the " + what + " " + quote(name) + " is declared twice", Pos: pos,
		Hint: "keep one of the two, or give one another name", Related: secondPlace(first, "the first one"),
	})
}

func (m *merger) collide(c collisions, name string, pos diag.Position) {
	if d, found := c.check(name, pos); found {
		m.problems.add(d)
	}
}

// checkAction warns about an action that OSMO does not know: OSMO takes it, and
// it never matches.
func (m *merger) checkAction(f *manifest, n *node) {
	if m.full(diag.Warning) || access.CheckAction(n.value) != nil {
		return
	}
	v, ok := m.actions[n.value]
	if !ok {
		v = m.judge(n.value)
		m.actions[n.value] = v
	}
	if v.known {
		return
	}
	d := diagnosticAt(f.pos(n), n, codeUnknownAction, v.summary, v.hint)
	d.Severity = diag.Warning
	m.problems.add(d)
}

// judge says what the server that the project is for makes of an action.
func (m *merger) judge(action string) verdict {
	rules := access.RulesOf(m.project.Server)[0]
	if rules.Knows(action) {
		return verdict{known: true}
	}
	if others := access.VersionsWith(action); len(others) > 0 {
		return verdict{
			summary: "OSMO " + rules.Server().Version + " has no action " + quote(action) + ", so it matches nothing there: OSMO " + strings.Join(others, " and ") + " has it",
			hint:    `where the server is older or newer, say so in osmoctl.yaml, osmo: {version: "` + others[len(others)-1] + `"}; else delete it`,
		}
	}
	v := verdict{summary: "OSMO has no action " + quote(action) + ": it matches nothing", hint: "check its spelling and case"}
	if near := rules.SuggestAction(action); near != "" {
		v.hint = "did you mean " + quote(near) + "?"
	}
	return v
}

// addToken resolves the recipients of a token that names its own.
func (m *merger) addToken(f *manifest, d *tokenDecl) {
	t := d.token
	if len(d.names) == 0 || m.project.recipients == nil || !m.project.recipients.checkDeclared(m.problems, f.file, d.names) {
		return
	}
	readers, problem := m.project.recipients.findReaders(t.Recipients)
	if problem != nil {
		m.problems.add(diagnosticAt(f.pos(d.recipients.value), d.recipients.value, problem.code, problem.summary, problem.hint))
	}
	t.Readers = readers
}

// check looks the references up, unless what they name may stand in something
// that could not be read.
func (m *merger) check() {
	if m.incomplete {
		return
	}
	m.checkEarlier()
	all := model.Set(append(access.BuiltinNames(), model.Names(m.roles)...))
	for _, ref := range m.references {
		name := ref.node.value
		if m.roles[name] != nil || access.IsBuiltin(name) || m.full(diag.Error) {
			continue
		}
		hint := nearHint{name, all, "declare it under roles"}.text(m.hints)
		m.problems.add(diagnosticAt(ref.pos, &ref.node, codeUndeclaredRole, "the role "+quote(name)+" is not declared", hint))
	}
}

// checkEarlier reports an earlier name that something still has, or that two claim:
// whatever stood on the old name would not know whom to follow.
func (m *merger) checkEarlier() {
	claimed := map[model.Address]diag.Position{}
	for _, e := range m.earlier {
		name, a := e.node.value, model.RoleAddress(e.node.value)
		holder, origin := "", diag.Position{}
		if role := m.roles[name]; e.kind == model.KindRole && role != nil {
			holder, origin = "the role "+quote(name)+" is still declared", role.Origin
		}
		if e.kind == model.KindAccount {
			a = model.AccountAddress(name)
			if account := m.accounts[name]; account != nil {
				holder, origin = "the account "+quote(name)+" is still declared", account.Origin
			}
		}
		if first, twice := claimed[a]; twice && holder == "" {
			holder, origin = "another one has the earlier name "+quote(name)+" too", first
		}
		claimed[a] = e.pos
		if holder == "" || m.full(diag.Error) {
			continue
		}
		d := diagnosticAt(e.pos, &e.node, codeBadPrevious, holder, "delete the one, or take the name out here")
		d.Related = secondPlace(origin, "the other one")
		m.problems.add(d)
	}
}
