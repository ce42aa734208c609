// Package imports is the commands that write declarations of what exists: osmoctl import.
package imports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/helm"
	"github.com/osmoctl/osmoctl/internal/importer"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Cmd is osmoctl import.
type Cmd struct {
	OSMO osmoCmd `cmd:"" name:"osmo" help:"Write a manifest of the roles, users and tokens that the project's OSMO server has."`
	Helm helmCmd `cmd:"" name:"helm-values" help:"Write a manifest of the roles in values of OSMO's Helm chart."`
}

type helmCmd struct {
	File string `arg:"" name:"file" placeholder:"FILE" help:"The values, OSMO's own configuration file, or the manifest of the ConfigMap that has it; - for stdin."`
}

// Help is the long description of the command.
func (helmCmd) Help() string {
	return `The roles are read from configuration.roles, services.configs.roles or roles; everything else in the file is passed over. The manifest goes to stdout, to be looked through and kept: osmoctl import helm-values values.yaml > manifests/roles.yaml. What a declaration cannot say is left out or said otherwise, and a comment tells what was made of it; where nothing sensible can be made of something, the command ends with 1, and each problem has its place in the file. Of a built-in role Helm values often have a part only: it is completed from OSMO's chart, of the version that osmo.version in osmoctl.yaml names, else the newest. A role that is built in and says what OSMO says is not declared.`
}

// Run writes the manifest.
func (c *helmCmd) Run(ctx context.Context, env *command.Env) error {
	data, err := command.UntilInterrupted(ctx, func() ([]byte, error) { return read(env, c.File) })
	if err != nil {
		return err
	}
	found, problems := helm.Read(c.File, data, helm.Options{Rules: chooseRules(ctx, env), Limits: env.Limits})
	if err := problems.Err(); err != nil {
		return err
	}
	return write(env, importer.FromValues(found))
}

// read reads a file, one byte more than can be used at most.
func read(env *command.Env, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(env.Stdin, config.MaxFileSize+1))
	}
	f, err := os.Open(env.Abs(name))
	var at *os.PathError
	switch {
	case errors.As(err, &at) && !command.Showable(name):
		return nil, fmt.Errorf("the file that is named cannot be read: %w", at.Err)
	case err != nil:
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, config.MaxFileSize+1))
}

// chooseRules are those of the server that the project is for; without a project, or where
// its osmoctl.yaml cannot be read, those of the newest version.
func chooseRules(ctx context.Context, env *command.Env) *access.Rules {
	server := model.Server{}
	if dir, err := env.FindProject(); err == nil {
		project, err := loadProject(ctx, env, dir)
		if err == nil {
			server = project.Server
		} else {
			env.Warnf("osmoctl.yaml cannot be read, so that the built-in roles are those of OSMO %s: %v", access.NewestVersion(), err)
		}
	}
	server.Mode = model.ModeConfigMap // Helm values are for no other
	return access.RulesOf(server)[0]
}

func loadProject(ctx context.Context, env *command.Env, dir string) (*model.Project, error) {
	files, closeFiles, err := workspace.OpenDeclared(ctx, dir, env.Outside())
	if err != nil {
		return nil, err
	}
	defer closeFiles()
	project, problems := config.LoadProject(files)
	return project, problems.Err()
}

// write gives out a manifest that osmoctl validate accepts.
func write(env *command.Env, m importer.Manifest) error {
	text := m.YAML()
	if len(text) > config.MaxFileSize {
		return diag.Hinted(fmt.Errorf("the manifest would have %d bytes, and the limit is %d MiB", len(text), config.MaxFileSize>>20), "import a part, put it into a file of its own, and go on with the rest")
	}
	if _, err := env.Stdout.Write(text); err != nil {
		return err
	}
	roles, accounts, tokens, remarks := m.Count()
	words := model.Plural(roles, "role", "roles")
	if len(m.Accounts) > 0 {
		words += ", " + model.Plural(accounts, "service account", "service accounts") + " and " + model.Plural(tokens, "token", "tokens")
	}
	env.Infof("declared: %s; comments about what a declaration cannot say: %d", words, remarks)
	return nil
}
