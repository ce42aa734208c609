package command

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"golang.org/x/term"
)

// The variables by which the environment gives identities.
const (
	// PathsVariable lists files of identities, as PATH lists directories.
	PathsVariable = "OSMOCTL_IDENTITY"
	// KeyVariable holds identities themselves.
	KeyVariable = "OSMOCTL_IDENTITY_KEY"
)

// System is the environment of the process.
func System() *Env {
	if os.Getenv("GOGC") == "" {
		tuneCollector()
	}
	// Where a hostile project does take memory, collecting costs less than
	// twice as much of it.
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	key, keyAsPath := takeIdentities()
	token := takeServerToken()
	dir, _ := os.Getwd()
	var terminal *os.File
	if isTerminal(os.Stdout) {
		terminal = os.Stdout
	}
	return &Env{
		IdentityKey: key, KeyAsPath: keyAsPath, ServerToken: token,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Environ: os.Environ(), Now: time.Now, Dir: dir,
		StdinTerminal:  isTerminal(os.Stdin),
		StdoutTerminal: terminal != nil,
		Terminal:       terminal,
		StderrTerminal: isTerminal(os.Stderr),
		Columns:        columns(os.Getenv("COLUMNS"), os.Stdout, os.Stderr),
		StdoutFile:     findRedirection(os.Stdout),
		Executes:       true,
	}
}

// columns is the width of the first that is a terminal, else what the environment says,
// and 0 where neither tells.
func columns(said string, files ...*os.File) int {
	for _, f := range files {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	width, _ := strconv.Atoi(said)
	return max(width, 0)
}

// takeIdentities takes private keys out of the environment, before anything can
// inherit them: git, its helpers, a plugin, the program of token exec. A key in
// the variable for paths is taken away as well, and reported.
func takeIdentities() (key secret.Value, keyAsPath bool) {
	if text := os.Getenv(KeyVariable); text != "" {
		key = secret.New([]byte(text))
		forgetVariable(KeyVariable)
	}
	if keyAsPath = HoldsKey(os.Getenv(PathsVariable)); keyAsPath {
		forgetVariable(PathsVariable)
	}
	return key, keyAsPath
}

// takeServerToken takes the credential for an OSMO server out of the environment: git
// and its helpers have no use for it.
func takeServerToken() secret.Value {
	text := os.Getenv(workspace.TokenVariable)
	if text == "" {
		return secret.Value{}
	}
	forgetVariable(workspace.TokenVariable)
	return secret.New([]byte(strings.TrimSpace(text)))
}

// forgetVariable removes a variable from what is inherited and, where the system
// lets us, from what others can read of this process.
func forgetVariable(name string) {
	_ = os.Unsetenv(name)
	eraseVariable(name)
}

func findRedirection(f *os.File) *RedirectedFile {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	file := &RedirectedFile{Path: f.Name(), Mode: info.Mode()}
	if path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(f.Fd()))); err == nil {
		file.Path = path
	}
	return file
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
