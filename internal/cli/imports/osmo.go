package imports

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/server"
	"github.com/osmoctl/osmoctl/internal/importer"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

type osmoCmd struct {
	IDPrefix []string `name:"id-prefix" short:"p" placeholder:"PREFIX" help:"Users whose id begins so are service accounts. Repeatable, or with commas."`
	Roles    []string `name:"roles" short:"r" placeholder:"ROLE" help:"Users that hold any of these roles are service accounts. Repeatable, or with commas. With --id-prefix, those that fit both."`
	External bool     `name:"external-roles" help:"Name the roles that these users hold as external: somebody else makes them on the server, and no apply writes or deletes them. Without, all roles are copied."`
	server.Flags
}

// Help is the long description of the command.
func (osmoCmd) Help() string {
	return `A server does not tell service accounts from people, so --id-prefix or --roles has to, lest a person's account be declared. The manifest has all roles of the server but the built-in ones that say what OSMO says, and the chosen users with their tokens, as far as the project does not declare them already. It goes to stdout: osmoctl import osmo --id-prefix svc- > manifests/imported.yaml. Nothing on the server changes by it, and the plan that adopts it is empty but for adoptions. What a declaration cannot say exactly is left out, with what depends on it, and a comment says why; what is left out stays as it is. No value of a token can be read back, so it is unknown until the token is rotated.`
}

// Run writes the manifest.
func (c *osmoCmd) Run(ctx context.Context, env *command.Env) error {
	chosen, err := c.choose()
	if err != nil {
		return err
	}
	outside, err := c.Outside(env)
	if err != nil {
		return err
	}
	w, err := env.OpenWith(ctx, outside)
	if err != nil {
		return err
	}
	defer w.Close()
	declared, err := loadDeclared(ctx, env, w.Dir())
	if err != nil {
		return err
	}
	seen, err := w.Look(ctx, declared.Project, chosen.Takes)
	if err != nil {
		return err
	}
	if err := checkRoles(chosen.Roles, model.Names(seen.Roles)); err != nil {
		return err
	}
	return writeSeen(env, declared, seen, chosen, c.External)
}

// checkRoles demands that the server has the roles by which users are chosen.
func checkRoles(chosen, there []string) error {
	for _, role := range chosen {
		if !slices.Contains(there, role) {
			return diag.HintNear(fmt.Errorf("the server has no role %q", role), role, there, "")
		}
	}
	return nil
}

// loadDeclared loads the declarations in the work tree, but for the file that a shell
// may have made for the manifest.
func loadDeclared(ctx context.Context, env *command.Env, dir string) (*model.Declarations, error) {
	outside := env.Outside()
	outside.PassEmpty = true
	files, closeFiles, err := workspace.OpenDeclared(ctx, dir, outside)
	if err != nil {
		return nil, err
	}
	defer closeFiles()
	declared, problems, err := outside.Load(files)
	if err != nil {
		return nil, err
	}
	return declared, problems.Err()
}

// choose says which users the flags choose. Flags that choose nobody, or everybody, are
// a usage error.
func (c *osmoCmd) choose() (importer.Select, error) {
	if len(c.IDPrefix) == 0 && len(c.Roles) == 0 {
		return importer.Select{}, command.Usage(diag.Hinted(errors.New("nothing says which users are service accounts, and people are users too"),
			"osmoctl import osmo --id-prefix svc-, or --roles ROLE"))
	}
	for _, prefix := range c.IDPrefix {
		if prefix == "" {
			return importer.Select{}, command.Usage(diag.Hinted(errors.New("an empty --id-prefix takes every user, and people are users too"), "give it the letters that ids of service accounts begin with"))
		}
	}
	return importer.Select{IDPrefixes: c.IDPrefix, Roles: argument.RoleNames(c.Roles)}, nil
}

// writeSeen writes a manifest of what a server was seen to have, to stand beside what is
// declared already.
func writeSeen(env *command.Env, declared *model.Declarations, seen model.Observed, chosen importer.Select, external bool) error {
	day, err := env.Today()
	if err != nil {
		return err
	}
	m, _, err := importer.FromServer(seen, chosen, importer.Options{
		Today: day, MaxLifetime: declared.Project.Guardrails.MaxTokenLifetime, Limits: env.Limits, Declared: declared, ExternalRoles: external,
	})
	if err != nil {
		return err
	}
	if len(m.Accounts) == 0 {
		env.Warnf("no user of the server was chosen that is not declared already")
	}
	if len(declared.Project.Defaults.Recipients) == 0 {
		env.Warnf("defaults.recipients of osmoctl.yaml names nobody, and tokens are declared without recipients: name those who are to read them, or validate refuses the manifest")
	}
	return write(env, m)
}
