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
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/osmoctl/osmoctl/internal/cli/access"
	"github.com/osmoctl/osmoctl/internal/cli/accounts"
	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/calendar"
	"github.com/osmoctl/osmoctl/internal/cli/codes"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/completion"
	"github.com/osmoctl/osmoctl/internal/cli/doctor"
	"github.com/osmoctl/osmoctl/internal/cli/exports"
	"github.com/osmoctl/osmoctl/internal/cli/imports"
	"github.com/osmoctl/osmoctl/internal/cli/overview"
	"github.com/osmoctl/osmoctl/internal/cli/plans"
	"github.com/osmoctl/osmoctl/internal/cli/projects"
	"github.com/osmoctl/osmoctl/internal/cli/readers"
	"github.com/osmoctl/osmoctl/internal/cli/states"
	"github.com/osmoctl/osmoctl/internal/cli/tokens"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// grammar is the command line, in the order in which people need it.
type grammar struct {
	command.Flags
	Init    projects.InitCmd     `cmd:"" group:"start" help:"Make a working project: project file, example manifests, and an age identity kept outside it."`
	Doctor  doctor.Cmd           `cmd:"" group:"start" help:"Look at everything that a run depends on, and say how to mend it."`
	Help    helpCmd              `cmd:"" group:"start" help:"Show what --help shows of a command."`
	Explain codes.Cmd            `cmd:"" group:"start" help:"Say what a code means, such as that of an error, with an example and what to do."`
	Check   projects.ValidateCmd `cmd:"" group:"daily" name:"validate" help:"Check the declarations in the work tree, without state."`
	Plan    plans.PlanCmd        `cmd:"" group:"daily" help:"Show what apply would change, and who gains and loses which access."`
	Show    plans.ShowCmd        `cmd:"" group:"daily" help:"Show a plan that plan --out wrote, without a project: anybody's, such as that of a pull request from a fork."`
	Apply   plans.ApplyCmd       `cmd:"" group:"daily" help:"Make the state equal to the committed declarations: issue, seal, record, commit."`
	Expire  calendar.Cmd         `cmd:"" group:"daily" name:"expiring" help:"Say what comes and when: tokens that rotate, are revoked or expire."`
	Log     states.LogCmd        `cmd:"" group:"daily" help:"Show who changed what and when, from the commits that apply made."`
	User    accounts.UserCmd     `cmd:"" group:"read" help:"Show service accounts as applied, and say how they are declared."`
	Role    accounts.RoleCmd     `cmd:"" group:"read" help:"Show roles as applied."`
	Token   tokens.Cmd           `cmd:"" group:"read" help:"Show, decrypt, use, verify and revoke tokens, find leaked ones, and say how they are declared."`
	Report  overview.Cmd         `cmd:"" group:"read" help:"Write a page for people who use no terminal: lives of tokens, who may do what, who can read what, what is overdue."`
	Access  access.Cmd           `cmd:"" group:"access" help:"Say who can do what, and why, by OSMO's rules."`
	Secrets readers.Cmd          `cmd:"" group:"keys" help:"Tell who can read what, and let others read it."`
	State   states.Cmd           `cmd:"" group:"state" help:"Show and verify the recorded state."`
	Export  exports.Cmd          `cmd:"" group:"exchange" help:"Write tokens and roles in the form that others take: Kubernetes Secrets, dotenv files, Helm values."`
	Import  imports.Cmd          `cmd:"" group:"exchange" help:"Write declarations of what exists: on an OSMO server, or in OSMO's Helm values."`
	Schema  schemaCmd            `cmd:"" group:"other" help:"Print a JSON schema."`
	Compl   completionCmd        `cmd:"" group:"other" name:"completion" help:"Print a completion script for a shell."`
	Man     manCmd               `cmd:"" group:"other" help:"Print a manual page."`
	Version versionCmd           `cmd:"" group:"other" help:"Print the version, with its commit and date."`
	VFlag   kong.VersionFlag     `name:"version" hidden:""`
}

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
		env.Format = command.FormatIn(args)
		return env.Fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	var g grammar
	asked := false
	parser, err := newParser(env, &g, func(int) { asked = true })
	if err != nil {
		return env.Fail(err)
	}
	parsed, err := parser.Parse(args)
	if asked {
		// --help printed what was wanted.
		return command.ExitDone
	}
	if err != nil {
		env.Format = command.FormatIn(args)
		return env.Fail(command.Usage(addUsageHint(err)))
	}
	err = env.Configure(g.Flags, formatOf(parsed))
	if env.Format == view.Markdown {
		report, _, _ := strings.Cut(parsed.Command(), " ")
		env.NameReport(report)
	}
	if err != nil {
		return env.Fail(err)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	endPage := func() {}
	if !g.NoPager && isPaged(parsed) {
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
	"plan", "show", "user list", "user get", "role list", "role get", "token list", "token get",
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

// quietParser is the parser of the grammar for those who only read it.
func quietParser() (*kong.Kong, error) {
	return newParser(&command.Env{Stdout: io.Discard, Stderr: io.Discard}, &grammar{}, func(int) {})
}

func newParser(env *command.Env, g *grammar, exit func(int)) (*kong.Kong, error) {
	parser, err := kong.New(g,
		kong.Name("osmoctl"),
		kong.Description(description),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"version": versionOf().Version},
		kong.UsageOnError(),
		kong.ExplicitGroups(groups),
		kong.TypeMapper(reflect.TypeFor[[]model.Address](), kong.MapperFunc(readAddresses)),
	)
	if err == nil {
		showExamples(parser.Model)
	}
	return parser, err
}

// readAddresses takes one address for a flag, or several with commas, in either
// spelling. Nothing is no address: --target "$UNSET" must not mean everything.
func readAddresses(c *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := c.Scan.PopValueInto("address", &text); err != nil {
		return err
	}
	for part := range strings.SplitSeq(text, ",") {
		a, err := model.ReadAddress(part)
		if err != nil {
			return err
		}
		target.Set(reflect.Append(target, reflect.ValueOf(a)))
	}
	return nil
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
