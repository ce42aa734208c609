package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
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
	Target          []model.Address `placeholder:"ADDR" help:"Reseal only this account, token or generation. Repeatable."`
	SkipUnreadable  bool            `help:"Leave out what no identity opens, and exit with 5. Default: change nothing then."`
	AllowPlugin     []string        `placeholder:"NAME" help:"Let age-plugin-NAME be run to open and to encrypt. OSMOCTL_PLUGINS does the same, with commas. Repeatable."`
	AllowNewReaders *int            `placeholder:"N" help:"Let up to N keys read tokens that could read none before."`
	Allow           []model.Address `placeholder:"ADDR" help:"Lift the guardrails on the recipients of this token. Repeatable."`

	// identities are read once, so that what they ask is asked once, however
	// many races are lost.
	identities []age.Identity
}

// Help is the long description of the command.
func (secretsResealCmd) Help() string {
	return `A key that was added in osmoctl.yaml reads a token from its next rotation on; a reseal lets it read the value that there is. Every active and every retiring value whose recipients are others than declared is opened, sealed again and committed, all in one commit or none. Declarations are read from a commit, as apply reads them. Nothing else of them is applied.

A key that was taken out cannot be made to forget: it opens the old files in git's history, and the plan rotates what it knows. osmoctl secrets exposure lists that.`
}

// Run plans, asks, and reseals.
func (c *secretsResealCmd) Run(env *Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	return c.locked(env, func(l *ledger) error {
		return c.untilWon(env, func() error { return c.attempt(env, l) })
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

// attempt plans and reseals on what is there now.
func (c *secretsResealCmd) attempt(env *Env, l *ledger) error {
	b, err := l.whole(env.Context, l.begin)
	if err != nil {
		return err
	}
	made, have, err := c.plan(env, l.project, b)
	if err != nil {
		return err
	}
	trust, err := l.trust(env.Context, b)
	if err != nil {
		return err
	}
	made.Blocked = append(made.Blocked, liftedByApply(trust.blocked())...)
	if stop, err := c.approved(env, made, false, c.format()); stop || err != nil {
		return err
	}
	return c.execute(env, l, b, made, have, trust)
}

// liftedByApply names the command of the flag that lifts a finding of history: a
// reseal has none.
func liftedByApply(blocked []plan.Blocked) []plan.Blocked {
	for i := range blocked {
		if blocked[i].Flag != "" {
			blocked[i].Flag = "osmoctl apply " + blocked[i].Flag
		}
	}
	return blocked
}

func (c *secretsResealCmd) plan(env *Env, p *project, b base) (*plan.Plan, *state.Snapshot, error) {
	day, err := env.today()
	if err != nil {
		return nil, nil, err
	}
	files, err := p.store.FS(b.declarations, config.ProjectFile, config.ManifestDir)
	if err != nil {
		return nil, nil, err
	}
	want, have, err := p.both(env.Context, b.parent, func() (*model.Declarations, error) { return env.declarations(files) })
	if err != nil {
		return nil, nil, err
	}
	made, problems := plan.BuildReseal(want, have, plan.Options{
		Limits: env.limits,
		Today:  day, Commit: b.parent, Targets: c.Target,
		Allow: plan.Allow{NewReaders: c.AllowNewReaders, Objects: c.Allow},
	})
	return made, have, problems.Err()
}

func (c *secretsResealCmd) execute(env *Env, l *ledger, b base, made *plan.Plan, have *state.Snapshot, trust *trust) error {
	if !made.Pending() {
		return env.view().Resealed(made, &apply.Result{Serial: have.Meta.Serial}, c.format())
	}
	files, wipe, err := c.open(env, l.project, b, made)
	if err != nil {
		return err
	}
	defer wipe()
	run, err := c.run(env, l, b, trust)
	if err != nil {
		return err
	}
	run.Sealer = seal.NewSealer(env.sealOptions(l.project, c.plugins(env)))
	defer c.lateProgress(env, run, len(made.Changes), "resealing")()
	result, err := run.Reseal(env.Context, made, have, files, c.SkipUnreadable)
	if err != nil {
		return c.explain(env, err, made, have)
	}
	if err := env.view().Resealed(made, result, c.format()); err != nil {
		return err
	}
	if len(result.Left) > 0 {
		return silently(exitInPart)
	}
	return nil
}

func (c *secretsResealCmd) plugins(env *Env) []string {
	return append(env.allowedPlugins(), c.AllowPlugin...)
}

// open reads the identities and all the files that are to be opened.
func (c *secretsResealCmd) open(env *Env, p *project, b base, made *plan.Plan) (files sealedFiles, wipe func(), err error) {
	if c.identities == nil {
		if c.identities, err = env.identities(c.Identity, p, c.AllowPlugin...); err != nil {
			return files, nil, err
		}
	}
	list := make([]model.Address, len(made.Changes))
	for i := range made.Changes {
		list[i] = made.Changes[i].Address
	}
	if files.files, err = p.ciphertexts(env.Context, b.parent, list); err != nil {
		return files, nil, err
	}
	files.identities, wipe = seal.Together(env.Context, slices.Collect(maps.Values(files.files)), c.identities)
	return files, wipe, nil
}

// explain says whose identity it takes, where those that were given open too
// little.
func (c *secretsResealCmd) explain(env *Env, err error, made *plan.Plan, have *state.Snapshot) error {
	var unreadable *apply.UnreadableError
	if !errors.As(err, &unreadable) {
		return err
	}
	names, readers := have.Meta.Applied.KeyNames(), map[string]bool{}
	for _, a := range unreadable.Left {
		for _, id := range have.Accounts[a.Account].Tokens[a.Name].Generation(a.Generation).Recipients {
			readers[or(names[id], model.KeyFingerprint(id))] = true
		}
	}
	hint := env.identityHint(model.Names(readers))
	if !unreadable.All {
		hint += "; --skip-unreadable reseals the others"
	}
	return diag.Hinted(err, hint)
}

// sealedFiles is the [apply.Opener] of files that were read, by address.
type sealedFiles struct {
	identities []age.Identity
	files      map[model.Address][]byte
}

// Open opens one.
func (s sealedFiles) Open(_ context.Context, a model.Address, g *state.Generation) (secret.Value, error) {
	return openSealed(s.files[a], a, g, s.identities)
}

// lateProgress is progress that shows nothing before something is done: until
// then a person may be asked for a passphrase.
func (w *writer) lateProgress(env *Env, run *apply.Run, tokens int, doing string) (finish func()) {
	if !env.StderrTerminal {
		return func() {}
	}
	var begin sync.Once
	var late apply.Run
	end := func() {}
	run.Progress = func(done, total int) {
		begin.Do(func() { end = w.progress(env, &late, tokens, doing) })
		if late.Progress != nil {
			late.Progress(done, total)
		}
	}
	return func() { end() }
}
