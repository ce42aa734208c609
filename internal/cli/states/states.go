// Package states is the commands about the recorded state and its history: osmoctl state
// and osmoctl log.
package states

import (
	"context"
	"fmt"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/states"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Cmd is osmoctl state.
type Cmd struct {
	Show    showCmd    `cmd:"" help:"Show the recorded state, or one object of it."`
	Verify  verifyCmd  `cmd:"" help:"Check the recorded state, every ciphertext and its binding. It needs no key."`
	Fetch   fetchCmd   `cmd:"" help:"Bring here what a check of history needs and this clone lacks."`
	Restore restoreCmd `cmd:"" help:"Bring back the state of an earlier commit, by a new one. What ended since stays ended."`
}

type showCmd struct {
	command.TextOrJSON
	Address string `predictor:"address" arg:"" optional:"" placeholder:"ADDR" help:"role/NAME, account/NAME, USER/TOKEN or USER/TOKEN@GENERATION. Default: everything."`
	At      string `name:"at" placeholder:"COMMIT" help:"The state as this commit has it, and not the newest that the clone knows."`
}

// Run shows state.
func (c *showCmd) Run(ctx context.Context, env *command.Env) error {
	var address model.Address
	if c.Address != "" {
		var err error
		if address, err = model.ReadAddress(c.Address); err != nil {
			return command.Usage(err)
		}
	}
	with := func(ctx context.Context, read func(*workspace.Workspace, *state.Snapshot) error) error {
		if c.Address == "" {
			return env.WithState(ctx, read)
		}
		return env.WithStateOf(ctx, []model.Address{address}, read)
	}
	if c.At != "" {
		with = func(ctx context.Context, read func(*workspace.Workspace, *state.Snapshot) error) error {
			return withStateAt(ctx, env, c.At, read)
		}
	}
	return with(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		day, err := env.Today()
		if err != nil {
			return err
		}
		object, err := report.StateOf(snap, address, day)
		if err != nil {
			return err
		}
		return states.Show(env.View(), object, c.Format)
	})
}

// withStateAt runs a reading command on the state that a commit has.
func withStateAt(ctx context.Context, env *command.Env, rev string, read func(*workspace.Workspace, *state.Snapshot) error) error {
	w, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	commit, err := w.Repository().Resolve(rev)
	if err != nil {
		return command.Usage(err)
	}
	snap, err := w.Snapshot(ctx, commit)
	if err != nil {
		return err
	}
	if !snap.Exists() {
		return diag.Hinted(fmt.Errorf("commit %.12s has no state", commit), "osmoctl log lists the commits that have")
	}
	return read(w, snap)
}

type verifyCmd struct {
	command.TextOrJSON
	History bool   `help:"Also check every commit that ever changed the state: that apply made it, and that nothing was taken back."`
	Signers string `type:"path" placeholder:"FILE" help:"Also demand that every commit of state is signed by one of these: an allowed_signers file as OpenSSH has it, or armored OpenPGP keys."`
}

// Help is the long description of the command.
func (verifyCmd) Help() string {
	return `Checked are: the spelling and digest of every state file, that nothing is missing or left over, the SHA-256 of every ciphertext, the place its header names, and that it is sealed to as many keys of each kind as recorded. A header's own integrity can only be checked with a key: token decrypt does that.

With --history every commit of state is held against the one before it: that apply made it, that serials rise and the lineage stays, that digests fit, that no value or number that ended came back and nothing recorded was lost. A shallow clone cannot prove that, and the check then fails.`
}

// Run verifies the state that belongs to HEAD.
func (c *verifyCmd) Run(ctx context.Context, env *command.Env) error {
	w, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	at, err := w.PlaceToCheck(ctx)
	if err != nil {
		return err
	}
	files, err := w.StateFiles(ctx, at.Commit, nil)
	if err != nil {
		return err
	}
	result := report.VerificationOf(files)
	switch {
	case c.History:
		checked, err := w.CheckHistory(ctx, at)
		if err != nil {
			return err
		}
		result.History = report.HistoryOf(checked)
	case result.Serial > 0:
		result.Notes = append(result.Notes, "the history of state was not checked: who made these files, and whether anything was taken back; osmoctl state verify --history checks it")
		w.WarnDoubt(ctx, at)
	}
	if c.Signers != "" {
		signed, err := w.CheckSignatures(ctx, at, env.Abs(c.Signers))
		if err != nil {
			return err
		}
		addSignatures(&result, signed)
	}
	return c.show(env, result)
}

// addSignatures adds what a check of signatures found.
func addSignatures(v *report.Verification, found *workspace.Signatures) {
	v.Problems.Add(found.Problems...)
	if found.Cut {
		v.Notes = append(v.Notes, "older commits are missing in this shallow clone, and so are their signatures")
	}
	for _, name := range model.Names(found.Signed) {
		v.Notes = append(v.Notes, fmt.Sprintf("%d of the commits of state are signed by %s", found.Signed[name], name))
	}
}

func (c *verifyCmd) show(env *command.Env, result report.Verification) error {
	if c.Format == view.Text {
		problems.Show(env.View(), result.Problems)
		if result.History != nil {
			states.ShowFindings(env.View(), result.History.Findings)
		}
	}
	if err := states.ShowVerification(env.View(), result, c.Format); err != nil {
		return err
	}
	if !result.Sound() {
		return command.Silently(command.ExitError)
	}
	return nil
}

type fetchCmd struct{}

// Help is the long description of the command.
func (fetchCmd) Help() string {
	return `For shallow and partial clones, before a plan: a plan opens no connection, and what is not here it cannot check. Commits and folders come first, then the contents of state/ that the check reads, in one go; no other contents. A shallow clone is a partial one from then on, as git clone --filter=blob:none makes it. The commands that write state do it themselves.`
}

// Run fetches.
func (c *fetchCmd) Run(ctx context.Context, env *command.Env) error {
	w, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	return w.Fetch(ctx)
}
