// Package cli is the command line: it parses arguments, opens the project, calls
// the packages that know, and hands what they return to the view. A command's
// Run parses nothing and decides nothing that another package could.
//
// # The parts
//
// [Env] is everything from outside: streams, environment, clock, directory. It
// is passed in, so a test runs commands without a process. [grammar] is the
// command line as kong reads it; each command is a struct with its flags and a
// Run method in the file of its noun. The open project
// is a [workspace.Workspace]. Values leave through [outputFlags] alone, whatever form
// they are given, or with the program that token exec becomes.
//
// # Errors
//
// Run methods return errors; exit.go is the one place that turns an error into
// an exit code and, with the view, into words.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// grammar is the command line.
type grammar struct {
	Dir     string           `short:"C" name:"dir" placeholder:"DIR" help:"The project directory. Without it, the nearest one at or above the working directory that has an osmoctl.yaml."`
	NoColor bool             `name:"no-color" help:"Print without colour. NO_COLOR does the same."`
	Verbose bool             `short:"v" help:"Say on stderr how things are done, such as which program talks to the remote."`
	Init    initCmd          `cmd:"" help:"Make a working project: project file, example manifests, and an age identity kept outside it."`
	Check   validateCmd      `cmd:"" name:"validate" help:"Check the declarations in the work tree, without state."`
	Plan    planCmd          `cmd:"" help:"Show what apply would change, and who gains and loses which access."`
	Apply   applyCmd         `cmd:"" help:"Make the state equal to the committed declarations: issue, seal, record, commit."`
	User    userCmd          `cmd:"" help:"Show service accounts as applied. To make or change one, declare it: user create NAME answers with the YAML."`
	Role    roleCmd          `cmd:"" help:"Show roles as applied."`
	Token   tokenCmd         `cmd:"" help:"Show, decrypt, use, verify and revoke tokens, and find leaked ones."`
	Export  exportCmd        `cmd:"" help:"Write tokens in the form that others take: Kubernetes Secrets, dotenv files."`
	Expire  expiringCmd      `cmd:"" name:"expiring" help:"Say what comes and when: tokens that rotate, are revoked or expire."`
	Secrets secretsCmd       `cmd:"" help:"Tell who can read what, and let others read it."`
	State   stateCmd         `cmd:"" help:"Show and verify the recorded state."`
	Log     logCmd           `cmd:"" help:"Show who changed what and when, from the commits that apply made."`
	Schema  schemaCmd        `cmd:"" help:"Print a JSON schema."`
	Compl   completionCmd    `cmd:"" name:"completion" help:"Print a completion script for a shell."`
	Version versionCmd       `cmd:"" help:"Print the version."`
	VFlag   kong.VersionFlag `name:"version" hidden:""`
}

// Main runs one command line and returns its exit code.
func Main(ctx context.Context, env *Env, args []string) int {
	ctx, env.handOver = interruptible(ctx)
	defer func() { _ = env.handOver() }()

	if len(args) > 0 && args[0] == completeCommand {
		env.complete(ctx, args[1:])
		return exitDone
	}
	env.Stderr = keyless{env.Stderr}
	if err := checkArgs(args); err != nil {
		env.formatType = formatIn(args)
		return env.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	var g grammar
	asked := false
	parser, err := newParser(env, &g, func(int) { asked = true })
	if err != nil {
		return env.fail(err)
	}
	parsed, err := parser.Parse(args)
	if asked {
		// --help printed what was wanted.
		return exitDone
	}
	if err != nil {
		env.formatType = formatIn(args)
		return env.fail(usage(addUsageHint(err)))
	}
	if err := env.configure(&g, formatOf(parsed)); err != nil {
		return env.fail(err)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(env); err != nil {
		return env.fail(err)
	}
	return exitDone
}

func newParser(env *Env, g *grammar, exit func(int)) (*kong.Kong, error) {
	return kong.New(g,
		kong.Name("osmoctl"),
		kong.Description(description),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"version": versionOf().Version},
		kong.UsageOnError(),
		kong.TypeMapper(reflect.TypeFor[[]model.Address](), kong.MapperFunc(readAddresses)),
	)
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

Exit codes: 0 done; 1 error; 2 changes pending (plan --detailed-exitcode), or something due (expiring); 3 blocked by a guardrail; 4 stale, locked, or lost the race; 5 applied in part; 6 token not valid, or found by a scan; 80 usage; 126 program cannot be run (token exec); 127 program not found (token exec); 130 interrupted.

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

// formatIn finds the output format in a command line that could not be parsed.
func formatIn(args []string) view.Format {
	line := " " + strings.Join(args, " ") + " "
	for _, flag := range []string{" -t json ", " -tjson ", " -t=json ", " --format-type json ", " --format-type=json "} {
		if strings.Contains(line, flag) {
			return view.JSON
		}
	}
	return view.Text
}

// formatter is what commands with -t have.
type formatter interface{ format() view.Format }

// formatOf finds the selected command's output format, so that an error can be
// given in it.
func formatOf(c *kong.Context) view.Format {
	if node := c.Selected(); node != nil && node.Target.CanAddr() {
		if f, ok := node.Target.Addr().Interface().(formatter); ok {
			return f.format()
		}
	}
	return view.Text
}

// textOrJSON is the -t of most reading commands.
type textOrJSON struct {
	Format string `short:"t" name:"format-type" enum:"text,json" default:"text" help:"Output format: ${enum}."`
}

func (f textOrJSON) format() view.Format { return view.Format(f.Format) }

// textJSONMarkdown is the -t of plan and apply.
type textJSONMarkdown struct {
	Format string `short:"t" name:"format-type" enum:"text,json,markdown" default:"text" help:"Output format: ${enum}."`
}

func (f textJSONMarkdown) format() view.Format { return view.Format(f.Format) }

// interruptible returns a context that the first SIGINT or SIGTERM ends: work
// stops between two steps. A second one ends the process at once, which every
// step survives. handOver gives the signals back to the system, for good, ends
// the context, and returns why it had ended before, if it had.
func interruptible(parent context.Context) (ctx context.Context, handOver func() error) {
	ctx, cancel := context.WithCancelCause(parent)
	signals, finished := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer close(finished)
		if _, came := <-signals; came {
			cancel(workspace.ErrInterrupted)
		}
		if _, again := <-signals; again {
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, sync.OnceValue(func() error {
		signal.Stop(signals) // nothing is sent from here on
		close(signals)
		<-finished
		defer cancel(nil)
		return context.Cause(ctx)
	})
}

// untilInterrupted waits for read, or for ctx to end: a person who is asked for
// something can leave with one Ctrl-C. What read is waiting for is then left to
// the end of the process.
func untilInterrupted[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// usage marks an error as one of the command line itself.
func usage(err error) error { return &usageError{err} }

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }
