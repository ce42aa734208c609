package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/completion"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/schemas"
)

type schemaCmd struct {
	Name string `predictor:"schema" arg:"" optional:"" help:"The schema. Without it the names are listed."`
}

// Run prints a schema.
func (c *schemaCmd) Run(ctx context.Context, env *command.Env) error {
	if c.Name == "" {
		_, err := fmt.Fprintln(env.Stdout, strings.Join(schemas.Names(), "\n"))
		return err
	}
	data, ok := schemas.Read(c.Name)
	if !ok {
		return command.Usage(diag.HintNear(fmt.Errorf("there is no schema %q", c.Name), c.Name, schemas.Names(), "osmoctl schema lists them"))
	}
	_, err := env.Stdout.Write(data)
	return err
}

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

// Help is the long description of the command.
func (completionCmd) Help() string {
	return `bash: osmoctl completion bash > /etc/bash_completion.d/osmoctl. zsh: osmoctl completion zsh > a directory of $fpath, as _osmoctl. fish: osmoctl completion fish > ~/.config/fish/completions/osmoctl.fish.`
}

// Run prints a completion script.
func (c *completionCmd) Run(ctx context.Context, env *command.Env) error {
	parser, err := quietParser()
	if err != nil {
		return err
	}
	_, err = io.WriteString(env.Stdout, completion.Script(c.Shell, parser.Model.Node))
	return err
}

type versionCmd struct{ command.TextOrJSON }

// Help is the long description of the command.
func (versionCmd) Help() string {
	return `The commit and its date are those of the repository that the program was built from; a program that go install made from a module has its version alone.`
}

// Run prints the version.
func (c *versionCmd) Run(ctx context.Context, env *command.Env) error {
	return env.View().Version(versionOf(), c.Format)
}

// versionOf reads what the Go toolchain recorded in the program.
func versionOf() report.Version {
	v := report.Version{Version: "devel"}
	if info, ok := debug.ReadBuildInfo(); ok {
		v = report.NewVersion(info)
	}
	v.Go, v.Platform = runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH
	return v
}
