package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/bench"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// usage is what one process, and those that it waited for, took.
type usage struct {
	wall, cpu time.Duration
	memory    int64
}

// job is one command of one program in one estate.
type job struct {
	// name says what is done; jobs of different programs that do the same have
	// the same.
	name string
	// by is the program, as tables name it.
	by   string
	dir  string
	env  []string
	args []string
	// ready makes the next run possible, unmeasured. A job without it changes
	// nothing, and its first run is not counted: that one reads the disk.
	ready func(context.Context) error
	// input, where there is one, is asked once for what comes on standard input.
	input func(context.Context) (secret.Value, error)
	// declarations says that it reads manifests, so that the files that they
	// stand in matter.
	declarations bool
}

// result is what the runs of a job took.
type result struct {
	name, by   string
	n, perFile int
	runs       []usage
}

func middle[T cmp.Ordered](runs []usage, of func(usage) T) T {
	all := make([]T, len(runs))
	for i, r := range runs {
		all[i] = of(r)
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}

func (r result) wall() time.Duration {
	return middle(r.runs, func(u usage) time.Duration { return u.wall })
}

func (r result) cpu() time.Duration {
	return middle(r.runs, func(u usage) time.Duration { return u.cpu })
}

func (r result) memory() int64 { return middle(r.runs, func(u usage) int64 { return u.memory }) }

// sample runs jobs that do the same in turn, and in the opposite order every other
// time, until each has run so often or too much time has gone. Each of two has been
// the first at least once.
func sample(ctx context.Context, jobs []job, runs int, patience time.Duration) ([][]usage, error) {
	inputs := make([]secret.Value, len(jobs))
	for i, j := range jobs {
		if j.input != nil {
			var err error
			if inputs[i], err = j.input(ctx); err != nil {
				return nil, err
			}
		}
		if j.ready == nil {
			if _, err := j.run(ctx, inputs[i]); err != nil {
				return nil, err
			}
		}
	}
	out := make([][]usage, len(jobs))
	order := make([]int, len(jobs))
	for i := range order {
		order[i] = i
	}
	var spent time.Duration
	for round := 0; round < runs && (round < len(jobs) || spent < patience); round++ {
		for _, i := range order {
			u, err := jobs[i].run(ctx, inputs[i])
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], u)
			spent += u.wall
		}
		slices.Reverse(order)
	}
	return out, nil
}

// run makes the job ready and runs it once. What it prints goes through a pipe, and
// is thrown away.
func (j job) run(ctx context.Context, input secret.Value) (usage, error) {
	if j.ready != nil {
		if err := j.ready(ctx); err != nil {
			return usage{}, err
		}
	}
	cmd := exec.CommandContext(ctx, j.args[0], j.args[1:]...)
	cmd.Dir, cmd.Env = j.dir, j.env
	var complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = struct{ io.Writer }{io.Discard}, &complaints
	var start time.Time
	err := input.Use(func(b []byte) error {
		cmd.Stdin = bytes.NewReader(b)
		start = time.Now()
		return cmd.Run()
	})
	wall := time.Since(start)
	if err != nil {
		return usage{}, failure(j.args, err, complaints.Bytes())
	}
	return usage{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), bench.PeakMemory(cmd.ProcessState)}, nil
}

// output runs a program that is not measured, and returns what it prints.
func output(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, failure(args, err, exit.Stderr)
	}
	return out, err
}

// failure has the end of what the program complained of.
func failure(args []string, err error, complaints []byte) error {
	words := append([]string{filepath.Base(args[0])}, args[1:min(len(args), 3)]...)
	return fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, complaints[max(0, len(complaints)-2000):])
}
