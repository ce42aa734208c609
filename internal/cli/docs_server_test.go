package cli_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// told is what a document tells between its terminals. It happens before the first command
// below a heading, or the first one there that begins so.
type told struct {
	section, command string
	happens          func()
}

// serverTale is docs/osmo-server.md while it is run: its text, the server, and the clone
// that the commands are given in.
type serverTale struct {
	t           *testing.T
	text        string
	server      *osmotest.Server
	url, token  string
	remote, dir string
	shell       *shell
	matcher     matcher
}

// TestTerminalsInDocsOfServer runs what docs/osmo-server.md shows of a terminal, and has
// happen what it tells between.
func TestTerminalsInDocsOfServer(t *testing.T) {
	t.Parallel()
	needGit(t)
	if testing.Short() {
		t.Skip("what it runs, scripts run as well")
	}
	const path = "docs/osmo-server.md"
	text, err := os.ReadFile(filepath.Join("../..", path))
	check(t, err)
	s := newServerTale(t, string(text))
	tale := []told{
		{"3. Access, by whoever runs osmoctl", "", s.addTwoLines},
		{"4. Say what is yours", "", s.addOwns},
		{"Roles in Helm values", "", s.declareRole},
		{"Drift", "", s.drift},
		{"An apply, and several at once", "", s.reserve},
		{"An apply, and several at once", "osmoctl apply --auto-approve --replace", s.refuse},
		{"4. CI", "", s.openPullRequest},
	}
	for _, c := range s.commands() {
		for len(tale) > 0 && tale[0].section == c.section && strings.HasPrefix(c.command, tale[0].command) {
			tale[0].happens()
			tale = tale[1:]
		}
		s.shell.compare(t, path, c, s.matcher)
	}
	if len(tale) > 0 {
		t.Errorf("%s: what is told below %q happens before a command $ %s…, and there is none", path, tale[0].section, tale[0].command)
	}
}

// newServerTale begins the tale: with a server with a role ml-team, accounts svc-ci and
// svc-train with tokens, and people, and with an empty repository.
func newServerTale(t *testing.T, text string) *serverTale {
	t.Helper()
	s := &serverTale{t: t, text: text, remote: filepath.Join(t.TempDir(), "osmo-accounts.git")}
	s.server = osmotest.New(osmotest.Options{
		Version: "6.4.1", Mode: model.ModeConfigMap, Gateway: true, Clock: func() time.Time { return day },
		Roles: []osmotest.Role{{Name: "ml-team", Description: "ML team", Policies: []osmotest.Policy{
			{Effect: "Allow", Actions: []string{"pool:List", "workflow:*"}, Resources: []string{"pool/ml-*"}},
		}}},
	})
	s.url = s.server.Serve(t)
	s.server.CreateUser("alice@example.com", "idp-sync", "osmo-user")
	s.server.CreateUser("svc-ci", "admin", "ml-team", "osmo-user")
	s.createToken("svc-ci", "build", "Build images", "2027-01-06", "ml-team")
	s.createToken("svc-ci", "nightly", "", "2026-12-09", "ml-team", "osmo-user")
	s.server.CreateUser("svc-train", "admin", "ml-team")
	s.createToken("svc-train", "launch", "Training jobs", "2027-02-15", "ml-team")
	s.server.CreateUser("gitops", "admin", "osmo-admin")
	s.token = s.createToken("gitops", "osmoctl", "osmoctl", "2027-05-01", "osmo-admin")

	home := t.TempDir()
	write(t, filepath.Join(home, ".gitconfig"), []byte(committer))
	file := filepath.Join(home, ".config", "osmo-gitops-token")
	write(t, file, []byte(s.token+"\n"))
	check(t, os.Chmod(file, 0o600))
	git(t, home, "init", "-q", "--bare", "-b", "main", s.remote)
	s.dir = filepath.Join(home, "osmo-accounts")
	s.shell = openShell(t, home, home)
	s.matcher = newMatcher("/home/alice", home, "https://osmo.example.com", s.url, "git@git.example.com:platform/osmo-accounts.git", s.remote)
	return s
}

func (s *serverTale) createToken(user, name, description, expires string, roles ...string) (value string) {
	s.t.Helper()
	date, err := model.ParseDate(expires)
	check(s.t, err)
	return s.server.CreateToken(user, name, description, date.Time(), roles...)
}

// commands are those of the document. The job for pull requests is shown before there is
// anything for one to change, and comes last.
func (s *serverTale) commands() []shown {
	var now, later []shown
	for _, c := range readTerminals(s.text) {
		if c.section == "4. CI" {
			later = append(later, c)
		} else {
			now = append(now, c)
		}
	}
	return append(now, later...)
}

// addTwoLines adds what the document says to osmoctl.yaml, committed and pushed.
func (s *serverTale) addTwoLines() {
	s.configure("git: ")
	s.shell.do(s.t, "git add -A && git commit -qm 'Start a project' && git push -q -u origin main")
}

// addOwns says what is the project's own, and has somebody make a user under such a name.
func (s *serverTale) addOwns() {
	s.configure(`backend: {kind: osmo, url: "https://osmo.example.com", owns: `)
	s.server.CreateUser("svc-old", "admin", "osmo-user")
}

// configure writes the lines of the document that begin so into osmoctl.yaml, in the place
// of those with the same keys.
func (s *serverTale) configure(begin string) {
	s.t.Helper()
	_, rest, found := strings.Cut(s.text, "\n    "+begin)
	if !found {
		s.t.Fatalf("the document has no lines %s…", begin)
	}
	block, _, _ := strings.Cut(begin+rest, "\n\n")
	file := filepath.Join(s.dir, "osmoctl.yaml")
	before, err := os.ReadFile(file)
	check(s.t, err)
	lines := strings.Split(strings.TrimSpace(string(before)), "\n")
	for line := range strings.SplitSeq(s.matcher.here.Replace(block), "\n") {
		line = strings.TrimSpace(line)
		key, _, _ := strings.Cut(line, " ")
		lines = append(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, key) }), line)
	}
	write(s.t, file, []byte(strings.Join(lines, "\n")+"\n"))
}

// declareRole declares a role that is not deployed, and an account that holds it.
func (s *serverTale) declareRole() {
	write(s.t, filepath.Join(s.dir, "manifests", "eval.yaml"), []byte(`roles:
  ml-eval: {policies: [{actions: ["workflow:*"], resources: ["pool/ml-eval"]}]}
service_accounts:
  svc-eval: {roles: [ml-eval], tokens: {run: {roles: [ml-eval]}}}
`))
	s.shell.do(s.t, "git add -A && git commit -qm 'Evaluate models' && git push -q")
}

// drift is what people do by hand.
func (s *serverTale) drift() {
	s.server.Revoke("svc-ci", "osmo-user")
	s.server.Grant("svc-ci", "osmo-admin", "mallory")
	s.server.Grant("svc-train", "osmo-user", "idp-sync")
	s.server.DeleteToken("svc-train", "launch-g2")
	s.createToken("svc-ci", "debug", "", "2027-01-01", "ml-team")
}

// reserve has a run in another clone reserve a name 11 s ago. It is killed before it has
// made a token.
func (s *serverTale) reserve() {
	clone := filepath.Join(s.t.TempDir(), "clone")
	git(s.t, s.dir, "clone", "-q", s.remote, clone)
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	cmd := exec.CommandContext(ctx, "osmoctl", "apply", "--auto-approve", "--replace", "svc-ci/build")
	cmd.Dir = clone
	cmd.Env = append(slices.Clone(s.shell.env), "OSMO_URL="+s.url, "OSMO_TOKEN="+s.token,
		"OSMOCTL_NOW="+day.Truncate(24*time.Hour).Add(-11*time.Second).Format(time.RFC3339))
	s.whenIssuing(func() osmotest.Fault {
		kill()
		return osmotest.Fault{Do: osmotest.Never, Delay: time.Hour} // It is dead before that.
	})
	defer s.server.SetFault(nil)
	if out, err := cmd.CombinedOutput(); err == nil {
		s.t.Fatalf("the other run was not killed:\n%s", out)
	}
}

// refuse answers whoever wants a token with 422.
func (s *serverTale) refuse() {
	s.whenIssuing(func() osmotest.Fault { return osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Echo} })
}

// whenIssuing has something go wrong with every request that makes a token.
func (s *serverTale) whenIssuing(fault func() osmotest.Fault) {
	s.server.SetFault(func(r *http.Request) osmotest.Fault {
		if r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/access_token/") {
			return fault()
		}
		return osmotest.Fault{}
	})
}

// openPullRequest changes an account on a branch, where the shell is the job for it: it has
// neither the address of the server nor a credential.
func (s *serverTale) openPullRequest() {
	s.shell.do(s.t, `unset OSMO_URL OSMO_TOKEN && export GITHUB_EVENT_NAME=pull_request GITHUB_BASE_REF=main
git switch -qc describe && perl -pi -e 's/^  svc-train:$/$&\n    description: Training/' manifests/imported.yaml && git commit -qam 'Describe svc-train'`)
}
