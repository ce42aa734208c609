// Package value takes a token's value from state to the place where it is to go: it
// finds the generation that an argument names, opens it, and delivers it.
//
// Values leave through [Output] alone, whatever form they are given, or with the program
// that token exec becomes. Where one would go is checked before anything is opened, and
// what is opened is compared with its record before a byte of it is given out.
package value

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/identity"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Source is a generation whose value is to be given out.
type Source struct {
	Address    model.Address
	Generation *state.Generation
	// Check refuses a value that its place would not take; nil takes any.
	Check func(secret.Value) error
	// Hint says what else to do where no identity opens it.
	Hint string
}

// Choose finds the generation that the argument names. One whose value is not known
// is refused.
func Choose(snap *state.Snapshot, arg argument.TokenPath) (Source, error) {
	address, t, err := arg.Find(snap)
	if err != nil {
		return Source{}, err
	}
	g, err := argument.ChooseGeneration(address, t)
	if err != nil {
		return Source{}, err
	}
	from := Source{Address: address.At(g.Number), Generation: g}
	return from, from.CheckKnown()
}

// CheckKnown refuses a generation whose value cannot be given out, since it is not
// known.
func (s Source) CheckKnown() error {
	if s.Generation.Known() {
		return nil
	}
	err := fmt.Errorf("the value of %s is not known: the token was on the server before osmoctl, which took it over and never saw its value", s.Address)
	return command.WithCode(diag.Hinted(err, "osmoctl apply --replace "+s.Address.Token().String()+" makes a value that is known, and ends this one"), command.ExitInvalid)
}

// ChooseUsable finds it as well, refuses one that has expired, and warns where it is
// not the active one.
func ChooseUsable(env *command.Env, snap *state.Snapshot, arg argument.TokenPath) (Source, error) {
	from, err := Choose(snap, arg)
	if err != nil {
		return from, err
	}
	day, err := env.Today()
	if err != nil {
		return from, err
	}
	if from.Generation.Status(day) == state.Expired {
		err := diag.Hinted(fmt.Errorf("%s is %s", from.Address, report.DescribeStatus(from.Generation, day)), "osmoctl plan says whether the next apply issues another")
		return from, command.WithCode(err, command.ExitInvalid)
	}
	from.warn(env, day)
	return from, nil
}

func (s Source) warn(env *command.Env, day model.Date) {
	if s.Generation.Status(day) != state.Active {
		env.Warnf("%s is %s", s.Address, report.DescribeStatus(s.Generation, day))
	}
}

// OpenToken opens the generation that arg names, and warns where it is not the
// active one. The value is the caller's to wipe.
func OpenToken(ctx context.Context, env *command.Env, w *workspace.Workspace, snap *state.Snapshot, arg argument.TokenPath, keys *identity.Keys) (secret.Value, error) {
	from, err := Choose(snap, arg)
	if err != nil {
		return secret.Value{}, err
	}
	opened, err := from.Open(ctx, env, w, snap, keys)
	if err != nil {
		return secret.Value{}, err
	}
	if day, err := env.Today(); err == nil {
		from.warn(env, day)
	}
	return opened, nil
}

// Open opens a generation by the identities that the flags name. The value is the
// caller's to wipe.
func (s Source) Open(ctx context.Context, env *command.Env, w *workspace.Workspace, snap *state.Snapshot, keys *identity.Keys) (secret.Value, error) {
	opened, err := s.open(ctx, env, w, keys)
	switch {
	case errors.Is(err, seal.ErrNoIdentity):
		return opened, s.explain(err, snap.Meta.Applied.KeyNames(), keys)
	case err != nil || s.Check == nil:
		return opened, err
	}
	if err := s.Check(opened); err != nil {
		opened.Wipe()
		return secret.Value{}, fmt.Errorf("%s: %w", s.Address, err)
	}
	return opened, nil
}

func (s Source) open(ctx context.Context, env *command.Env, w *workspace.Workspace, keys *identity.Keys) (secret.Value, error) {
	ciphertext, err := w.Ciphertext(ctx, s.Address)
	if err != nil {
		return secret.Value{}, err
	}
	// Nobody is asked for a passphrase for what cannot be opened.
	if err := seal.CheckRecorded(ciphertext, s.Address, s.Generation); err != nil {
		return secret.Value{}, err
	}
	identities, err := keys.Read(ctx, env, w)
	if err != nil {
		return secret.Value{}, err
	}
	return seal.OpenRecorded(ciphertext, s.Address, s.Generation, identities...)
}

// explain says whose identity it takes, where none that was given fits.
func (s Source) explain(err error, names map[string]string, keys *identity.Keys) error {
	readers := make([]string, len(s.Generation.Recipients))
	for i, id := range s.Generation.Recipients {
		readers[i] = cmp.Or(names[id], model.KeyFingerprint(id))
	}
	hint := keys.Hint(readers)
	if s.Hint != "" {
		hint += "; " + s.Hint
	}
	return diag.Hinted(err, hint)
}
