package cli_test

import (
	"context"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/cli/command"
)

// Whatever gives a value out follows the same rules for where it goes.
func TestEveryDeliveryFollowsTheRules(t *testing.T) {
	t.Parallel()
	dir := applied(t)
	terminal := func(env *command.Env) { env.StdoutTerminal = true }
	inCI := func(env *command.Env) { with(env, "CI", "true") }
	redirectedTo := func(path string) func(*command.Env) {
		return func(env *command.Env) { env.StdoutFile = &command.RedirectedFile{Path: path, Mode: 0o600} }
	}
	for _, line := range []string{"token decrypt", "export k8s-secret", "export backend-secret", "export dotenv"} {
		for name, tt := range map[string]struct {
			change func(*command.Env)
			flags  []string
			code   int
		}{
			"pipe":                   {nil, nil, 0},
			"terminal":               {terminal, nil, 80},
			"terminal by name":       {terminal, []string{"-o", "-"}, 80},
			"terminal, revealed":     {terminal, []string{"--reveal"}, 0},
			"CI":                     {inCI, nil, 80},
			"CI, by name":            {inCI, []string{"-o", "-"}, 0},
			"work tree":              {nil, []string{"-o", "x"}, 1},
			"redirected":             {redirectedTo(dir + "/../x"), nil, 0},
			"redirected, work tree":  {redirectedTo(dir + "/x"), []string{"-o", "-"}, 1},
			"overwrite without file": {nil, []string{"--overwrite"}, 80},
		} {
			t.Run(line+", "+name, func(t *testing.T) {
				t.Parallel()
				args := append(strings.Fields(line), "backend-operator/backend-token")
				r := osmoctlWith(tt.change, dir, append(args, tt.flags...)...)
				if r.code != tt.code || (r.stdout != "") != (tt.code == 0) {
					t.Errorf("exit code %d and %d bytes, want %d\n%s", r.code, len(r.stdout), tt.code, r.stderr)
				}
				if r.stdout != "" && tt.change != nil && name == "terminal, revealed" && !strings.HasSuffix(r.stdout, "\n") {
					t.Error("the prompt of the shell follows on the same line")
				}
				if strings.HasSuffix(r.stdout, "\n\n") {
					t.Error("a line end was added to one")
				}
			})
		}
	}
}

// A signal that comes while the value is opened ends osmoctl: the program that
// it was meant for is not started.
func TestInterruptedBeforeExec(t *testing.T) {
	t.Parallel()
	dir := applied(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := osmoctlIn(ctx, func(env *command.Env) {
		before := env.Getenv
		// The day is asked for last.
		env.Getenv = func(name string) string {
			if name == "OSMOCTL_NOW" {
				cancel()
			}
			return before(name)
		}
	}, dir, "token", "exec", "svc-ci/ci-token", "--", "go")
	if r.code != 130 {
		t.Errorf("exit code %d, want 130\n%s", r.code, r.stderr)
	}
	// Without it, the program would have been started.
	if r := osmoctl(dir, "token", "exec", "svc-ci/ci-token", "--", "go"); !strings.Contains(r.stderr, "not run here") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
}
