// Package invariants says what must hold of a project, whatever has happened to
// it: a kill, a full disk, a failing write, a race. It is one function,
// [Project.Check], so that every test that breaks something asks for the same.
//
// The checks use the stock git and osmoctl's own commands, from outside, as a
// person would who does not trust either. Two moments are told apart. As soon
// as a run has died, [Project.CheckStanding] must hold: git can work with the
// repository. After the next apply everything must, and nobody may have lost
// anything.
package invariants

import (
	"bytes"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/pattern"
)

// Ran is what a command did.
type Ran struct {
	Code           int
	Stdout, Stderr string
}

// A Project is one that something has happened to.
type Project struct {
	// Dir is its directory, which is the root of its repository too.
	Dir string
	// Osmoctl runs an osmoctl command there, on the day that the last apply ran
	// on.
	Osmoctl func(stdin string, args ...string) Ran
	// Identity is the path of an age identity, and Sample are the tokens, as
	// USER/TOKEN, that are opened with it.
	Identity string
	Sample   []string
	// Work is what [Observe] saw before; nil where the user went on working.
	Work *Work
	// Past are commits that were on the branch before.
	Past []string
}

// CheckStanding holds the repository against what git needs of it, before
// anything was repaired: a branch, an index, and every object they lead to.
func (p *Project) CheckStanding() error {
	return p.all(checkBranch, checkIndex, checkObjects)
}

// Check holds the project against everything that must be true once an apply
// has succeeded.
func (p *Project) Check() error {
	return p.all(checkBranch, checkIndex, checkObjects, checkWork, checkLeftovers,
		checkHistory, checkState, checkPlan, checkSample)
}

func (p *Project) all(checks ...func(*Project) error) error {
	var errs []error
	for _, check := range checks {
		errs = append(errs, check(p))
	}
	return errors.Join(errs...)
}

// checkBranch follows the branch: git can, and every commit of before is there.
func checkBranch(p *Project) error {
	list, err := p.git("rev-list", "HEAD")
	if err != nil {
		return fmt.Errorf("git cannot follow HEAD: %w", err)
	}
	there := strings.Fields(list)
	for _, commit := range p.Past {
		if !slices.Contains(there, commit) {
			return fmt.Errorf("commit %.12s is lost", commit)
		}
	}
	return nil
}

func checkIndex(p *Project) error { return describe(CheckIndex(p.Dir), "the index is damaged") }

// CheckIndex reads the index of the repository at dir. Git commands do not
// compare its checksum, and take an index that was cut short for whatever
// stands in memory behind it.
func CheckIndex(dir string) error {
	if _, err := Git(dir, "ls-files", "--stage"); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(dir, ".git", "index"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	end := max(0, len(data)-sha1.Size)
	if sum := sha1.Sum(data[:end]); !bytes.Equal(sum[:], data[end:]) {
		return errors.New("its checksum does not fit")
	}
	return nil
}

func checkObjects(p *Project) error {
	out, err := p.git("fsck", "--strict", "--no-dangling", "--no-progress")
	if err == nil && out != "" {
		err = errors.New(out)
	}
	return describe(err, "git fsck is not silent")
}

func checkWork(p *Project) error {
	if p.Work == nil {
		return nil
	}
	now, err := Observe(p.Dir)
	if err != nil {
		return err
	}
	return p.Work.compare(now)
}

// leftover recognises what a run must not leave behind, by the path.
func leftover(path string) bool {
	name := filepath.Base(path)
	inGit := strings.Contains(path, ".git"+string(filepath.Separator))
	switch {
	case !inGit:
		return strings.HasPrefix(name, ".osmoctl-tmp-")
	case filepath.Base(filepath.Dir(path)) == "pack":
		return filepath.Ext(name) == ".keep" || strings.Contains(name, "tmp_")
	case filepath.Base(filepath.Dir(path)) == "osmoctl":
		return !slices.Contains([]string{"lock", "joined", "last-seen"}, name) && !strings.HasPrefix(name, "known-")
	}
	return filepath.Ext(name) == ".lock"
}

// Leftovers lists the locks, journals and unfinished files in the project,
// relative to it.
func (p *Project) Leftovers() ([]string, error) {
	var found []string
	err := filepath.WalkDir(p.Dir, func(path string, d fs.DirEntry, err error) error {
		below, relErr := filepath.Rel(p.Dir, path)
		if err == nil && relErr == nil && !d.IsDir() && leftover(below) {
			found = append(found, filepath.ToSlash(below))
		}
		return errors.Join(err, relErr)
	})
	return found, err
}

func checkLeftovers(p *Project) error {
	found, err := p.Leftovers()
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("left behind: %s", strings.Join(found, ", "))
	}
	return err
}

// checkHistory walks the branch: each commit of state counts one up, in one
// lineage, and no generation ever had two values. Only a reseal writes a sealed
// file again.
func checkHistory(p *Project) error {
	list, err := p.git("log", "--first-parent", "--reverse", "--format=%H %s", "--raw", "--no-renames", "HEAD", "--", "state")
	if err != nil {
		return err
	}
	var commits []string
	seen := map[string]bool{}
	reseal := false
	for line := range strings.Lines(list) {
		change, path, changed := strings.Cut(strings.TrimSpace(line), "\t")
		switch {
		case change != "" && !changed:
			commit, subject, _ := strings.Cut(change, " ")
			commits, reseal = append(commits, commit), strings.Contains(subject, " reseal (serial")
		case filepath.Ext(path) != ".age" || strings.HasSuffix(change, "D"):
		case seen[path] && !reseal:
			return fmt.Errorf("%s was written twice", path)
		default:
			seen[path] = true
		}
	}
	return p.checkSerials(commits)
}

// meta is what every version of state/meta.json has.
type meta struct {
	Lineage string `json:"lineage"`
	Serial  int    `json:"serial"`
}

func (p *Project) checkSerials(commits []string) error {
	var names strings.Builder
	for _, commit := range commits {
		names.WriteString(commit + ":state/meta.json\n")
	}
	out, err := git(p.Dir, names.String(), "cat-file", "--batch")
	if err != nil {
		return err
	}
	files := json.NewDecoder(strings.NewReader(headLine().ReplaceAllString(out, "")))
	var last meta
	for i, commit := range commits {
		var now meta
		if err := files.Decode(&now); err != nil {
			return fmt.Errorf("state/meta.json of %.12s: %w", commit, err)
		}
		if now.Serial != i+1 || i > 0 && now.Lineage != last.Lineage {
			return fmt.Errorf("commit %.12s is number %d and has serial %d, lineage %s after %s", commit, i+1, now.Serial, now.Lineage, last.Lineage)
		}
		last = now
	}
	return nil
}

// headLine is what git cat-file --batch prints before each file.
var headLine = pattern.Lazy(`(?m)^[0-9a-f]{40} blob \d+$`)

func checkState(p *Project) error {
	return p.wantDone("the state is not sound", "", "state", "verify")
}

func checkPlan(p *Project) error {
	return p.wantDone("there is something left to do", "", "plan", "--detailed-exitcode")
}

// checkSample opens tokens, and lets token verify say whose they are.
func checkSample(p *Project) error {
	for _, name := range p.Sample {
		opened := p.Osmoctl("", "token", "decrypt", name, "-i", p.Identity, "-o", "-")
		if opened.Code != 0 {
			return fmt.Errorf("token %s does not open: %s", name, opened.Stderr)
		}
		if err := p.wantDone("the value of "+name+" is not the recorded one", opened.Stdout, "token", "verify"); err != nil {
			return err
		}
	}
	return nil
}

func (p *Project) wantDone(what, stdin string, args ...string) error {
	if r := p.Osmoctl(stdin, args...); r.Code != 0 {
		return fmt.Errorf("%s: osmoctl %s ended with %d: %s%s", what, strings.Join(args, " "), r.Code, firstLines(r.Stdout), firstLines(r.Stderr))
	}
	return nil
}

// firstLines keeps reports readable.
func firstLines(s string) string {
	if lines := strings.SplitAfterN(s, "\n", 6); len(lines) > 5 {
		return strings.Join(lines[:5], "")
	}
	return s
}

func describe(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Head is the commit that HEAD is at.
func (p *Project) Head() (string, error) { return p.git("rev-parse", "HEAD") }

func (p *Project) git(args ...string) (string, error) { return Git(p.Dir, args...) }

// Git runs the stock git in a directory, away from the user's configuration,
// and returns what it prints, without the last line end.
func Git(dir string, args ...string) (string, error) { return git(dir, "", args...) }

func git(dir, stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"--no-optional-locks"}, args...)...)
	cmd.Dir = dir
	cmd.Env = Environment()
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, firstLines(stdout.String()+stderr.String()))
	}
	return strings.TrimRight(stdout.String(), "\n"), nil
}

// Environment is what the programs under test are run with: nothing of whoever
// runs the tests but the search path.
func Environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "LC_ALL=C",
		"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com",
		"GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com",
	}
}
