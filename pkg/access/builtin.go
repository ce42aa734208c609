package access

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// DefaultRole is the role that everybody has, whatever else they were given.
const DefaultRole = "osmo-default"

// ChangeableRole is the one built-in role that OSMO leaves to its users.
const ChangeableRole = "osmo-user"

// BuiltinNames lists the built-in roles, sorted. Every version has the same.
func BuiltinNames() []string {
	names := make([]string, len(builtins))
	for i, b := range builtins {
		names[i] = b.name
	}
	return names
}

// IsBuiltin reports whether OSMO brings along a role of this name.
func IsBuiltin(name string) bool { return builtinOf(name) != nil }

func builtinOf(name string) *shipped {
	i := slices.IndexFunc(builtins, func(b shipped) bool { return b.name == name })
	if i < 0 {
		return nil
	}
	return &builtins[i]
}

// Builtin returns the role of this name that the server has where nobody declares
// it. The result is the caller's own.
func (r *Rules) Builtin(name string) (*model.Role, bool) {
	b := builtinOf(name)
	if b == nil {
		return nil, false
	}
	description := b.description
	if r.mode == model.ModeConfigMap {
		description = b.chartDescription
	}
	return &model.Role{Name: b.name, Description: description, Policies: clonePolicies(b.policies(r.version, r.mode)), SyncMode: model.SyncImport}, true
}

// InForce is what the server makes of a role that is declared. One with its roles
// in the database adds to a built-in role, at every start, whatever it misses of
// its own form: only a Deny narrows such a role for good. Elsewhere a role is what
// it says.
func (r *Rules) InForce(role *model.Role) *model.Role {
	b := builtinOf(role.Name)
	if b == nil || r.mode != model.ModeDatabase {
		return role
	}
	missing := missingOf(b.policies(r.version, r.mode), role.Policies)
	if len(missing) == 0 {
		return role
	}
	whole := *role
	whole.Policies = append(slices.Clip(slices.Clone(role.Policies)), missing...)
	return &whole
}

// missingOf is what policies lack of those that OSMO looks for: the actions that no
// policy on just the same resources has.
func missingOf(looked, policies []model.Policy) (missing []model.Policy) {
	for _, want := range looked {
		actions := slices.Clone(want.Actions)
		for _, p := range policies {
			if effectOf(&p) == want.Effect && model.SameSet(p.Resources, want.Resources) {
				actions = slices.DeleteFunc(actions, func(a string) bool { return slices.Contains(p.Actions, a) })
			}
		}
		if len(actions) > 0 {
			missing = append(missing, model.Policy{Effect: want.Effect, Actions: actions, Resources: slices.Clone(want.Resources)})
		}
	}
	return missing
}

// EqualsBuiltin reports whether r bears the name of a built-in role and, if so,
// whether it says what OSMO says: the policies of a form in which OSMO ships the
// role, and no external roles or sync mode but OSMO's, since mapping a group to
// osmo-admin changes who is an administrator. The description does not count.
//
// As external roles OSMO has those of its chart, or, where it reads a role from
// its database, the role's own name.
func EqualsBuiltin(r *model.Role) (builtin, equal bool) {
	b := builtinOf(r.Name)
	return b != nil, b != nil && b.equals(r)
}

// shipped is a built-in role in the forms that OSMO ships it in.
type shipped struct {
	name string
	// description is that of the server's own roles, chartDescription that of
	// the chart's values.
	description, chartDescription string
	// database is what the server creates (its DEFAULT_ROLES), configMap what
	// the Helm chart's values hold.
	database, configMap []model.Policy
	// earlier are both forms in version 6.3, where they differ from later ones.
	earlier []model.Policy
	// external is the chart's external_roles.
	external []string
}

// policies of the form that a server of this version has in this mode.
func (b *shipped) policies(version string, mode model.Mode) []model.Policy {
	switch {
	case b.earlier != nil && IsOlder(version, "6.4"):
		return b.earlier
	case mode == model.ModeDatabase:
		return b.database
	}
	return b.configMap
}

func (b *shipped) equals(r *model.Role) bool {
	samePolicies := slices.ContainsFunc([][]model.Policy{b.database, b.configMap, b.earlier}, func(form []model.Policy) bool {
		return form != nil && model.EqualPolicies(r.Policies, form)
	})
	sameExternal := r.ExternalRoles == nil || model.SameSet(r.ExternalRoles, b.external) || model.SameSet(r.ExternalRoles, []string{b.name})
	return samePolicies && sameExternal && (r.SyncMode == "" || r.SyncMode == model.SyncImport)
}

func clonePolicies(policies []model.Policy) []model.Policy {
	out := slices.Clone(policies)
	for i, p := range out {
		out[i].Actions, out[i].Resources = slices.Clone(p.Actions), slices.Clone(p.Resources)
	}
	return out
}

func allow(actions []string, resources ...string) model.Policy {
	return model.Policy{Effect: model.Allow, Actions: actions, Resources: resources}
}

// builtins is sorted by name. The two forms differ where a comment says so.
var builtins = []shipped{
	{
		name:        "osmo-admin",
		description: "Administrator with full access except internal endpoints", chartDescription: "Admin role — full access to all resources",
		// The second policy is OSMO's own and says nothing.
		database:  []model.Policy{allow([]string{"*:*"}, "*"), allow([]string{}, []string{}...)},
		configMap: []model.Policy{allow([]string{"*:*"}, "*")},
		external:  []string{"osmo-admin"},
	},
	{
		name:        "osmo-backend",
		description: "For backend agents", chartDescription: "Backend role — internal operator communication",
		database: []model.Policy{
			allow([]string{"config:Read", "internal:Operator", "pool:List"}, "backend/*", "pool/*", "config/backend"),
		},
		// Wider: every configuration may be read.
		configMap: []model.Policy{allow([]string{"internal:Operator", "config:Read", "pool:List"}, "*")},
		external:  []string{"osmo-backend"},
	},
	{
		name:        "osmo-ctrl",
		description: "For workflow pods", chartDescription: "Controller role — internal container communication",
		database:  []model.Policy{allow([]string{"internal:Logger", "internal:Router"}, "*")},
		configMap: []model.Policy{allow([]string{"internal:Logger", "internal:Router"}, "*")},
		external:  []string{"osmo-ctrl"},
	},
	{
		name:        DefaultRole,
		description: "Default role all users have access to", chartDescription: "Default role — login, profile, health check",
		database: []model.Policy{
			allow([]string{"auth:Login", "auth:Refresh", "profile:*", "system:Health", "system:Version"}, "*"),
		},
		// auth:Token comes, system:Version goes.
		configMap: []model.Policy{
			allow([]string{"auth:Login", "auth:Refresh", "auth:Token", "profile:*", "system:Health"}, "*"),
		},
		external: []string{},
	},
	{
		name:        ChangeableRole,
		description: "Standard user role", chartDescription: "User role — standard workflow and data operations",
		database:  userPolicies("mcp:Access"),
		configMap: userPolicies("mcp:Access"),
		earlier:   userPolicies("dataset:*"),
		external:  []string{"osmo-user"},
	},
}

// userPolicies are those of osmo-user, with what its version alone has.
func userPolicies(own string) []model.Policy {
	return []model.Policy{
		allow([]string{
			"app:*", "auth:Token", "credentials:*", own, "pool:List", "profile:Read", "profile:Update",
			"resources:Read", "user:List", "workflow:List", "workflow:Read",
		}, "*"),
		allow([]string{"workflow:*"}, "pool/default"),
	}
}
