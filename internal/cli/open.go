package cli

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// identityFlags are those of the commands that open sealed values.
type identityFlags struct {
	Identity []string `short:"i" type:"path" placeholder:"FILE" help:"An age identity file, or an SSH private key. Repeatable. Default: OSMOCTL_IDENTITY, else the identity that init made."`
}

// openToken opens the generation that arg names, and warns where it is not the
// active one. The value is the caller's to wipe.
func (f identityFlags) openToken(env *Env, p *project, snap *state.Snapshot, arg tokenArg) (model.Address, *state.Generation, secret.Value, error) {
	a, t, err := arg.find(snap)
	if err != nil {
		return a, nil, secret.Value{}, err
	}
	g, err := chosenGeneration(a, t)
	if err != nil {
		return a, nil, secret.Value{}, err
	}
	a = a.At(g.Number)
	value, err := f.openGeneration(env, p, a, g)
	if err != nil {
		return a, nil, secret.Value{}, sealedTo(err, g, view.NamesOf(snap.Meta.Applied))
	}
	if day, err := env.today(); err == nil && g.Status(day) != state.Active {
		env.warnf("%s is %s", a, describeStatus(g, day))
	}
	return a, g, value, nil
}

// openGeneration opens one generation by the identities that the flags name.
func (f identityFlags) openGeneration(env *Env, p *project, a model.Address, g *state.Generation) (secret.Value, error) {
	ciphertext, err := p.ciphertext(env, a)
	if err != nil {
		return secret.Value{}, err
	}
	if err := checkCiphertext(ciphertext, a, g); err != nil {
		return secret.Value{}, err
	}
	identities, err := env.identities(f.Identity, p)
	if err != nil {
		return secret.Value{}, err
	}
	return openSealed(ciphertext, a, g, identities)
}

// openSealed opens a generation's ciphertext. The order of the checks is part of
// the design: the file's digest, its binding, the value's digest, and only then
// use.
func openSealed(ciphertext []byte, a model.Address, g *state.Generation, identities []age.Identity) (secret.Value, error) {
	if err := checkCiphertext(ciphertext, a, g); err != nil {
		return secret.Value{}, err
	}
	value, err := seal.Open(ciphertext, seal.BindingOf(a), identities...)
	if err != nil {
		return secret.Value{}, err
	}
	if sum := state.Sum(value.SHA256()); subtle.ConstantTimeCompare(sum[:], g.Value[:]) != 1 {
		value.Wipe()
		return secret.Value{}, fmt.Errorf("the value of %s is not the one that was issued: somebody made this file", a)
	}
	return value, nil
}

func checkCiphertext(ciphertext []byte, a model.Address, g *state.Generation) error {
	if sum := state.SumOf(ciphertext); subtle.ConstantTimeCompare(sum[:], g.Ciphertext[:]) != 1 {
		return hinted(fmt.Errorf("the ciphertext of %s is not the one that was applied: it was changed, moved or swapped", a),
			"osmoctl state verify shows every such file")
	}
	return nil
}

// sealedTo adds whose identity it takes, where none that was given fits.
func sealedTo(err error, g *state.Generation, nameOf func(id string) string) error {
	if !errors.Is(err, seal.ErrNoIdentity) {
		return err
	}
	readers := make([]string, len(g.Recipients))
	for i, id := range g.Recipients {
		readers[i] = or(nameOf(id), id)
	}
	return hinted(err, "it takes an identity of "+strings.Join(readers, " or ")+", given with -i FILE or OSMOCTL_IDENTITY")
}

// ciphertext reads a sealed value from HEAD.
func (p *project) ciphertext(env *Env, a model.Address) ([]byte, error) {
	commit, err := p.stateCommit()
	if err != nil {
		return nil, err
	}
	path := state.Dir + "/" + state.CiphertextPath(a.Account, a.Name, a.Generation)
	files, err := p.store.Files(env.Context, commit, []string{path}, nil)
	if err != nil {
		return nil, err
	}
	if len(files) != 1 || files[0].Mode != state.RegularMode {
		return nil, fmt.Errorf("%s is not a plain file in HEAD", path)
	}
	return files[0].Data, nil
}
