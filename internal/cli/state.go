package cli

import (
	"context"
	"fmt"

	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type stateCmd struct {
	Show    stateShowCmd    `cmd:"" help:"Show the recorded state, or one object of it."`
	Verify  stateVerifyCmd  `cmd:"" help:"Check the recorded state, every ciphertext and its binding. It needs no key."`
	Fetch   stateFetchCmd   `cmd:"" help:"Bring here what a check of history needs and this clone lacks."`
	Restore stateRestoreCmd `cmd:"" help:"Bring back the state of an earlier commit, by a new one. What ended since stays ended."`
}

type stateShowCmd struct {
	textOrJSON
	Address string `arg:"" optional:"" placeholder:"ADDR" help:"role/NAME, account/NAME, USER/TOKEN or USER/TOKEN@GENERATION. Default: everything."`
	At      string `name:"at" placeholder:"COMMIT" help:"The state as this commit has it, and not the newest that the clone knows."`
}

// Run shows state.
func (c *stateShowCmd) Run(env *Env) error {
	var address model.Address
	if c.Address != "" {
		var err error
		if address, err = model.ReadAddress(c.Address); err != nil {
			return usage(err)
		}
	}
	with := env.withState
	if c.At != "" {
		with = env.withStateAt(c.At)
	}
	return with(func(p *project, snap *state.Snapshot) error {
		day, err := env.today()
		if err != nil {
			return err
		}
		object, err := view.StateOf(snap, address, day)
		if err != nil {
			return err
		}
		return env.view().StateObject(object, c.format())
	})
}

// withStateAt runs a reading command on the state that a commit has.
func (e *Env) withStateAt(rev string) func(func(*project, *state.Snapshot) error) error {
	return func(f func(*project, *state.Snapshot) error) error {
		p, err := e.openProject()
		if err != nil {
			return err
		}
		defer p.close()
		commit, err := p.store.Resolve(rev)
		if err != nil {
			return usage(err)
		}
		snap, err := p.snapshot(e.Context, commit)
		if err != nil {
			return err
		}
		if !snap.Exists() {
			return diag.Hinted(fmt.Errorf("commit %.12s has no state", commit), "osmoctl log lists the commits that have")
		}
		return f(p, snap)
	}
}

type stateVerifyCmd struct {
	textOrJSON
	History bool   `help:"Also check every commit that ever changed the state: that apply made it, and that nothing was taken back."`
	Signers string `type:"path" placeholder:"FILE" help:"Also demand that every commit of state is signed by one of these: an allowed_signers file as OpenSSH has it, or armored OpenPGP keys."`
}

// Help is the long description of the command.
func (stateVerifyCmd) Help() string {
	return `Checked are: the spelling and digest of every state file, that nothing is missing or left over, the SHA-256 of every ciphertext, the place its header names, and that it is sealed to as many keys of each kind as recorded. A header's own integrity can only be checked with a key: token decrypt does that.

With --history every commit of state is held against the one before it: that apply made it, that serials rise and the lineage stays, that digests fit, that no value or number that ended came back and nothing recorded was lost. A shallow clone cannot prove that, and the check then fails.`
}

// Run verifies the state that belongs to HEAD.
func (c *stateVerifyCmd) Run(env *Env) error {
	p, err := env.openProject()
	if err != nil {
		return err
	}
	defer p.close()
	at, err := p.checked(env.Context)
	if err != nil {
		return err
	}
	files, err := p.stateFiles(env.Context, at.commit, nil)
	if err != nil {
		return err
	}
	result := verification(files)
	if c.History {
		if result.History, err = p.walkedHistory(env.Context, at); err != nil {
			return err
		}
	} else if result.Serial > 0 {
		p.sayUnproved(env.Context, &result, at)
	}
	if c.Signers != "" {
		if err := p.checkSigners(env.Context, &result, absolute(env.Dir, c.Signers), at.commit); err != nil {
			return err
		}
	}
	return c.show(env, result)
}

func (c *stateVerifyCmd) show(env *Env, result view.Verification) error {
	if c.format() == view.Text {
		env.view().Diagnostics(result.Problems)
		if result.History != nil {
			env.view().Findings(result.History.Findings)
		}
	}
	if err := env.view().Verification(result, c.format()); err != nil {
		return err
	}
	if !result.Sound() {
		return silently(exitError)
	}
	return nil
}

// walkedHistory checks all of the history of state.
func (p *project) walkedHistory(ctx context.Context, at place) (*view.History, error) {
	t, err := p.trustWith(ctx, at.commit, at.branch, history.Options{Full: true})
	if err != nil {
		return nil, err
	}
	return &view.History{Commits: t.report.Checked, Complete: !t.report.Cut, Findings: findingViews(t.report.Findings)}, nil
}

// verification checks state with every ciphertext.
func verification(files []state.File) view.Verification {
	snap, problems := state.Decode(files)
	v := view.Verification{Problems: problems}
	if snap == nil {
		return v
	}
	contents := make(map[string][]byte, len(files))
	for _, f := range files {
		contents[f.Path] = f.Data
	}
	v.Lineage, v.Serial, v.Roles = snap.Meta.Lineage, snap.Meta.Serial, len(snap.Roles)
	for _, name := range accountNames(snap) {
		v.Accounts++
		for _, token := range model.Names(snap.Accounts[name].Tokens) {
			t := snap.Accounts[name].Tokens[token]
			if t.Live() {
				v.Tokens++
			}
			for i := range t.Generations {
				v.Generations++
				v.Ciphertexts++
				path := state.CiphertextPath(name, token, t.Generations[i].Number)
				if err := verifyCiphertext(model.TokenAddress(name, token), &t.Generations[i], contents[path]); err != nil {
					v.Problems.Add(diag.Diagnostic{
						Code: "ciphertext", Summary: err.Error(), Pos: diag.Position{File: state.Dir + "/" + path},
						Hint: "restore the file from the commit that apply made: osmoctl log " + model.TokenAddress(name, token).String(),
					})
				}
			}
		}
	}
	return v
}

// verifyCiphertext checks one sealed value without a key.
func verifyCiphertext(token model.Address, g *state.Generation, data []byte) error {
	if state.SumOf(data) != g.Ciphertext {
		return fmt.Errorf("the ciphertext of %s is not the one that was applied", token.At(g.Number))
	}
	header, err := seal.Inspect(data)
	if err != nil {
		return fmt.Errorf("the ciphertext of %s: %w", token.At(g.Number), err)
	}
	if want := seal.BindingOf(token.At(g.Number)); header.Binding != want {
		return &seal.BindingError{Want: want, Got: header.Binding}
	}
	if !header.Fits(g.Recipients) {
		return fmt.Errorf("the ciphertext of %s is sealed with %s, which does not fit the %d keys that are recorded", token.At(g.Number), view.StanzaWords(header.Stanzas), len(g.Recipients))
	}
	return nil
}
