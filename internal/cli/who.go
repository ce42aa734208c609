package cli

import (
	"slices"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
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

func (c *secretsWhoCmd) who(env *Env, p *project, snap *state.Snapshot, a model.Address, t *state.Token) (view.Who, error) {
	who := view.Who{UserName: a.Account, TokenName: a.Name, Generations: []view.WhoGeneration{}}
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
	want := env.declaredRecipients(p)
	names := namesFor(snap, want)
	for _, at := range slices.Backward(list) {
		who.Generations = append(who.Generations, whoReads(at, t.Generation(at.Generation), files[at], day, names))
	}
	who.Next = nextReaders(want, a)
	return who, nil
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

// namesFor names keys as they are declared, else as they last were.
func namesFor(snap *state.Snapshot, want *model.Declarations) map[string]string {
	names := snap.Meta.Applied.KeyNames()
	if want == nil {
		return names
	}
	for _, keys := range want.Project.Recipients {
		for _, k := range keys {
			if k.Name != "" {
				names[k.ID()] = k.Name
			}
		}
	}
	return names
}

// nextReaders are the keys that the next value of a token goes to, nil where that
// is not known.
func nextReaders(want *model.Declarations, a model.Address) []plan.Reader {
	if want == nil || want.Accounts[a.Account] == nil {
		return nil
	}
	t := want.Accounts[a.Account].Tokens[a.Name]
	if t == nil {
		return nil
	}
	out := make([]plan.Reader, len(t.Readers))
	for i, r := range t.Readers {
		out[i] = plan.Reader{Name: r.Name, Key: r.ID()}
	}
	return out
}

func whoReads(a model.Address, g *state.Generation, data []byte, day model.Date, names map[string]string) view.WhoGeneration {
	w := view.WhoGeneration{
		Generation: g.Number, Status: string(g.Status(day)), ExpiresAt: g.ExpiresAt,
		Recipients: readersNamed(g.Recipients, names), FormerRecipients: readersNamed(g.FormerRecipients, names),
		Ciphertext: state.Dir + "/" + state.CiphertextPath(a.Account, a.Name, g.Number), Stanzas: []string{}, Fits: true,
	}
	if header, err := seal.Inspect(data); err == nil {
		w.Stanzas = header.Stanzas
	}
	if err := verifyCiphertext(a.Token(), g, data); err != nil {
		w.Fits, w.Problem = false, err.Error()
	}
	return w
}

func readersNamed(ids []string, names map[string]string) []plan.Reader {
	out := make([]plan.Reader, len(ids))
	for i, id := range ids {
		out[i] = plan.Reader{Name: names[id], Key: id}
	}
	return out
}
