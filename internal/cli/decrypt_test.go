package cli_test

import (
	"context"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/cli/command"
)

// A terminal is shown a value only where that was asked for, whatever else is.
func TestDecryptOnTerminal(t *testing.T) {
	t.Parallel()
	dir := applied(t)
	terminal := func(env *command.Env) { env.StdoutTerminal = true }
	inCI := func(env *command.Env) { with(env, "CI", "true") }
	notCI := func(env *command.Env) { with(env, "CI", "false") }
	for name, tt := range map[string]struct {
		change func(*command.Env)
		flags  []string
		code   int
		// length is that of what is printed: a terminal gets a line end too.
		length int
	}{
		"pipe":                 {nil, nil, 0, 43},
		"pipe by name":         {nil, []string{"-o", "-"}, 0, 43},
		"terminal":             {terminal, nil, 80, 0},
		"terminal by name":     {terminal, []string{"-o", "-"}, 80, 0},
		"terminal, revealed":   {terminal, []string{"--reveal"}, 0, 44},
		"CI":                   {inCI, nil, 80, 0},
		"CI, by name":          {inCI, []string{"-o", "-"}, 0, 43},
		"CI set to false":      {notCI, nil, 0, 43},
		"CI and reveal":        {inCI, []string{"--reveal"}, 80, 0},
		"CI, name and reveal":  {inCI, []string{"-o", "-", "--reveal"}, 0, 43},
		"terminal, file named": {terminal, []string{"-o", "project/x"}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := osmoctlWith(tt.change, dir, append([]string{"token", "decrypt", "svc-ci/ci-token"}, tt.flags...)...)
			if r.code != tt.code || len(r.stdout) != tt.length {
				t.Errorf("exit code %d and %d bytes, want %d and %d\n%s", r.code, len(r.stdout), tt.code, tt.length, r.stderr)
			}
			if strings.Contains(r.stderr, "osmo_") {
				t.Error("the value is on stderr")
			}
		})
	}
}

// silence is the stdin of somebody who says nothing: who reads it waits for ever,
// and is interrupted meanwhile.
type silence func()

func (interrupt silence) Read([]byte) (int, error) {
	interrupt()
	select {}
}

// Whoever is asked for something can leave: the read on stdin that nobody ends
// does not hold the program.
func TestInterruptedWhileAsking(t *testing.T) {
	t.Parallel()
	dir := applied(t)
	git(t, dir, "commit", "-q", "--allow-empty", "-m", "nothing")
	for name, args := range map[string][]string{
		"verify": {"token", "verify"},
		"apply":  {"apply", "--replace", "token/svc-ci/ci-token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := osmoctlIn(ctx, func(env *command.Env) {
				env.Stdin, env.StdinTerminal, env.StderrTerminal = silence(cancel), true, true
			}, dir, append([]string{"--no-color"}, args...)...)
			if r.code != 130 {
				t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
			}
			// What is said stands on a line of its own, behind ^C.
			want := map[string]string{"verify": "\nerror: interrupted\n", "apply": "Only \"yes\" is taken: \nerror: interrupted: nothing was changed\n"}[name]
			if !strings.HasSuffix(r.stderr, want) {
				t.Errorf("it says %q, want %q", r.stderr, want)
			}
		})
	}
}

// The question is asked on stderr, of a plan on stdout, and takes only yes.
func TestApplyAsks(t *testing.T) {
	t.Parallel()
	for answer, code := range map[string]int{"yes\n": 0, "y\n": 1, "no\n": 1, "": 1, "YES\n": 1} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			dir := applied(t)
			r := osmoctlWith(func(env *command.Env) {
				env.Stdin, env.StdinTerminal = strings.NewReader(answer), true
			}, dir, "apply", "--replace", "token/svc-ci/ci-token")
			if r.code != code {
				t.Errorf("exit code %d, want %d", r.code, code)
			}
			if !strings.Contains(r.stdout, "rotate token/svc-ci/ci-token") || !strings.Contains(r.stderr, "\nPlan: 1 to rotate.\nApply this plan?") {
				t.Errorf("it asked:\n%s%s", r.stdout, r.stderr)
			}
			if now := osmoctl(dir, "state", "verify"); strings.Contains(now.stdout, "serial 2") != (code == 0) {
				t.Errorf("afterwards:\n%s", now.stdout)
			}
		})
	}
}
