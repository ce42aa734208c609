// Package server is how a command is let talk to an OSMO server: the flags and variables
// that name it and give the credential. Nothing of the repository decides about either.
package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Flags are those of commands that may talk to a server.
type Flags struct {
	TokenFile string `type:"path" placeholder:"FILE" help:"A file with the personal access token for the project's OSMO server, instead of OSMO_TOKEN. OSMO_URL has to name the server too."`
}

// Typed are the flags as they would be typed.
func (f Flags) Typed() []string {
	if f.TokenFile == "" {
		return nil
	}
	return []string{"--token-file " + model.ShellWord(f.TokenFile)}
}

// Look is the flags of commands that show state, and what its server has otherwise.
type Look struct {
	Flags
	Refresh *bool `help:"Look at the project's OSMO server, and show what it has otherwise than state. Default: where OSMO_URL and a credential are given. --refresh=false looks at nothing."`
}

// See runs a command on the newest state that the clone knows. see looks at the server
// for some accounts, or all of them where it is given nil. about are as for
// [command.Env.WithStateOf].
func (l Look) See(ctx context.Context, env *command.Env, about []model.Address, read func(w *workspace.Workspace, snap *state.Snapshot, see func(accounts []string) (*workspace.Sight, error)) error) error {
	outside, err := l.Outside(env)
	if err != nil {
		return err
	}
	return env.WithStateFrom(ctx, outside, about, func(w *workspace.Workspace, snap *state.Snapshot) error {
		return read(w, snap, func(accounts []string) (*workspace.Sight, error) { return w.See(ctx, snap, accounts, l.Refresh) })
	})
}

// maxTokenFile bounds the file of a token, in bytes: a token has 43 or 64.
const maxTokenFile = 1024

// Outside is what a workspace takes from outside, with the access to a server that the
// flags and the environment give.
func (f Flags) Outside(env *command.Env) (workspace.Outside, error) {
	outside := env.Outside()
	if f.TokenFile != "" {
		token, err := readToken(env, env.Abs(f.TokenFile))
		if err != nil {
			return outside, fmt.Errorf("--token-file: %w", err)
		}
		env.ServerToken.Wipe()
		env.ServerToken = token
	}
	outside.Access = workspace.Access{URL: env.Getenv(workspace.URLVariable), User: env.Getenv(workspace.UserVariable), Token: env.ServerToken}
	return outside, nil
}

// readToken reads a token without the blanks around it, as OSMO's own command line
// does.
func readToken(env *command.Env, path string) (secret.Value, error) {
	file, err := os.Open(path)
	if err != nil {
		return secret.Value{}, err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows" {
		env.Warnf("everybody on this machine can read %s, which holds the credential for the OSMO server: chmod 600 it", path)
	}
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
