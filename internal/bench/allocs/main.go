// Command allocs holds the hot paths to their number of allocations: it runs the
// benchmarks that baseline.txt lists and fails where one allocates over a tenth more
// often than is written there. Unlike times, these numbers hardly depend on the
// machine and not on what else it does.
//
//	go run ./internal/bench/allocs            # compare
//	go run ./internal/bench/allocs -update    # after a change that is worth it
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

const (
	baselineFile = "internal/bench/allocs/baseline.txt"
	// processors is how many a benchmark has on every machine: what works at once
	// allocates with the number of workers.
	processors = 2
)

func main() {
	update := flag.Bool("update", false, "write what is counted into "+baselineFile)
	flag.Parse()
	if err := run(*update); err != nil {
		fmt.Fprintln(os.Stderr, "allocs:", err)
		os.Exit(1)
	}
}

func run(update bool) error {
	text, err := os.ReadFile(baselineFile)
	if err != nil {
		return fmt.Errorf("%w: run it at the top of the module", err)
	}
	list, err := parseBaseline(string(text))
	if err != nil {
		return err
	}
	counted := map[string]int{}
	for _, runs := range runsOf(list) {
		out, err := benchmark(list, runs)
		if err != nil {
			return err
		}
		if err := count(counted, out); err != nil {
			return err
		}
	}
	if update {
		text, err := rewrite(string(text), counted)
		if err != nil {
			return err
		}
		return os.WriteFile(baselineFile, []byte(text), 0o666)
	}
	return compare(list, counted)
}

// entry is a line of the baseline: how often a benchmark is run, and how many
// allocations each run has.
type entry struct {
	pkg, name    string
	runs, allocs int
}

func (e entry) key() string { return e.pkg + " " + e.name }

// parseBaseline reads lines of a package, a benchmark, its runs and its allocations.
// Lines that begin with # are comments.
func parseBaseline(text string) ([]entry, error) {
	var out []entry
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var e entry
		if _, err := fmt.Sscan(line, &e.pkg, &e.name, &e.runs, &e.allocs); err != nil || e.runs < 1 {
			return nil, fmt.Errorf("%s: %q is not a package, a benchmark, its runs and its allocations", baselineFile, line)
		}
		out = append(out, e)
	}
	return out, nil
}

// runsOf is how many runs the entries have. What has the same is run by one command,
// which builds several packages at once.
func runsOf(list []entry) []int {
	var out []int
	for _, e := range list {
		if !slices.Contains(out, e.runs) {
			out = append(out, e.runs)
		}
	}
	return out
}

// benchmark runs the entries with so many runs.
func benchmark(list []entry, runs int) ([]byte, error) {
	var names, packages []string
	for _, e := range list {
		if e.runs == runs {
			top, _, _ := strings.Cut(e.name, "/")
			names, packages = append(names, top), append(packages, "./"+e.pkg)
		}
	}
	slices.Sort(packages)
	args := []string{
		"test", "-vet=off", "-run=^$", "-bench=^(" + strings.Join(names, "|") + ")$", "-benchmem",
		fmt.Sprintf("-benchtime=%dx", runs), fmt.Sprintf("-cpu=%d", processors),
	}
	cmd := exec.Command("go", append(args, slices.Compact(packages)...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out.Bytes())
	}
	return out.Bytes(), nil
}

// count reads what go test prints of benchmarks. Names are followed by the number
// of processors.
func count(counted map[string]int, output []byte) error {
	pkg := ""
	for line := range strings.Lines(string(output)) {
		words := strings.Fields(line)
		if len(words) == 2 && words[0] == "pkg:" {
			pkg = strings.TrimPrefix(words[1], "github.com/osmoctl/osmoctl/")
		}
		at := slices.Index(words, "allocs/op")
		if at < 1 || !strings.HasPrefix(line, "Benchmark") {
			continue
		}
		n, err := strconv.Atoi(words[at-1])
		if err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
		counted[pkg+" "+strings.TrimSuffix(words[0], fmt.Sprintf("-%d", processors))] = n
	}
	return nil
}

// compare prints a line for each entry, and fails where one has grown by more than a
// tenth or is not there.
func compare(list []entry, counted map[string]int) error {
	var grown []string
	for _, e := range list {
		n, ok := counted[e.key()]
		verdict := ""
		switch {
		case !ok:
			verdict = "not run: there is no such benchmark, or it was skipped"
		case n*10 > e.allocs*11:
			verdict = "more than a tenth above the baseline"
		case n*11 < e.allocs*10:
			fmt.Printf("%-60s %8d, was %d: -update keeps it so\n", e.key(), n, e.allocs)
			continue
		default:
			fmt.Printf("%-60s %8d\n", e.key(), n)
			continue
		}
		grown = append(grown, fmt.Sprintf("%s: %d allocations, was %d: %s", e.key(), n, e.allocs, verdict))
	}
	if len(grown) == 0 {
		return nil
	}
	return fmt.Errorf("hot paths allocate more than they did:\n%s\nif that is worth it: go run ./internal/bench/allocs -update", strings.Join(grown, "\n"))
}

// rewrite puts what was counted into the baseline, and keeps everything else.
func rewrite(text string, counted map[string]int) (string, error) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		list, err := parseBaseline(line)
		if err != nil {
			return "", err
		}
		if len(list) == 0 {
			b.WriteString(line)
			continue
		}
		e := list[0]
		n, ok := counted[e.key()]
		if !ok {
			return "", fmt.Errorf("%s was not run: there is no such benchmark, or it was skipped", e.key())
		}
		fmt.Fprintf(&b, "%s %s %d %d\n", e.pkg, e.name, e.runs, n)
	}
	return b.String(), nil
}
