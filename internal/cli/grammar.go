package cli

import (
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/osmoctl/osmoctl/internal/cli/access"
	"github.com/osmoctl/osmoctl/internal/cli/accounts"
	"github.com/osmoctl/osmoctl/internal/cli/calendar"
	"github.com/osmoctl/osmoctl/internal/cli/codes"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/doctor"
	"github.com/osmoctl/osmoctl/internal/cli/exports"
	"github.com/osmoctl/osmoctl/internal/cli/imports"
	"github.com/osmoctl/osmoctl/internal/cli/overview"
	"github.com/osmoctl/osmoctl/internal/cli/plans"
	"github.com/osmoctl/osmoctl/internal/cli/projects"
	"github.com/osmoctl/osmoctl/internal/cli/readers"
	"github.com/osmoctl/osmoctl/internal/cli/states"
	"github.com/osmoctl/osmoctl/internal/cli/tokens"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// branch is a command of the first level, with all that is below it.
type branch struct {
	name, group string
	// build makes the struct that kong reads flags and commands below from.
	build func() any
	help  string
}

// grammar is the command line, in the order in which people need it.
func grammar() []branch {
	return []branch{
		{"init", "start", func() any { return new(projects.InitCmd) }, `Make a working project: project file, example manifests, and an age identity kept outside it.`},
		{"doctor", "start", func() any { return new(doctor.Cmd) }, `Look at everything that a run depends on, and say how to mend it.`},
		{"help", "start", func() any { return new(helpCmd) }, `Show what --help shows of a command.`},
		{"explain", "start", func() any { return new(codes.Cmd) }, `Say what a code means, such as that of an error, with an example and what to do.`},
		{"validate", "daily", func() any { return new(projects.ValidateCmd) }, `Check the declarations in the work tree, without state.`},
		{"plan", "daily", func() any { return new(plans.PlanCmd) }, `Show what apply would change, and who gains and loses which access.`},
		{"show", "daily", func() any { return new(plans.ShowCmd) }, `Show a plan that plan --out wrote, without a project: anybody's, such as that of a pull request from a fork.`},
		{"apply", "daily", func() any { return new(plans.ApplyCmd) }, `Make the state equal to the committed declarations: issue, seal, record, commit.`},
		{"expiring", "daily", func() any { return new(calendar.Cmd) }, `Say what comes and when: tokens that rotate, are revoked or expire.`},
		{"log", "daily", func() any { return new(states.LogCmd) }, `Show who changed what and when, from the commits that apply made.`},
		{"user", "read", func() any { return new(accounts.UserCmd) }, `Show service accounts as applied, and say how they are declared.`},
		{"role", "read", func() any { return new(accounts.RoleCmd) }, `Show roles as applied.`},
		{"token", "read", func() any { return new(tokens.Cmd) }, `Show, decrypt, use, verify and revoke tokens, find leaked ones, and say how they are declared.`},
		{"report", "read", func() any { return new(overview.Cmd) }, `Write a page for people who use no terminal: lives of tokens, who may do what, who can read what, what is overdue.`},
		{"access", "access", func() any { return new(access.Cmd) }, `Say who can do what, and why, by OSMO's rules.`},
		{"secrets", "keys", func() any { return new(readers.Cmd) }, `Tell who can read what, and let others read it.`},
		{"state", "state", func() any { return new(states.Cmd) }, `Show and verify the recorded state.`},
		{"export", "exchange", func() any { return new(exports.Cmd) }, `Write tokens and roles in the form that others take: Kubernetes Secrets, dotenv files, Helm values.`},
		{"import", "exchange", func() any { return new(imports.Cmd) }, `Write declarations of what exists: on an OSMO server, or in OSMO's Helm values.`},
		{"schema", "other", func() any { return new(schemaCmd) }, `Print a JSON schema.`},
		{"completion", "other", func() any { return new(completionCmd) }, `Print a completion script for a shell.`},
		{"man", "other", func() any { return new(manCmd) }, `Print a manual page.`},
		{"version", "other", func() any { return new(versionCmd) }, `Print the version, with its commit and date.`},
	}
}

// root are the flags of every command.
type root struct {
	command.Flags
	Version kong.VersionFlag `name:"version" hidden:""`
}

// errAnswered is returned for a command line that asks for help or for the version, which
// the parser has printed.
var errAnswered = errors.New("the parser has answered")

// parse reads a command line. Most name their command first, and then that branch alone
// says what the others would: building all of them takes longer than many commands run.
// What does not fit is read again by the whole grammar, so that errors name what there is.
func parse(env *command.Env, args []string) (*kong.Context, command.Flags, error) {
	all := grammar()
	if i := slices.IndexFunc(all, func(b branch) bool { return b.name == args[0] }); i >= 0 {
		parsed, flags, err := parseBy(env, all[i:i+1], args)
		if err == nil || errors.Is(err, errAnswered) {
			return parsed, flags, err
		}
	}
	return parseBy(env, all, args)
}

func parseBy(env *command.Env, branches []branch, args []string) (*kong.Context, command.Flags, error) {
	var flags root
	answered := false
	parser, err := newParser(env, &flags, branches, func(int) { answered = true })
	if err != nil {
		return nil, flags.Flags, err
	}
	parsed, err := parser.Parse(args)
	if answered {
		err = errAnswered
	}
	return parsed, flags.Flags, err
}

// quietParser is the parser of the whole grammar for those who only read it.
func quietParser() (*kong.Kong, error) {
	return newParser(&command.Env{Stdout: io.Discard, Stderr: io.Discard}, &root{}, grammar(), func(int) {})
}

func newParser(env *command.Env, flags *root, branches []branch, exit func(int)) (*kong.Kong, error) {
	options := []kong.Option{
		kong.Name("osmoctl"),
		kong.Description(description),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Help(func(o kong.HelpOptions, c *kong.Context) error { return showHelp(env, o, c) }),
		kong.Vars{"version": versionOf().Version},
		kong.UsageOnError(),
		kong.ExplicitGroups(groups),
		kong.TypeMapper(reflect.TypeFor[[]model.Address](), kong.MapperFunc(readAddresses)),
	}
	for _, b := range branches {
		options = append(options, kong.DynamicCommand(b.name, b.help, b.group, b.build()))
	}
	parser, err := kong.New(flags, options...)
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
