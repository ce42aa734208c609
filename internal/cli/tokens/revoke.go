package tokens

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/change"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/server"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

type revokeCmd struct {
	command.TextOrJSON
	change.Options
	server.Flags
	Tokens []string `predictor:"token" arg:"" name:"token" placeholder:"USER/TOKEN" help:"Tokens, as USER/TOKEN for every live generation or USER/TOKEN@N for one."`
	Reason string   `required:"" placeholder:"TEXT" help:"Why. It is recorded for ever, in the state and in the log: never the value itself."`
}

// Help is the long description of the command.
func (revokeCmd) Help() string {
	return `For a leak: the generations end now, whatever their dates say, and nothing else is applied with them. It goes through the same plan, guardrails, commit and log as an apply. The declaration then decides whether a new value is issued: the next apply does it, and the plan says so. What has ended already is no error, so a revocation can be asked for twice. It works also where manifests cannot be read; osmoctl.yaml has to be, since it says where state goes.`
}

// Run plans, asks, and revokes.
func (c *revokeCmd) Run(ctx context.Context, env *command.Env) error {
	what, err := c.parse()
	if err != nil {
		return err
	}
	if err := c.CheckAsked(env); err != nil {
		return err
	}
	outside, err := c.Outside(env)
	if err != nil {
		return err
	}
	return c.Open(ctx, env, outside, func(w *workspace.Workspace) error {
		done, err := c.Make(ctx, env, w, &workspace.Revoke{What: what}, c.Format)
		if err != nil {
			return change.ShowPartial(env, done, err, c.Format)
		}
		if err := plans.ShowApplied(env.View(), done.Plan, done.Result, c.Format); err != nil {
			return err
		}
		if done.Result.Commit != "" && c.Format == view.Text && done.Have.Meta.Applied.Backend.Kind == model.BackendLocal {
			env.Infof("Whatever accepts the value has to be told: replace the Secret or file that it is compared with. osmoctl token verify refuses it from now on.")
		}
		return nil
	})
}

func (c *revokeCmd) parse() (what plan.Revoked, err error) {
	what.Reason = strings.TrimSpace(c.Reason)
	switch {
	case what.Reason == "":
		return what, command.Usagef("--reason takes a text that says why")
	case len(what.Reason) > plan.MaxReason:
		return what, command.Usagef("--reason takes at most %d bytes", plan.MaxReason)
	case !utf8.ValidString(what.Reason) || strings.ContainsFunc(what.Reason, func(r rune) bool { return !unicode.IsPrint(r) }):
		return what, command.Usagef("--reason takes one line of printable text")
	}
	for _, token := range c.Tokens {
		if len(token) > 30 && !strings.Contains(token, "/") {
			return what, argument.ErrToken
		}
		a, err := model.ReadTokenAddress(token)
		if err != nil {
			return what, command.Usage(err)
		}
		what.Addresses = append(what.Addresses, a)
	}
	return what, nil
}
