package cli_test

import (
	"context"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/cli"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Whatever gives a value out follows the same rules for where it goes.
func TestEveryDeliveryFollowsTheRules(t *testing.T) {
	t.Parallel()
	dir := applied(t)
	terminal := func(env *cli.Env) { env.StdoutTerminal = true }
	inCI := func(env *cli.Env) { with(env, "CI", "true") }
	redirectedTo := func(path string) func(*cli.Env) {
		return func(env *cli.Env) { env.StdoutFile = &cli.RedirectedFile{Path: path, Mode: 0o600} }
	}
	for _, command := range []string{"token decrypt", "export k8s-secret", "export backend-secret", "export dotenv"} {
		for name, tt := range map[string]struct {
			change func(*cli.Env)
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
			t.Run(command+", "+name, func(t *testing.T) {
				t.Parallel()
				args := append(strings.Fields(command), "backend-operator/backend-token")
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
	r := osmoctlIn(ctx, func(env *cli.Env) {
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

// A value of a server's may be anything: what its place would not take, or would
// take for something else, is refused.
func TestValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for value, want := range map[string]struct{ backend, dotenv, environment bool }{
		"osmo_" + long[:38]:  {true, true, true},
		"-_" + long[:41]:     {true, true, true},
		long:                 {true, true, true},
		long[:42]:            {false, true, true},
		long[:44]:            {false, true, true},
		"." + long[:42]:      {false, true, true},
		"$" + long[:42]:      {false, false, true},
		" " + long[:42]:      {false, false, true},
		"\n" + long[:42]:     {false, false, true},
		"#" + long[:42]:      {false, false, true},
		"é" + long[:41]:      {false, false, true},
		"\x00" + long[:42]:   {false, false, false},
		long[:42] + "\u2028": {false, false, true},
	} {
		v := secret.New([]byte(value))
		if err := cli.FitsBackend(v); (err == nil) != want.backend {
			t.Errorf("%q for a backend operator: %v", value, err)
		}
		if _, err := cli.Dotenv("X", v); (err == nil) != want.dotenv {
			t.Errorf("%q in a dotenv file: %v", value, err)
		}
		if _, err := cli.WithToken(nil, "X", v); (err == nil) != want.environment {
			t.Errorf("%q in an environment: %v", value, err)
		}
	}
}
