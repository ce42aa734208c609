package access

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	view "github.com/osmoctl/osmoctl/internal/view/access"
)

type whoCmd struct {
	command.TextOrJSON
	moment
	Administrator bool     `help:"List who is an administrator, at once or by a step, with the steps."`
	Question      []string `arg:"" optional:"" predictor:"question" placeholder:"ACTION [RESOURCE]" help:"An action with or without a resource, a task, or a method and a path."`
}

// Help is the long description of the command.
func (whoCmd) Help() string {
	return `Accounts and tokens, the heaviest first, each with the policy that lets it; then roles, which whoever logs in with a claim of that name holds too, and everybody, where all can. A token that can more than its account stands by itself.`
}

// Run lists who can.
func (c *whoCmd) Run(ctx context.Context, env *command.Env) error {
	if c.Administrator == (len(c.Question) > 0) || len(c.Question) > 2 {
		return command.Usagef("ask for one: ACTION [RESOURCE], or --administrator")
	}
	m, err := c.openForAll(ctx, env)
	if err != nil {
		return err
	}
	if c.Administrator {
		return view.ShowAdministrators(env.View(), report.AccessAdministrators{At: c.At, Administrators: m.Administrators()}, c.Format)
	}
	question, err := m.Read(c.Question[0], append(c.Question[1:], "")[0])
	if err != nil {
		return command.Usage(err)
	}
	return view.ShowWho(env.View(), report.AccessWho{At: c.At, Question: question.Text, Holders: m.Who(question)}, c.Format)
}
