package readers

import (
	"context"
	"fmt"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/readers"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type exposureCmd struct {
	command.TextOrJSON
	Key string `predictor:"recipient" arg:"" placeholder:"NAME|KEY" help:"A recipient's name, present or past, or a public key, whole or as osmoctl abbreviates it."`
}

// Help is the long description of the command.
func (exposureCmd) Help() string {
	return `For a key that was lost, or whose owner left. Looked at is every commit that this clone has, of every branch and tag, merged or not: who could fetch one has its files. A name stands for every key that it ever had. Listed are the values that still work and were ever sealed to one of the keys, with the commands that replace them. It goes by what was recorded, and needs no key.

A shallow clone cannot tell all; the result then says so.`
}

// Run lists what a key could read.
func (c *exposureCmd) Run(ctx context.Context, env *command.Env) error {
	if seal.IsPrivateKey(c.Key) {
		return command.Usage(seal.ErrPrivateKey)
	}
	return env.WithState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		known, err := findExposure(ctx, w)
		if err != nil {
			return err
		}
		known.AddNames(snap.Meta.Applied.Recipients)
		want := w.Declared(ctx)
		if want != nil {
			known.AddNames(state.SettingsOf(want.Project).Recipients)
		}
		keys, err := report.FindKeys(known, c.Key)
		if err != nil {
			return err
		}
		day, err := env.Today()
		if err != nil {
			return err
		}
		return readers.ShowExposure(env.View(), report.ExposureOf(known, c.Key, keys, snap, want, day), c.Format)
	})
}

// findExposure reads every commit that the clone has.
func findExposure(ctx context.Context, w *workspace.Workspace) (*history.Exposure, error) {
	tips, err := w.Repository().Tips()
	if err != nil {
		return nil, err
	}
	known, err := history.Expose(ctx, w.Repository(), tips)
	if err != nil {
		return nil, fmt.Errorf("read the history of state: %w", err)
	}
	return known, nil
}
