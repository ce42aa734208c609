package cli

import (
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type secretsWhoCmd struct {
	textOrJSON
	Token string `arg:"" placeholder:"USER/TOKEN" help:"The token, as USER/TOKEN or USER/TOKEN@GENERATION."`
}

// Run shows who reads a token.
func (c *secretsWhoCmd) Run(env *Env) error {
	return env.withState(func(p *project, snap *state.Snapshot) error {
		a, t, err := tokenArg{c.Token}.find(snap)
		if err != nil {
			return err
		}
		who, err := c.who(env, p, snap, a, t)
		if err != nil {
			return err
		}
		return env.view().Who(who, c.format())
	})
}

func (c *secretsWhoCmd) who(env *Env, p *project, snap *state.Snapshot, a model.Address, t *state.Token) (who report.Who, err error) {
	if a.Generation > 0 {
		if _, err := chosenGeneration(a, t); err != nil {
			return who, err
		}
	}
	at, err := p.here(env.Context)
	if err != nil {
		return who, err
	}
	var list []model.Address
	for i := range t.Generations {
		if n := t.Generations[i].Number; a.Generation == 0 || n == a.Generation {
			list = append(list, a.Token().At(n))
		}
	}
	files, err := p.ciphertexts(env.Context, at.commit, list)
	if err != nil {
		return who, err
	}
	day, err := env.today()
	if err != nil {
		return who, err
	}
	return report.WhoOf(snap, env.declaredRecipients(p), a.Token(), list, files, day), nil
}

// declaredRecipients reads the declarations of the work tree as far as they can
// be read: who is asked for needs nothing but state.
func (e *Env) declaredRecipients(p *project) *model.Declarations {
	files, err := p.drafted()
	if err != nil {
		return nil
	}
	want, problems, err := e.load(files)
	if err != nil || problems.HasErrors() {
		return nil
	}
	return want
}
