package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/bench"
	"github.com/osmoctl/osmoctl/internal/torture/invariants"
)

// lab is where everything happens: a folder with the program, an identity and
// the projects.
type lab struct {
	options
	out      io.Writer
	dir      string
	program  string
	identity string
	public   string
	random   *rand.Rand
	made     int // folders, for their names
}

func newLab(out io.Writer, o options) (*lab, error) {
	dir, err := os.MkdirTemp("", "torture-")
	if err != nil {
		return nil, err
	}
	l := &lab{
		options: o, out: out, dir: dir,
		program: filepath.Join(dir, "osmoctl"), identity: filepath.Join(dir, "identity.txt"),
		random: rand.New(rand.NewPCG(o.seed, 0)),
	}
	return l, errors.Join(l.build(), l.makeIdentity())
}

func (l *lab) build() error {
	cmd := exec.Command("go", "build", "-o", l.program, "github.com/osmoctl/osmoctl/cmd/osmoctl")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build osmoctl: %w\n%s", err, out)
	}
	return nil
}

func (l *lab) makeIdentity() error {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	l.public = identity.Recipient().String()
	return os.WriteFile(l.identity, []byte(identity.String()+"\n"), 0o600)
}

// folder names a new folder, and does not make it.
func (l *lab) folder() string {
	l.made++
	return filepath.Join(l.dir, fmt.Sprintf("project-%d", l.made))
}

// first day of every project. Later ones are a multiple of 61 days later, when
// every token is due for rotation, and what was replaced before for revocation.
var firstDay = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

// project is a clone with osmoctl run in it on one day.
type project struct {
	invariants.Project
	lab *lab
	day int // in periods of 61 days
	// does is the command that is killed, and that repairs.
	does []string
	// joins is the key that a reseal adds, "" where there is none.
	joins string
}

// newProject makes a project with this many accounts, commits it, applies it
// on so many days, and leaves a user's work in it.
func (l *lab) newProject(accounts, days int) (*project, error) {
	p, err := l.applyProject(accounts, days)
	if err == nil {
		p.Work, err = invariants.Begin(p.Dir)
	}
	return p, err
}

// applyProject makes a project with nobody at work in it yet.
func (l *lab) applyProject(accounts, days int) (*project, error) {
	p := l.project(l.folder())
	if err := l.commit(p.Dir, accounts); err != nil {
		return nil, err
	}
	for range days {
		if r := p.apply(); r.Code != 0 {
			return nil, fmt.Errorf("apply: %s", r.Stderr)
		}
		p.day++
	}
	return p, nil
}

// commit makes a repository of declarations.
func (l *lab) commit(dir string, accounts int) error {
	if err := errors.Join(l.declare(dir, accounts), invariants.Draft(dir)); err != nil {
		return err
	}
	for _, step := range [][]string{
		{"init", "-q", "-b", "main"},
		{"config", "gc.auto", "0"},
		{"add", "-A"},
		{"commit", "-q", "-m", "Declare"},
	} {
		if _, err := invariants.Git(dir, step...); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) project(dir string) *project {
	p := &project{lab: l, does: applyArgs}
	p.Dir, p.Identity, p.Osmoctl = dir, l.identity, p.run
	return p
}

// declare writes a project of ours to which the lab's identity is the only key.
func (l *lab) declare(dir string, accounts int) error {
	files, err := bench.Project(bench.Options{Accounts: accounts, Recipients: 1, Seed: l.seed})
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Path == "osmoctl.yaml" {
			f.Data = fmt.Appendf(nil, "version: 1\nrecipients: {key-000: %s, ops: [key-000]}\n"+
				"defaults: {recipients: [ops], token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}}\n", l.public)
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// copy makes the same project in another folder, as clean as it was.
func (p *project) copy() (*project, error) {
	c := p.lab.project(p.lab.folder())
	return c, p.copyTo(c)
}

func (p *project) copyTo(c *project) error {
	c.day, c.Work, c.does, c.joins = p.day, p.Work, p.does, p.joins
	if err := os.CopyFS(c.Dir, os.DirFS(p.Dir)); err != nil {
		return err
	}
	if _, err := invariants.Git(c.Dir, "update-index", "-q", "--refresh"); err != nil && c.Work == nil {
		return err // with work under way git says so by an error
	}
	head, err := c.Head()
	c.Past = []string{head}
	return err
}

// remove gives the space back, unless it is to be kept.
func (p *project) remove() {
	if !p.lab.keep {
		os.RemoveAll(p.Dir)
	}
}

// command is osmoctl in this project, ready to start.
func (p *project) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.lab.program, args...)
	cmd.Dir = p.Dir
	day := firstDay.AddDate(0, 0, 61*p.day)
	cmd.Env = append(invariants.Environment(), "OSMOCTL_NOW="+day.Format(time.RFC3339))
	return cmd
}

func (p *project) run(stdin string, args ...string) invariants.Ran {
	cmd := p.command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		return invariants.Ran{Code: -1, Stderr: err.Error()}
	}
	return invariants.Ran{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

func (p *project) apply() invariants.Ran { return p.run("", applyArgs...) }

var applyArgs = []string{"apply", "--auto-approve"}

// aftermath does once more what was killed, applies, as the next person would,
// and checks everything.
func (p *project) aftermath() error {
	for _, args := range [][]string{p.does, applyArgs} {
		if r := p.run("", args...); r.Code != 0 {
			return fmt.Errorf("the next %s ended with %d: %s", args[0], r.Code, r.Stderr)
		}
	}
	accounts := p.lab.random.Perm(p.lab.accounts)
	p.Sample = nil
	for _, n := range accounts[:min(2, len(accounts))] {
		p.Sample = append(p.Sample, fmt.Sprintf("svc-%06d/token-0", n))
	}
	return p.Check()
}
