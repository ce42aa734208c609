package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/tokens"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type tokenCmd struct {
	List    tokenListCmd    `cmd:"" help:"List tokens as applied."`
	Get     tokenGetCmd     `cmd:"" help:"Show one token with its generations."`
	Decrypt tokenDecryptCmd `cmd:"" help:"Decrypt a token with an age identity, into a file or a pipe."`
	Revoke  tokenRevokeCmd  `cmd:"" help:"End a leaked token now, with a reason that is recorded."`
	Exec    tokenExecCmd    `cmd:"" help:"Run a program with a token in its environment, or on a file descriptor."`
	Verify  tokenVerifyCmd  `cmd:"" help:"Tell whose a token is and whether it is valid. It is read from stdin and needs no key."`
	Set     tokenSetCmd     `cmd:"" hidden:"" passthrough:"" help:"Answer with the YAML that declares a token."`
	Delete  tokenUnsetCmd   `cmd:"" hidden:"" passthrough:"" help:"Answer where a token is declared."`
	Scan    tokenScanCmd    `cmd:"" help:"Find leaked tokens in files, archives, stdin, git history and what is staged. Needs no key."`
}

type tokenListCmd struct {
	textOrJSON
	User string `predictor:"account" short:"u" placeholder:"USER" help:"Only the tokens of this service account."`
}

// Run lists tokens.
func (c *tokenListCmd) Run(ctx context.Context, env *Env) error {
	return env.withState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		names := snap.AccountNames()
		if c.User != "" {
			a, err := accountNamed(snap, c.User)
			if err != nil {
				return err
			}
			c.User, names = a.Name, []string{a.Name}
		}
		day, err := env.today()
		if err != nil {
			return err
		}
		var list []report.Token
		for _, name := range names {
			list = append(list, report.TokensOf(snap, snap.Accounts[name], day)...)
		}
		return tokens.ShowList(env.view(), c.User, list, c.format())
	})
}

// tokenArg is a token or a generation, in either spelling of an address.
type tokenArg struct {
	Token string `predictor:"token" arg:"" placeholder:"USER/TOKEN" help:"The token, as USER/TOKEN."`
}

// find looks the token up; t is live.
func (a tokenArg) find(snap *state.Snapshot) (address model.Address, t *state.Token, err error) {
	if foreignToken.MatchString(a.Token) {
		return address, nil, errTokenInArgs
	}
	address, err = model.ReadTokenAddress(a.Token)
	if err != nil {
		return address, nil, usage(err)
	}
	account := snap.Accounts[address.Account]
	if account == nil {
		return address, nil, state.NotFound("service account", address.Account, snap.AccountNames())
	}
	if t = account.Tokens[address.Name]; t == nil && account.Live() {
		return address, nil, state.NotFound("token", address.Account+"/"+address.Name, account.LiveTokens())
	}
	if !t.Live() {
		return address, nil, deletedToken(address, account, t)
	}
	return address, t, nil
}

// endedError refuses to give a value out that has ended.
func endedError(what string, s *state.Tombstone) error {
	err := fmt.Errorf("%s was ended on %s: %s", what, s.EndedOn, s.Reason)
	return &codeError{diag.Hinted(err, "osmoctl plan says whether the next apply issues another"), exitInvalid}
}

// deletedToken says when a token ended and why. t is nil where nothing of it is
// remembered but that its account is gone.
func deletedToken(a model.Address, account *state.Account, t *state.Token) error {
	if t == nil {
		return deletedAccount(account)
	}
	words := fmt.Sprintf("%s was deleted on %s", a.Token(), t.DeletedOn)
	if t.RenamedTo != "" {
		words += fmt.Sprintf(" and replaced by %s", model.HeirAddress(a, t.RenamedTo))
	}
	ended := tombstoneOf(t, a.Generation)
	if n := len(t.Tombstones); ended == nil && n > 0 {
		ended = &t.Tombstones[n-1]
	}
	if ended != nil {
		words += fmt.Sprintf("; generation %d ended on %s: %s", ended.Generation, ended.EndedOn, ended.Reason)
	}
	path := a.Account + "/" + a.Name
	return &codeError{diag.Hinted(errors.New(words), "osmoctl state show "+path+" lists its generations, osmoctl log "+path+" who ended them"), exitInvalid}
}

type tokenGetCmd struct {
	textOrJSON
	tokenArg
}

// Run shows a token.
func (c *tokenGetCmd) Run(ctx context.Context, env *Env) error {
	return env.withState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		a, _, err := c.find(snap)
		if err != nil {
			return err
		}
		day, err := env.today()
		if err != nil {
			return err
		}
		return tokens.Show(env.view(), report.TokenOf(snap.Accounts[a.Account], a.Name, day, snap.Meta.Applied.KeyNames()), c.format())
	})
}

type tokenDecryptCmd struct {
	tokenArg
	identityFlags
	outputFlags
}

// Help is the long description of the command.
func (tokenDecryptCmd) Help() string {
	return `The value goes to a pipe, to a file of mode 0600 with -o, or, only with --reveal, to a terminal. USER/TOKEN is the active generation; USER/TOKEN@N another live one. Before a byte is shown the file's digest, its binding to this place and the value's digest are checked against state.`
}

// Run decrypts a token.
func (c *tokenDecryptCmd) Run(ctx context.Context, env *Env) error {
	return c.give(ctx, env, func(w *workspace.Workspace, snap *state.Snapshot) (secret.Value, error) {
		_, _, value, err := c.openToken(ctx, env, w, snap, c.tokenArg)
		return value, err
	})
}

// chosenGeneration is the one asked for, else the active one, else the newest.
func chosenGeneration(a model.Address, t *state.Token) (*state.Generation, error) {
	if a.Generation > 0 {
		if g := t.Generation(a.Generation); g != nil {
			return g, nil
		}
		if s := tombstoneOf(t, a.Generation); s != nil {
			return nil, endedError(a.String(), s)
		}
		return nil, fmt.Errorf("%s is not live: osmoctl token get %s/%s lists the generations", a, a.Account, a.Name)
	}
	if g := t.Active(); g != nil {
		return g, nil
	}
	if n := len(t.Generations); n > 0 {
		return &t.Generations[n-1], nil
	}
	if n := len(t.Tombstones); n > 0 {
		last := &t.Tombstones[n-1]
		return nil, endedError(fmt.Sprintf("%s has no live generation: generation %d", a, last.Generation), last)
	}
	return nil, diag.Hinted(fmt.Errorf("%s has no live generation", a), "osmoctl plan says whether the next apply issues one")
}

func tombstoneOf(t *state.Token, number int) *state.Tombstone {
	i := slices.IndexFunc(t.Tombstones, func(s state.Tombstone) bool { return s.Generation == number })
	if i < 0 {
		return nil
	}
	return &t.Tombstones[i]
}

type tokenVerifyCmd struct {
	textOrJSON
	Source string `arg:"" optional:"" default:"-" help:"Only - is taken: the token comes on stdin."`
}

// Run verifies a token.
func (c *tokenVerifyCmd) Run(ctx context.Context, env *Env) error {
	if c.Source != "-" {
		return env.notAsArgument(c.Source, "osmoctl token verify")
	}
	hardenProcess()
	input, err := untilInterrupted(ctx, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(env.Stdin, report.MaxValue+1))
	})
	if err != nil {
		return err
	}
	value := secret.New(trimToken(input))
	defer value.Wipe()
	return env.withState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		day, err := env.today()
		if err != nil {
			return err
		}
		verdict := report.VerdictOn(value, snap, day)
		if err := tokens.ShowVerdict(env.view(), verdict, c.format()); err != nil {
			return err
		}
		if !verdict.Valid {
			return silently(exitInvalid)
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
