package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type userCmd struct {
	List userListCmd `cmd:"" help:"List service accounts as applied."`
	Get  userGetCmd  `cmd:"" help:"Show one service account with its roles."`
}

type userListCmd struct {
	textOrJSON
	IDPrefix string   `name:"id-prefix" short:"p" placeholder:"PREFIX" help:"Only accounts whose name begins so."`
	Roles    []string `short:"r" placeholder:"ROLE" help:"Only accounts that hold any of these roles. Repeatable, or with commas."`
}

// Run lists accounts.
func (c *userListCmd) Run(env *Env) error {
	return env.withState(func(p *project, snap *state.Snapshot) error {
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
		a := snap.Accounts[c.User]
		if !a.Live() {
			return notFound("service account", c.User, accountNames(snap))
		}
		return env.view().User(view.UserOf(a), c.format())
	})
}

// notFound says that nothing of this name was applied, and what comes near.
func notFound(what, name string, names []string) error {
	err := fmt.Errorf("%s %q is not in the applied state", what, name)
	if near := diag.Nearest(name, names); near != "" {
		return hinted(err, fmt.Sprintf("did you mean %q?", near))
	}
	return hinted(err, "osmoctl plan shows what is declared and not applied yet")
}

type roleCmd struct {
	List roleListCmd `cmd:"" help:"List roles as applied."`
	Get  roleGetCmd  `cmd:"" help:"Show one role with its policies."`
}

type roleListCmd struct{ textOrJSON }

// Run lists roles.
func (c *roleListCmd) Run(env *Env) error {
	return env.withState(func(p *project, snap *state.Snapshot) error {
		list := []view.Role{}
		for _, name := range model.Names(snap.Roles) {
			list = append(list, view.RoleOf(snap.Roles[name]))
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
		r := snap.Roles[c.Role]
		if r == nil {
			return notFound("role", c.Role, model.Names(snap.Roles))
		}
		return env.view().Role(view.RoleOf(r), c.format())
	})
}
