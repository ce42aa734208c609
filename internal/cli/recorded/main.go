// Command recorded is osmoctl for the tests of package cli: the whole program, which also
// copies what it prints to the file that a variable names. At the end of a script all of
// that is searched for values.
//
// It is a program of its own and not the test program under another name: tests start it
// thousands of times, and that one has all that tests need to load first.
package main

import (
	"context"
	"io"
	"os"
	"slices"

	"github.com/osmoctl/osmoctl/internal/cli"
	"github.com/osmoctl/osmoctl/internal/cli/command"
)

func main() {
	env, args := command.System(), os.Args[1:]
	log, err := os.OpenFile(os.Getenv("OSMOCTL_TEST_OUTPUT"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		// What a command prints that was asked for a value is left out.
		if !slices.Contains(args, "decrypt") && !slices.Contains(args, "export") {
			env.Stdout = io.MultiWriter(env.Stdout, log)
		}
		env.Stderr = io.MultiWriter(env.Stderr, log)
	}
	os.Exit(cli.Main(context.Background(), env, args))
}
