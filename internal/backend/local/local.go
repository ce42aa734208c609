// Package local makes tokens without a server: it draws them.
//
// A token so issued is in force as soon as the state that holds its SHA-256 is
// committed, and never was if that commit is lost. So nothing here is recorded,
// retried or taken back: a second request gets another value.
package local

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/token"
)

// Backend draws tokens. The zero value is ready to use, and safe for concurrent
// use if Rand is.
type Backend struct {
	apply.Serverless
	// Rand is the source of randomness; nil means crypto/rand.Reader.
	Rand io.Reader
}

// CreateToken draws a value for a generation. The error wraps that of the context
// or of Rand.
func (b Backend) CreateToken(ctx context.Context, t apply.NewToken) (secret.Value, error) {
	g := t.Generation
	if err := ctx.Err(); err != nil {
		return secret.Value{}, fmt.Errorf("issue %s: %w", g, err)
	}
	if g.Kind != model.KindToken || g.Generation < 1 {
		return secret.Value{}, fmt.Errorf("issue %s: only a generation of a token has a value", g)
	}
	random := b.Rand
	if random == nil {
		random = rand.Reader
	}
	v, err := token.Generate(random)
	if err != nil {
		return secret.Value{}, fmt.Errorf("issue %s: %w", g, err)
	}
	return v, nil
}
