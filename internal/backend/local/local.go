// Package local issues tokens without a server: it draws them.
//
// A token so issued is in force as soon as the state that holds its SHA-256 is
// committed, and never was if that commit is lost. So nothing here is recorded,
// retried or taken back: whoever asks again gets another value.
package local

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/token"
)

// Issuer draws tokens. The zero value is ready to use, and safe for concurrent
// use if Rand is.
type Issuer struct {
	// Rand is the source of randomness; nil means crypto/rand.Reader.
	Rand io.Reader
}

// Issue draws a value for g, an address with a generation. The error wraps that
// of the context or of Rand.
func (i Issuer) Issue(ctx context.Context, g model.Address) (secret.Value, error) {
	if err := ctx.Err(); err != nil {
		return secret.Value{}, fmt.Errorf("issue %s: %w", g, err)
	}
	if g.Kind != model.KindToken || g.Generation < 1 {
		return secret.Value{}, fmt.Errorf("issue %s: only a generation of a token has a value", g)
	}
	v, err := token.Generate(i.rand())
	if err != nil {
		return secret.Value{}, fmt.Errorf("issue %s: %w", g, err)
	}
	return v, nil
}

func (i Issuer) rand() io.Reader {
	if i.Rand == nil {
		return rand.Reader
	}
	return i.Rand
}
