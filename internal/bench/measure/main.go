// Command measure makes estates of accounts and says what whole commands take in
// them: wall time, processor time and peak memory, as tables and as a chart. The
// figures of docs/performance.md are its own:
//
//	go run ./internal/bench/measure -before 0716666 -o docs/performance.svg -into docs/performance.md
//
// Everything happens below a temporary directory, with a home, an age identity and
// repositories that are made for it. Programs are run in turn, so that what else the
// machine does meets all of them. Other programs are measured where they are on PATH,
// and named where they are not. Windows does not say what a process held, so it is
// not measured there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	accounts, perFile                        []int
	program, before                          string
	runs, loopMost, terraformMost, megabytes int
	patience                                 time.Duration
	only, svg, into                          string
	markdown                                 bool
}

func main() {
	o, err := parseFlags(os.Args[1:])
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		err = run(ctx, o)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("measure", flag.ExitOnError)
	accounts := f.String("n", "100,1000,10000", "how many accounts, with a token each")
	perFile := f.String("files", "100,2500", "how many accounts stand in one file; with every number after the first only what reads declarations is measured")
	f.StringVar(&o.program, "now", "", "the osmoctl to measure (default: built of this source)")
	f.StringVar(&o.before, "before", "", "another osmoctl to compare with: a program, or the revision to build")
	f.IntVar(&o.runs, "runs", 5, "how often each command is run")
	f.DurationVar(&o.patience, "patience", time.Minute, "run a command no further time once its runs have taken so long together")
	f.IntVar(&o.loopMost, "loop", 10_000, "the most accounts for which a shell loop of age and git is run")
	f.IntVar(&o.terraformMost, "terraform", 1_000, "the most accounts for which terraform is run")
	f.IntVar(&o.megabytes, "logs", 100, "how many MB of logs are searched for tokens")
	f.StringVar(&o.only, "only", "", "measure only commands with this text in their name, such as plan, and no other programs")
	f.StringVar(&o.svg, "o", "", "write the chart to this file")
	f.StringVar(&o.into, "into", "", "put the tables between the two marks in this document")
	f.BoolVar(&o.markdown, "markdown", false, "print the tables as Markdown, and not only how it goes")
	_ = f.Parse(args) // it exits where that fails
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is not expected", f.Arg(0))
	}
	var err, also error
	o.accounts, err = numbers(*accounts)
	o.perFile, also = numbers(*perFile)
	return o, errors.Join(err, also)
}

// numbers reads a list such as 100,1000.
func numbers(list string) ([]int, error) {
	var out []int
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a number above 0", word)
		}
		out = append(out, n)
	}
	return out, nil
}

func run(ctx context.Context, o options) error {
	if runtime.GOOS == "windows" {
		return errors.New("windows does not say what a process held: measure on linux or darwin")
	}
	dir, err := os.MkdirTemp("", "measure-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := newSession(ctx, dir, o, os.Stderr)
	if err != nil {
		return err
	}
	if err := s.measure(ctx); err != nil {
		return err
	}
	return publish(s, o)
}

// publish writes what was measured to where it was asked for.
func publish(s *session, o options) error {
	tables := s.markdown()
	if o.markdown {
		fmt.Print(tables)
	}
	if o.svg != "" {
		if err := os.WriteFile(o.svg, chart(s.results), 0o666); err != nil {
			return err
		}
	}
	if o.into == "" {
		return nil
	}
	old, err := os.ReadFile(o.into)
	if err != nil {
		return err
	}
	text, err := between(string(old), tables)
	if err != nil {
		return fmt.Errorf("%s: %w", o.into, err)
	}
	return os.WriteFile(o.into, []byte(text), 0o666)
}

// Between these marks of a document stand the tables.
const (
	markBegin = "<!-- measured: go run ./internal/bench/measure -into writes what follows -->\n"
	markEnd   = "<!-- end of what is measured -->\n"
)

// between puts the tables into the document.
func between(document, tables string) (string, error) {
	head, rest, ok := strings.Cut(document, markBegin)
	_, tail, closed := strings.Cut(rest, markEnd)
	if !ok || !closed {
		return "", errors.New("the marks between which the tables go are missing")
	}
	return head + markBegin + "\n" + tables + "\n" + markEnd + tail, nil
}
