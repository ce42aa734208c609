package tokens

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/search"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/leaks"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/scan"
)

type scanCmd struct {
	Format  view.Format `short:"t" name:"format-type" enum:"text,json,sarif" default:"text" help:"Output format: ${enum}."`
	Paths   []string    `arg:"" optional:"" name:"path" placeholder:"PATH" help:"Files and directories to search, or - for stdin."`
	History bool        `help:"Search all that the git repositories around the paths have in their history, too. Without a path: the working directory."`
	Staged  bool        `help:"Search what is staged for the next commit, and nothing else."`
	Budget  string      `name:"max-unpacked" placeholder:"SIZE" help:"How much all archives together may unpack to, beyond a hundred times their own size, such as 8GiB. Default: 64MiB."`
	Deep    bool        `help:"Decode whatever could be an encoding, at every offset. Much slower."`
}

func (c *scanCmd) OutputFormat() view.Format { return c.Format }

// Help is the long description of the command.
func (scanCmd) Help() string {
	return `Finds tokens of osmoctl's form by prefix and checksum, and values without a prefix by the SHA-256 that state keeps, also in base64, hex, UTF-16 and URL-encoding, in tar, zip, ar, gzip, bzip2, xz, zstd and zlib. Needs no key and no project; within a project it says whose a token is. A value is never printed. Links are not followed, and .git directories are left to --history.

Exit codes: 0 nothing found; 6 found; 1 not everything could be searched, and nothing was found in the rest: what is packed in a way that is not known, such as 7z or git packs, is named. docs/leaks.md has what is found and what is not.`
}

// Run searches for tokens.
func (c *scanCmd) Run(ctx context.Context, env *command.Env) error {
	if err := c.check(); err != nil {
		return err
	}
	budget, err := c.budget()
	if err != nil {
		return err
	}
	command.Harden()
	known, err := findKnown(ctx, env)
	if err != nil {
		return err
	}
	issued := func(sum scan.Sum) bool {
		_, ok := known.Values[sum]
		return ok
	}
	found, err := c.search(ctx, env, &search.Searcher{
		Scan: scan.Options{Deep: c.Deep, Issued: issued, Budget: scan.NewBudget(budget)},
		Dir:  env.Dir, Env: env.GetenvWithoutIndex,
	})
	if err != nil {
		return err
	}
	result := report.ScanOf(found, known)
	if err := leaks.Show(env.View(), result, c.Format); err != nil {
		return err
	}
	switch {
	case len(result.Finds) > 0:
		return command.Silently(command.ExitInvalid)
	case len(result.Left) > 0:
		return errors.New("nothing was found, but not everything could be searched: the warnings say what")
	}
	return nil
}

// units are those of sizes, decimal and binary.
var units = map[string]int64{
	"": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// budget reads a number of bytes with a unit, or without.
func (c *scanCmd) budget() (int64, error) {
	if c.Budget == "" {
		return scan.DefaultBudget, nil
	}
	digits := strings.TrimRight(c.Budget, "BkKMGTi")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit, known := units[c.Budget[len(digits):]]
	if err != nil || n < 0 || !known || n > math.MaxInt64/unit {
		return 0, command.Usagef("--max-unpacked takes a size such as 512MiB or 8GB")
	}
	return n * unit, nil
}

func (c *scanCmd) check() error {
	stdin := slices.Contains(c.Paths, "-")
	switch {
	case c.Staged && (len(c.Paths) > 0 || c.History):
		return command.Usagef("--staged searches what is staged, and takes no path and no --history")
	case stdin && (len(c.Paths) > 1 || c.History):
		return command.Usagef("- stands for stdin, and goes with no other path and not with --history")
	case len(c.Paths) == 0 && !c.History && !c.Staged:
		return command.Usage(diag.Hinted(errors.New("nothing was named to search"), "osmoctl token scan PATH..., or - for stdin, --staged, --history"))
	}
	return nil
}

func (c *scanCmd) search(ctx context.Context, env *command.Env, s *search.Searcher) (*search.Result, error) {
	switch {
	case c.Staged:
		index := env.Getenv("GIT_INDEX_FILE")
		if index != "" {
			// Git names it from the directory that it starts the hook in.
			var err error
			if index, err = filepath.Abs(index); err != nil {
				return nil, err
			}
		}
		return s.Staged(ctx, index)
	case slices.Contains(c.Paths, "-"):
		return command.UntilInterrupted(ctx, func() (*search.Result, error) { return s.Stream(ctx, env.Stdin), nil })
	}
	if len(c.Paths) == 0 {
		c.Paths = []string{"."}
	}
	found, err := s.Files(ctx, c.Paths)
	if err != nil || !c.History {
		return found, err
	}
	past, err := s.Histories(ctx, c.Paths, found.Nested)
	if err == nil {
		found.Add(past)
	}
	return found, err
}

// findKnown reads the state of the project around the working directory, if
// there is one. It changes nothing and takes no lock, since it runs in hooks. A
// state that cannot be read is no reason not to search.
func findKnown(ctx context.Context, env *command.Env) (report.Known, error) {
	dir, err := env.FindProject()
	if err != nil {
		return report.Known{}, nil
	}
	day, err := env.Today()
	if err != nil {
		return report.Known{}, err
	}
	known, err := readKnown(ctx, env, dir, day)
	if err != nil {
		known.Left = []report.ScanLeft{{Path: dir, Reason: "its state cannot be read, so values without a prefix are not found: " + err.Error()}}
	}
	return known, nil
}

func readKnown(ctx context.Context, env *command.Env, dir string, day model.Date) (known report.Known, err error) {
	outside := env.Outside()
	outside.Getenv = env.GetenvWithoutIndex
	w, err := workspace.Open(dir, outside)
	if err != nil {
		return known, err
	}
	defer w.Close()
	snap, err := w.State(ctx)
	if err != nil {
		return known, err
	}
	at, err := w.Newest(ctx)
	if err != nil {
		return known, err
	}
	return report.Known{Commit: at.Commit, Values: report.Verdicts(snap, day), Unknown: report.FindUnknown(snap)}, nil
}
