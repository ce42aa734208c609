// Package accounts is the commands that show service accounts and roles, as applied.
package accounts

import (
	"context"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/answers"
	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/accounts"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// UserCmd shows service accounts.
type UserCmd struct {
	List userListCmd `cmd:"" help:"List service accounts as applied."`
	Get  userGetCmd  `cmd:"" help:"Show one service account with its roles."`

	Create answers.UserCreateCmd `cmd:"" group:"declare" help:"Say the YAML that declares a service account."`
	Update answers.UserUpdateCmd `cmd:"" group:"declare" help:"Say the YAML that gives a service account other roles."`
	Delete answers.UserDeleteCmd `cmd:"" group:"declare" help:"Say which lines declare a service account."`
}

type userListCmd struct {
	command.TextOrJSON
	IDPrefix string   `name:"id-prefix" short:"p" placeholder:"PREFIX" help:"Only accounts whose name begins so."`
	Roles    []string `predictor:"role" short:"r" placeholder:"ROLE" help:"Only accounts that hold any of these roles. Repeatable, or with commas."`
}

// Run lists accounts.
func (c *userListCmd) Run(ctx context.Context, env *command.Env) error {
	return env.WithState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		wanted := argument.RoleNames(c.Roles)
		for _, role := range wanted {
			if names := report.RoleNames(snap); !slices.Contains(names, role) {
				return state.NotFound("role", role, names)
			}
		}
		var list []*state.Account
		for _, name := range snap.AccountNames() {
			a := snap.Accounts[name]
			if strings.HasPrefix(name, c.IDPrefix) && (len(wanted) == 0 || slices.ContainsFunc(wanted, a.Holds)) {
				list = append(list, a)
			}
		}
		return accounts.ShowUsers(env.View(), report.UsersOf(list), c.Format)
	})
}

type userGetCmd struct {
	command.TextOrJSON
	User string `predictor:"account" arg:"" help:"The service account."`
}

// Run shows an account.
func (c *userGetCmd) Run(ctx context.Context, env *command.Env) error {
	return env.WithStateOf(ctx, []model.Address{argument.Account(c.User)}, func(w *workspace.Workspace, snap *state.Snapshot) error {
		a, err := argument.FindAccount(snap, c.User)
		if err != nil {
			return err
		}
		return accounts.ShowUser(env.View(), report.UserOf(a), c.Format)
	})
}

// RoleCmd shows roles.
type RoleCmd struct {
	List roleListCmd `cmd:"" help:"List the roles as applied, and those that OSMO brings along."`
	Get  roleGetCmd  `cmd:"" help:"Show one role with its policies."`
}

type roleListCmd struct{ command.TextOrJSON }

// Run lists roles.
func (c *roleListCmd) Run(ctx context.Context, env *command.Env) error {
	return env.WithState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		return accounts.ShowRoles(env.View(), report.RolesOf(snap), c.Format)
	})
}

type roleGetCmd struct {
	command.TextOrJSON
	Role string `predictor:"role" arg:"" help:"The role."`
}

// Run shows a role.
func (c *roleGetCmd) Run(ctx context.Context, env *command.Env) error {
	return env.WithState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		name := strings.TrimPrefix(c.Role, "role/")
		r, ok := report.RoleNamed(snap, name)
		if !ok {
			return state.NotFound("role", name, report.RoleNames(snap))
		}
		return accounts.ShowRole(env.View(), r, c.Format)
	})
}
