package cli

import (
	"context"
	"errors"
	"sync"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

type secretsCmd struct {
	Who      secretsWhoCmd      `cmd:"" help:"Tell which keys can read a token. It needs no key."`
	Exposure secretsExposureCmd `cmd:"" help:"List the live values that a key could ever read, with the commands that replace them."`
	Reseal   secretsResealCmd   `cmd:"" help:"Seal what lives to the declared recipients, with an identity that opens it."`
}

type secretsResealCmd struct {
	textOrJSON
	identityFlags
	writer
	Target          []model.Address `predictor:"address" placeholder:"ADDR" help:"Reseal only this account, token or generation. Repeatable."`
	SkipUnreadable  bool            `help:"Leave out what no identity opens, and exit with 5. Default: change nothing then."`
	AllowPlugin     []string        `placeholder:"NAME" help:"Let age-plugin-NAME be run to open and to encrypt. OSMOCTL_PLUGINS does the same, with commas. Repeatable."`
	AllowNewReaders *int            `placeholder:"N" help:"Let up to N keys read tokens that could read none before."`
	Allow           []model.Address `predictor:"token" placeholder:"ADDR" help:"Lift the guardrails on the recipients of this token. Repeatable."`
}

// Help is the long description of the command.
func (secretsResealCmd) Help() string {
	return `A key that was added in osmoctl.yaml reads a token from its next rotation on; a reseal lets it read the value that there is. Every active and every retiring value whose recipients are others than declared is opened, sealed again and committed, all in one commit or none. Declarations are read from a commit, as apply reads them. Nothing else of them is applied.

A key that was taken out cannot be made to forget: it opens the old files in git's history, and the plan rotates what it knows. osmoctl secrets exposure lists that.`
}

// Run plans, asks, and reseals.
func (c *secretsResealCmd) Run(ctx context.Context, env *Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	return c.change(ctx, env, func(w *workspace.Workspace) error {
		// They are read once, so that what they ask is asked once, however many races
		// are lost.
		identities := sync.OnceValues(func() ([]age.Identity, error) { return env.identities(ctx, c.Identity, w, c.AllowPlugin...) })
		r := c.request(ctx, env, c.format())
		r.Progress = env.lateProgress("resealing")
		done, err := w.Run(ctx, &workspace.Reseal{
			Targets: c.Target, Allow: guard.Allow{NewReaders: c.AllowNewReaders, Objects: c.Allow}, SkipUnreadable: c.SkipUnreadable,
			Open: func(ctx context.Context, files map[model.Address][]byte) (*seal.Opener, error) {
				ids, err := identities()
				if err != nil {
					return nil, err
				}
				return seal.NewOpener(ctx, files, ids...), nil
			},
			Seal: env.sealOptions(ctx, w, append(env.allowedPlugins(), c.AllowPlugin...)),
		}, r)
		if err != nil {
			return c.explain(env, err)
		}
		if err := plans.ShowResealed(env.view(), done.Plan, done.Result, c.format()); err != nil {
			return err
		}
		if len(done.Result.Left) > 0 {
			return silently(exitInPart)
		}
		return nil
	})
}

func (c *secretsResealCmd) check(env *Env) error {
	for _, a := range c.Target {
		if a.Kind == model.KindRole {
			return usagef("--target of a reseal is an account, a token or a generation, and %s is a role", a)
		}
	}
	if env.inCI() && len(c.Identity) == 0 && !env.identitiesNamed() {
		return usage(diag.Hinted(errors.New("in CI a reseal uses no identity that was not named"), "name one with -i FILE or OSMOCTL_IDENTITY, or give its text in "+keyVariable))
	}
	if err := c.checkAsked(env); err != nil {
		return err
	}
	if !c.AutoApprove {
		return env.checkStdin(c.Identity, "the question whether to go on")
	}
	return env.checkStdin(c.Identity)
}

// explain says whose identity it takes, where those that were given open too
// little.
func (c *secretsResealCmd) explain(env *Env, err error) error {
	var unreadable *workspace.UnreadableError
	if !errors.As(err, &unreadable) {
		return err
	}
	hint := env.identityHint(unreadable.Readers)
	if !unreadable.All {
		hint += "; --skip-unreadable reseals the others"
	}
	return diag.Hinted(err, hint)
}
