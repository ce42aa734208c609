package readers

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/readers"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type whoCmd struct {
	command.TextOrJSON
	Token string `predictor:"token" arg:"" placeholder:"USER/TOKEN" help:"The token, as USER/TOKEN or USER/TOKEN@GENERATION."`
}

// Run shows who reads a token.
func (c *whoCmd) Run(ctx context.Context, env *command.Env) error {
	return env.WithState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		a, t, err := argument.TokenPath{Token: c.Token}.Find(snap)
		if err != nil {
			return err
		}
		who, err := c.who(ctx, env, w, snap, a, t)
		if err != nil {
			return err
		}
		return readers.ShowWho(env.View(), who, c.Format)
	})
}

func (c *whoCmd) who(ctx context.Context, env *command.Env, w *workspace.Workspace, snap *state.Snapshot, a model.Address, t *state.Token) (who report.Who, err error) {
	if a.Generation > 0 {
		if _, err := argument.ChooseGeneration(a, t); err != nil {
			return who, err
		}
	}
	at, err := w.Newest(ctx)
	if err != nil {
		return who, err
	}
	var list, sealed []model.Address
	for i := range t.Generations {
		g := &t.Generations[i]
		if a.Generation != 0 && g.Number != a.Generation {
			continue
		}
		list = append(list, a.Token().At(g.Number))
		if g.Known() {
			sealed = append(sealed, a.Token().At(g.Number))
		}
	}
	files, err := w.Ciphertexts(ctx, at.Commit, sealed)
	if err != nil {
		return who, err
	}
	day, err := env.Today()
	if err != nil {
		return who, err
	}
	return report.WhoOf(snap, w.Declared(ctx), a.Token(), list, files, day), nil
}
