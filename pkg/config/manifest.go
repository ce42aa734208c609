package config

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

const (
	manifestRoles = iota
	manifestAccounts
)

var manifestKeys = keys{"roles", "service_accounts"}

// manifest reads one manifest: what it declares, with the nodes that the checks
// across files point at.
type manifest struct {
	reader
	project  *project
	today    model.Date
	limits   model.Limits
	roles    []roleDecl
	accounts []accountDecl
	// suppressions are what the file's comments say to lint.
	suppressions []model.Suppression
}

// roleDecl is a declared role.
type roleDecl struct {
	role    *model.Role
	key     *node
	actions []*node
	// previously are the items of that list.
	previously []*node
}

func (m *manifest) read(root *node) {
	if root == nil {
		return
	}
	f, ok := m.fields(root, "a manifest", manifestKeys)
	if !ok {
		return
	}
	if len(root.items) == 0 {
		m.fail(root, codeEmptyFile, emptyHint(m.file), "the file declares nothing")
	}
	roles := m.bound(f[manifestRoles].value, m.limits.Roles, "roles", "these are", "", "roles")
	for _, e := range m.entries(roles, `"roles"`) {
		m.readRole(e)
	}
	accounts := m.bound(f[manifestAccounts].value, m.limits.Accounts, "accounts", "these are", "", "service accounts")
	for _, e := range m.entries(accounts, `"service_accounts"`) {
		m.readAccount(e)
	}
}

const (
	roleDescription = iota
	rolePolicies
	roleExternalRoles
	roleSyncMode
	roleImmutable
	rolePreviously
	roleExternal
)

var roleKeys = keys{"description", "policies", "external_roles", "sync_mode", "immutable", "previously", "external"}

func (m *manifest) readRole(e entry) {
	d := roleDecl{key: e.key, role: &model.Role{Name: e.key.value, SyncMode: model.SyncImport, Origin: m.pos(e.key)}}
	m.checkName(e.key, model.CheckRoleName)
	if f, ok := m.roleFields(e); ok {
		m.fillRole(&d, f)
	}
	m.roles = append(m.roles, d)
}

// roleFields is fields, but for what OSMO's own configuration has in some places:
// a name, which is advised about, and external_roles: null, which a server in
// ConfigMap mode answers with and which says as much as no such key.
func (m *manifest) roleFields(e entry) (fields, bool) {
	for i := 0; e.value.kind == mapNode && i+1 < len(e.value.items); {
		switch key, value := &e.value.items[i], &e.value.items[i+1]; {
		case key.kind == scalarNode && key.value == "name":
			m.fail(key, codeUnknownKey, "delete the line: a role's name is the key that it stands under", `a role has no key "name"`)
			e.value = without(e.value, i)
		case key.kind == scalarNode && key.value == "external_roles" && value.isNull():
			e.value = without(e.value, i)
		default:
			i += 2
		}
	}
	return m.fields(e.value, "a role", roleKeys)
}

// without is the map n less the entry at index i.
func without(n *node, i int) *node {
	rest := *n
	rest.items = append(append([]node(nil), n.items[:i]...), n.items[i+2:]...)
	return &rest
}

func (m *manifest) fillRole(d *roleDecl, f fields) {
	role := d.role
	d.previously = m.readEarlierNames(f[rolePreviously], "the role", role.Name, m.limits.AccountRoles, "account_roles", model.CheckRoleName)
	role.Previously = valuesOrNil(d.previously)
	if role.External, _ = m.truth(f[roleExternal].value, `"external"`); role.External {
		m.checkExternal(d, f)
		return
	}
	role.Description = m.text(f[roleDescription].value, `"description"`)
	role.ExternalRoles = m.texts(m.bound(f[roleExternalRoles].value, m.limits.ExternalRoles, "external_roles", "the role", role.Name, "external roles"), `"external_roles"`)
	role.SyncMode = m.readSyncMode(f[roleSyncMode].value)
	// OSMO's own exporter writes false for every role, which is what a server
	// answers.
	if immutable, _ := m.truth(f[roleImmutable].value, `"immutable"`); immutable {
		m.warn(f[roleImmutable].key, codeImmutable, "delete the line", "OSMO does not store whether a role is immutable")
	}
	whole := m.readPolicies(d, f[rolePolicies])
	m.checkBuiltin(d, whole)
}

// checkExternal reports what a role cannot say that lives on the server: nothing of it
// is written, so what it is stands there.
func (m *manifest) checkExternal(d *roleDecl, f fields) {
	name := quote(d.role.Name)
	switch at := f[roleExternal].key; {
	case access.IsBuiltin(d.role.Name):
		m.fail(at, codeExternalRole, "delete the role here: accounts hold it all the same", "%s is built into OSMO, and every server has it", name)
	case m.project.Backend.Kind == model.BackendLocal:
		m.fail(at, codeExternalRole, "declare its policies, or set backend: {kind: osmo, url: ...} in "+ProjectFile,
			"the role %s is declared as one of a server, and the backend local has none", name)
	case m.project.Backend.Owned(model.RoleAddress(d.role.Name)):
		m.fail(at, codeExternalRole, "declare its policies, or narrow the pattern", "backend.owns in "+ProjectFile+" says that nothing but this project makes the role %s", name)
	}
	for i, key := range roleKeys {
		if i != roleExternal && i != rolePreviously && f[i].isSet() {
			m.fail(f[i].key, codeExternalRole, "delete the line, or delete external: true and declare the whole role",
				"the role %s lives on the server and nothing of it is written, so it has no %s here", name, quote(key))
		}
	}
}

func (m *manifest) readSyncMode(n *node) model.SyncMode {
	switch mode := model.SyncMode(m.text(n, `"sync_mode"`)); mode {
	case model.SyncImport, model.SyncForce, model.SyncIgnore:
		return mode
	default:
		if n != nil && n.kind == scalarNode {
			m.fail(n, codeBadSyncMode, "write import, force or ignore", "there is no sync mode %s", quote(n.value))
		}
		return model.SyncImport
	}
}

// readPolicies reports whether all policies could be read.
func (m *manifest) readPolicies(d *roleDecl, f field) bool {
	if !f.isSet() {
		m.fail(d.key, codeMissingKey, "add policies, each with actions and resources", "the role %s lacks its policies", quote(d.role.Name))
		return false
	}
	if !m.within(f.value, m.limits.RolePolicies, "role_policies", "the role", d.role.Name, "policies") {
		return false
	}
	before := m.errors
	list := m.items(f.value, `"policies"`)
	if len(list) == 0 && f.value.kind == listNode && m.errors == before {
		m.warn(f.value, codeNoPolicies, "add a policy if the role is to allow anything", "the role %s allows nothing", quote(d.role.Name))
	}
	d.role.Policies = make([]model.Policy, 0, len(list))
	for _, n := range list {
		m.readPolicy(d, n)
	}
	return m.errors == before
}

const (
	policyEffect = iota
	policyActions
	policyResources
)

var policyKeys = keys{"effect", "actions", "resources"}

func (m *manifest) readPolicy(d *roleDecl, n *node) {
	f, ok := m.fields(n, "a policy", policyKeys)
	if !ok {
		return
	}
	actions := m.readActions(d, n, f[policyActions])
	d.actions = append(d.actions, actions...)
	resources := m.readResources(d, n, f[policyResources])
	d.role.Policies = append(d.role.Policies, model.Policy{
		Effect:       m.readEffect(f[policyEffect].value),
		Actions:      values(actions),
		Resources:    values(resources),
		Origin:       m.pos(n),
		ActionPlaces: placesOf(actions), ResourcePlaces: placesOf(resources),
	})
}

func placesOf(nodes []*node) []model.LineColumn {
	places := make([]model.LineColumn, len(nodes))
	for i, n := range nodes {
		places[i] = model.LineColumn{Line: n.line, Column: n.column}
	}
	return places
}

func (m *manifest) readEffect(n *node) model.Effect {
	s := m.text(n, `"effect"`)
	switch {
	case n == nil, s == string(model.Allow):
		return model.Allow
	case s == string(model.Deny):
		return model.Deny
	case n.kind == scalarNode:
		m.fail(n, codeBadEffect, effectHint(s), "there is no effect %s", quote(s))
	}
	return model.Allow
}

func effectHint(s string) string {
	for _, effect := range []model.Effect{model.Allow, model.Deny} {
		if strings.EqualFold(s, string(effect)) {
			return "write " + string(effect) + ": OSMO minds the case"
		}
	}
	return "write Allow or Deny"
}

func (m *manifest) readActions(d *roleDecl, policy *node, f field) []*node {
	if !f.isSet() {
		m.fail(policy, codeMissingKey, `add actions, such as ["workflow:Read"]`, "a policy lacks its actions")
		return nil
	}
	if !maySayNothing(d.role.Name) {
		m.refuseEmpty(f, `"actions"`, "name an action, or delete the policy")
	}
	actions := m.scalars(m.bound(f.value, m.limits.PolicyActions, "policy_actions", "the policy has", "", "actions"), `"actions"`)
	for _, n := range actions {
		if err := access.CheckAction(n.value); err != nil {
			m.fail(n, codeBadAction, "", "the action %s cannot be used: %v", quote(n.value), err)
		}
	}
	return actions
}

func (m *manifest) readResources(d *roleDecl, policy *node, f field) []*node {
	switch {
	case f.isSet() && f.value.kind != listNode:
		m.is(f.value, listNode, `"resources"`)
		return nil
	case f.isSet() && (len(f.value.items) > 0 || maySayNothing(d.role.Name)):
		return m.readResourceList(f.value)
	}
	at := policy
	if f.isSet() {
		at = f.value
	}
	m.fail(at, codeResourcesMissing, `name them, such as resources: ["pool/ml-training"]; ["*"] is every resource there is`,
		`a policy must name its resources: without, it matches only what has none, until OSMO restarts and widens it to "*"`)
	return nil
}

func (m *manifest) readResourceList(n *node) []*node {
	list := m.scalars(m.bound(n, m.limits.PolicyResources, "policy_resources", "the policy has", "", "resources"), `"resources"`)
	for _, item := range list {
		if len(item.value) > MaxResource {
			m.fail(n, codeTooLong, "name a pool, backend, user or section", "a resource of the policy has %d bytes, and the limit is %d", len(item.value), MaxResource)
			break
		}
	}
	return list
}

// maySayNothing reports whether policies of the role may lack actions and
// resources: a built-in role of OSMO does, and is compared as a whole.
func maySayNothing(role string) bool { return access.IsBuiltin(role) && role != access.ChangeableRole }

// checkBuiltin reports a built-in role that is declared with other content than
// OSMO's: OSMO merges its own back in at every start.
func (m *manifest) checkBuiltin(d *roleDecl, whole bool) {
	if d.role.Name == access.ChangeableRole || !whole {
		return
	}
	if builtin, equal := access.EqualsBuiltin(d.role); builtin && !equal {
		m.fail(d.key, codeBuiltinRole, "delete it here, and declare a role of another name for what you need",
			"%s is built into OSMO and declared differently here", quote(d.role.Name))
	}
}
