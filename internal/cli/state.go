package cli

import (
	"context"
	"fmt"

	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
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
		object, err := report.StateOf(snap, address, day)
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
	result := report.VerificationOf(files)
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

func (c *stateVerifyCmd) show(env *Env, result report.Verification) error {
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
func (p *project) walkedHistory(ctx context.Context, at place) (*report.History, error) {
	t, err := p.trustWith(ctx, at.commit, at.branch, history.Options{Full: true})
	if err != nil {
		return nil, err
	}
	return report.HistoryOf(t.report), nil
}
