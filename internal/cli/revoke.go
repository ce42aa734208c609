package cli

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

type tokenRevokeCmd struct {
	textOrJSON
	writer
	Tokens []string `predictor:"token" arg:"" name:"token" placeholder:"USER/TOKEN" help:"Tokens, as USER/TOKEN for every live generation or USER/TOKEN@N for one."`
	Reason string   `required:"" placeholder:"TEXT" help:"Why. It is recorded for ever, in the state and in the log: never the value itself."`
}

// Help is the long description of the command.
func (tokenRevokeCmd) Help() string {
	return `For a leak: the generations end now, whatever their dates say, and nothing else is applied with them. It goes through the same plan, guardrails, commit and log as an apply. The declaration then decides whether a new value is issued: the next apply does it, and the plan says so. What has ended already is no error, so a revocation can be asked for twice. It works also where manifests cannot be read; osmoctl.yaml has to be, since it says where state goes.`
}

// Run plans, asks, and revokes.
func (c *tokenRevokeCmd) Run(ctx context.Context, env *Env) error {
	what, err := c.parse()
	if err != nil {
		return err
	}
	if err := c.checkAsked(env); err != nil {
		return err
	}
	return c.change(ctx, env, func(w *workspace.Workspace) error {
		done, err := w.Run(ctx, &workspace.Revoke{What: what}, c.request(ctx, env, c.format()))
		if err != nil {
			return err
		}
		if err := plans.ShowApplied(env.view(), done.Plan, done.Result, c.format()); err != nil {
			return err
		}
		if done.Result.Commit != "" && c.format() == view.Text && done.Have.Meta.Applied.Backend.Kind == model.BackendLocal {
			env.infof("Whatever accepts the value has to be told: replace the Secret or file that it is compared with. osmoctl token verify refuses it from now on.")
		}
		return nil
	})
}

// maxReason bounds a reason in bytes: it stands in one line of a commit.
const maxReason = 200

func (c *tokenRevokeCmd) parse() (what plan.Revoked, err error) {
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
