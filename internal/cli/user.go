package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type userCmd struct {
	List userListCmd `cmd:"" help:"List service accounts as applied."`
	Get  userGetCmd  `cmd:"" help:"Show one service account with its roles."`

	Create userCreateCmd `cmd:"" hidden:"" passthrough:"" help:"Answer with the YAML that declares an account."`
	Update userUpdateCmd `cmd:"" hidden:"" passthrough:"" help:"Answer with the YAML that gives an account other roles."`
	Delete userDeleteCmd `cmd:"" hidden:"" passthrough:"" help:"Answer where an account is declared."`
}

type userListCmd struct {
	textOrJSON
	IDPrefix string   `name:"id-prefix" short:"p" placeholder:"PREFIX" help:"Only accounts whose name begins so."`
	Roles    []string `short:"r" placeholder:"ROLE" help:"Only accounts that hold any of these roles. Repeatable, or with commas."`
}

// Run lists accounts.
func (c *userListCmd) Run(env *Env) error {
	return env.withState(func(p *project, snap *state.Snapshot) error {
		for i, role := range c.Roles {
			c.Roles[i] = strings.TrimPrefix(role, "role/")
			if names := roleNames(snap); !slices.Contains(names, c.Roles[i]) {
				return notFound("role", c.Roles[i], names)
			}
		}
		list := []view.User{}
		for _, name := range accountNames(snap) {
			a := snap.Accounts[name]
			if strings.HasPrefix(name, c.IDPrefix) && (len(c.Roles) == 0 || slices.ContainsFunc(c.Roles, a.Holds)) {
				list = append(list, view.UserOf(a))
			}
		}
		return env.view().Users(list, c.format())
	})
}

// accountNames are the names of the accounts that exist, sorted.
func accountNames(snap *state.Snapshot) []string {
	return slices.DeleteFunc(model.Names(snap.Accounts), func(name string) bool { return !snap.Accounts[name].Live() })
}

type userGetCmd struct {
	textOrJSON
	User string `arg:"" help:"The service account."`
}

// Run shows an account.
func (c *userGetCmd) Run(env *Env) error {
	return env.withState(func(p *project, snap *state.Snapshot) error {
		a, err := accountNamed(snap, c.User)
		if err != nil {
			return err
		}
		return env.view().User(view.UserOf(a), c.format())
	})
}

// accountNamed is the account that an argument names, by its name or address.
func accountNamed(snap *state.Snapshot, arg string) (*state.Account, error) {
	name := strings.TrimPrefix(arg, "account/")
	switch a := snap.Accounts[name]; {
	case a == nil:
		return nil, notFound("service account", name, accountNames(snap))
	case !a.Live():
		return nil, deletedAccount(a)
	default:
		return a, nil
	}
}

func deletedAccount(a *state.Account) error {
	return diag.Hinted(fmt.Errorf("service account %q was deleted on %s, with all of its tokens", a.Name, a.DeletedOn),
		fmt.Sprintf("osmoctl state show account/%s lists what ended, osmoctl log account/%s who did it", a.Name, a.Name))
}

// notFound says that nothing of this name was applied, and what comes near.
func notFound(what, name string, names []string) error {
	err := fmt.Errorf("%s %q is not in the applied state", what, name)
	if near := diag.Nearest(name, names); near != "" {
		return diag.Hinted(err, fmt.Sprintf("did you mean %q?", near))
	}
	return diag.Hinted(err, "osmoctl plan shows what is declared and not applied yet")
}

type roleCmd struct {
	List roleListCmd `cmd:"" help:"List the roles as applied, and those that OSMO brings along."`
	Get  roleGetCmd  `cmd:"" help:"Show one role with its policies."`
}

type roleListCmd struct{ textOrJSON }

// Run lists roles.
func (c *roleListCmd) Run(env *Env) error {
	return env.withState(func(p *project, snap *state.Snapshot) error {
		list := []view.Role{}
		for _, name := range roleNames(snap) {
			r, _ := roleOf(snap, name)
			list = append(list, r)
		}
		return env.view().Roles(list, c.format())
	})
}

type roleGetCmd struct {
	textOrJSON
	Role string `arg:"" help:"The role."`
}

// Run shows a role.
func (c *roleGetCmd) Run(env *Env) error {
	return env.withState(func(p *project, snap *state.Snapshot) error {
		name := strings.TrimPrefix(c.Role, "role/")
		r, ok := roleOf(snap, name)
		if !ok {
			return notFound("role", name, roleNames(snap))
		}
		return env.view().Role(r, c.format())
	})
}

// roleNames are the names of the roles that an account can hold, sorted: those
// applied, and those that every OSMO server brings along.
func roleNames(snap *state.Snapshot) []string {
	names := append(model.Names(snap.Roles), access.BuiltinNames()...)
	slices.Sort(names)
	return slices.Compact(names)
}

// roleOf is the role as applied, else as the project's server makes it.
func roleOf(snap *state.Snapshot, name string) (view.Role, bool) {
	if r := snap.Roles[name]; r != nil {
		return view.RoleOf(r), true
	}
	return view.BuiltinRoleOf(name, snap.Meta.Applied.Server)
}
