package osmo_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/backend/osmo"
	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

func observe(t *testing.T, b *osmo.Backend, users ...string) model.Observed {
	t.Helper()
	seen, err := b.Observe(t.Context(), users)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestObserve(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]model.Server{
		"A": {Version: "6.3.1", Mode: model.ModeDatabase},
		"B": {Version: "6.3.1", Mode: model.ModeConfigMap},
		"C": {Version: "6.4.0", Mode: model.ModeConfigMap},
	} {
		b := makeBed(t, modes[mode])
		b.server.Grant("svc", "osmo-backend", "idp-sync")
		seen := observe(t, b.Backend, "svc", "nobody")
		if seen.Server != want || seen.Identity != operator {
			t.Errorf("%s: %v, as %s", mode, seen.Server, seen.Identity)
		}
		u := seen.Users["svc"]
		if u.Created.By != operator || time.Since(u.Created.At) > time.Minute || !slices.Equal(u.Roles, []string{"osmo-backend", "osmo-user"}) {
			t.Errorf("%s: the user is %+v", mode, u)
		}
		if !u.Synced("osmo-backend") || u.Synced("osmo-user") || time.Since(u.Assigned["osmo-user"].At) > time.Minute {
			t.Errorf("%s: the roles were given as %+v", mode, u.Assigned)
		}
		old := model.ObservedToken{Description: "words", ExpiresAt: model.DateOf(time.Now()).Add(30), Roles: []string{"osmo-user"}, Mark: model.Mark{Lineage: "l", Run: "r"}}
		if d := cmp.Diff(map[string]model.ObservedToken{"old": old}, u.Tokens); d != "" {
			t.Errorf("%s: tokens (-want +got):\n%s", mode, d)
		}
		if seen.Users[operator].Tokens != nil || len(seen.Users) != 3 || len(seen.Roles) != 5 {
			t.Errorf("%s: %d users, %d roles", mode, len(seen.Users), len(seen.Roles))
		}
	}
}

// Only servers with their roles in the database keep who changed them, and not all.
func TestObserveChanges(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["A"])
	b.server.PutRole(osmotest.Role{Name: "team"}, "alice")
	b.server.PutRole(osmotest.Role{Name: "team"}, "bob")
	b.server.PutRole(osmotest.Role{Name: "gone"}, "carol")
	b.server.DeleteRole("gone", "dave")
	seen := observe(t, b.Backend)
	if by := seen.RoleChanges["team"]; by.By != "bob" || time.Since(by.At) > time.Minute || len(seen.RoleChanges) != 1 {
		t.Errorf("got %+v", seen.RoleChanges)
	}
	b.server.SetFault(on(http.MethodGet, "/history", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Forbidden}))
	if seen := observe(t, b.Backend); len(seen.RoleChanges) != 0 || seen.Roles["team"] == nil {
		t.Errorf("got %+v", seen.RoleChanges)
	}
}

// A build of 6.4 that keeps roles in its database is told by what that makes.
func TestObserveDatabaseOf64(t *testing.T) {
	t.Parallel()
	for mode, want := range map[model.Mode]model.Mode{model.ModeDatabase: model.ModeDatabase, model.ModeConfigMap: model.ModeConfigMap} {
		server := osmotest.New(osmotest.Options{Mode: mode, Version: "6.4.0"})
		b, err := osmo.Open(osmo.Options{URL: server.Serve(t), User: "admin"})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if seen, err := b.Observe(t.Context(), nil); err != nil || seen.Server.Mode != want {
			t.Errorf("%s: %+v, %v", mode, seen.Server, err)
		}
	}
}

// Lists in pages, of users who come and go meanwhile.
func TestObserveManyUsers(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["C"])
	for i := range 2500 {
		b.server.CreateUser(fmt.Sprintf("svc-%04d", i), "admin", "osmo-user")
	}
	if n := len(observe(t, b.Backend).Users); n != 2503 {
		t.Errorf("%d users", n)
	}
	// Between two pages one is deleted: the second page skips one.
	var once sync.Once
	b.server.SetFault(func(r *http.Request) osmotest.Fault {
		if r.URL.Query().Get("start_index") == "1001" {
			once.Do(func() { b.server.DeleteUser("svc-2499") })
		}
		return osmotest.Fault{}
	})
	if seen := observe(t, b.Backend); len(seen.Users) != 2502 {
		t.Errorf("%d users after one was deleted", len(seen.Users))
	}
	// One comes: the second page repeats one.
	once = sync.Once{}
	b.server.SetFault(func(r *http.Request) osmotest.Fault {
		if r.URL.Query().Get("start_index") == "1001" {
			once.Do(func() { b.server.CreateUser("svc-new", "admin") })
		}
		return osmotest.Fault{}
	})
	if seen := observe(t, b.Backend); len(seen.Users) != 2503 {
		t.Errorf("%d users after one came", len(seen.Users))
	}
	// It never ends.
	n := 0
	b.server.SetFault(func(r *http.Request) osmotest.Fault {
		if r.URL.Query().Get("start_index") == "1001" {
			n++
			b.server.CreateUser(fmt.Sprintf("more-%d", n), "admin")
		}
		return osmotest.Fault{}
	})
	if _, err := b.Observe(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "kept changing") || n != 5 {
		t.Errorf("after %d readings: %v", n, err)
	}
}

// Names that cannot stand in a path, or be anybody's, do no harm.
func TestObserveOddNames(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["A"])
	for _, name := range []string{"a/b", "../ x", "", "..", "a b", "a\nb", "r%2e", strings.Repeat("n", 5000), "日本"} {
		b.server.PutRole(osmotest.Role{Name: name}, "admin")
	}
	b.server.Grant("svc", "a/b", "admin")
	b.server.CreateUser("日本", "admin", "osmo-user")
	b.server.CreateUser("a/../b", "admin", "osmo-user")
	b.server.CreateUser("a\x1bb", "admin", "osmo-user")
	seen := observe(t, b.Backend, "svc", "日本", "a/../b")
	for name, want := range map[string]bool{"a/b": true, "../ x": true, "..": true, "a b": true, "日本": true, "": false, "a\nb": false, strings.Repeat("n", 5000): false} {
		if (seen.Roles[name] != nil) != want {
			t.Errorf("role %q is there: %t", name, !want)
		}
	}
	if got := seen.Users["svc"].Roles; !slices.Equal(got, []string{"a/b", "osmo-user"}) {
		t.Errorf("the user has %q", got)
	}
	if _, there := seen.Users["a\x1bb"]; there || seen.Users["日本"].Tokens != nil || len(seen.Users["a/../b"].Roles) != 1 {
		t.Errorf("the users are %q", model.Names(seen.Users))
	}
	for call := range b.server.Counts().Calls {
		if strings.Contains(call, "..") || strings.Contains(call, "%") {
			t.Errorf("a name stands in the path of %s", call)
		}
	}
	// A grant that no path leads to is no reason to fail.
	if err := b.EnsureGrants(t.Context(), "svc", []string{"osmo-user"}); err != nil {
		t.Error(err)
	}
	for _, err := range []error{
		b.EnsureRole(t.Context(), &model.Role{Name: "../ x"}), b.EndRole(t.Context(), "a/b"), b.EndUser(t.Context(), ".."),
		b.EnsureUser(t.Context(), "a/b"), b.EnsureGrants(t.Context(), "a/b", nil), b.EnsureGrants(t.Context(), "svc", []string{"a/b"}),
		b.EndToken(t.Context(), oldToken("svc", "a/b")),
	} {
		if !errors.Is(err, apply.ErrRefused) {
			t.Errorf("got %v", err)
		}
	}
}

// A server of 6.3 with a ConfigMap has roles in its database that it does not show.
func TestObserveHiddenRoles(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["B"])
	b.server.PutRole(osmotest.Role{Name: "left-behind"}, "admin")
	b.server.Grant("svc", "left-behind", "admin")
	if got := observe(t, b.Backend, "svc").Users["svc"].Roles; !slices.Equal(got, []string{"left-behind", "osmo-user"}) {
		t.Errorf("the user has %q", got)
	}
	err := b.EnsureGrants(t.Context(), "svc", []string{"osmo-user", "file-only"})
	var hint *diag.HintError
	if !errors.Is(err, apply.ErrRefused) || !strings.Contains(err.Error(), "Role file-only does not exist") || !errors.As(err, &hint) {
		t.Errorf("got %v", err)
	}
}

// In mode C a role that leaves the file takes its grants along.
func TestRoleLeavesTheFile(t *testing.T) {
	t.Parallel()
	o := modes["C"]
	o.Roles = []osmotest.Role{{Name: "team"}}
	b := makeBed(t, o)
	if err := b.EnsureGrants(t.Context(), "svc", []string{"osmo-user", "team"}); err != nil {
		t.Fatal(err)
	}
	b.server.SetRoles(osmotest.Role{Name: "osmo-admin"}, osmotest.Role{Name: "osmo-user"})
	seen := observe(t, b.Backend, "svc")
	if got := seen.Users["svc"].Roles; seen.Roles["team"] != nil || !slices.Equal(got, []string{"osmo-user"}) {
		t.Errorf("the user has %q", got)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["A"])
	puts := func() int { return b.server.Counts().Calls["PUT /api/configs/role/{}"] }
	role := &model.Role{Name: "team", Description: "d", Policies: []model.Policy{{Actions: []string{"workflow:*", "pool:List"}, Resources: []string{"pool/b", "pool/a"}}, {Effect: model.Deny, Actions: []string{"pool:List"}}}}
	for i, step := range []struct {
		change func()
		puts   int
		want   []string
	}{
		{func() {}, 1, []string{"team"}},
		{func() {}, 0, []string{"team"}},
		{func() { role.ExternalRoles = []string{"b", "a"} }, 2, []string{"a", "b"}},
		{func() { role.ExternalRoles = []string{"a", "b"} }, 0, []string{"a", "b"}},
		{func() { role.Description = "e" }, 1, []string{"a", "b"}},
		{func() { role.ExternalRoles = []string{"b", "c"} }, 2, []string{"b", "c"}},
		{func() { role.ExternalRoles, role.SyncMode = nil, model.SyncForce }, 1, []string{"b", "c"}},
		{func() { role.ExternalRoles = []string{} }, 1, []string{}},
		{func() {}, 0, []string{}},
	} {
		step.change()
		before := puts()
		if err := b.EnsureRole(t.Context(), role); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if n := puts() - before; n != step.puts {
			t.Errorf("step %d: %d were sent, want %d", i, n, step.puts)
		}
		if got := b.server.Role("team"); !slices.Equal(got.ExternalRoles, step.want) || got.Policies[1].Resources == nil {
			t.Errorf("step %d: the server has %+v", i, got)
		}
	}
	// A server that says yes and does nothing, as for a role that is immutable.
	b.server.SetFault(on(http.MethodPut, "/role/", osmotest.Fault{Do: osmotest.Late, Answer: osmotest.Cut}))
	role.Description = "f"
	if err := b.EnsureRole(t.Context(), role); classOf(err) != isUnknown {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"osmo-admin", "osmo-default"} {
		if err := b.EnsureRole(t.Context(), &model.Role{Name: name}); !errors.Is(err, apply.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.server.SetFault(nil)
	if err := b.EnsureRole(t.Context(), &model.Role{Name: "osmo-user"}); err != nil {
		t.Errorf("osmo-user may be changed: %v", err)
	}
	if err := b.EndRole(t.Context(), "osmo-user"); !errors.Is(err, apply.ErrRefused) {
		t.Errorf("osmo-user may not go: %v", err)
	}
}

// The second of two calls for external roles must not be repeated: the reading tells
// what became of it.
func TestExternalRolesReplyLost(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["A"])
	n := 0
	b.server.SetFault(func(r *http.Request) osmotest.Fault {
		if r.Method != http.MethodPut {
			return osmotest.Fault{}
		}
		if n++; n == 2 {
			return osmotest.Fault{Answer: osmotest.Reset}
		}
		return osmotest.Fault{}
	})
	err := b.EnsureRole(t.Context(), &model.Role{Name: "team", ExternalRoles: []string{"a", "b"}})
	if got := b.server.Role("team").ExternalRoles; err != nil || n != 2 || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("after %d calls the role has %q: %v", n, got, err)
	}
}

// nothing is a server that says yes to a PUT and does nothing.
type nothing struct{ http.RoundTripper }

func (n nothing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPut {
		r = r.Clone(r.Context())
		r.Method, r.URL.Path, r.Body = http.MethodDelete, "/api/auth/user/svc/roles/none", nil // Answered with null.
		r.ContentLength = 0
	}
	return n.RoundTripper.RoundTrip(r)
}

func TestRoleReadBack(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["A"], func(o *osmo.Options) { o.Transport = nothing{http.DefaultTransport} })
	if err := b.EnsureRole(t.Context(), &model.Role{Name: "team"}); err == nil || !strings.Contains(err.Error(), "has not got it") {
		t.Errorf("got %v", err)
	}
	b.server.PutRole(osmotest.Role{Name: "team", Description: "old"}, "admin")
	if err := b.EnsureRole(t.Context(), &model.Role{Name: "team", Description: "new", SyncMode: model.SyncForce}); err == nil || !strings.Contains(err.Error(), "another description and sync_mode") {
		t.Errorf("got %v", err)
	}
}

// In ConfigMap mode nothing is sent that would be refused, and the words say where
// roles belong.
func TestRolesOfAFile(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"B", "C"} {
		b := makeBed(t, modes[mode])
		fresh := open(t, b.URL, b.pat)
		if err := fresh.EnsureRole(t.Context(), &model.Role{Name: "osmo-user"}); !errors.Is(err, apply.ErrRefused) {
			t.Errorf("%s: without a look before: %v", mode, err)
		}
		for name, err := range map[string]error{
			"change": b.EnsureRole(t.Context(), &model.Role{Name: "osmo-user"}), "create": b.EnsureRole(t.Context(), &model.Role{Name: "team"}),
			"end": b.EndRole(t.Context(), "osmo-mine"),
		} {
			var hint *diag.HintError
			if name == "end" {
				if err != nil {
					t.Errorf("%s: a role that is not there: %v", mode, err)
				}
			} else if !errors.Is(err, apply.ErrRefused) || !errors.As(err, &hint) || !strings.Contains(hint.Hint(), "Helm values") {
				t.Errorf("%s: %s: %v", mode, name, err)
			}
		}
		if c := b.server.Counts().Calls; c["PUT /api/configs/role/{}"]+c["DELETE /api/configs/role/{}"] > 0 {
			t.Errorf("%s: something was sent", mode)
		}
	}
	// One whose roles all have external roles shows it by its 409 only.
	server, url, token := start(t, modes["B"])
	server.SetRoles(osmotest.Role{Name: "osmo-admin", ExternalRoles: []string{}})
	b := open(t, url, token)
	if seen := observe(t, b); seen.Server.Mode != model.ModeDatabase {
		t.Errorf("it is taken for %s", seen.Server.Mode)
	}
	var hint *diag.HintError
	if err := b.EnsureRole(t.Context(), &model.Role{Name: "team"}); !errors.Is(err, apply.ErrRefused) || !errors.As(err, &hint) || !strings.Contains(hint.Hint(), "Helm values") {
		t.Errorf("got %v", err)
	}
	if seen := observe(t, b); seen.Server.Mode != model.ModeConfigMap {
		t.Errorf("after the 409 it is taken for %s", seen.Server.Mode)
	}
}

// Grants that a login gives are not fought.
func TestSyncedGrants(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["C"])
	b.server.Grant("svc", "osmo-backend", "idp-sync")
	b.server.Grant("svc", "osmo-ctrl", "admin")
	if err := b.EnsureGrants(t.Context(), "svc", nil); err != nil {
		t.Fatal(err)
	}
	if got := b.server.Grants("svc"); !slices.Equal(got, []string{"osmo-backend"}) {
		t.Errorf("the user has %q", got)
	}
}

// The JWT is renewed before it ends, by a clock that nobody sets back, and is not
// asked for again meanwhile.
func TestRenewal(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var passed time.Duration
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Add(passed)
	}
	sleep := func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		passed += d
	}
	o := modes["C"]
	// The server's clock is a day ahead of ours.
	o.Clock = func() time.Time { return clock().Add(24 * time.Hour) }
	b := makeBed(t, o, func(o *osmo.Options) { o.Clock = clock })
	logins := func() int { return b.server.Counts().Calls["POST /api/auth/jwt/access_token"] }
	for i, step := range []struct {
		sleep  time.Duration
		logins int
	}{{0, 1}, {200 * time.Second, 1}, {50 * time.Second, 2}, {239 * time.Second, 2}, {2 * time.Second, 3}, {time.Hour, 4}} {
		sleep(step.sleep)
		if err := b.EnsureUser(t.Context(), "svc"); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if n := logins(); n != step.logins {
			t.Errorf("step %d: %d logins, want %d", i, n, step.logins)
		}
	}
	// Where the gateway does not take it, there is another, once.
	b.server.SetFault(first(http.MethodGet, "/api/auth/user/svc", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Unauthorized}))
	if err := b.EnsureUser(t.Context(), "svc"); err != nil || logins() != 5 {
		t.Errorf("%d logins: %v", logins(), err)
	}
	b.server.SetFault(on(http.MethodGet, "/api/auth/user/svc", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Unauthorized}))
	if err := b.EnsureUser(t.Context(), "svc"); !errors.Is(err, apply.ErrRefused) || logins() != 6 {
		t.Errorf("%d logins: %v", logins(), err)
	}
	// A create is not sent again, but the next call has a new one.
	b.server.SetFault(on(http.MethodPost, "/access_token/t", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Unauthorized}))
	if _, err := b.CreateToken(t.Context(), tokenOf("svc", "t")); !errors.Is(err, apply.ErrRefused) {
		t.Errorf("got %v", err)
	}
	before := logins()
	if err := b.EnsureUser(t.Context(), "svc"); err != nil || logins() != before+1 {
		t.Errorf("%d logins: %v", logins()-before, err)
	}
}

// A JWT that says that its life is shorter is believed.
func TestShortLife(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }
	o := modes["C"]
	o.Life, o.Clock = 100*time.Second, clock
	b := makeBed(t, o, func(o *osmo.Options) { o.Clock = clock })
	for _, step := range []struct {
		passed time.Duration
		logins int
	}{{45 * time.Second, 1}, {55 * time.Second, 2}} {
		passed.Store(int64(step.passed))
		if err := b.EnsureUser(t.Context(), "svc"); err != nil {
			t.Error(err)
		}
		if n := b.server.Counts().Calls["POST /api/auth/jwt/access_token"]; n != step.logins {
			t.Errorf("after %s: %d logins, want %d", step.passed, n, step.logins)
		}
	}
}

// A list that is shorter than it says, and one that is longer, is not taken.
func TestObserveWrongTotal(t *testing.T) {
	t.Parallel()
	for _, total := range []int{1, 3, 4000} {
		server := osmotest.New(modes["C"])
		wrapped := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/api/auth/user" {
				server.ServeHTTP(w, r)
				return
			}
			_, _ = fmt.Fprintf(w, `{"total_results":%d,"users":[{"id":"a"},{"id":"b"}]}`, total)
		}))
		t.Cleanup(wrapped.Close)
		b, err := osmo.Open(osmo.Options{URL: wrapped.URL, User: operator, Pause: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		if _, err := b.Observe(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "kept changing") {
			t.Errorf("two users of %d: %v", total, err)
		}
	}
}

// A token that the server does not know says so, with what to do.
func TestBadToken(t *testing.T) {
	t.Parallel()
	server, url, token := start(t, modes["C"])
	if _, err := open(t, url, strings.Repeat("x", 43)).Observe(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "Access Token is invalid") {
		t.Errorf("got %v", err)
	}
	server.SetExpiry(operator, "ci", time.Now().AddDate(0, 0, -1))
	_, err := open(t, url, token).CreateToken(t.Context(), tokenOf("svc", "t"))
	var hint *diag.HintError
	if !errors.Is(err, apply.ErrRefused) || !strings.Contains(err.Error(), "not sent") || !strings.Contains(err.Error(), "Access Token has expired") || !errors.As(err, &hint) || !strings.Contains(hint.Hint(), "check the token") {
		t.Errorf("got %v", err)
	}
}

func TestHeaderMode(t *testing.T) {
	t.Parallel()
	server := osmotest.New(modes["C"])
	b, err := osmo.Open(osmo.Options{URL: server.Serve(t), User: operator, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.EnsureUser(t.Context(), "svc"); err != nil || server.CreatedBy("svc") != operator {
		t.Errorf("created by %q: %v", server.CreatedBy("svc"), err)
	}
	if seen := observe(t, b); seen.Identity != operator {
		t.Errorf("we are %q", seen.Identity)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	const pat = "a-token-that-must-not-be-said"
	token := func(s string) secret.Value { return secret.New([]byte(s)) }
	for name, o := range map[string]osmo.Options{
		"no address":            {Token: token(pat)},
		"not canonical":         {URL: "https://osmo.example.com/", Token: token(pat)},
		"plain http":            {URL: "http://osmo.example.com", Token: token(pat)},
		"nobody":                {URL: "https://osmo.example.com"},
		"both":                  {URL: "http://127.0.0.1:1", Token: token(pat), User: "u"},
		"a user afar":           {URL: "https://osmo.example.com", User: "u"},
		"a user with a newline": {URL: "http://127.0.0.1:1", User: "u\nv"},
		"a token with a quote":  {URL: "https://osmo.example.com", Token: token(pat + `"`)},
		"a token with a line":   {URL: "https://osmo.example.com", Token: token(pat + "\n")},
		"a long token":          {URL: "https://osmo.example.com", Token: token(strings.Repeat(pat, 50))},
	} {
		if _, err := osmo.Open(o); err == nil || strings.Contains(err.Error(), pat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := osmo.Open(osmo.Options{URL: "https://osmo.example.com", Token: token(pat)}); err != nil {
		t.Error(err)
	}
}

// What cannot be done well is refused before anything is sent.
func TestCreateRefusedHere(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["C"])
	for name, change := range map[string]func(*apply.NewToken){
		"no roles":          func(n *apply.NewToken) { n.Roles = nil },
		"no date":           func(n *apply.NewToken) { n.ExpiresAt = 0 },
		"NUL":               func(n *apply.NewToken) { n.Description = "a\x00b" },
		"a long text":       func(n *apply.NewToken) { n.Description = strings.Repeat("x", 8000) },
		"a text to escape":  func(n *apply.NewToken) { n.Description = strings.Repeat("é", 1400) },
		"a dotted name":     func(n *apply.NewToken) { n.Name = "a.b" },
		"a path":            func(n *apply.NewToken) { n.Name = "a/b" },
		"no user":           func(n *apply.NewToken) { n.Generation = model.TokenAddress("a/b", "t").At(1) },
		"a name there is":   func(n *apply.NewToken) { n.Name = "old" },
		"a user's own name": func(n *apply.NewToken) { n.Generation = model.TokenAddress("", "t").At(1) },
	} {
		n := tokenOf("svc", "t")
		change(&n)
		if _, err := b.CreateToken(t.Context(), n); !errors.Is(err, apply.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := b.server.Counts().Calls["POST /api/auth/user/{}/access_token/{}"]; n != 0 {
		t.Errorf("%d requests were made", n)
	}
	// Roles are sent once each, and the longest text that fits is sent.
	n := tokenOf("svc", "t")
	n.Roles, n.Description = []string{"osmo-user", "osmo-user"}, strings.Repeat("x", 7700)
	if _, err := b.CreateToken(t.Context(), n); err != nil {
		t.Error(err)
	}
}

// A token without any mark is not that of a lineage without a name.
func TestEndTokenNeedsAMark(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["C"])
	b.server.CreateToken("svc", "unmarked", "words", time.Now().AddDate(0, 0, 30), "osmo-user")
	if err := b.EndToken(t.Context(), apply.OldToken{User: "svc", Name: "unmarked"}); err != nil {
		t.Error(err)
	}
	if _, there := b.server.Tokens()["svc/unmarked"]; !there {
		t.Error("it is gone")
	}
}
