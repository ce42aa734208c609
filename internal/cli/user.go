package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/accounts"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
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
	Roles    []string `predictor:"role" short:"r" placeholder:"ROLE" help:"Only accounts that hold any of these roles. Repeatable, or with commas."`
}

// Run lists accounts.
func (c *userListCmd) Run(ctx context.Context, env *Env) error {
	return env.withState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		for i, role := range c.Roles {
			c.Roles[i] = strings.TrimPrefix(role, "role/")
			if names := report.RoleNames(snap); !slices.Contains(names, c.Roles[i]) {
				return state.NotFound("role", c.Roles[i], names)
			}
		}
		list := []report.User{}
		for _, name := range snap.AccountNames() {
			a := snap.Accounts[name]
			if strings.HasPrefix(name, c.IDPrefix) && (len(c.Roles) == 0 || slices.ContainsFunc(c.Roles, a.Holds)) {
				list = append(list, report.UserOf(a))
			}
		}
		return accounts.ShowUsers(env.view(), list, c.format())
	})
}

type userGetCmd struct {
	textOrJSON
	User string `predictor:"account" arg:"" help:"The service account."`
}

// Run shows an account.
func (c *userGetCmd) Run(ctx context.Context, env *Env) error {
	return env.withState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		a, err := accountNamed(snap, c.User)
		if err != nil {
			return err
		}
		return accounts.ShowUser(env.view(), report.UserOf(a), c.format())
	})
}

// accountNamed is the account that an argument names, by its name or address.
func accountNamed(snap *state.Snapshot, arg string) (*state.Account, error) {
	name := strings.TrimPrefix(arg, "account/")
	switch a := snap.Accounts[name]; {
	case a == nil:
		return nil, state.NotFound("service account", name, snap.AccountNames())
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

type roleCmd struct {
	List roleListCmd `cmd:"" help:"List the roles as applied, and those that OSMO brings along."`
	Get  roleGetCmd  `cmd:"" help:"Show one role with its policies."`
}

type roleListCmd struct{ textOrJSON }

// Run lists roles.
func (c *roleListCmd) Run(ctx context.Context, env *Env) error {
	return env.withState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		return accounts.ShowRoles(env.view(), report.RolesOf(snap), c.format())
	})
}

type roleGetCmd struct {
	textOrJSON
	Role string `predictor:"role" arg:"" help:"The role."`
}

// Run shows a role.
func (c *roleGetCmd) Run(ctx context.Context, env *Env) error {
	return env.withState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		name := strings.TrimPrefix(c.Role, "role/")
		r, ok := report.RoleNamed(snap, name)
		if !ok {
			return state.NotFound("role", name, report.RoleNames(snap))
		}
		return accounts.ShowRole(env.view(), r, c.format())
	})
}
