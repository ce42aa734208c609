package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(withPrograms{m}, map[string]func(){
		"age-plugin-asks": func() { os.Exit(runAskingPlugin()) },
	})
}

// programs is the directory of the programs that the tests start, first in PATH.
var programs string

// buildFlags are those that osmoctl is built with, as the tests themselves are.
var buildFlags = []string{"-buildvcs=false"}

// withPrograms runs tests with osmoctl in PATH.
type withPrograms struct{ tests *testing.M }

func (w withPrograms) Run() int {
	dir, err := os.MkdirTemp("", "osmoctl-programs-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = build(filepath.Join(dir, "osmoctl"), append(buildFlags, "./recorded")...)
	}
	if err == nil {
		err = os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	programs = dir
	return w.tests.Run()
}

// build builds programs by flags and packages.
func build(to string, args ...string) error {
	if runtime.GOOS == "windows" && !strings.HasSuffix(to, string(filepath.Separator)) {
		to += ".exe"
	}
	out, err := exec.Command("go", append([]string{"build", "-o", to}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// outputLog names the file that a script's osmoctl copies what it prints to.
const outputLog = "OSMOCTL_TEST_OUTPUT"

// watched are the scripts for a short run, which the race detector is for. It sees
// races within one program, and these have those that do several things at once:
// read, seal, search, push, talk to a plugin.
var watched = []string{
	"apply-concurrent", "branch-projects", "main-job", "plan-pull-request", "push-races", "push-unanswered",
	"secrets-identities", "secrets-reseal", "state-move-pushed", "token-scan", "token-scan-history",
}

// scripts are the files of a short run, none for all of them.
func scripts() (files []string) {
	if testing.Short() {
		for _, name := range watched {
			files = append(files, filepath.Join("testdata", "script", name+".txtar"))
		}
	}
	return files
}

// TestScripts runs the behaviours in testdata/script, one file each, with the
// real program, the stock age and, where a script says so, the stock git.
func TestScripts(t *testing.T) {
	t.Parallel()
	params := testscript.Params{
		Files:               scripts(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Condition:           condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      exits,
			"age":        stock("age"),
			"age-keygen": stock("age-keygen"),
			"nosecret":   noSecret,
			"subst":      subst,
			"madefrom":   madeFrom,
			"same":       same,
			"validates":  validates,
			"clean":      clean,
			"flip":       flip,
			"runnable":   runnable,
			"holdlock":   holdLock,
			"interrupt":  interrupt,
			"adopts":     adopts,
			"alive":      alive,
			"applies":    applies,
			"works":      works,
			"terminal":   terminal,
			"secret":     kubernetesSecret,
			"apiserver":  apiServer,
			"server":     server,
			"workflow":   workflow,
			"forge":      forge,
			"gitlab":     gitlab,
		},
	}
	if params.Files == nil {
		params.Dir = "testdata/script"
	}
	testscript.Run(t, params)
}

// setup gives every script an empty home and keeps the user's git out.
func setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	log := filepath.Join(env.WorkDir, ".tmp", "output.log")
	for key, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": "", "GIT_CONFIG_GLOBAL": filepath.Join(home, ".gitconfig"),
		"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "CI": "", "GITHUB_ACTIONS": "", "NO_COLOR": "1",
		"GIT_AUTHOR_NAME": "Alice", "GIT_AUTHOR_EMAIL": "alice@example.com",
		"GIT_COMMITTER_NAME": "Alice", "GIT_COMMITTER_EMAIL": "alice@example.com",
		"OSMOCTL_IDENTITY": "", "OSMOCTL_NOW": "", "OSMO_URL": "", "OSMO_TOKEN": "", "IDENTITY": filepath.Join(home, ".config/osmoctl/identity.txt"),
		outputLog: log,
		// A program with the race detector sleeps for a second before it ends,
		// in case a goroutine still has a race to show. Scripts run hundreds.
		"GORACE": "atexit_sleep_ms=0",
	} {
		env.Setenv(key, value)
	}
	env.Values[osmoServer{}] = &scriptServer{}
	env.Values[fingerprints{}] = map[string]string{}
	env.Values[runners{}] = &runner{outputs: map[string]string{}}
	env.Defer(func() { searchForValues(env.T(), env.WorkDir, log) })
	env.Values[environment{}] = env.Vars
	config := "[init]\n\tdefaultBranch = main\n[user]\n\tname = Alice\n\temail = alice@example.com\n[advice]\n\tdetachedHead = false\n"
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o600)
}

// condition knows [root], whom file modes do not hold back.
func condition(name string) (bool, error) {
	if strings.TrimSpace(name) == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, os.ErrInvalid
}
