package cli_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var baseCommit = regexp.MustCompile(`("base": \{[^}]*"commit": )"[^"]*"`)

// madefrom FILE TEXT makes a saved plan name another commit that it was made from:
// the text, or with =REVISION what git finds of that name.
func madeFrom(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: madefrom FILE TEXT")
	}
	commit := args[1]
	if revision, ok := strings.CutPrefix(commit, "="); ok {
		cmd := exec.Command("git", "rev-parse", "--verify", revision)
		cmd.Dir = ts.MkAbs(".")
		out, err := cmd.Output()
		ts.Check(err)
		commit = strings.TrimSpace(string(out))
	}
	data := ts.ReadFile(args[0])
	if !baseCommit.MatchString(data) {
		ts.Fatalf("%s names no commit", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(baseCommit.ReplaceAllString(data, `${1}"`+commit+`"`)), 0o666))
}
