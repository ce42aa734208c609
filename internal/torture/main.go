// Command torture kills osmoctl, takes its disk away and gets in its way, and
// checks after each time that nothing was lost:
//
//	go run ./internal/torture -kills 300
//
// It builds the real program, makes a project with a user's unfinished work in
// it, and runs the real thing on a real disk. What must hold is in the package
// invariants; docs/reliability.md has the figures.
//
// # Scenarios
//
//	first     SIGKILL during the first apply: all accounts are issued
//	rotate    SIGKILL during an apply that rotates every token and revokes as many
//	one       SIGKILL during an apply that rotates one token of one account
//	publish   as rotate, aimed at the moment in which the branch, the work tree
//	          and the index are moved
//	recover   as publish, and the run that repairs is killed too
//	reseal    SIGKILL while every token is sealed to one key more: all of them
//	          are, or none
//	beside    git add, commit and gc in the same clone, all the time
//	fulldisk  an apply for every amount of free space (root on Linux)
//
// A kill comes at a random moment, evenly between the start of the process and
// the time that a run takes undisturbed. The moments follow from the seed; what
// the program is doing then depends on the machine. A run that ended before its
// kill does not count.
//
// With -baseline the kills meet the usual way of committing with go-git,
// Worktree.Add and Worktree.Commit, instead of osmoctl.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// options are the command line.
type options struct {
	kills, accounts, applies, step int
	seed                           uint64
	scenarios                      []string
	baseline, keep                 bool
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == commitLoop {
		exit(commitForever(os.Args[2]))
	}
	o, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2)
	}
	exit(run(os.Stdout, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("torture", flag.ContinueOnError)
	flags.IntVar(&o.kills, "kills", 100, "kills of each scenario")
	flags.Uint64Var(&o.seed, "seed", 1, "what the moments follow from")
	flags.IntVar(&o.accounts, "accounts", 300, "service accounts of the project")
	flags.IntVar(&o.applies, "applies", 20, "applies beside a user at work")
	flags.IntVar(&o.step, "step", 16, "KiB by which the free space of the full disk varies")
	list := flags.String("scenario", "all", "which ones, with commas: "+strings.Join(names(), ", "))
	flags.BoolVar(&o.baseline, "baseline", false, "kill go-git's Worktree.Add and Commit instead of osmoctl")
	flags.BoolVar(&o.keep, "keep", false, "keep the folder with all repositories")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.scenarios = strings.Split(*list, ",")
	if *list == "all" {
		o.scenarios = names()
	}
	return o, nil
}

// scenarios are what can happen, in the order in which they run.
var scenarios = []struct {
	name string
	run  func(*lab) error
}{
	{"first", (*lab).first},
	{"rotate", (*lab).rotate},
	{"one", (*lab).one},
	{"publish", (*lab).publish},
	{"recover", (*lab).recover},
	{"reseal", (*lab).reseal},
	{"beside", (*lab).beside},
	{"fulldisk", (*lab).fullDisk},
}

func names() (out []string) {
	for _, s := range scenarios {
		out = append(out, s.name)
	}
	return out
}

// run runs the scenarios. A scenario that finds something does not keep the
// others from running.
func run(out io.Writer, o options) error {
	l, err := newLab(out, o)
	if err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintln(out, "everything is in", l.dir)
	} else {
		defer os.RemoveAll(l.dir)
	}
	if o.baseline {
		return l.baseline()
	}
	var errs []error
	for _, name := range o.scenarios {
		i := slices.Index(names(), name)
		if i < 0 {
			return fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(names(), ", "))
		}
		errs = append(errs, scenarios[i].run(l))
	}
	return errors.Join(errs...)
}
