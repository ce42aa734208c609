package access

import (
	"context"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	view "github.com/osmoctl/osmoctl/internal/view/access"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
)

type diffCmd struct {
	command.TextOrJSON
	NoNew bool   `name:"no-new" help:"Exit with 3 where anybody gains anything."`
	Range string `arg:"" placeholder:"A[..B]" help:"Two of work, state, REV, state@REV and FILE.yaml, or two roles, role/A..role/B. Without B it is the work tree."`
}

// Help is the long description of the command.
func (diffCmd) Help() string {
	return `What is compared is access, not text: whatever is only written differently makes no difference. Each grant comes with a request that is allowed on one side and refused on the other. Both sides are judged by the rules of the server that B is for.

For example:
  osmoctl access diff origin/main
  osmoctl access diff v1..v2 --no-new
  osmoctl access diff role/ml-team..role/ml-leads
  osmoctl access diff before.yaml..manifests/roles.yaml`
}

// Run compares.
func (c *diffCmd) Run(ctx context.Context, env *command.Env) error {
	from, to, both := cutRange(c.Range)
	if from == "" || both && to == "" {
		return command.Usagef("name both sides, A..B, or one, A, that is compared with the work tree")
	}
	if !both {
		to = atWork
	}
	differences, err := c.compare(ctx, env, from, to)
	if err != nil {
		return err
	}
	if err := view.ShowDiff(env.View(), report.AccessDiff{From: from, To: to, Differences: differences}, c.Format); err != nil {
		return err
	}
	if c.NoNew && slices.ContainsFunc(differences, func(d inquiry.Difference) bool { return len(d.Gained) > 0 }) {
		return command.Silently(command.ExitBlocked)
	}
	return nil
}

// cutRange takes A..B apart. Two dots that are a step up in the path of a file are not
// those between the sides.
func cutRange(text string) (from, to string, both bool) {
	for i := 1; i+2 <= len(text); i++ {
		if text[i:i+2] == ".." && text[i-1] != '/' && !strings.HasPrefix(text[i+2:], "/") {
			return text[:i], text[i+2:], true
		}
	}
	return text, "", false
}

func (c *diffCmd) compare(ctx context.Context, env *command.Env, from, to string) ([]inquiry.Difference, error) {
	a, oneRole := strings.CutPrefix(from, "role/")
	b, twoRoles := strings.CutPrefix(to, "role/")
	if oneRole != twoRoles {
		return nil, command.Usagef("a role is compared with a role: role/A..role/B")
	}
	if oneRole {
		m, err := moment{At: atWork}.open(ctx, env)
		if err != nil {
			return nil, err
		}
		before, err := m.Holding([]string{a})
		if err != nil {
			return nil, err
		}
		after, err := m.Holding([]string{b})
		if err != nil {
			return nil, err
		}
		return m.DiffRoles(before, after), nil
	}
	after, server, err := moment{At: to}.read(ctx, env)
	if err != nil {
		return nil, err
	}
	before, _, err := moment{At: from}.read(ctx, env)
	if err != nil {
		return nil, err
	}
	was, is := inquiry.At(before, server), inquiry.At(after, server)
	for _, m := range []*inquiry.Moment{was, is} {
		if err := m.CheckWork(env.Limits.OrDefault().AccessSteps); err != nil {
			return nil, err
		}
	}
	return inquiry.Diff(was, is), nil
}
