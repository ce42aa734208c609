package sign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// A program makes signatures.
type program struct {
	path    string // absolute
	env     []string
	timeout time.Duration
}

// Limits of what is kept of a program's output, and shown of it, in bytes.
const (
	maxOutput = 64 << 10
	maxWords  = 1 << 10
)

// waitDelay is how long what a program leaves running may hold on to its
// output.
const waitDelay = 2 * time.Second

// program finds what a setting names: a path, or a name to be looked for.
func (o Options) program(key, value string) (program, error) {
	path, err := o.find(key, value)
	if err != nil {
		return program{}, err
	}
	p := program{path: path, env: o.environment(), timeout: o.Timeout}
	if p.timeout <= 0 {
		p.timeout = defaultTimeout
	}
	return p, nil
}

func (o Options) find(key, value string) (string, error) {
	if strings.ContainsAny(value, `/\`) {
		path, err := o.path(key, value)
		if err == nil && !isRunnable(path) {
			err = fmt.Errorf("%s is %q, and there is no such program", key, value)
		}
		return path, err
	}
	name := value
	if runtime.GOOS == "windows" && filepath.Ext(name) == "" {
		name += ".exe"
	}
	for _, dir := range o.searchPath() {
		if path := filepath.Join(dir, name); isRunnable(path) && !o.inWorkTree(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("it needs the program %s, which is not on PATH (outside of this repository); install it, or set %s", value, key)
}

func isRunnable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}

// searchPath is what of PATH may hold programs.
func (o Options) searchPath() []string {
	var dirs []string
	for _, dir := range filepath.SplitList(o.Getenv("PATH")) {
		if filepath.IsAbs(dir) && !o.inWorkTree(dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// environmentNames are the variables that programs are given: where keys and
// agents are, how a person can be asked, and what the system wants to be there.
// What else is in the environment of a CI job is not for an agent that outlives
// it.
var environmentNames = []string{
	"HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TERM", "TMPDIR",
	"GNUPGHOME", "GPG_TTY", "GPG_AGENT_INFO", "PINENTRY_USER_DATA",
	"SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "SSH_SK_PROVIDER", "SSH_SK_HELPER", "SSH_PKCS11_HELPER",
	"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS",
	"XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME",
	"USERPROFILE", "USERNAME", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "SYSTEMROOT", "SYSTEMDRIVE",
	"COMSPEC", "PATHEXT", "TEMP", "TMP",
}

func (o Options) environment() []string {
	env := []string{"PATH=" + strings.Join(o.searchPath(), string(filepath.ListSeparator))}
	for _, name := range environmentNames {
		if value := o.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// run starts the program in a folder and waits for it to end. The error is in
// the program's words. Ctrl-C reaches it as well as us: it stays in our process
// group, since it may need the terminal.
func (p program) run(dir string, stdin []byte, args ...string) (stdout, stderr []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	out, words := &limited{}, &limited{}
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, p.env, waitDelay
	cmd.Stdout, cmd.Stderr = out, words
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, nil, fmt.Errorf("%s has not signed within %s; does it wait for a passphrase, or for a key to be touched?", p.name(), p.timeout)
	case cmd.ProcessState == nil:
		return nil, nil, fmt.Errorf("run %s: %w", p.path, err)
	case !cmd.ProcessState.Success():
		return nil, nil, p.refusal(words.kept)
	case out.lost:
		return nil, nil, fmt.Errorf("%s answered with more than a signature", p.name())
	}
	// What else err can be is that an agent it started still holds its output.
	return out.kept, words.kept, nil
}

func (p program) name() string { return filepath.Base(p.path) }

// refusal makes an error of what the program said, which is not escaped here.
func (p program) refusal(stderr []byte) error {
	words := plain(stderr)
	if words == "" {
		return fmt.Errorf("%s has not signed, and does not say why", p.name())
	}
	return fmt.Errorf("%s has not signed: %w", p.name(), errors.New(words))
}

// plain keeps what a program says to people, on one line.
func plain(stderr []byte) string {
	var said []string
	for line := range bytes.Lines(stderr) {
		if text := strings.TrimSpace(string(line)); text != "" && !strings.HasPrefix(text, statusPrefix) {
			said = append(said, text)
		}
	}
	words := strings.Join(said, "; ")
	if len(words) > maxWords {
		words = strings.ToValidUTF8(words[:maxWords], "") + "…"
	}
	return words
}

// limited keeps the beginning of what is written to it, and never blocks.
type limited struct {
	kept []byte
	lost bool
}

func (l *limited) Write(data []byte) (int, error) {
	room := min(len(data), maxOutput-len(l.kept))
	l.kept = append(l.kept, data[:room]...)
	l.lost = l.lost || room < len(data)
	return len(data), nil
}
