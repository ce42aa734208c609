package seal

import (
	"errors"
	"fmt"
	"strconv"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// bindingType is the type of the stanza that names a file's place. The domain
// keeps it apart from the stanzas of everybody else.
const bindingType = "osmoctl.dev/token"

// Binding is the place that a sealed file belongs to: one generation of one
// token. It is comparable.
type Binding struct {
	Account, Token string
	// Generation counts from 1.
	Generation int
}

// BindingOf is the place of g, the address of a token's generation.
func BindingOf(g model.Address) Binding {
	return Binding{Account: g.Account, Token: g.Name, Generation: g.Generation}
}

// Address is the place as an address.
func (b Binding) Address() model.Address {
	return model.TokenAddress(b.Account, b.Token).At(b.Generation)
}

// String formats the place as its address, token/ACCOUNT/NAME@GENERATION.
func (b Binding) String() string { return b.Address().String() }

func (b Binding) check() error {
	if err := model.CheckAccountName(b.Account); err != nil {
		return err
	}
	if err := model.CheckTokenName(b.Token); err != nil {
		return err
	}
	if b.Generation < 1 {
		return errors.New("generations count from 1")
	}
	return nil
}

func (b Binding) stanza() *age.Stanza {
	return &age.Stanza{Type: bindingType, Args: []string{b.Account, b.Token, strconv.Itoa(b.Generation)}}
}

// parseBinding reads what stanza writes, and only that: names that the model
// refuses or a generation with a leading zero would be a second way to write a
// place.
func parseBinding(s *age.Stanza) (Binding, error) {
	if len(s.Args) != 3 || len(s.Body) != 0 {
		return Binding{}, fmt.Errorf("%w: its binding is malformed", ErrDamaged)
	}
	generation, err := strconv.Atoi(s.Args[2])
	if err != nil || strconv.Itoa(generation) != s.Args[2] {
		return Binding{}, fmt.Errorf("%w: its binding names no generation", ErrDamaged)
	}
	b := Binding{Account: s.Args[0], Token: s.Args[1], Generation: generation}
	if err := b.check(); err != nil {
		return Binding{}, fmt.Errorf("%w: its binding names no token: %w", ErrDamaged, err)
	}
	return b, nil
}

// split takes the one binding out of a header's stanzas. A second one is
// refused: readers that took the first and readers that took the last would
// disagree about the place.
func split(stanzas []*age.Stanza) (Binding, []*age.Stanza, error) {
	if len(stanzas) > MaxStanzas {
		return Binding{}, nil, fmt.Errorf("%w: it has %d stanzas, at most %d are read", ErrDamaged, len(stanzas), MaxStanzas)
	}
	var bindings, rest []*age.Stanza
	for _, s := range stanzas {
		if s.Type == bindingType {
			bindings = append(bindings, s)
		} else {
			rest = append(rest, s)
		}
	}
	switch len(bindings) {
	case 0:
		return Binding{}, nil, ErrUnbound
	case 1:
		b, err := parseBinding(bindings[0])
		return b, rest, err
	}
	return Binding{}, nil, fmt.Errorf("%w: it carries %d bindings", ErrDamaged, len(bindings))
}
