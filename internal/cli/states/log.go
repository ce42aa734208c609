package states

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/states"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// LogCmd is osmoctl log.
type LogCmd struct {
	command.TextOrJSON
	Address string `predictor:"address" arg:"" optional:"" placeholder:"ADDR" help:"Only commits that changed this object."`
	Number  int    `short:"n" placeholder:"N" help:"At most this many commits."`
}

// Help is the long description of the command.
func (LogCmd) Help() string {
	return `The log is read from the commits that touched state/, newest first, along first parents. A commit that apply did not make is marked.`
}

// Run shows the history of state.
func (c *LogCmd) Run(ctx context.Context, env *command.Env) error {
	var address model.Address
	path := state.Dir
	if c.Address != "" {
		var err error
		if address, err = model.ReadAddress(c.Address); err != nil {
			return command.Usage(err)
		}
		path = statePath(address)
	}
	w, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	var entries []report.LogEntry
	cut, err := w.Commits(ctx, path, func(commit git.Commit) (more bool) {
		if entry := report.LogEntryOf(commit); entry.Concerns(address) {
			entries = append(entries, entry)
		}
		return c.Number <= 0 || len(entries) < c.Number
	})
	if err != nil {
		return err
	}
	if cut {
		w.WarnCut()
	}
	return states.ShowLog(env.View(), entries, c.Format)
}

// statePath is the file or directory that an object's history is read from.
func statePath(a model.Address) string {
	switch a.Kind {
	case model.KindRole:
		return state.Dir + "/" + state.RolePath(a.Name)
	case model.KindAccount:
		return state.Dir + "/" + state.AccountPath(a.Name)
	}
	return state.Dir + "/" + state.AccountPath(a.Account)
}
