package cli

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/scan"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type tokenRevokeCmd struct {
	textOrJSON
	writer
	Tokens []string `arg:"" name:"token" placeholder:"USER/TOKEN" help:"Tokens, as USER/TOKEN for every live generation or USER/TOKEN@N for one."`
	Reason string   `required:"" placeholder:"TEXT" help:"Why. It is recorded for ever, in the state and in the log: never the value itself."`
}

// Help is the long description of the command.
func (tokenRevokeCmd) Help() string {
	return `For a leak: the generations end now, whatever their dates say, and nothing else is applied with them. It goes through the same plan, guardrails, commit and log as an apply. The declaration then decides whether a new value is issued: the next apply does it, and the plan says so. What has ended already is no error, so a revocation can be asked for twice. It works also where manifests cannot be read; osmoctl.yaml has to be, since it says where state goes.`
}

// Run plans, asks, and revokes.
func (c *tokenRevokeCmd) Run(env *Env) error {
	what, err := c.revoked()
	if err != nil {
		return err
	}
	if err := c.checkAsked(env); err != nil {
		return err
	}
	return c.locked(env, func(l *ledger) error {
		return c.untilWon(env, func() error { return c.attempt(env, l, what) })
	})
}

// maxReason bounds a reason in bytes: it stands in one line of a commit.
const maxReason = 200

func (c *tokenRevokeCmd) revoked() (what plan.Revoked, err error) {
	what.Reason = strings.TrimSpace(c.Reason)
	switch {
	case what.Reason == "":
		return what, usagef("--reason takes a text that says why")
	case len(what.Reason) > maxReason:
		return what, usagef("--reason takes at most %d bytes", maxReason)
	case !utf8.ValidString(what.Reason) || strings.ContainsFunc(what.Reason, func(r rune) bool { return !unicode.IsPrint(r) }):
		return what, usagef("--reason takes one line of printable text")
	}
	for _, token := range c.Tokens {
		if len(token) > 30 && !strings.Contains(token, "/") {
			return what, errTokenInArgs
		}
		a, err := model.ReadTokenAddress(token)
		if err != nil {
			return what, usage(err)
		}
		what.Addresses = append(what.Addresses, a)
	}
	return what, nil
}

// attempt revokes on what is there now.
func (c *tokenRevokeCmd) attempt(env *Env, l *ledger, what plan.Revoked) error {
	b, err := l.whole(env.Context, l.latest)
	if err != nil {
		return err
	}
	have, err := l.project.snapshot(env.Context, b.parent)
	if err != nil {
		return err
	}
	made, err := c.plan(env, l.project, b, have, what)
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
	run, err := c.run(env, l, b, trust)
	if err != nil {
		return err
	}
	// A revocation applies no declaration, so it records none.
	run.Settings = have.Meta.Applied
	if run.Declarations, err = l.madeFrom(b); err != nil {
		return err
	}
	result, err := run.Apply(env.Context, made, have)
	if err != nil {
		return err
	}
	if err := env.view().Applied(made, result, c.format()); err != nil {
		return err
	}
	c.remind(env, have, result.Commit)
	return nil
}

func (c *tokenRevokeCmd) plan(env *Env, p *project, b base, have *state.Snapshot, what plan.Revoked) (*plan.Plan, error) {
	if err := errors.Join(known(what, have), checkReason(what.Reason, have)); err != nil {
		return nil, err
	}
	day, err := env.today()
	if err != nil {
		return nil, err
	}
	want, err := c.declared(env, p, b.declarations)
	if err != nil {
		return nil, err
	}
	made, problems := plan.RevokeNow(want, have, what, plan.Options{Today: day, Commit: b.parent})
	return made, problems.Err()
}

// checkReason refuses a reason that quotes what has leaked: it is kept for ever.
func checkReason(reason string, have *state.Snapshot) error {
	values := have.Values()
	if len(scan.New(scan.Options{Issued: func(sum scan.Sum) bool { return values[sum] }}).Bytes([]byte(reason)))+len(secret.Shapes(reason)) > 0 {
		return usage(diag.Hinted(errors.New("the reason holds a token or another secret, and it would be recorded for ever"), "say where the token was found, not which it is"))
	}
	return nil
}

// known finds mistyped names, and says what comes near.
func known(what plan.Revoked, have *state.Snapshot) error {
	for _, a := range what.Addresses {
		account := have.Accounts[a.Account]
		if account == nil {
			return notFound("service account", a.Account, model.Names(have.Accounts))
		}
		if account.Tokens[a.Name] == nil {
			return notFound("token", a.Account+"/"+a.Name, tokenPaths(account))
		}
	}
	return nil
}

// declared reads the declarations, which say what comes after; nil where they
// have problems, since a leak does not wait until somebody has mended them.
func (c *tokenRevokeCmd) declared(env *Env, p *project, commit string) (*model.Declarations, error) {
	files, err := p.store.FS(commit, config.ProjectFile, config.ManifestDir)
	if err != nil {
		return nil, err
	}
	want, problems, err := env.load(files)
	if err != nil {
		return nil, err
	}
	if n := len(problems.Errors()); n > 0 {
		env.warnf("the declarations have %s, so it cannot be told what the next apply issues: osmoctl validate shows them", problemWords(n))
		return nil, nil
	}
	return want, nil
}

func problemWords(n int) string {
	if n == 1 {
		return "1 problem"
	}
	return fmt.Sprintf("%d problems", n)
}

// remind says what a revocation in state cannot do.
func (c *tokenRevokeCmd) remind(env *Env, have *state.Snapshot, commit string) {
	if commit == "" || c.format() != view.Text || have.Meta.Applied.Backend.Kind != model.BackendLocal {
		return
	}
	env.infof("Whatever accepts the value has to be told: replace the Secret or file that it is compared with. osmoctl token verify refuses it from now on.")
}
