package cli

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/readers"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type secretsWhoCmd struct {
	textOrJSON
	Token string `predictor:"token" arg:"" placeholder:"USER/TOKEN" help:"The token, as USER/TOKEN or USER/TOKEN@GENERATION."`
}

// Run shows who reads a token.
func (c *secretsWhoCmd) Run(ctx context.Context, env *Env) error {
	return env.withState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		a, t, err := tokenArg{c.Token}.find(snap)
		if err != nil {
			return err
		}
		who, err := c.who(ctx, env, w, snap, a, t)
		if err != nil {
			return err
		}
		return readers.ShowWho(env.view(), who, c.format())
	})
}

func (c *secretsWhoCmd) who(ctx context.Context, env *Env, w *workspace.Workspace, snap *state.Snapshot, a model.Address, t *state.Token) (who report.Who, err error) {
	if a.Generation > 0 {
		if _, err := chosenGeneration(a, t); err != nil {
			return who, err
		}
	}
	at, err := w.Newest(ctx)
	if err != nil {
		return who, err
	}
	var list []model.Address
	for i := range t.Generations {
		if n := t.Generations[i].Number; a.Generation == 0 || n == a.Generation {
			list = append(list, a.Token().At(n))
		}
	}
	files, err := w.Ciphertexts(ctx, at.Commit, list)
	if err != nil {
		return who, err
	}
	day, err := env.today()
	if err != nil {
		return who, err
	}
	return report.WhoOf(snap, w.Declared(ctx), a.Token(), list, files, day), nil
}
