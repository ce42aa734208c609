package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

const (
	// fileKeySize is that of age's file keys.
	fileKeySize = 16
	// labelPostQuantum is what age's post-quantum recipients call themselves.
	labelPostQuantum = "postquantum"
)

// Options configure a [Sealer]. The zero value seals to native keys and runs no
// program.
type Options struct {
	Plugins Plugins
}

// Sealer seals values. It is safe for concurrent use.
type Sealer struct {
	plugins Plugins
	// parsed holds a parsedKey under each key: parsing a post-quantum one
	// costs as much as sealing to it.
	parsed sync.Map
}

// NewSealer returns a sealer.
func NewSealer(opts Options) *Sealer { return &Sealer{plugins: opts.Plugins} }

// Check seals a value that is thrown away, so that a set of recipients which
// nothing can be sealed to is found before a token exists. Plugins are run.
func (s *Sealer) Check(ctx context.Context, to []model.Recipient) error {
	v := secret.New([]byte("dry run"))
	if _, err := s.seal(ctx, Binding{Account: "dry", Token: "run", Generation: 1}, to, v); err != nil {
		return fmt.Errorf("try the recipients: %w", err)
	}
	return nil
}

// Seal encrypts v to all of the recipients and binds it to b. The result is a
// binary age file whose plaintext is exactly v.
func (s *Sealer) Seal(ctx context.Context, b Binding, to []model.Recipient, v secret.Value) ([]byte, error) {
	sealed, err := s.seal(ctx, b, to, v)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", b, err)
	}
	return sealed, nil
}

func (s *Sealer) seal(ctx context.Context, b Binding, to []model.Recipient, v secret.Value) ([]byte, error) {
	if err := errors.Join(b.check(), checkLength(v), CheckMix(to)); err != nil {
		return nil, err
	}
	set, err := s.wrappers(to)
	if err != nil {
		return nil, err
	}
	sealed, err := encrypt(v, &bound{ctx: ctx, binding: b, to: set})
	if err != nil {
		return nil, err
	}
	return sealed, verify(sealed, b)
}

func checkLength(v secret.Value) error {
	if n := v.Len(); n == 0 || n > MaxValue {
		return fmt.Errorf("a value has 1 to %d bytes, this one has %d", MaxValue, n)
	}
	return nil
}

func encrypt(v secret.Value, to age.Recipient) ([]byte, error) {
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err != nil {
		// Age's wrapping of our own error counts recipients that nobody sees.
		if ours, ok := errors.AsType[*wrapError](err); ok {
			return nil, ours
		}
		return nil, err
	}
	err = v.Use(func(b []byte) error {
		_, err := w.Write(b)
		return err
	})
	if err != nil {
		return nil, err
	}
	// Only Close writes the last chunk: a file without it looks whole until
	// somebody needs it.
	if err := w.Close(); err != nil {
		return nil, err
	}
	return sealed.Bytes(), nil
}

// verify reads a new file back as far as that goes without an identity, so that
// nothing is made that cannot be opened.
func verify(sealed []byte, want Binding) error {
	if len(sealed) > MaxFile {
		return fmt.Errorf("the sealed file would have %d bytes, at most %d are read back: name fewer recipients", len(sealed), MaxFile)
	}
	header, err := Inspect(sealed)
	if err != nil {
		return err
	}
	if header.Binding != want {
		return &BindingError{Want: want, Got: header.Binding}
	}
	return nil
}

// wrapper wraps a file key for one recipient.
type wrapper struct {
	recipient model.Recipient
	// native is nil for a plugin's key, which plugin then holds.
	native age.Recipient
	plugin *pluginRecipient
}

func (s *Sealer) wrappers(to []model.Recipient) ([]*wrapper, error) {
	if len(to) >= MaxStanzas {
		return nil, fmt.Errorf("there are %d recipients, at most %d fit in a file", len(to), MaxStanzas-1)
	}
	set := make([]*wrapper, len(to))
	for i, r := range to {
		native, err := s.native(r)
		if err != nil {
			return nil, &wrapError{recipient: describe(r), err: err}
		}
		set[i] = &wrapper{recipient: r, native: native}
		if native == nil {
			set[i].plugin = &pluginRecipient{key: r.Key, plugins: s.plugins}
		}
	}
	return set, nil
}

// parsedKey is what a key's text turned out to be; native is nil for a plugin's.
type parsedKey struct {
	kind   model.RecipientKind
	native age.Recipient
}

// native returns the age recipient of r, nil for a plugin's key. The key is
// parsed rather than believed, since r may come from a state file.
func (s *Sealer) native(r model.Recipient) (age.Recipient, error) {
	p, err := s.parse(r.Key)
	if err == nil && p.kind != r.Kind {
		err = fmt.Errorf("this is called a key of kind %q and is one of kind %q", r.Kind, p.kind)
	}
	return p.native, err
}

func (s *Sealer) parse(key string) (parsedKey, error) {
	if p, ok := s.parsed.Load(key); ok {
		return p.(parsedKey), nil
	}
	r, native, err := parseRecipient(key)
	if err != nil {
		return parsedKey{}, err
	}
	p := parsedKey{kind: r.Kind, native: native}
	s.parsed.Store(key, p)
	return p, nil
}

func (w *wrapper) wrap(ctx context.Context, fileKey []byte) ([]*age.Stanza, []string, error) {
	if w.plugin != nil {
		return w.plugin.wrap(ctx, fileKey)
	}
	if labelled, ok := w.native.(age.RecipientWithLabels); ok {
		return labelled.WrapWithLabels(fileKey)
	}
	stanzas, err := w.native.Wrap(fileKey)
	return stanzas, nil, err
}

// wrapError names the recipient that a file could not be sealed to.
type wrapError struct {
	recipient string
	err       error
}

func (e *wrapError) Error() string { return "recipient " + e.recipient + ": " + e.err.Error() }
func (e *wrapError) Unwrap() error { return e.err }

// bound is what age sees: one recipient that writes the stanzas of all, and the
// binding after them. age compares the labels of its recipients to tell which
// cannot stand together; with one there is nothing left to compare, so that is
// done here, and the binding can stand beside post-quantum stanzas too.
type bound struct {
	ctx     context.Context
	binding Binding
	to      []*wrapper
}

// Wrap implements [age.Recipient].
func (b *bound) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	var stanzas []*age.Stanza
	var labels []string
	for i, w := range b.to {
		if err := b.ctx.Err(); err != nil {
			return nil, err
		}
		more, own, err := w.wrap(b.ctx, fileKey)
		slices.Sort(own)
		if i == 0 {
			labels = own
		}
		if err == nil && !slices.Equal(labels, own) {
			err = explainLabels(labels, own)
		}
		if err != nil {
			return nil, &wrapError{recipient: describe(w.recipient), err: err}
		}
		stanzas = append(stanzas, more...)
	}
	return append(stanzas, b.binding.stanza()), nil
}

// explainLabels says why a plugin's key cannot stand with the keys before it; the
// native ones were told apart by CheckMix.
func explainLabels(before, now []string) error {
	if slices.Contains(before, labelPostQuantum) != slices.Contains(now, labelPostQuantum) {
		return errors.New("its plugin says that it is post-quantum and the others are not, or the reverse: such keys cannot stand together")
	}
	return errors.New("its plugin says that it cannot stand with the recipients before it")
}
