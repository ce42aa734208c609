package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/bench"
)

// Project is a project that is being made.
type Project struct {
	dir, program string
	err          error
}

// Make writes the project of a case into a new repository in dir. What a case has
// applied, the program applies.
func Make(dir, program string, c Case) error {
	p := &Project{dir: dir, program: program}
	p.git("", "init", "-q", "-b", "main")
	p.Put("osmoctl.yaml", "version: 1\nrecipients:\n  ops: "+p.Keys(1)[0]+"\n"+defaults("ops"))
	c.Make(p)
	return p.err
}

// Put writes a file.
func (p *Project) Put(name, text string) {
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	p.keep(os.MkdirAll(filepath.Dir(path), 0o755))
	p.keep(os.WriteFile(path, []byte(text), 0o644))
}

func (p *Project) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Keys makes so many public keys.
func (p *Project) Keys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		id, err := age.GenerateX25519Identity()
		if p.keep(err); err != nil {
			return keys
		}
		keys[i] = id.Recipient().String()
	}
	return keys
}

// Blob and Tree store git objects, and CommitState makes a commit whose tree has
// the project file and this state.
func (p *Project) Blob(text string) string { return p.git(text, "hash-object", "-w", "--stdin") }

// Tree stores a tree of the entries that git mktree reads.
func (p *Project) Tree(entries string) string { return p.git(entries, "mktree") }

// CommitState commits the project with this tree as its state.
func (p *Project) CommitState(tree string) {
	file, err := os.ReadFile(filepath.Join(p.dir, "osmoctl.yaml"))
	p.keep(err)
	root := p.Tree("100644 blob " + p.Blob(string(file)) + "\tosmoctl.yaml\n040000 tree " + tree + "\tstate\n")
	p.git("", "update-ref", "refs/heads/main", p.git("", "commit-tree", "-m", "State", root))
	p.git("", "read-tree", "--empty")
}

// Apply commits what is declared and applies it.
func (p *Project) Apply() {
	p.git("", "add", "-A")
	p.git("", "commit", "-q", "-m", "Declare")
	p.run(p.program, "", "apply", "--auto-approve")
}

func (p *Project) git(input string, args ...string) string { return p.run("git", input, args...) }

func (p *Project) run(program, input string, args ...string) string {
	if p.err != nil {
		return ""
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = p.dir, environment(p.dir)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		p.err = fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

// environment is one without anybody's settings.
func environment(home string) []string {
	return append(os.Environ(), "HOME="+home, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "XDG_CONFIG_HOME="+home,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "OSMOCTL_LIMITS=")
}

// Result is what came of a run.
type Result struct {
	CPU    time.Duration
	Memory int64
	// Output is the beginning of what was written, Bytes how much there was.
	Output []byte
	Bytes  int
	Err    error
}

// Outcome says in a few words how it ended.
func (r Result) Outcome() string {
	if _, ran := r.Err.(*exec.ExitError); r.Err != nil && (!ran || strings.Contains(r.Err.Error(), "signal")) || bytes.Contains(r.Output, []byte("out of memory")) {
		return "ended by the bound: " + fmt.Sprint(r.Err)
	}
	if r.Err == nil {
		return fmt.Sprintf("done, %d kB written", r.Bytes>>10)
	}
	return fmt.Sprintf("refused, %d kB written", r.Bytes>>10)
}

// Run runs the command of a case, with so many seconds of processor time.
func Run(program, dir string, c Case, seconds int) (r Result) {
	bounds := fmt.Sprintf(`ulimit -c 0; ulimit -t %d; ulimit -v 6000000; exec "$@"`, seconds)
	cmd := exec.Command("sh", append([]string{"-c", bounds, "sh", program}, c.Args...)...)
	cmd.Dir, cmd.Env = dir, environment(filepath.Join(dir, ".git"))
	out := &beginning{}
	cmd.Stdout, cmd.Stderr = out, out
	r.Err = cmd.Run()
	r.Output, r.Bytes = out.text, out.bytes
	if s := cmd.ProcessState; s != nil {
		r.CPU, r.Memory = s.UserTime()+s.SystemTime(), bench.PeakMemory(s)
	}
	return r
}

// beginning keeps the first of what is written to it, and its last piece.
type beginning struct {
	text  []byte
	bytes int
}

const maxKept = 16 << 20

func (b *beginning) Write(p []byte) (int, error) {
	b.bytes += len(p)
	b.text = append(b.text, p[:min(len(p), max(0, maxKept-len(b.text)))]...)
	return len(p), nil
}
