package plans

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/delivery"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// checkOut refuses what --out names before a plan is made for it.
func (c *PlanCmd) checkOut(env *command.Env) error {
	if c.Format == view.JSON && c.Out != "" && delivery.IsStdout(c.Out) {
		return command.Usage(diag.Hinted(errors.New("--out and -t json would both print the plan's JSON to stdout"), "leave one of them out"))
	}
	return env.CheckOut(c.Out)
}

// save writes the plan where --out names.
func (c *PlanCmd) save(ctx context.Context, env *command.Env, made *plan.Plan) error {
	if c.Out == "" {
		return nil
	}
	if delivery.IsStdout(c.Out) {
		if err := plans.WriteJSON(env.Stdout, made); err != nil {
			return fmt.Errorf("the plan could not be written: %w", err)
		}
		return nil
	}
	return delivery.Document{Path: env.Abs(c.Out)}.WriteFrom(ctx, func(to io.Writer) error {
		return plans.WriteJSON(to, made)
	})
}

// view shows the plan on stderr where its JSON has stdout.
func (c *PlanCmd) view(env *command.Env) *view.View {
	v := env.View()
	if c.Unpaged() {
		v.Out, v.Color, v.Width = v.Err, v.ErrColor, v.ErrWidth
	}
	return v
}
