// Package server is how a command is let talk to an OSMO server: the flags and variables
// that name it and give the credential. Nothing of the repository decides about either.
package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Flags are those of commands that may talk to a server.
type Flags struct {
	TokenFile string `type:"path" placeholder:"FILE" help:"A file with the personal access token for the project's OSMO server, instead of OSMO_TOKEN. OSMO_URL has to name the server too."`
}

// maxTokenFile bounds the file of a token, in bytes: a token has 43 or 64.
const maxTokenFile = 1024

// Access is what the flags and the environment give.
func (f Flags) Access(env *command.Env) (workspace.Access, error) {
	a := workspace.Access{URL: env.Getenv(workspace.URLVariable), User: env.Getenv(workspace.UserVariable), Token: env.ServerToken}
	if f.TokenFile == "" {
		return a, nil
	}
	token, err := readToken(env.Abs(f.TokenFile))
	if err != nil {
		return a, fmt.Errorf("--token-file: %w", err)
	}
	a.Token = token
	return a, nil
}

// readToken reads a token without the blanks around it, as OSMO's own command line
// does.
func readToken(path string) (secret.Value, error) {
	file, err := os.Open(path)
	if err != nil {
		return secret.Value{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxTokenFile+1))
	defer clear(text)
	token := bytes.TrimSpace(text)
	switch {
	case err != nil:
		return secret.Value{}, err
	case len(text) > maxTokenFile, len(token) == 0, bytes.ContainsAny(token, " \t\r\n"):
		return secret.Value{}, diag.Hinted(errors.New("the file holds no personal access token"), "it has to hold the token and nothing else, on one line")
	}
	return secret.New(bytes.Clone(token)), nil
}
