package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// alive USER/TOKEN FROM TO [none] demands that on each day from FROM to before
// TO at most one generation of a token is active and at least one works; with
// none, that none works on any of them. Between two commits of state a day
// changes nothing but what the dates mean, so the token is read once.
func alive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: alive USER/TOKEN FROM TO [none]")
	}
	from, to := dateOf(ts, args[1]), dateOf(ts, args[2])
	var token struct {
		Generations []struct {
			Generation  int    `json:"generation"`
			ExpiresAt   string `json:"expires_at"`
			RevokeAfter string `json:"revoke_after"`
		} `json:"generations"`
	}
	ts.Check(ts.Exec("osmoctl", "token", "get", args[0], "-t", "json"))
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &token))
	if !from.Before(to) {
		ts.Fatalf("no day lies between %s and %s", args[1], args[2])
	}
	for d := from; d.Before(to); d = d.AddDate(0, 0, 1) {
		active, valid := 0, 0
		for _, g := range token.Generations {
			if g.RevokeAfter == "" {
				active++
			}
			if dateOf(ts, g.ExpiresAt[:10]).After(d) {
				valid++
			}
		}
		if want := len(args) == 3; active > 1 || (valid > 0) != want {
			ts.Fatalf("%s: %d generations are active and %d work", d.Format(time.DateOnly), active, valid)
		}
	}
}

func dateOf(ts *testscript.TestScript, s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	ts.Check(err)
	return d
}

// applies DATE [CHANGES] applies on a day, demands what is said of it ("Applied:
// CHANGES", or nothing to do), and that a plan on the same day is then empty.
// The warnings of the plan are left in stdout.
func applies(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: applies DATE [CHANGES]")
	}
	ts.Setenv("OSMOCTL_NOW", args[0])
	want := "Nothing to do. State equals the declarations.\n"
	if len(args) == 2 {
		want = "Applied: " + args[1] + ".\n"
	}
	ts.Check(ts.Exec("osmoctl", "plan", "--out", filepath.Join(ts.Getenv("WORK"), "planned.json")))
	planned := ts.ReadFile("stdout")
	ts.Check(ts.Exec("osmoctl", "apply", "--auto-approve"))
	if got := ts.ReadFile("stdout"); len(got) < len(want) || got[:len(want)] != want {
		ts.Fatalf("on %s apply says:\n%s\nwant: %s", args[0], got, want)
	}
	ts.Check(ts.Exec("osmoctl", "plan", "--detailed-exitcode"))
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), "planned"), []byte(planned), 0o600))
}

// works FILE DATE CODE has the value in a file verified on a day, and demands an
// exit code: 0 where it works.
func works(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: works FILE DATE CODE")
	}
	ts.Setenv("OSMOCTL_NOW", args[1])
	exits(ts, false, []string{args[2], "sh", "-c", "exec osmoctl token verify < " + args[0]})
}
