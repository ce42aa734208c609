package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Header is what a sealed file says about itself to anybody.
type Header struct {
	Binding Binding
	// Stanzas are the types of the recipient stanzas in their order, the
	// binding's left out.
	Stanzas []string
}

// Inspect reads a file's header without a key. The header's MAC can be checked
// only with one, so what is returned is a claim, as good as the file's SHA-256
// in state.
//
// Errors are [ErrUnbound] or [ErrDamaged].
func Inspect(ciphertext []byte) (Header, error) {
	reader := &headerReader{}
	if _, _, err := decrypt(ciphertext, reader); reader.err != nil {
		return Header{}, reader.err
	} else if !reader.called {
		return Header{}, err
	}
	return reader.header, nil
}

// headerReader is an identity that fits nothing and remembers what it was shown.
type headerReader struct {
	header  Header
	stanzas []*age.Stanza
	called  bool
	err     error
}

func (r *headerReader) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	r.called = true
	r.header.Binding, r.stanzas, r.err = split(stanzas)
	r.header.Stanzas = types(r.stanzas)
	return nil, age.ErrIncorrectIdentity
}

func types(stanzas []*age.Stanza) []string {
	list := make([]string, len(stanzas))
	for i, s := range stanzas {
		list[i] = s.Type
	}
	return list
}

// Open decrypts a file that was found in the place b. Nothing is returned
// before the binding, the header's MAC and the whole content have been checked.
//
// Errors: a [*BindingError] when the file belongs elsewhere, [ErrUnbound] when
// it names no place, a [*NotForYouError] (which is [ErrNoIdentity]) when no
// identity fits, [ErrDamaged] when the file is not what was sealed. Any other
// error comes from an identity: a wrong passphrase, a plugin that was not
// allowed.
func Open(ciphertext []byte, b Binding, ids ...age.Identity) (secret.Value, error) {
	v, err := open(ciphertext, b, ids)
	if err != nil {
		return secret.Value{}, fmt.Errorf("open %s: %w", b, err)
	}
	return v, nil
}

func open(ciphertext []byte, b Binding, ids []age.Identity) (secret.Value, error) {
	id := &boundIdentity{want: b, ids: quietFirst(ids)}
	content, size, err := decrypt(ciphertext, id)
	if id.err != nil {
		return secret.Value{}, id.err
	}
	if err != nil {
		return secret.Value{}, err
	}
	return readValue(content, size)
}

// decrypt decrypts a file, and returns its content and how long it is. Whatever age has
// to say is replaced: it quotes from the file, which may be something else than an age
// file, such as a key. age's reader of streams is not used: it takes two buffers of
// 64 KiB for each file, which is most of the garbage that a reseal makes.
func decrypt(ciphertext []byte, id age.Identity) (content io.ReaderAt, size int64, err error) {
	switch {
	case len(ciphertext) > MaxFile:
		return nil, 0, fmt.Errorf("%w: it has %d bytes, at most %d are read", ErrDamaged, len(ciphertext), MaxFile)
	case bytes.HasPrefix(ciphertext, []byte(armor.Header)):
		return nil, 0, fmt.Errorf("%w: it is armored text, and sealed files are binary", ErrDamaged)
	}
	content, size, err = age.DecryptReaderAt(bytes.NewReader(ciphertext), int64(len(ciphertext)), id)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: its header or its content is not what was sealed, or it is no age file", ErrDamaged)
	}
	return content, size, nil
}

// readValue reads all of a content, whose end and length age has checked.
func readValue(content io.ReaderAt, size int64) (secret.Value, error) {
	switch {
	case size == 0:
		return secret.Value{}, fmt.Errorf("%w: its content is empty", ErrDamaged)
	case size > MaxValue:
		return secret.Value{}, fmt.Errorf("%w: its content is longer than %d bytes", ErrDamaged, MaxValue)
	}
	value := make([]byte, size)
	if n, err := content.ReadAt(value, 0); int64(n) != size || err != nil && err != io.EOF {
		clear(value)
		return secret.Value{}, fmt.Errorf("%w: its content was cut or changed", ErrDamaged)
	}
	return secret.New(value), nil
}

// boundIdentity stands before the real identities: they see a file's stanzas
// only if it belongs to the wanted place. Its error is kept beside the one that
// goes to age, which would wrap or replace it.
type boundIdentity struct {
	want Binding
	ids  []age.Identity
	err  error
}

func (i *boundIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	got, rest, err := split(stanzas)
	if err == nil && got != i.want {
		err = &BindingError{Want: i.want, Got: got}
	}
	if err != nil {
		i.err = err
		return nil, err
	}
	fileKey, err := unwrap(i.ids, rest)
	i.err = err
	return fileKey, err
}

// unwrap tries every identity. One that cannot be used (a wrong passphrase, a
// missing plugin) does not keep the next from fitting; only if none fits is its
// error the answer.
func unwrap(ids []age.Identity, stanzas []*age.Stanza) ([]byte, error) {
	var broken []error
	for _, id := range ids {
		fileKey, err := id.Unwrap(stanzas)
		switch {
		case err == nil && len(fileKey) == fileKeySize:
			return fileKey, nil
		case err != nil && !errors.Is(err, age.ErrIncorrectIdentity):
			broken = append(broken, explain(id, err))
		}
	}
	if err := errors.Join(broken...); err != nil {
		return nil, err
	}
	return nil, &NotForYouError{Stanzas: types(stanzas)}
}

// explain replaces the errors of age's own identities, which are about a
// stanza's form and may quote it. Others speak for themselves.
func explain(id age.Identity, err error) error {
	if !isQuiet(id) || errors.Is(err, errCurve) {
		return err
	}
	return fmt.Errorf("%w: a stanza in its header is malformed", ErrDamaged)
}

// quietFirst puts the identities that ask nobody anything before those that
// prompt or run a plugin, and keeps their order otherwise.
func quietFirst(ids []age.Identity) []age.Identity {
	return append(Quiet(ids), slices.DeleteFunc(slices.Clone(ids), isQuiet)...)
}

// Quiet are the identities that open without asking anybody, or running anything.
func Quiet(ids []age.Identity) []age.Identity {
	return slices.DeleteFunc(slices.Clone(ids), func(id age.Identity) bool { return !isQuiet(id) })
}

func isQuiet(id age.Identity) bool {
	switch id.(type) {
	case *x25519Identity, *age.X25519Identity, *age.HybridIdentity, *agessh.Ed25519Identity, *agessh.RSAIdentity:
		return true
	}
	return false
}
