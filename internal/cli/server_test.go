package cli_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// These grow the tests with a server beyond what every run of all tests has time for.
var (
	killEvery    = flag.Int("killevery", 13, "of the calls to a server, kill a run at one in so many")
	serverRounds = flag.Int("serverrounds", 3, "how often two runs begin at once on a server")
)

// online is a project whose tokens an OSMO server issues, its remote and the server.
type online struct {
	t                testing.TB
	top, remote, dir string
	server           *osmotest.Server
	url, token       string
}

const onlineBefore = `roles:
  old: {policies: [{actions: ["pool:List"], resources: ["*"]}]}
  kept: {policies: [{actions: ["pool:List"], resources: ["*"]}]}
service_accounts:
  a: {roles: [kept, old], tokens: {t: {roles: [kept]}, gone: {roles: [kept]}}}
  b: {roles: [old], tokens: {v: {roles: [old]}}}
`

const onlineAfter = `roles:
  new: {policies: [{actions: ["pool:List"], resources: ["*"]}]}
  kept: {policies: [{actions: ["workflow:*"], resources: ["pool/a"]}]}
service_accounts:
  a: {roles: [kept], tokens: {t: {roles: [kept], generation: 2}, fresh: {roles: [kept]}}}
  c: {roles: [new], tokens: {w: {roles: [new]}, x: {roles: [new]}}}
`

// newOnline is a project whose first declarations were applied, and whose second were
// pushed.
func newOnline(t testing.TB, before, after string) *online {
	t.Helper()
	needGit(t)
	o := &online{t: t, top: t.TempDir(), server: osmotest.New(osmotest.Options{
		Mode: model.ModeDatabase, Version: "6.3.1", Gateway: true, Clock: func() time.Time { return day },
	})}
	o.server.CreateUser("gitops", "admin", "osmo-admin")
	o.token = o.server.CreateToken("gitops", "ci", "", day.AddDate(0, 6, 0), "osmo-admin")
	o.url = o.server.Serve(t)
	o.dir, o.remote = filepath.Join(o.top, "project"), filepath.Join(o.top, "remote.git")
	if r := osmoctl(o.dir, "init", o.dir); r.code != 0 {
		t.Fatalf("init: %s", r.stderr)
	}
	text, err := os.ReadFile(filepath.Join(o.dir, "osmoctl.yaml"))
	check(t, err)
	key := strings.Fields(string(text)[strings.Index(string(text), "age1"):])[0]
	write(t, filepath.Join(o.dir, "osmoctl.yaml"), fmt.Appendf(nil, "version: 1\nrecipients: {ops: %s}\n"+
		"defaults: {recipients: [ops], token: {expires_in: 90d, rotate: {every: 60d, overlap: 0d}}}\nguardrails: {max_deletes: {percent: 100}}\n"+
		"git: {push: origin, branch: main}\nosmo: {version: \"6.3\", mode: database}\nbackend: {kind: osmo, url: %q}\n", key, o.url))
	check(t, os.RemoveAll(filepath.Join(o.dir, "manifests")))
	write(t, filepath.Join(o.dir, "manifests", "all.yaml"), []byte(before))
	git(t, o.dir, "config", "user.name", "Alice")
	git(t, o.dir, "config", "user.email", "alice@example.com")
	git(t, o.dir, "add", "-A")
	git(t, o.dir, "commit", "-qm", "before")
	git(t, o.top, "clone", "-q", "--bare", o.dir, o.remote)
	git(t, o.dir, "remote", "add", "origin", o.remote)
	if r := o.run(o.dir, "apply", "--auto-approve"); r.code != 0 {
		t.Fatalf("apply: %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if after != "" {
		write(t, filepath.Join(o.dir, "manifests", "all.yaml"), []byte(after))
		git(t, o.dir, "commit", "-qam", "after")
		git(t, o.dir, "push", "-q", "origin", "main")
	}
	return o
}

// run runs a command line in this process, with access to the server.
func (o *online) run(dir string, args ...string) ran {
	return osmoctlWith(func(env *command.Env) {
		with(env, "OSMO_URL", o.url)
		env.ServerToken = secret.New([]byte(o.token))
	}, dir, args...)
}

// clone makes a fresh clone.
func (o *online) clone(name string) (dir string) {
	o.t.Helper()
	dir = filepath.Join(o.top, name)
	git(o.t, o.top, "clone", "-q", o.remote, dir)
	git(o.t, dir, "config", "user.name", "Alice")
	git(o.t, dir, "config", "user.email", "alice@example.com")
	return dir
}

// underway is the run that state says to have something reserved, "" for none.
func (o *online) underway(dir string) string {
	o.t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "state", "meta.json"))
	check(o.t, err)
	var meta struct {
		Underway struct{ Run string }
	}
	check(o.t, json.Unmarshal(text, &meta))
	return meta.Underway.Run
}

// converge makes a fresh clone and applies in it until nothing is left, which it says
// within three runs.
func (o *online) converge(name string) (dir string) {
	o.t.Helper()
	dir = o.clone(name)
	args := []string{"apply", "--auto-approve"}
	if run := o.underway(dir); run != "" {
		args = append(args, "--take-over", run)
	}
	for try := range 3 {
		r := o.run(dir, args...)
		if args = args[:2]; r.code == 0 {
			break
		}
		if try == 2 {
			o.t.Fatalf("the third run in %s: %d\n%s%s", name, r.code, r.stdout, r.stderr)
		}
	}
	if r := o.run(dir, "plan", "--detailed-exitcode"); r.code != 0 || strings.Contains(r.stdout, "still on the server") {
		o.t.Fatalf("the plan afterwards: %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	return dir
}

// sound demands that what is alive is what state has, that whoever has the key can read
// it, and that nothing was ever asked for twice.
func (o *online) sound(dir string, want ...string) {
	o.t.Helper()
	tokens := o.server.Tokens()
	maps.DeleteFunc(tokens, func(name string, _ osmotest.Token) bool { return strings.HasPrefix(name, "gitops/") })
	if got := model.Names(tokens); len(got) != len(want) {
		o.t.Errorf("alive are %q, and declared %q", got, want)
	}
	identity := filepath.Join(o.top, "home", ".config", "osmoctl", "identity.txt")
	for _, name := range want {
		r := osmoctl(dir, "token", "decrypt", name, "-i", identity, "-o", "-")
		if r.code != 0 || !o.server.Alive(strings.TrimSpace(r.stdout)) {
			o.t.Errorf("%s cannot be used: %d %s", name, r.code, r.stderr)
		}
	}
	counts := o.server.Counts()
	if len(counts.Duplicates) > 0 {
		o.t.Errorf("these were to be created while they were there: %q", counts.Duplicates)
	}
	for name, n := range counts.Creates {
		if _, token, _ := strings.Cut(name, "/"); token != "" && n > 1 {
			o.t.Errorf("%s was asked for %d times", name, n)
		}
	}
	if users := o.server.Users(); !slices.Equal(slices.DeleteFunc(users, func(id string) bool { return id == "admin" || id == "gitops" }), []string{"a", "c"}) {
		o.t.Errorf("the users are %q", users)
	}
}

// A run that is killed at whatever call to the server, before or after the server did
// what it was asked for, leaves nothing that a run in a fresh clone does not put right.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the programs are killed, and have no race to show")
	}
	undisturbed := newOnline(t, onlineBefore, onlineAfter)
	before := undisturbed.server.Counts().Requests
	undisturbed.sound(undisturbed.converge("clone"), "a/t", "a/fresh", "c/w", "c/x")
	calls := undisturbed.server.Counts().Requests - before
	for call := 0; call < calls; call++ {
		for _, do := range []osmotest.Do{osmotest.Never, osmotest.Now} {
			if (2*call+int(do))%*killEvery != 0 {
				continue
			}
			t.Run(fmt.Sprintf("call %d done %t", call, do == osmotest.Now), func(t *testing.T) {
				t.Parallel()
				o := newOnline(t, onlineBefore, onlineAfter)
				o.kill(call, do)
				o.sound(o.converge("clone"), "a/t", "a/fresh", "c/w", "c/x")
			})
		}
	}
}

// kill runs an apply as a program of its own, and kills it at a call.
func (o *online) kill(call int, do osmotest.Do) {
	o.t.Helper()
	cmd := exec.Command("osmoctl", "apply", "--auto-approve")
	cmd.Dir = o.dir
	cmd.Env = []string{
		"HOME=" + filepath.Join(o.top, "home"), "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1",
		"OSMO_URL=" + o.url, "OSMO_TOKEN=" + o.token, "OSMOCTL_NOW=" + day.Format(time.RFC3339),
	}
	var mu sync.Mutex
	seen := 0
	o.server.SetFault(func(*http.Request) osmotest.Fault {
		mu.Lock()
		defer mu.Unlock()
		seen++
		switch {
		case seen <= call:
			return osmotest.Fault{}
		case seen == call+1:
			_ = cmd.Process.Kill()
			return osmotest.Fault{Do: do, Answer: osmotest.Reset}
		}
		return osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Reset}
	})
	out, err := cmd.CombinedOutput()
	o.server.SetFault(nil)
	if err == nil {
		o.t.Logf("it was not killed:\n%s", out)
	}
}

// Two runs that begin at once on one server ask for nothing twice: one reserves, the
// other sees that, and between them everything comes to be as declared.
func TestServerTwoRuns(t *testing.T) {
	t.Parallel()
	rounds := *serverRounds
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			o := newOnline(t, onlineBefore, onlineAfter)
			var both sync.WaitGroup
			for _, name := range []string{"one", "two"} {
				dir := o.clone(name)
				both.Go(func() {
					if r := o.run(dir, "apply", "--auto-approve", "--lock-timeout", "20s"); r.code != 0 && r.code != 4 {
						t.Errorf("%s: %d\n%s%s", name, r.code, r.stdout, r.stderr)
					}
				})
			}
			both.Wait()
			o.sound(o.converge("clone"), "a/t", "a/fresh", "c/w", "c/x")
		})
	}
}
