package command

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// HoldsKey finds a private key, also one in base64 that was broken into lines.
func HoldsKey(s string) bool {
	return seal.IsPrivateKey(s) || strings.ContainsAny(s, " \t\r\n") && seal.IsPrivateKey(strings.Join(strings.Fields(s), ""))
}

// Showable reports whether a path that leads nowhere may be shown. It may be
// anything that somebody took for a path: a key that was cut, or packed into an
// encoding that nobody here knows.
func Showable(path string) bool {
	return len(path) <= 1024 && !strings.ContainsAny(path, "\r\n") && !seal.IsPrivateKey(path) && !packedText().MatchString(filepath.ToSlash(path))
}

// packedText is longer than a name that people give, and has nothing of one.
var packedText = pattern.Lazy(`[A-Za-z0-9+=]{40}`)

// Keyless writes what is meant for people, without any private key that came
// along in it.
type Keyless struct{ To io.Writer }

func (k Keyless) Write(b []byte) (int, error) {
	if _, err := k.To.Write(seal.HidePrivateKeys(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}
