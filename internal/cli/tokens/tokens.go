// Package tokens is the commands about tokens: osmoctl token.
package tokens

import (
	"context"
	"io"

	"github.com/osmoctl/osmoctl/internal/cli/answers"
	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/identity"
	"github.com/osmoctl/osmoctl/internal/cli/server"
	"github.com/osmoctl/osmoctl/internal/cli/value"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/tokens"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Cmd is osmoctl token.
type Cmd struct {
	List    listCmd                `cmd:"" help:"List tokens as applied."`
	Get     getCmd                 `cmd:"" help:"Show one token with its generations."`
	Roles   rolesCmd               `cmd:"" help:"Show the roles of one token."`
	Decrypt decryptCmd             `cmd:"" group:"use" help:"Decrypt a token with an age identity, into a file or a pipe."`
	Revoke  revokeCmd              `cmd:"" group:"use" help:"End a leaked token now, with a reason that is recorded."`
	Exec    execCmd                `cmd:"" group:"use" help:"Run a program with a token in its environment, or on a file descriptor."`
	Verify  verifyCmd              `cmd:"" group:"use" help:"Tell whose a token is and whether it is valid. It is read from stdin and needs no key."`
	Set     answers.TokenSetCmd    `cmd:"" group:"declare" help:"Say the YAML that declares a token, or rotates it."`
	Delete  answers.TokenDeleteCmd `cmd:"" group:"declare" help:"Say which lines declare a token."`
	Scan    scanCmd                `cmd:"" group:"use" help:"Find leaked tokens in files, archives, stdin, git history and what is staged. Needs no key."`
}

type listCmd struct {
	command.TextOrJSON
	User string `predictor:"account" short:"u" placeholder:"USER" help:"Only the tokens of this service account."`
}

// Run lists tokens.
func (c *listCmd) Run(ctx context.Context, env *command.Env) error {
	var about []model.Address
	if c.User != "" {
		about = []model.Address{argument.Account(c.User)}
	}
	return env.WithStateOf(ctx, about, func(w *workspace.Workspace, snap *state.Snapshot) error {
		names := snap.AccountNames()
		if c.User != "" {
			a, err := argument.FindAccount(snap, c.User)
			if err != nil {
				return err
			}
			c.User, names = a.Name, []string{a.Name}
		}
		day, err := env.Today()
		if err != nil {
			return err
		}
		return tokens.ShowList(env.View(), c.User, report.TokensOf(snap, names, day), c.Format)
	})
}

type getCmd struct {
	command.TextOrJSON
	argument.TokenPath
	server.Look
}

// Help is the long description of the command.
func (getCmd) Help() string {
	return `What is shown is what the last apply recorded. Where the project's tokens are issued by an OSMO server and it is looked at, what that has otherwise stands below: a role that somebody took from a value, a value that is gone, another expiry, and dead tokens whose name is taken.`
}

// Run shows a token.
func (c *getCmd) Run(ctx context.Context, env *command.Env) error {
	return c.See(ctx, env, c.About(), func(_ *workspace.Workspace, snap *state.Snapshot, see func([]string) (*workspace.Sight, error)) error {
		a, _, err := c.Find(snap)
		if err != nil {
			return err
		}
		day, err := env.Today()
		if err != nil {
			return err
		}
		sight, err := see([]string{a.Account})
		if err != nil {
			return err
		}
		token := report.TokenOf(snap.Accounts[a.Account], a.Name, day, snap.Meta.Applied.KeyNames())
		token.Server = report.ServerOf(sight.Looked, sight.Drift, func(d model.Address) bool { return concerns(d, a) })
		return tokens.Show(env.View(), token, c.Format)
	})
}

// concerns reports whether a difference is about a token: one of its values, whatever
// has the name of one, or its account.
func concerns(d, token model.Address) bool {
	if d.Kind != model.KindToken {
		return d.Name == token.Account
	}
	base, _, numbered := model.SplitServerName(d.Name)
	return d.Name == token.Name || numbered && base == token.Name
}

type rolesCmd struct {
	command.TextOrJSON
	argument.NamedToken
}

// Help is the long description of the command.
func (rolesCmd) Help() string {
	return `A token carries the roles that it got when it was issued, but for those that left its account since. NAME is its active generation; NAME@N another live one. What is shown is what the last apply recorded; osmoctl token get shows more, and what an OSMO server has otherwise.`
}

// Run shows the roles of a token.
func (c *rolesCmd) Run(ctx context.Context, env *command.Env) error {
	a, err := c.Address("osmoctl token roles NAME --user USER")
	if err != nil {
		return err
	}
	return env.WithStateOf(ctx, []model.Address{a}, func(w *workspace.Workspace, snap *state.Snapshot) error {
		t, err := argument.FindToken(snap, a)
		if err != nil {
			return err
		}
		if a.Generation > 0 {
			if _, err := argument.ChooseGeneration(a, t); err != nil {
				return err
			}
		}
		day, err := env.Today()
		if err != nil {
			return err
		}
		return tokens.ShowRoles(env.View(), report.TokenRolesOf(snap.Accounts[a.Account], a.Name, a.Generation, day), c.Format)
	})
}

type decryptCmd struct {
	argument.TokenPath
	identity.Keys
	value.Place
}

// Help is the long description of the command.
func (decryptCmd) Help() string {
	return `The value goes to a pipe, to a file of mode 0600 with -o, or, only with --reveal, to a terminal. USER/TOKEN is the active generation; USER/TOKEN@N another live one. Before a byte is shown the file's digest, its binding to this place and the value's digest are checked against state.`
}

// Run decrypts a token.
func (c *decryptCmd) Run(ctx context.Context, env *command.Env) error {
	return c.Give(ctx, env, c.About(), func(w *workspace.Workspace, snap *state.Snapshot) (secret.Value, error) {
		return value.OpenToken(ctx, env, w, snap, c.TokenPath, &c.Keys)
	})
}

type verifyCmd struct {
	command.TextOrJSON
	Source string `arg:"" optional:"" default:"-" help:"Only - is taken: the token comes on stdin."`
}

// Run verifies a token.
func (c *verifyCmd) Run(ctx context.Context, env *command.Env) error {
	if c.Source != "-" {
		return argument.RefuseToken(env, c.Source, "osmoctl token verify")
	}
	command.Harden()
	input, err := command.UntilInterrupted(ctx, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(env.Stdin, report.MaxValue+1))
	})
	if err != nil {
		return err
	}
	value := secret.New(trimToken(input))
	defer value.Wipe()
	return env.WithStateHolding(ctx, state.Sum(value.SHA256()), func(w *workspace.Workspace, snap *state.Snapshot) error {
		day, err := env.Today()
		if err != nil {
			return err
		}
		verdict := report.VerdictOn(value, snap, day)
		if err := tokens.ShowVerdict(env.View(), verdict, c.Format); err != nil {
			return err
		}
		if verdict.Status == report.StatusEnded {
			if by := command.EndedBy(ctx, w, model.TokenAddress(verdict.User, verdict.Token).At(verdict.Generation)); by != "" {
				env.Infof("It was ended: %s.", by)
			}
		}
		if !verdict.Valid {
			return command.Silently(command.ExitInvalid)
		}
		return nil
	})
}

// trimToken takes the white space off that files and echo leave around a token.
func trimToken(b []byte) []byte {
	start, end := 0, len(b)
	for start < end && isSpace(b[start]) {
		start++
	}
	for end > start && isSpace(b[end-1]) {
		end--
	}
	return b[start:end]
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
