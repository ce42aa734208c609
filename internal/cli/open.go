package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// identityFlags are those of the commands that open sealed values.
type identityFlags struct {
	Identity []string `short:"i" type:"path" placeholder:"FILE|-" help:"An age identity file, or an SSH private key; - reads it from stdin. Repeatable. Default: OSMOCTL_IDENTITY_KEY and OSMOCTL_IDENTITY, else the identity that init made."`

	opened *openedIdentities
}

// openedIdentities are read once, so that a command that opens several values
// asks for a passphrase once.
type openedIdentities struct {
	list []age.Identity
	err  error
}

func (f *identityFlags) read(ctx context.Context, env *Env, w *workspace.Workspace) ([]age.Identity, error) {
	if f.opened == nil {
		var list []age.Identity
		err := env.checkStdin(f.Identity)
		if err == nil {
			list, err = env.identities(ctx, f.Identity, w)
		}
		f.opened = &openedIdentities{list, err}
	}
	return f.opened.list, f.opened.err
}

// openToken opens the generation that arg names, and warns where it is not the
// active one. The value is the caller's to wipe.
func (f *identityFlags) openToken(ctx context.Context, env *Env, w *workspace.Workspace, snap *state.Snapshot, arg tokenArg) (model.Address, *state.Generation, secret.Value, error) {
	from, err := arg.choose(snap)
	if err != nil {
		return from.address, nil, secret.Value{}, err
	}
	value, err := f.openSource(ctx, env, w, snap, from)
	if err != nil {
		return from.address, nil, secret.Value{}, err
	}
	if day, err := env.today(); err == nil {
		from.warn(env, day)
	}
	return from.address, from.generation, value, nil
}

// source is a generation whose value is to be given out.
type source struct {
	address    model.Address
	generation *state.Generation
	token      *state.Token
	// fits refuses a value that its place would not take; nil takes any.
	fits func(secret.Value) error
	// hint says what else to do where no identity opens it.
	hint string
}

// choose finds the generation that the argument names.
func (a tokenArg) choose(snap *state.Snapshot) (source, error) {
	address, t, err := a.find(snap)
	if err != nil {
		return source{address: address}, err
	}
	g, err := chosenGeneration(address, t)
	if err != nil {
		return source{address: address}, err
	}
	return source{address: address.At(g.Number), generation: g, token: t}, nil
}

// usable finds it as well, refuses one that has expired, and warns where it is
// not the active one.
func (a tokenArg) usable(env *Env, snap *state.Snapshot) (source, error) {
	from, err := a.choose(snap)
	if err != nil {
		return from, err
	}
	day, err := env.today()
	if err != nil {
		return from, err
	}
	if from.generation.Status(day) == state.Expired {
		err := diag.Hinted(fmt.Errorf("%s is %s", from.address, report.DescribeStatus(from.generation, day)), "osmoctl plan says whether the next apply issues another")
		return from, &codeError{err, exitInvalid}
	}
	from.warn(env, day)
	return from, nil
}

func (s source) warn(env *Env, day model.Date) {
	if s.generation.Status(day) != state.Active {
		env.warnf("%s is %s", s.address, report.DescribeStatus(s.generation, day))
	}
}

// openSource opens a generation. The value is the caller's to wipe.
func (f *identityFlags) openSource(ctx context.Context, env *Env, w *workspace.Workspace, snap *state.Snapshot, from source) (secret.Value, error) {
	value, err := f.openGeneration(ctx, env, w, from.address, from.generation)
	if err != nil {
		return value, env.sealedTo(err, from.generation, snap.Meta.Applied.KeyNames(), from.hint)
	}
	if from.fits == nil {
		return value, nil
	}
	if err := from.fits(value); err != nil {
		value.Wipe()
		return secret.Value{}, fmt.Errorf("%s: %w", from.address, err)
	}
	return value, nil
}

// openGeneration opens one generation by the identities that the flags name.
func (f *identityFlags) openGeneration(ctx context.Context, env *Env, w *workspace.Workspace, a model.Address, g *state.Generation) (secret.Value, error) {
	ciphertext, err := w.Ciphertext(ctx, a)
	if err != nil {
		return secret.Value{}, err
	}
	// Nobody is asked for a passphrase for what cannot be opened.
	if err := seal.CheckRecorded(ciphertext, a, g); err != nil {
		return secret.Value{}, err
	}
	identities, err := f.read(ctx, env, w)
	if err != nil {
		return secret.Value{}, err
	}
	return seal.OpenRecorded(ciphertext, a, g, identities...)
}

// sealedTo adds whose identity it takes, where none that was given fits.
func (e *Env) sealedTo(err error, g *state.Generation, names map[string]string, also string) error {
	if !errors.Is(err, seal.ErrNoIdentity) {
		return err
	}
	readers := make([]string, len(g.Recipients))
	for i, id := range g.Recipients {
		readers[i] = cmp.Or(names[id], model.KeyFingerprint(id))
	}
	hint := e.identityHint(readers)
	if also != "" {
		hint += "; " + also
	}
	return diag.Hinted(err, hint)
}

// identityHint says whose identity it takes to open something, and which of
// those that were named are not there.
func (e *Env) identityHint(readers []string) string {
	hint := "it takes an identity of " + strings.Join(readers, " or ") + ", given with -i FILE or OSMOCTL_IDENTITY"
	if len(e.missing) > 0 {
		hint += ", which names what is not there: " + strings.Join(e.missing, ", ")
	}
	return hint
}
