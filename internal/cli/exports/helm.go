package exports

import (
	"context"
	"maps"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/delivery"
	"github.com/osmoctl/osmoctl/internal/helm"
	"github.com/osmoctl/osmoctl/pkg/model"
)

type helmCmd struct {
	Chart string `enum:"auto,osmo,service" default:"auto" help:"OSMO's chart: ${enum}. osmo is that of OSMO 6.4, service the one before; auto goes by osmo.version in osmoctl.yaml. Default: ${default}."`
	Out   string `short:"o" placeholder:"FILE|-" default:"-" help:"Write to this file, which is replaced. Default: stdout."`
}

// Help is the long description of the command.
func (helmCmd) Help() string {
	return `A server in ConfigMap mode, which OSMO 6.4 always is, takes its roles from the values of its Helm chart, and no apply changes them. osmoctl export helm-values > roles.yaml writes the roles that are declared in the work tree as a fragment of values, for helm upgrade -f values.yaml -f roles.yaml: before the apply that gives somebody a new role. Roles that are not declared, or declared as external, are not in it, and Helm leaves them as other values have them. The same declarations give the same bytes. There is no secret in it.`
}

// Run writes the values.
func (c *helmCmd) Run(ctx context.Context, env *command.Env) error {
	toStdout := c.Out == "-" || delivery.IsStdout(c.Out)
	to := delivery.Document{Path: env.Abs(c.Out)}
	if !toStdout {
		if err := to.Check(); err != nil {
			return err
		}
	}
	want, err := env.Declared(ctx)
	if err != nil {
		return err
	}
	chart := helm.Chart(c.Chart)
	if c.Chart == "auto" {
		chart = helm.ChartFor(want.Project.Server)
	}
	if want.Project.Server.Mode == model.ModeDatabase {
		env.Warnf("osmoctl.yaml says osmo.mode: database, and a server that keeps its roles there does not read them from Helm values")
	}
	own := maps.Clone(want.Roles)
	maps.DeleteFunc(own, func(_ string, r *model.Role) bool { return r.External }) // Their owner writes them.
	values := helm.Write(own, chart)
	if !toStdout {
		return to.Write(ctx, values)
	}
	_, err = env.Stdout.Write(values)
	return err
}
