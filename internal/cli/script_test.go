package cli_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/osmoctl/osmoctl/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"osmoctl": func() { os.Exit(cli.Main(cli.System(), os.Args[1:])) },
	})
}

// TestScripts runs the behaviours in testdata/script, one file each, with the
// real program, the stock age and, where a script says so, the stock git.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"age":      runAge,
			"nosecret": noSecret,
			"subst":    subst,
			"same":     same,
		},
	})
}

// setup gives every script an empty home and keeps the user's git out.
func setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	for key, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": "", "GIT_CONFIG_GLOBAL": filepath.Join(home, ".gitconfig"),
		"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "CI": "", "GITHUB_ACTIONS": "", "NO_COLOR": "1",
		"GIT_AUTHOR_NAME": "Alice", "GIT_AUTHOR_EMAIL": "alice@example.com",
		"GIT_COMMITTER_NAME": "Alice", "GIT_COMMITTER_EMAIL": "alice@example.com",
		"OSMOCTL_IDENTITY": "", "OSMOCTL_NOW": "",
	} {
		env.Setenv(key, value)
	}
	config := "[init]\n\tdefaultBranch = main\n[user]\n\tname = Alice\n\temail = alice@example.com\n[advice]\n\tdetachedHead = false\n"
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o600)
}

// exits CODE COMMAND... runs a command and demands its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// stockAge builds the age program that go.mod names as a tool.
var stockAge = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "osmoctl-age-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "age")
	out, err := exec.Command("go", "build", "-o", program, "filippo.io/age/cmd/age").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build age: %w\n%s", err, out)
	}
	return program, nil
})

// age ARGS... runs the stock age program.
func runAge(ts *testscript.TestScript, neg bool, args []string) {
	program, err := stockAge()
	ts.Check(err)
	if err := ts.Exec(program, args...); (err != nil) != neg {
		ts.Fatalf("age: %v", err)
	}
}

// nosecret FILE DIR... demands that the value in FILE stands in no file below
// the directories, in no object of a git repository there, and in none of the
// usual encodings.
func noSecret(ts *testscript.TestScript, neg bool, args []string) {
	value := []byte(strings.TrimSpace(ts.ReadFile(args[0])))
	if neg || len(value) < 20 {
		ts.Fatalf("nosecret needs a file with a value")
	}
	forms := map[string][]byte{
		"raw": value, "hex": []byte(hex.EncodeToString(value)),
		"base64": []byte(strings.TrimRight(base64.StdEncoding.EncodeToString(value), "=")),
		"url":    bytes.ReplaceAll(value, []byte("_"), []byte("%5F")),
	}
	searched := 0
	search := func(where string, data []byte) {
		searched += len(data)
		for name, form := range forms {
			if bytes.Contains(data, form) {
				ts.Fatalf("%s holds the value as %s", where, name)
			}
		}
	}
	for _, dir := range args[1:] {
		root := ts.MkAbs(dir)
		ts.Check(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || path == ts.MkAbs(args[0]) {
				return err
			}
			data, err := os.ReadFile(path)
			search(path, data)
			return err
		}))
		if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
			objects, err := exec.Command("git", "-C", root, "cat-file", "--batch-all-objects", "--batch").Output()
			ts.Check(err)
			search(root+" (objects)", objects)
		}
	}
	if searched == 0 {
		ts.Fatalf("nothing was searched")
	}
}

// subst FILE OLD NEW replaces text in a file and demands that it was there.
func subst(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: subst FILE OLD NEW")
	}
	before := ts.ReadFile(args[0])
	after := strings.ReplaceAll(before, args[1], args[2])
	if before == after {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o666))
}

// same NAME DIR remembers a fingerprint of everything below DIR, refs, index and
// work tree, and demands the next time that it is the same.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: same NAME DIR")
	}
	var now strings.Builder
	root := ts.MkAbs(args[1])
	ts.Check(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if strings.Contains(name, filepath.Join(".git", "osmoctl")) {
			return nil
		}
		fmt.Fprintln(&now, name, d.Type())
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			fmt.Fprintf(&now, "%x\n", data)
			return err
		}
		return nil
	}))
	key := "SAME_" + args[0]
	file := filepath.Join(os.TempDir(), "osmoctl-same-"+filepath.Base(ts.Getenv("WORK"))+"-"+args[0])
	if ts.Getenv(key) == "" {
		ts.Setenv(key, "1")
		ts.Check(os.WriteFile(file, []byte(now.String()), 0o600))
		return
	}
	before, err := os.ReadFile(file)
	ts.Check(err)
	if string(before) != now.String() {
		ts.Fatalf("%s has changed", args[1])
	}
}
