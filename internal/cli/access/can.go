package access

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	view "github.com/osmoctl/osmoctl/internal/view/access"
)

type canCmd struct {
	command.TextOrJSON
	moment
	Roles    []string `predictor:"role" placeholder:"ROLE,..." help:"Instead of SUBJECT: whoever holds these roles."`
	List     bool     `help:"Answer for every action, or, without a subject, list actions and tasks."`
	Quiet    bool     `short:"q" help:"Print nothing; the exit code is the answer."`
	Question []string `arg:"" optional:"" predictor:"access" placeholder:"SUBJECT ACTION [RESOURCE]" help:"Who, and what: an action such as workflow:Exec with a resource such as pool/ml-training, a task such as task:rsync, or a request such as POST /api/auth/user. Without a resource it is asked whether there is one."`
}

// Help is the long description of the command.
func (canCmd) Help() string {
	return `The answer is that of OSMO's rules: a Deny in any role wins, an Allow grants, and everybody holds osmo-default. It names the policy that decides, with file and line, and what would change it. Where osmoctl.yaml does not say in which mode the server keeps its roles, the answer is yes only if it is in both. A SUBJECT is account/NAME, USER/TOKEN, USER/TOKEN@N (with --at state), role/NAME or everybody.

For example:
  osmoctl access can account/svc-ci workflow:Create pool/ml-training
  osmoctl access can role/ml-team task:rsync pool/ml-training
  osmoctl access can everybody POST /api/auth/user`
}

// Run answers.
func (c *canCmd) Run(ctx context.Context, env *command.Env) error {
	words := c.Question
	who := subject{Roles: c.Roles}
	if len(c.Roles) == 0 && len(words) > 0 {
		who.Subject, words = words[0], words[1:]
	}
	named := who.Subject != "" || len(c.Roles) > 0
	switch {
	case c.List && len(words) > 0, !c.List && (!named || len(words) == 0 || len(words) > 2):
		return command.Usagef("ask SUBJECT ACTION [RESOURCE], or SUBJECT METHOD PATH; --list answers for every action of a SUBJECT")
	case c.List && !named:
		return view.ShowWords(env.View(), c.Format)
	}
	m, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	asked, err := who.find(m, c.At)
	if err != nil {
		return err
	}
	if c.List {
		list := report.AccessList{At: c.At, Subject: asked.Name, Roles: asked.Roles, Actions: m.CanAll(asked)}
		return view.ShowList(env.View(), list, c.Format)
	}
	question, err := m.Read(words[0], append(words[1:], "")[0])
	if err != nil {
		return command.Usage(err)
	}
	can := report.AccessCan{At: c.At, Question: question.Text, Answer: m.Can(asked, question)}
	if !c.Quiet {
		if err := view.ShowCan(env.View(), can, c.Format); err != nil {
			return err
		}
	}
	if !can.Allowed {
		return command.Silently(ExitNo)
	}
	return nil
}
