package osmo_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/backend/osmo"
	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// on makes a fault of those requests whose method and path hold these words.
func on(method, path string, f osmotest.Fault) func(*http.Request) osmotest.Fault {
	return func(r *http.Request) osmotest.Fault {
		if r.Method == method && strings.Contains(r.URL.Path, path) {
			return f
		}
		return osmotest.Fault{}
	}
}

// first makes a fault of the first such request only.
func first(method, path string, f osmotest.Fault) func(*http.Request) osmotest.Fault {
	var met atomic.Bool
	all := on(method, path, f)
	return func(r *http.Request) osmotest.Fault {
		if got := all(r); got != (osmotest.Fault{}) && !met.Swap(true) {
			return got
		}
		return osmotest.Fault{}
	}
}

func tokenOf(user, name string) apply.NewToken {
	return apply.NewToken{
		Generation: model.TokenAddress(user, name).At(1), Name: name, Description: "telling", Roles: []string{"osmo-user"},
		ExpiresAt: model.DateOf(time.Now()).Add(30), Mark: model.Mark{Lineage: "l", Run: "r"},
	}
}

func oldToken(user, name string) apply.OldToken {
	return apply.OldToken{User: user, Name: name, Lineage: "l"}
}

// bed is a server with a user and a token of ours, and a backend that was used.
type bed struct {
	*osmo.Backend
	server *osmotest.Server
	pat    string
}

func makeBed(t *testing.T, o osmotest.Options, change ...func(*osmo.Options)) bed {
	t.Helper()
	server, url, pat := start(t, o)
	server.CreateUser("svc", operator, "osmo-user")
	server.CreateToken("svc", "old", "words [osmoctl l/r]", time.Now().AddDate(0, 0, 30), "osmo-user")
	b := bed{open(t, url, pat, change...), server, pat}
	if _, err := b.Observe(t.Context(), []string{"svc"}); err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	isDone = iota
	isRefused
	isUnknown
)

func classOf(err error) int {
	switch {
	case err == nil:
		return isDone
	case errors.Is(err, apply.ErrRefused):
		return isRefused
	}
	return isUnknown
}

// What a create is answered with decides its class, and nothing sends it again.
func TestCreateOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault osmotest.Fault
		want  int
		// there says that the server has the token afterwards.
		there bool
	}{
		{"no fault", osmotest.Fault{}, isDone, true},
		{"slow", osmotest.Fault{Delay: 20 * time.Millisecond}, isDone, true},
		{"done, reply lost", osmotest.Fault{Answer: osmotest.Reset}, isUnknown, true},
		{"done, reply cut", osmotest.Fault{Answer: osmotest.Cut}, isUnknown, true},
		{"done, then a database error", osmotest.Fault{Answer: osmotest.Database}, isUnknown, true},
		{"done, then the name is taken", osmotest.Fault{Answer: osmotest.Taken}, isUnknown, true},
		{"done, then 500", osmotest.Fault{Answer: osmotest.Internal}, isUnknown, true},
		{"done, then a page", osmotest.Fault{Answer: osmotest.Page}, isUnknown, true},
		{"done, then 504", osmotest.Fault{Answer: osmotest.Timeout}, isUnknown, true},
		{"not done, no reply", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Reset}, isUnknown, false},
		{"not done, 500", osmotest.Fault{Do: osmotest.Never}, isUnknown, false},
		{"not done, 503", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Unavailable}, isUnknown, false},
		{"not done, database error", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Database}, isUnknown, false},
		{"not done, redirect", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Redirect}, isUnknown, false},
		{"not done, a page", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Page}, isUnknown, false},
		{"later", osmotest.Fault{Do: osmotest.Late, Answer: osmotest.Timeout}, isUnknown, false},
		{"429", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.TooMany}, isRefused, false},
		{"401", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Unauthorized}, isRefused, false},
		{"403", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Forbidden}, isRefused, false},
		{"422", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Echo}, isRefused, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := makeBed(t, modes["C"])
			b.server.SetFault(on(http.MethodPost, "/access_token/new", c.fault))
			v, err := b.CreateToken(t.Context(), tokenOf("svc", "new"))
			if got := classOf(err); got != c.want || c.want == isUnknown && !errors.Is(err, apply.ErrUnknown) {
				t.Errorf("class %d, want %d: %v", got, c.want, err)
			}
			if (err == nil) != (v.Use(func(b []byte) error {
				if len(b) == 0 {
					return errors.New("empty")
				}
				return nil
			}) == nil) {
				t.Error("a value comes with an error, or none without")
			}
			if _, there := b.server.Tokens()["svc/new"]; there != c.there {
				t.Errorf("the server has the token: %t", there)
			}
			if _, err := b.CreateToken(t.Context(), tokenOf("svc", "new")); !errors.Is(err, apply.ErrRefused) {
				t.Errorf("the same name again: %v", err)
			}
			if n := b.server.Counts().Calls["POST /api/auth/user/{}/access_token/{}"]; n != 1 {
				t.Errorf("the token was to be created %d times", n)
			}
		})
	}
}

// A user is created by one request as well, and looked for where its answer leaves
// that open.
func TestEnsureUserLooksAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault osmotest.Fault
		want  int
	}{
		"done, reply lost":            {osmotest.Fault{Answer: osmotest.Reset}, isDone},
		"done, then a database error": {osmotest.Fault{Answer: osmotest.Database}, isDone},
		"not done, no reply":          {osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Reset}, isUnknown},
		"later":                       {osmotest.Fault{Do: osmotest.Late, Answer: osmotest.Timeout}, isUnknown},
		"403":                         {osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Forbidden}, isRefused},
		"429":                         {osmotest.Fault{Do: osmotest.Never, Answer: osmotest.TooMany}, isRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := makeBed(t, modes["C"])
			b.server.SetFault(on(http.MethodPost, "/api/auth/user", c.fault))
			if err := b.EnsureUser(t.Context(), "new"); classOf(err) != c.want {
				t.Errorf("class %d, want %d: %v", classOf(err), c.want, err)
			}
			if n := b.server.Counts().Calls["POST /api/auth/user"]; n != 1 {
				t.Errorf("the user was to be created %d times", n)
			}
			b.server.SetFault(nil)
			b.server.Land()
			if err := b.EnsureUser(t.Context(), "new"); err != nil || b.server.CreatedBy("new") != operator {
				t.Errorf("the next run: %v", err)
			}
			if d := b.server.Counts().Duplicates; len(d) > 0 {
				t.Errorf("duplicates were asked for: %q", d)
			}
		})
	}
}

func TestEnsureUserForeign(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["C"])
	b.server.CreateUser("theirs", "somebody")
	if err := b.EnsureUser(t.Context(), "theirs"); !errors.Is(err, apply.ErrForeign) {
		t.Errorf("got %v", err)
	}
	// It comes between our looking and our creating.
	b.server.SetFault(func(r *http.Request) osmotest.Fault {
		if r.Method == http.MethodPost {
			b.server.CreateUser("raced", "somebody")
		}
		return osmotest.Fault{}
	})
	if err := b.EnsureUser(t.Context(), "raced"); !errors.Is(err, apply.ErrForeign) {
		t.Errorf("got %v", err)
	}
}

// Calls that may be repeated are, and are done in the end.
func TestRepeat(t *testing.T) {
	t.Parallel()
	calls := map[string]struct {
		method, path string
		do           func(bed, context.Context) error
	}{
		"observe": {http.MethodGet, "/api/auth", func(b bed, ctx context.Context) error {
			_, err := b.Observe(ctx, []string{"svc"})
			return err
		}},
		"grant": {http.MethodPost, "/roles", func(b bed, ctx context.Context) error {
			return b.EnsureGrants(ctx, "svc", []string{"osmo-backend", "osmo-user"})
		}},
		"revoke":    {http.MethodDelete, "/roles/", func(b bed, ctx context.Context) error { return b.EnsureGrants(ctx, "svc", nil) }},
		"end token": {http.MethodDelete, "/access_token/", func(b bed, ctx context.Context) error { return b.EndToken(ctx, oldToken("svc", "old")) }},
		"end user":  {http.MethodDelete, "/api/auth/user/", func(b bed, ctx context.Context) error { return b.EndUser(ctx, "svc") }},
		"role": {http.MethodPut, "/role/", func(b bed, ctx context.Context) error {
			return b.EnsureRole(ctx, &model.Role{Name: "team", Description: "d", Policies: []model.Policy{{Actions: []string{"pool:List"}}}})
		}},
		"end role": {http.MethodDelete, "/role/", func(b bed, ctx context.Context) error {
			b.server.PutRole(osmotest.Role{Name: "gone"}, "admin")
			return b.EndRole(ctx, "gone")
		}},
		"login": {http.MethodPost, "/jwt/", func(b bed, ctx context.Context) error {
			// Another backend, which has to log in first.
			fresh, err := osmo.Open(osmo.Options{URL: b.URL, Token: b.Token, Pause: time.Millisecond})
			if err != nil {
				return err
			}
			defer fresh.Close()
			return fresh.EnsureUser(ctx, "svc")
		}},
	}
	faults := map[string]osmotest.Fault{
		"done, reply lost":    {Answer: osmotest.Reset},
		"done, cut":           {Answer: osmotest.Cut},
		"done, database":      {Answer: osmotest.Database},
		"done, 504":           {Answer: osmotest.Timeout},
		"done, a page":        {Answer: osmotest.Page},
		"not done, reset":     {Do: osmotest.Never, Answer: osmotest.Reset},
		"not done, 500":       {Do: osmotest.Never},
		"not done, 429":       {Do: osmotest.Never, Answer: osmotest.TooMany},
		"not done, 503":       {Do: osmotest.Never, Answer: osmotest.Unavailable},
		"not done, database":  {Do: osmotest.Never, Answer: osmotest.Database},
		"not done, cut":       {Do: osmotest.Never, Answer: osmotest.Cut},
		"not done, 401 again": {Do: osmotest.Never, Answer: osmotest.Unauthorized},
	}
	for name, c := range calls {
		for what, fault := range faults {
			if name == "login" && fault.Answer == osmotest.Unauthorized {
				continue // Whoever exchanges a token has no JWT to renew.
			}
			t.Run(name+", "+what, func(t *testing.T) {
				t.Parallel()
				b := makeBed(t, modes["A"])
				b.server.SetFault(first(c.method, c.path, fault))
				if err := c.do(b, t.Context()); err != nil {
					t.Error(err)
				}
				if d := b.server.Counts().Duplicates; len(d) > 0 {
					t.Errorf("duplicates were asked for: %q", d)
				}
				b.server.SetFault(on(c.method, c.path, fault))
				before := b.server.Counts().Requests
				if err := c.do(b, t.Context()); err == nil && fault.Do != osmotest.Now && c.method == http.MethodGet {
					t.Error("a fault that stays is not seen")
				}
				if n := b.server.Counts().Requests - before; n > 40 {
					t.Errorf("%d requests were made", n)
				}
			})
		}
	}
}

// If one of several tries may have been done, a later no is not one of the whole.
func TestDoubtRemains(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["A"])
	var n atomic.Int32
	b.server.SetFault(func(r *http.Request) osmotest.Fault {
		switch {
		case r.Method != http.MethodPost:
			return osmotest.Fault{}
		case n.Add(1) == 1:
			return osmotest.Fault{Answer: osmotest.Reset}
		}
		return osmotest.Fault{Do: osmotest.Never, Answer: osmotest.Forbidden}
	})
	err := b.EnsureGrants(t.Context(), "svc", []string{"osmo-user", "osmo-backend"})
	if !errors.Is(err, apply.ErrUnknown) || errors.Is(err, apply.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

// No error says a secret, whatever the server answers to whatever call.
func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["A"])
	v, err := b.CreateToken(t.Context(), tokenOf("svc", "t"))
	if err != nil {
		t.Fatal(err)
	}
	var jwt atomic.Value
	secrets := []string{b.pat}
	_ = v.Use(func(value []byte) error {
		secrets = append(secrets, string(value))
		return nil
	})
	detector := secret.NewDetector(v, secret.New([]byte(b.pat)))
	calls := map[string]func() error{
		"observe": func() error { _, err := b.Observe(t.Context(), []string{"svc"}); return err },
		"role":    func() error { return b.EnsureRole(t.Context(), &model.Role{Name: "x"}) },
		"user":    func() error { return b.EnsureUser(t.Context(), "other") },
		"grants":  func() error { return b.EnsureGrants(t.Context(), "svc", nil) },
		"end":     func() error { return b.EndToken(t.Context(), oldToken("svc", "old")) },
		"gone":    func() error { return b.EndUser(t.Context(), "svc") },
		"no role": func() error { return b.EndRole(t.Context(), "x") },
	}
	for i, answer := range []osmotest.Answer{
		osmotest.Database, osmotest.Internal, osmotest.TooMany, osmotest.Unavailable, osmotest.Redirect, osmotest.Page, osmotest.Timeout,
		osmotest.Unauthorized, osmotest.Forbidden, osmotest.Echo, osmotest.Cut, osmotest.Reset,
	} {
		for j, text := range append(secrets, secrets[0][:20]+"\n"+secrets[0][20:], fmt.Sprintf("%x", secrets[1]), "JWT", "JWT in hex") {
			b.server.SetFault(func(r *http.Request) osmotest.Fault {
				bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
				if bearer == "" {
					return osmotest.Fault{} // The login, and what needs none.
				}
				jwt.Store(bearer)
				said := map[string]string{"JWT": bearer, "JWT in hex": fmt.Sprintf("%x", bearer)}[text]
				return osmotest.Fault{Do: osmotest.Never, Answer: answer, Text: " " + cmp.Or(said, text)}
			})
			calls["create"] = func() error {
				_, err := b.CreateToken(t.Context(), tokenOf("svc", fmt.Sprintf("n%d-%d", i, j)))
				return err
			}
			for name, do := range calls {
				err := do()
				if err == nil {
					t.Errorf("%s: answer %d is no error", name, answer)
					continue
				}
				said := err.Error()
				var hint *diag.HintError
				if errors.As(err, &hint) {
					said += hint.Hint()
				}
				bare := strings.NewReplacer(" ", "", "\n", "").Replace(said)
				if detector.Find([]byte(said)) || detector.Find([]byte(bare)) || strings.Contains(bare, jwt.Load().(string)) || strings.Contains(bare, fmt.Sprintf("%x", jwt.Load().(string)[:100])) {
					t.Errorf("%s, answer %d: a secret is said: %s", name, answer, said)
				}
				if strings.ContainsAny(said, "\n\x1b<>") || len(said) > 700 || strings.Contains(said, "telling") {
					t.Errorf("%s, answer %d: %q is said", name, answer, said)
				}
			}
		}
	}
}

// Where no connection came about, nothing was sent.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	_ = listener.Close()
	b, err := osmo.Open(osmo.Options{URL: url, User: operator, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for range 2 { // The name is not used up.
		if _, err := b.CreateToken(t.Context(), tokenOf("svc", "t")); !errors.Is(err, apply.ErrRefused) || !strings.Contains(err.Error(), "no connection") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := b.Observe(t.Context(), nil); err == nil {
		t.Error("there is something to observe")
	}
	again := open(t, url, strings.Repeat("x", 43))
	if _, err := again.CreateToken(t.Context(), tokenOf("svc", "t")); !errors.Is(err, apply.ErrRefused) || !strings.Contains(err.Error(), "not sent") {
		t.Errorf("without a login: %v", err)
	}
}

// A server with a certificate that nobody knows is not given anything.
func TestUnknownCertificate(t *testing.T) {
	t.Parallel()
	var met atomic.Bool
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { met.Store(true) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	b := open(t, server.URL, strings.Repeat("x", 43))
	if _, err := b.CreateToken(t.Context(), tokenOf("svc", "t")); !errors.Is(err, apply.ErrRefused) || met.Load() {
		t.Errorf("got %v", err)
	}
}

// What is given up while it is under way is unknown; before it, neither.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["C"])
	ctx, cancel := context.WithCancel(t.Context())
	b.server.SetFault(func(r *http.Request) osmotest.Fault {
		if r.Method == http.MethodPost {
			cancel()
			return osmotest.Fault{Delay: time.Minute}
		}
		return osmotest.Fault{}
	})
	_, err := b.CreateToken(ctx, tokenOf("svc", "t"))
	if !errors.Is(err, apply.ErrUnknown) || !errors.Is(err, context.Canceled) || errors.Is(err, apply.ErrRefused) {
		t.Errorf("under way: %v", err)
	}
	_, err = b.CreateToken(ctx, tokenOf("svc", "u"))
	if err == nil || errors.Is(err, apply.ErrRefused) || !errors.Is(err, context.Canceled) {
		t.Errorf("before: %v", err)
	}
	b.server.SetFault(nil)
	if _, err = b.CreateToken(t.Context(), tokenOf("svc", "u")); err != nil {
		t.Errorf("a name that was not used: %v", err)
	}
}

func TestTooSlow(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["C"], func(o *osmo.Options) { o.Timeout = 100 * time.Millisecond })
	b.server.SetFault(on(http.MethodPost, "/access_token/t", osmotest.Fault{Delay: time.Minute}))
	if _, err := b.CreateToken(t.Context(), tokenOf("svc", "t")); !errors.Is(err, apply.ErrUnknown) || !strings.Contains(err.Error(), "no answer within 100ms") {
		t.Errorf("got %v", err)
	}
}

// OSMO's gateway answers for the server after 60 s: whoever waits no longer than that
// has no answer where there is one.
func TestOutwaitsTheGateway(t *testing.T) {
	t.Parallel()
	if b := open(t, "https://osmo.example.com", strings.Repeat("x", 43)); b.Timeout <= 60*time.Second {
		t.Errorf("a request may take no longer than %s", b.Timeout)
	}
}

// The credential reaches no other address.
func TestNoRedirect(t *testing.T) {
	t.Parallel()
	var met atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { met.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		var asked atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, status)
		}))
		t.Cleanup(server.Close)
		b := open(t, server.URL, strings.Repeat("x", 43))
		_, err := b.Observe(t.Context(), nil)
		var hint *diag.HintError
		if err == nil || !strings.Contains(err.Error(), "the gateway wants a login") || !errors.As(err, &hint) {
			t.Errorf("%d: %v", status, err)
		}
		if err := b.EnsureUser(t.Context(), "svc"); err == nil || !strings.Contains(err.Error(), "wants a login") {
			t.Errorf("%d: %v", status, err)
		}
		if n := asked.Load(); n != 2 {
			t.Errorf("%d: it was asked %d times", status, n)
		}
	}
	if met.Load() > 0 {
		t.Error("a redirect was followed")
	}
}

// A server that asks for patience gets it, within bounds.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	b := makeBed(t, modes["C"])
	b.server.SetFault(first(http.MethodGet, "/api/auth/user/svc", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.TooMany, RetryAfter: 1}))
	began := time.Now()
	if err := b.EnsureUser(t.Context(), "svc"); err != nil || time.Since(began) < time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	b.server.SetFault(on(http.MethodGet, "/api/auth/user/svc", osmotest.Fault{Do: osmotest.Never, Answer: osmotest.TooMany, RetryAfter: 3600}))
	before := b.server.Counts().Requests
	if err := b.EnsureUser(t.Context(), "svc"); !errors.Is(err, apply.ErrRefused) || b.server.Counts().Requests != before+1 {
		t.Errorf("an hour: %v", err)
	}
}

// However many goroutines call, four requests are under way.
func TestFourAtOnce(t *testing.T) {
	t.Parallel()
	o := modes["C"]
	o.Latency = 5 * time.Millisecond
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	b := makeBed(t, o, func(o *osmo.Options) { o.Transport = transport })
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			user := fmt.Sprintf("svc-%d", i)
			if err := errors.Join(b.EnsureUser(t.Context(), user), b.EnsureGrants(t.Context(), user, []string{"osmo-user"})); err != nil {
				t.Error(err)
			}
			if _, err := b.CreateToken(t.Context(), tokenOf(user, "t")); err != nil {
				t.Error(err)
			}
			if _, err := b.Observe(t.Context(), []string{user}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c := b.server.Counts(); c.AtOnce != 4 || len(c.Duplicates) > 0 || c.Calls["POST /api/auth/jwt/access_token"] != 1 {
		t.Errorf("%d at once, %d duplicates, %d logins", c.AtOnce, len(c.Duplicates), c.Calls["POST /api/auth/jwt/access_token"])
	}
}

// An answer is read to its bound and no further, whether or not it says how long it
// is.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	var length, written atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n := length.Load(); n > 0 {
			w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
		}
		block := bytes.Repeat([]byte(" "), 1<<16)
		for written.Store(0); written.Load() < 1<<30; written.Add(int64(len(block))) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	b, err := osmo.Open(osmo.Options{URL: server.URL, User: operator, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for i, n := range []int64{0, 1 << 50} {
		length.Store(n)
		_, err := b.CreateToken(t.Context(), tokenOf("svc", fmt.Sprint("t", i)))
		if !errors.Is(err, apply.ErrUnknown) || !strings.Contains(err.Error(), "too large") {
			t.Errorf("a write: %v", err)
		}
		if n := written.Load(); n > 64<<20 {
			t.Errorf("%d bytes were taken", n)
		}
	}
	if _, err := b.Observe(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("a read: %v", err)
	}
}
