package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/osmoctl/osmoctl/internal/delivery"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// checkOut refuses what --out names before a plan is made for it.
func (c *planCmd) checkOut(env *Env) error {
	switch {
	case c.Out == "":
		return nil
	case isStdout(c.Out) && c.format() == view.JSON:
		return usage(diag.Hinted(errors.New("--out and -t json would both print the plan's JSON to stdout"), "leave one of them out"))
	case isStdout(c.Out):
		return nil
	}
	return delivery.Document{Path: absolute(env.Dir, c.Out)}.Check()
}

// save writes the plan where --out names.
func (c *planCmd) save(ctx context.Context, env *Env, made *plan.Plan) error {
	if c.Out == "" {
		return nil
	}
	if isStdout(c.Out) {
		if err := plans.WriteJSON(env.Stdout, made); err != nil {
			return fmt.Errorf("the plan could not be written: %w", err)
		}
		return nil
	}
	return delivery.Document{Path: absolute(env.Dir, c.Out)}.WriteFrom(ctx, func(to io.Writer) error {
		return plans.WriteJSON(to, made)
	})
}

// view shows the plan on stderr where its JSON has stdout.
func (c *planCmd) view(env *Env) *view.View {
	v := env.view()
	if c.Out != "" && isStdout(c.Out) {
		v.Out, v.Color, v.Width = v.Err, v.ErrColor, v.ErrWidth
	}
	return v
}

func writeAll(w io.Writer, data []byte) error {
	_, err := w.Write(data)
	return err
}
