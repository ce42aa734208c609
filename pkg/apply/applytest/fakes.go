package applytest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
	"github.com/osmoctl/osmoctl/pkg/token"
)

// Store keeps the files of state in memory. The zero value is empty and ready
// to use.
type Store struct {
	mu    sync.Mutex
	files map[string][]byte
	// Commits are what was handed to Commit, oldest first.
	Commits []Commit
}

// Commit is one call of [Store.Commit].
type Commit struct {
	Changes []state.Change
	Message string
}

// Commit writes the changes.
func (s *Store) Commit(_ context.Context, changes []state.Change, message string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(s.files)
	if next == nil {
		next = map[string][]byte{}
	}
	for _, c := range changes {
		if _, exists := next[c.Path]; c.Delete && !exists {
			return "", fmt.Errorf("%s is to be removed and is not there", c.Path)
		}
		if c.Delete {
			delete(next, c.Path)
			continue
		}
		next[c.Path] = c.Data
	}
	s.files = next
	s.Commits = append(s.Commits, Commit{Changes: changes, Message: message})
	return fmt.Sprintf("commit-%d", len(s.Commits)), nil
}

// Files are the files as they stand now, sorted by path.
func (s *Store) Files() []state.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	files := make([]state.File, 0, len(s.files))
	for _, path := range model.Names(s.files) {
		files = append(files, state.File{Path: path, Mode: state.RegularMode, Data: s.files[path]})
	}
	return files
}

// Backend has no server. It makes tokens of the local form that follow from its
// seed and the number of calls, so that a second run does not repeat the first
// one's.
type Backend struct {
	apply.Serverless
	Seed string

	mu     sync.Mutex
	calls  int
	values []secret.Value
	copies []string
}

// CreateToken makes the next value.
func (b *Backend) CreateToken(ctx context.Context, t apply.NewToken) (secret.Value, error) {
	if err := ctx.Err(); err != nil {
		return secret.Value{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	v, err := token.Generate(stream(fmt.Sprintf("%s %s %d", b.Seed, t.Generation, b.calls)))
	if err != nil {
		return v, err
	}
	b.values = append(b.values, v)
	return v, v.Use(func(text []byte) error {
		b.copies = append(b.copies, string(text))
		return nil
	})
}

// Texts are the values issued so far, in the clear.
func (b *Backend) Texts() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.copies...)
}

// Values are the same values as they were handed out: wiped or not.
func (b *Backend) Values() []secret.Value {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]secret.Value{}, b.values...)
}

// stream is an endless row of bytes that follow from text.
func stream(text string) io.Reader { return &hashStream{next: sha256.Sum256([]byte(text))} }

type hashStream struct{ next [sha256.Size]byte }

func (s *hashStream) Read(b []byte) (int, error) {
	n := copy(b, s.next[:])
	s.next = sha256.Sum256(s.next[:])
	return n, nil
}

// Sealer stands in for age: its ciphertexts name their place and their
// recipients and hold the value's hash. They cannot be opened.
type Sealer struct{}

// Check refuses an empty set of recipients, as age does.
func (*Sealer) Check(_ context.Context, to []model.Recipient) error {
	if len(to) == 0 {
		return fmt.Errorf("no recipients")
	}
	return nil
}

// Seal makes a ciphertext.
func (*Sealer) Seal(_ context.Context, b seal.Binding, to []model.Recipient, v secret.Value) ([]byte, error) {
	sum := v.SHA256()
	return fmt.Appendf(nil, "sealed %s\nto %s\n%x\n", b, strings.Join(model.IDs(to), " "), sha256.Sum256(sum[:])), nil
}

// Opener opens what a world's issuer has issued. Its values are copies, kept to
// see whether they were wiped.
type Opener struct {
	World *World
	// Unreadable are generations that no identity opens.
	Unreadable map[model.Address]bool

	mu     sync.Mutex
	values []secret.Value
}

// Open finds the value of a generation among those issued.
func (o *Opener) Open(_ context.Context, a model.Address, g *state.Generation) (secret.Value, error) {
	if o.Unreadable[a] {
		return secret.Value{}, fmt.Errorf("open %s: %w", a, seal.ErrNoIdentity)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, text := range o.World.Backend.Texts() {
		if state.SumOf([]byte(text)) == g.Value {
			v := secret.New([]byte(text))
			o.values = append(o.values, v)
			return v, nil
		}
	}
	return secret.Value{}, fmt.Errorf("nothing was issued as %s", a)
}

// Values are the values as they were handed out: wiped or not.
func (o *Opener) Values() []secret.Value {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]secret.Value{}, o.values...)
}
