// Package readers is the commands about who can read what: osmoctl secrets.
package readers

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/internal/cli/change"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/identity"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// Cmd is osmoctl secrets.
type Cmd struct {
	Who      whoCmd      `cmd:"" help:"Tell which keys can read a token. It needs no key."`
	Exposure exposureCmd `cmd:"" help:"List the live values that a key could ever read, with the commands that replace them."`
	Reseal   resealCmd   `cmd:"" help:"Seal what lives to the declared recipients, with an identity that opens it."`
}

type resealCmd struct {
	command.TextOrJSON
	identity.Keys
	change.Options
	Target          []model.Address `predictor:"address" placeholder:"ADDR" help:"Reseal only this account, token or generation. Repeatable."`
	SkipUnreadable  bool            `help:"Leave out what no identity opens, and exit with 5. Default: change nothing then."`
	AllowPlugin     []string        `placeholder:"NAME" help:"Let age-plugin-NAME be run to open and to encrypt. OSMOCTL_PLUGINS does the same, with commas. Repeatable."`
	AllowNewReaders *int            `placeholder:"N" help:"Let up to N keys read tokens that could read none before."`
	Allow           []model.Address `predictor:"token" placeholder:"ADDR" help:"Lift the guardrails on the recipients of this token. Repeatable."`
}

// Help is the long description of the command.
func (resealCmd) Help() string {
	return `A key that was added in osmoctl.yaml reads a token from its next rotation on; a reseal lets it read the value that there is. Every active and every retiring value whose recipients are others than declared is opened, sealed again and committed, all in one commit or none. Declarations are read from a commit, as apply reads them. Nothing else of them is applied.

A key that was taken out cannot be made to forget: it opens the old files in git's history, and the plan rotates what it knows. osmoctl secrets exposure lists that.`
}

// Run plans, asks, and reseals.
func (c *resealCmd) Run(ctx context.Context, env *command.Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	return c.Open(ctx, env, env.Outside(), func(w *workspace.Workspace) error {
		done, err := c.Make(ctx, env, w, &workspace.Reseal{
			Targets: c.Target, Allow: model.Allowance{NewReaders: c.AllowNewReaders, Objects: c.Allow}, SkipUnreadable: c.SkipUnreadable,
			Open: func(ctx context.Context, files map[model.Address][]byte) (*seal.Opener, error) {
				ids, err := c.Read(ctx, env, w, c.AllowPlugin...)
				if err != nil {
					return nil, err
				}
				return seal.NewOpener(ctx, files, ids...), nil
			},
			Seal: identity.SealOptions(ctx, env, w, c.AllowPlugin),
		}, c.Format)
		if err != nil {
			return c.explain(err)
		}
		if err := plans.ShowResealed(env.View(), done.Plan, done.Result, c.Format); err != nil {
			return err
		}
		if len(done.Result.Left) > 0 {
			return command.Silently(command.ExitInPart)
		}
		return nil
	})
}

func (c *resealCmd) check(env *command.Env) error {
	for _, a := range c.Target {
		if a.Kind == model.KindRole {
			return command.Usagef("--target of a reseal is an account, a token or a generation, and %s is a role", a)
		}
	}
	if env.InCI() && !c.AreNamed(env) {
		return command.Usage(diag.Hinted(errors.New("in CI a reseal uses no identity that was not named"), "name one with -i FILE or OSMOCTL_IDENTITY, or give its text in "+command.KeyVariable))
	}
	if err := c.CheckAsked(env); err != nil {
		return err
	}
	if !c.AutoApprove {
		return c.CheckStdin(env, "the question whether to go on")
	}
	return c.CheckStdin(env)
}

// explain says whose identity it takes, where those that were given open too
// little.
func (c *resealCmd) explain(err error) error {
	var unreadable *workspace.UnreadableError
	if !errors.As(err, &unreadable) {
		return err
	}
	hint := c.Hint(unreadable.Readers)
	if !unreadable.All {
		hint += "; --skip-unreadable reseals the others"
	}
	return diag.Hinted(err, hint)
}
