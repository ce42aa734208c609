// Package cli is the command line: its grammar, and the way from arguments to a command
// and from what it returns to an exit code. A command's Run parses nothing and decides
// nothing that another package could: it opens the project, calls the packages that know,
// and hands what they return to the view.
//
// # The parts
//
// [grammar] is the command line as kong reads it. Each command is a struct with its flags
// and a Run method, in the package of its noun: projects, plans, accounts, tokens,
// access, exports, imports, calendar, readers, states, codes, doctor, and answers for what OSMO's own command line would
// change. What they share lies beside them: command (the environment, formats, exit
// codes), argument (what an argument names), identity (age identities), value (from state
// to the place where a value goes), change (who, how long, whether to ask), pager (long
// results on a terminal). The open project is a workspace.Workspace.
package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/completion"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Main runs one command line and returns its exit code.
func Main(ctx context.Context, env *command.Env, args []string) int {
	ctx = env.TakeSignals(ctx)
	defer func() { _ = env.HandOver() }()

	if len(args) > 0 && args[0] == completion.Command {
		if parser, err := quietParser(); err == nil {
			completion.Answer(ctx, env, parser, args[1:])
		}
		return command.ExitDone
	}
	defer func() { env.ServerToken.Wipe() }()
	env.Stderr = command.Keyless{To: env.Stderr}
	env.Version = versionOf().Version
	if err := argument.Check(args); err != nil {
		env.ConfigureUnread(args)
		return env.Fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, flags, err := parse(env, args)
	switch {
	case errors.Is(err, errAnswered):
		return command.ExitDone
	case err != nil:
		env.ConfigureUnread(args)
		return env.Fail(command.Usage(addUsageHint(err)))
	}
	err = env.Configure(flags, formatOf(parsed))
	if env.Format == view.Markdown {
		report, _, _ := strings.Cut(parsed.Command(), " ")
		env.NameReport(report)
	}
	if err != nil {
		return env.Fail(err)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	endPage := func() {}
	if isPaged(parsed) {
		endPage = env.Page()
	}
	err = parsed.Run(env)
	endPage()
	if err != nil {
		return env.Fail(err)
	}
	return command.ExitDone
}

// paged are the commands whose result goes through a pager: they read, ask nothing, and
// never hold the value of a token.
var paged = []string{
	"plan", "show", "user list", "user get", "role list", "role get", "token list", "token get", "token roles",
	"access can", "access who", "access show", "access diff", "access lint", "access test",
	"expiring", "secrets who", "secrets exposure", "state show", "state verify", "log", "schema", "explain",
}

// isPaged reports whether the selected command is one of them, and its flags do not say
// otherwise.
func isPaged(c *kong.Context) bool {
	node := c.Selected()
	if node == nil || !slices.Contains(paged, node.Path()) {
		return false
	}
	asked, ok := node.Target.Addr().Interface().(interface{ Unpaged() bool })
	return !ok || !asked.Unpaged()
}

var description = `GitOps for NVIDIA OSMO service accounts.

Declare roles, service accounts and tokens in YAML; plan shows what would change, apply issues the tokens, encrypts them with age and commits the state.

Exit codes: 0 done; 1 error, or a problem (doctor); 2 changes pending (plan --detailed-exitcode), or something due (expiring); 3 blocked by a guardrail; 4 stale, locked, or lost the race; 5 applied in part; 6 token not valid, found by a scan, a finding (access lint), or an unexpected answer (access test); 7 the answer is no (access can); 80 usage; 126 program cannot be run (token exec); 127 program not found (token exec); 130 interrupted.

Limits: what a project declares is bounded, and a project cannot raise that. Whoever runs osmoctl can, with ` + model.LimitsVariable + `=NAME=NUMBER,... in the environment: ` + limitWords() + `.`

// limitWords lists the limits and their defaults.
func limitWords() string {
	var words []string
	for _, l := range model.LimitTable() {
		words = append(words, l[0]+" ("+l[2]+") "+l[1])
	}
	return strings.Join(words, ", ")
}

// addUsageHint adds to an error of the command line where its rules are found.
func addUsageHint(err error) error {
	command := "osmoctl"
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		for _, step := range parse.Context.Path {
			if step.Command != nil {
				command = step.Command.FullPath()
			}
		}
	}
	return diag.Hinted(err, command+" --help shows what can be given")
}

// formatOf finds the selected command's output format, so that an error can be
// given in it.
func formatOf(c *kong.Context) view.Format {
	if node := c.Selected(); node != nil && node.Target.CanAddr() {
		if f, ok := node.Target.Addr().Interface().(interface{ OutputFormat() view.Format }); ok {
			return f.OutputFormat()
		}
	}
	return view.Text
}
