package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// program is the transport that runs the user's git.
type program struct {
	remote *Remote
	path   string // of git, absolute; "" where there is none
	env    []string
	clean  cleaner
}

// listOptions lists what goes before every subcommand: the repository by name, since a bare
// one in a pull request must not be found, and no programs beyond the
// transport's own.
func (p *program) listOptions() []string {
	return []string{
		"--git-dir=" + p.remote.repo.GivenGitDir(), // as the user spelled it
		"-c", "core.fsmonitor=false",
		"-c", "protocol.ext.allow=never",
	}
}

// Limits of what is kept of git's output, in bytes.
const (
	maxStdout = 1 << 20
	maxStderr = 64 << 10
)

// grace is how long git has to put its locks away when it is told to stop, and
// how long what it leaves running may hold on to its output.
const grace = 2 * time.Second

// An output is what a run of git printed, and its exit code.
type output struct {
	stdout, stderr string
	code           int
}

// run starts git and waits for it. An error means that it did not run to its
// end; a code other than zero is none.
func (p *program) run(ctx context.Context, env []string, args ...string) (output, error) {
	return p.feed(ctx, nil, env, args...)
}

// feed is run with something to read; nil is nothing.
func (p *program) feed(ctx context.Context, stdin io.Reader, env []string, args ...string) (output, error) {
	if p.path == "" {
		return output{}, &unsent{fmt.Errorf("%s (%s) %w", p.remote.name, p.remote.url, ErrNoGit)}
	}
	p.remote.say("running: %s %s", p.path, strings.Join(args, " "))
	stdout, stderr := &limited{max: maxStdout}, &limited{max: maxStderr}
	cmd := exec.CommandContext(ctx, p.path, append(p.listOptions(), args...)...)
	cmd.Dir, cmd.Env = p.remote.repo.Root(), append(slices.Clip(p.env), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.WaitDelay = grace
	detach(cmd)
	err := cmd.Run()
	switch {
	case cmd.Process == nil:
		return output{}, &unsent{&failure{p.clean.clean(err.Error()), err}}
	case ctx.Err() != nil:
		killRest(cmd)
		return output{}, &failure{"it was interrupted: " + context.Cause(ctx).Error(), ctx.Err()}
	}
	// What else err can be is an exit code, or that a child of git's lives on
	// and has its output open, as ssh does to share a connection.
	return output{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}, stdout.checkOverflow()
}

// usageCode is what git exits with when it does not know an option.
const usageCode = 129

// failureOf makes an error of what git printed.
func (p *program) failureOf(out output) error {
	if out.code == usageCode {
		return errors.New("this git is too old to be used by osmoctl; install version " + OldestGit + " or newer")
	}
	words := p.clean.clean(out.stderr)
	if words == "" {
		words = fmt.Sprintf("git ended with code %d and no word", out.code)
	}
	return &failure{words, fmt.Errorf("git ended with code %d", out.code)}
}

func (p *program) head(ctx context.Context) (string, error) {
	out, err := p.run(ctx, nil, "ls-remote", "--symref", "--", p.remote.name, "HEAD")
	if err != nil {
		return "", err
	}
	if out.code != 0 {
		return "", p.failureOf(out)
	}
	for line := range strings.Lines(out.stdout) {
		if target, name, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && name == "HEAD" {
			if branch, ok := strings.CutPrefix(target, "ref: "+branches); ok {
				return branch, nil
			}
		}
	}
	return "", nil
}

func (p *program) tip(ctx context.Context, branch string, pushed bool) (string, error) {
	name, env := p.remote.name, []string(nil)
	if pushed && p.remote.target != p.remote.url {
		name, env = p.targetRemote()
	}
	out, err := p.run(ctx, env, "ls-remote", "--", name, branches+branch)
	if err != nil {
		return "", err
	}
	if out.code != 0 {
		return "", p.failureOf(out)
	}
	for line := range strings.Lines(out.stdout) {
		hash, ref, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if ok && ref == branches+branch { // git lists everything that ends so
			return hash, checkHash(hash)
		}
	}
	return "", nil
}

func (p *program) listBeside(ctx context.Context, branch string) ([]string, error) {
	name, env := p.remote.name, []string(nil)
	if p.remote.target != p.remote.url {
		name, env = p.targetRemote()
	}
	args := []string{"ls-remote", "--", name, branches + branch + "/*"}
	for i, c := range branch {
		if c == '/' {
			args = append(args, branches+branch[:i])
		}
	}
	out, err := p.run(ctx, env, args...)
	if err == nil && out.code != 0 {
		err = p.failureOf(out)
	}
	var found []string
	for line := range strings.Lines(out.stdout) {
		_, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if other, ok := strings.CutPrefix(ref, branches); ok {
			found = append(found, other)
		}
	}
	return found, err
}

// targetRemote describes the place that is pushed to as a remote of its own.
// It goes through the environment: arguments, and a password among them, can be
// seen by everybody on the machine.
func (p *program) targetRemote() (name string, env []string) {
	name = p.remote.name + ".osmoctl-push"
	n, _ := strconv.Atoi(environment(p.env).get("GIT_CONFIG_COUNT"))
	return name, []string{
		fmt.Sprintf("GIT_CONFIG_COUNT=%d", n+1),
		fmt.Sprintf("GIT_CONFIG_KEY_%d=remote.%s.url", n, name),
		fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", n, string(p.remote.target)),
	}
}

// fetch asks for file contents in a partial clone too: they are read next, and
// not by git, which would get them then.
func (p *program) fetch(ctx context.Context, branch string) error {
	out, err := p.run(ctx, nil, fetchOptions("--no-filter", "--", p.remote.name, "+"+branches+branch+":"+trackingRef(p.remote.name, branch))...)
	if err == nil && out.code != 0 {
		err = p.failureOf(out)
	}
	return err
}

func (p *program) push(ctx context.Context, q proposal) error {
	ref := branches + q.branch
	out, err := p.run(ctx, nil, "push", "--porcelain", "--no-follow-tags", "--no-recurse-submodules",
		"--force-with-lease="+ref+":"+q.old, "--", p.remote.name, q.commit+":"+ref)
	if err != nil {
		return err
	}
	if out.code == 0 {
		return nil
	}
	return p.verdict(out, ref)
}

// verdict tells a no from a broken connection. Git prints a line for the branch
// when the server has answered; with nothing printed and the code 1, the user's
// pre-push hook has said no before the server was asked.
func (p *program) verdict(out output, ref string) error {
	answer, answered := refStatus(out.stdout, ref)
	switch {
	case answered:
		return &refusal{p.clean.clean(remoteLines(out.stderr) + answer)}
	case out.code == 1 && out.stdout == "":
		return &refusal{p.clean.clean(out.stderr)}
	}
	return p.failureOf(out)
}

// refStatus finds the line "!\tSOURCE:REF\tWHAT (WHY)" of --porcelain.
func refStatus(stdout, ref string) (string, bool) {
	for line := range strings.Lines(stdout) {
		flag, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
		refs, what, ok := strings.Cut(rest, "\t")
		if ok && flag == "!" && strings.HasSuffix(refs, ":"+ref) {
			return what, true
		}
	}
	return "", false
}

// remoteLines keeps what the server's hooks printed.
func remoteLines(stderr string) string {
	var out strings.Builder
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "remote:") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// limited keeps the beginning of what is written to it, and never blocks.
type limited struct {
	max  int
	kept []byte
	lost bool
}

func (l *limited) Write(data []byte) (int, error) {
	room := min(len(data), l.max-len(l.kept))
	l.kept = append(l.kept, data[:room]...)
	l.lost = l.lost || room < len(data)
	return len(data), nil
}

func (l *limited) String() string { return string(l.kept) }

// checkOverflow is an error where an answer that is read by us was cut short.
func (l *limited) checkOverflow() error {
	if l.lost {
		return &failure{"git answered with more than osmoctl reads", errors.New("too much output")}
	}
	return nil
}
