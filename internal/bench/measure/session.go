package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// session is one run of this program: what it made, and what it found out.
type session struct {
	options
	dir string
	// osmoctl are the programs that are measured in turn: the one of now first.
	osmoctl []named
	// generate and leaks are the commands beside this one. They are processes of
	// their own so that this one keeps small: its memory counts in what a child
	// held at most.
	generate, leaks string
	keys            keys
	machine         string
	results         []result
	// skipped says what was not measured, and why.
	skipped  []string
	progress io.Writer
}

// named is a program, and how tables name it.
type named struct{ name, path string }

// keys are an age identity that is made for one session, and the public key that
// joins it.
type keys struct {
	file            string
	public, joining string
}

func newSession(ctx context.Context, dir string, o options, progress io.Writer) (*session, error) {
	s := &session{options: o, dir: dir, progress: progress}
	var err error
	if s.keys, err = makeKeys(filepath.Join(dir, "identity.txt")); err != nil {
		return nil, err
	}
	s.generate, s.leaks = filepath.Join(dir, "generate"), filepath.Join(dir, "leaks")
	if s.program == "" {
		s.program = filepath.Join(dir, "osmoctl")
		err = build(ctx, ".", s.program, "cmd/osmoctl")
	} else {
		s.program, err = filepath.Abs(s.program)
	}
	err = errors.Join(err, build(ctx, ".", s.generate, "internal/bench/generate"), build(ctx, ".", s.leaks, "internal/bench/leaks"))
	s.osmoctl = []named{{now, s.program}}
	if err != nil || s.before == "" {
		return s, err
	}
	old, err := s.findBefore(ctx)
	s.osmoctl = append(s.osmoctl, named{before, old})
	return s, err
}

// How tables name the two.
const (
	now    = "now"
	before = "before"
)

func makeKeys(file string) (keys, error) {
	own, err := age.GenerateX25519Identity()
	if err != nil {
		return keys{}, err
	}
	joining, err := age.GenerateX25519Identity()
	if err != nil {
		return keys{}, err
	}
	return keys{file, own.Recipient().String(), joining.Recipient().String()}, os.WriteFile(file, []byte(own.String()+"\n"), 0o600)
}

// build builds a program of the module that the directory is in.
func build(ctx context.Context, dir, to, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", to, "github.com/osmoctl/osmoctl/"+pkg)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// findBefore is the program to compare with, built where a revision is named.
func (s *session) findBefore(ctx context.Context) (string, error) {
	if _, err := os.Stat(s.before); err == nil {
		return filepath.Abs(s.before)
	}
	packed, source, program := filepath.Join(s.dir, "before.tar"), filepath.Join(s.dir, "before"), filepath.Join(s.dir, "osmoctl-before")
	top, err := output(ctx, ".", nil, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return "", err
	}
	if _, err := output(ctx, strings.TrimSpace(string(top)), nil, "git", "archive", "-o", packed, s.before); err != nil {
		return "", fmt.Errorf("%s is neither a program nor a revision: %w", s.before, err)
	}
	if err := os.Mkdir(source, 0o777); err != nil {
		return "", err
	}
	if _, err := output(ctx, source, nil, "tar", "-xf", packed); err != nil {
		return "", err
	}
	return program, build(ctx, source, program, "cmd/osmoctl")
}

// home makes a home without anybody's settings, and returns the environment of what
// is measured in it.
func (s *session) home(name string, accounts int) ([]string, error) {
	home := filepath.Join(s.dir, name)
	settings := "[user]\n\tname = measure\n\temail = measure@localhost\n[gc]\n\tauto = 0\n[init]\n\tdefaultBranch = main\n"
	err := errors.Join(
		os.MkdirAll(home, 0o777),
		os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(settings), 0o666),
		os.WriteFile(filepath.Join(home, "terraformrc"), nil, 0o666))
	return []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "HOME=" + home,
		"XDG_CONFIG_HOME=" + home, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + filepath.Join(home, ".gitconfig"),
		"OSMOCTL_LIMITS=" + limits(accounts),
		"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE=" + filepath.Join(home, "terraformrc"),
	}, err
}

// limits raises those that an estate of so many accounts needs raised.
func limits(accounts int) string {
	if accounts <= 15_000 {
		return ""
	}
	return fmt.Sprintf("accounts=%d,tokens=%d,files=%d,megabytes=%d,plan_megabytes=%d,state_files=%d,state_megabytes=%d",
		accounts+10, accounts+10, accounts, accounts/500, accounts/20, accounts*10, accounts/50)
}

func (s *session) measure(ctx context.Context) error {
	s.machine = machine(ctx, s.dir)
	fmt.Fprintln(s.progress, s.machine)
	logs := filepath.Join(s.dir, "logs")
	if _, err := output(ctx, s.dir, os.Environ(), s.leaks, "-megabytes", fmt.Sprint(s.megabytes), logs); err != nil {
		return err
	}
	for _, n := range s.accounts {
		for i, perFile := range s.perFile {
			if i > 0 && n <= s.perFile[i-1] {
				continue // the same files again
			}
			if err := s.measureEstates(ctx, n, perFile, i > 0); err != nil {
				return fmt.Errorf("%d accounts: %w", n, err)
			}
		}
		if s.only != "" {
			continue
		}
		if err := s.measureOthers(ctx, n); err != nil {
			return fmt.Errorf("%d accounts: %w", n, err)
		}
	}
	s.machine += ", and " + load() + " at the end"
	return nil
}

// measureEstates measures osmoctl in estates that only differ in the program that
// works there.
func (s *session) measureEstates(ctx context.Context, n, perFile int, onlyDeclarations bool) error {
	var all [][]job
	for _, p := range s.osmoctl {
		e, err := s.newEstate(p, n, perFile)
		if err != nil {
			return err
		}
		defer os.RemoveAll(e.home)
		all = append(all, e.jobs())
	}
	for i := range all[0] {
		var same []job
		for _, jobs := range all {
			same = append(same, jobs[i])
		}
		unwanted := onlyDeclarations && !same[0].declarations || !strings.Contains(same[0].name, s.only)
		switch {
		case !unwanted:
			if err := s.take(ctx, n, perFile, same...); err != nil {
				return err
			}
		case i == 0: // the others need what the first makes
			if _, err := sample(ctx, same, 1, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// measureOthers measures the other programs that are there.
func (s *session) measureOthers(ctx context.Context, n int) error {
	for _, o := range others {
		switch _, err := exec.LookPath(o.program); {
		case err != nil:
			s.skip("%s: it is not on PATH", o.name)
		case n <= o.most(s.options):
			if err := s.measureOther(ctx, o, n); err != nil {
				return err
			}
		case o.why != "":
			s.skip("%s for %s accounts: %s", o.name, grouped(n), o.why)
		}
	}
	return nil
}

// measureOther measures one of them, by itself.
func (s *session) measureOther(ctx context.Context, o other, n int) error {
	env, err := s.home("home-other", n)
	if err != nil {
		return err
	}
	where := site{session: s, dir: filepath.Join(s.dir, "other"), env: env, n: n}
	defer os.RemoveAll(where.dir)
	for _, j := range o.jobs(where) {
		j.by, j.dir, j.env = o.name, where.dir, where.env
		if err := s.take(ctx, n, s.perFile[0], j); err != nil {
			return err
		}
	}
	return nil
}

// take samples jobs that do the same and keeps what came of it.
func (s *session) take(ctx context.Context, n, perFile int, same ...job) error {
	runs, err := sample(ctx, same, s.runs, s.patience)
	if err != nil {
		return err
	}
	for i, j := range same {
		r := result{j.name, j.by, n, perFile, runs[i]}
		s.results = append(s.results, r)
		fmt.Fprintf(s.progress, "%7d accounts, %5d in a file: %-28s %-12s %9s %9s of CPU %9s\n", n, perFile, r.name, r.by, seconds(r.wall()), seconds(r.cpu()), mebibytes(r.memory()))
	}
	return nil
}

// skip says once what is not measured.
func (s *session) skip(format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	for _, known := range s.skipped {
		if known == why {
			return
		}
	}
	s.skipped = append(s.skipped, why)
	fmt.Fprintln(s.progress, "skipped:", why)
}
