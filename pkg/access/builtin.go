package access

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// DefaultRole is the role that everybody has, whatever else they were given.
const DefaultRole = "osmo-default"

// Builtin returns the role of this name that a server which keeps its roles in
// the database creates. Such a server restores the missing actions of its
// built-in roles whenever it starts. The result is the caller's own.
func Builtin(name string) (*model.Role, bool) {
	for _, b := range builtins {
		if b.name == name {
			return b.role(), true
		}
	}
	return nil, false
}

// BuiltinNames lists the built-in roles, sorted.
func BuiltinNames() []string {
	names := make([]string, len(builtins))
	for i, b := range builtins {
		names[i] = b.name
	}
	return names
}

// EqualsBuiltin reports whether r bears the name of a built-in role and, if so,
// whether it says what OSMO says: the policies of either form in which OSMO
// ships the role, and no other external roles or sync mode, since mapping a
// group to osmo-admin changes who is an administrator. The description does not
// count.
func EqualsBuiltin(r *model.Role) (builtin, equal bool) {
	for _, b := range builtins {
		if b.name == r.Name {
			return true, b.equals(r)
		}
	}
	return false, false
}

// shipped is a built-in role in the two forms that OSMO ships it in.
type shipped struct {
	name        string
	description string
	// database is what the server creates (its DEFAULT_ROLES), configMap what
	// the Helm chart's values hold.
	database, configMap []model.Policy
	// external is the chart's external_roles.
	external []string
}

func (b shipped) role() *model.Role {
	return &model.Role{
		Name:        b.name,
		Description: b.description,
		Policies:    clonePolicies(b.database),
		SyncMode:    model.SyncImport,
	}
}

func (b shipped) equals(r *model.Role) bool {
	samePolicies := slices.EqualFunc(r.Policies, b.database, model.Policy.Equal) ||
		slices.EqualFunc(r.Policies, b.configMap, model.Policy.Equal)
	sameExternal := r.ExternalRoles == nil || slices.Equal(model.Set(r.ExternalRoles), b.external)
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
		description: "Administrator with full access except internal endpoints",
		// The second policy is OSMO's own and says nothing.
		database:  []model.Policy{allow([]string{"*:*"}, "*"), allow([]string{}, []string{}...)},
		configMap: []model.Policy{allow([]string{"*:*"}, "*")},
		external:  []string{"osmo-admin"},
	},
	{
		name:        "osmo-backend",
		description: "For backend agents",
		database: []model.Policy{
			allow([]string{"config:Read", "internal:Operator", "pool:List"}, "backend/*", "pool/*", "config/backend"),
		},
		// Wider: every configuration may be read.
		configMap: []model.Policy{allow([]string{"internal:Operator", "config:Read", "pool:List"}, "*")},
		external:  []string{"osmo-backend"},
	},
	{
		name:        "osmo-ctrl",
		description: "For workflow pods",
		database:    []model.Policy{allow([]string{"internal:Logger", "internal:Router"}, "*")},
		configMap:   []model.Policy{allow([]string{"internal:Logger", "internal:Router"}, "*")},
		external:    []string{"osmo-ctrl"},
	},
	{
		name:        DefaultRole,
		description: "Default role all users have access to",
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
		name:        "osmo-user",
		description: "Standard user role",
		database:    userPolicies,
		configMap:   userPolicies,
		external:    []string{"osmo-user"},
	},
}

var userPolicies = []model.Policy{
	allow([]string{
		"app:*", "auth:Token", "credentials:*", "mcp:Access", "pool:List", "profile:Read", "profile:Update",
		"resources:Read", "user:List", "workflow:List", "workflow:Read",
	}, "*"),
	allow([]string{"workflow:*"}, "pool/default"),
}
