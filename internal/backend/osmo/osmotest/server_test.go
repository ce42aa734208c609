package osmotest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// client follows no redirect.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// ask makes a request, and returns its status and body; the error is that of the
// connection.
func ask(t *testing.T, method, url, bearer, body string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

func TestGateway(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := osmotest.New(osmotest.Options{Gateway: true, Clock: func() time.Time { return now }})
	s.CreateUser("ci", "admin", "osmo-admin")
	value := s.CreateToken("ci", "t", "", now.AddDate(0, 0, 2), "osmo-admin")
	url := s.Serve(t)
	_, body, _ := ask(t, "POST", url+"/api/auth/jwt/access_token", "", `{"token":"`+value+`"}`)
	var login struct {
		Token string `json:"token"`
	}
	if json.Unmarshal([]byte(body), &login) != nil || login.Token == "" {
		t.Fatalf("the login answers %s", body)
	}
	want := func(what, bearer string, status int) {
		t.Helper()
		if got, body, err := ask(t, "GET", url+"/api/auth/user", bearer, ""); got != status {
			t.Errorf("%s: %d %s, %v", what, got, body, err)
		}
	}
	want("no login", "", 302)
	want("a token as it is", value, 401)
	want("a JWT", login.Token, 200)
	if status, _, _ := ask(t, "GET", url+"/api/version", "", ""); status != 200 {
		t.Errorf("the version needs a login: %d", status)
	}
	now = now.Add(301 * time.Second)
	want("an old JWT", login.Token, 401)
	if !s.Alive(value) {
		t.Error("the token is dead")
	}
	now = now.AddDate(0, 0, 2)
	if s.Alive(value) || s.Alive("nonsense") {
		t.Error("a token outlives its date, or never was")
	}
}

// What becomes of a request and what is said about it are two things.
func TestFaults(t *testing.T) {
	t.Parallel()
	for do, made := range map[osmotest.Do]bool{osmotest.Now: true, osmotest.Never: false, osmotest.Late: false} {
		for answer, status := range map[osmotest.Answer]int{
			osmotest.Own: 200, osmotest.Reset: 0, osmotest.Cut: -1, osmotest.Database: 400, osmotest.Internal: 500, osmotest.TooMany: 429,
			osmotest.Unavailable: 503, osmotest.Redirect: 302, osmotest.Page: 200, osmotest.Timeout: 504, osmotest.Unauthorized: 401,
			osmotest.Forbidden: 403, osmotest.Echo: 422, osmotest.Taken: 400,
		} {
			s := osmotest.New(osmotest.Options{})
			s.SetFault(func(*http.Request) osmotest.Fault { return osmotest.Fault{Do: do, Answer: answer, Text: "telling"} })
			url := s.Serve(t)
			got, body, err := ask(t, "POST", url+"/api/auth/user", "", `{"id":"svc"}`)
			switch {
			case status == 0 && err == nil, status == -1 && !errors.Is(err, io.ErrUnexpectedEOF):
				t.Errorf("%d, %d: %d %s, %v", do, answer, got, body, err)
			case status > 0 && got != status && (answer != osmotest.Own || do == osmotest.Now):
				t.Errorf("%d, %d: %d %s, %v", do, answer, got, body, err)
			case do != osmotest.Now && answer == osmotest.Own && got != 500:
				t.Errorf("%d: %d", do, got)
			}
			if there := slices.Contains(s.Users(), "svc"); there != made {
				t.Errorf("%d, %d: the user is there: %t", do, answer, there)
			}
			s.Land()
			if there := slices.Contains(s.Users(), "svc"); there != (do != osmotest.Never) {
				t.Errorf("%d, %d: after landing the user is there: %t", do, answer, there)
			}
		}
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	s := osmotest.New(osmotest.Options{})
	url := s.Serve(t)
	for range 2 {
		_, _, _ = ask(t, "POST", url+"/api/auth/user", "", `{"id":"svc","roles":["osmo-user"]}`)
		_, _, _ = ask(t, "POST", url+"/api/auth/user/svc/access_token/t?expires_at="+time.Now().AddDate(0, 0, 5).Format(time.DateOnly), "", "")
	}
	c := s.Counts()
	if c.Requests != 4 || c.AtOnce != 1 || c.Creates["svc"] != 2 || c.Creates["svc/t"] != 2 || !slices.Equal(c.Duplicates, []string{"svc", "svc/t"}) || c.Calls["POST /api/auth/user/{}/access_token/{}"] != 2 {
		t.Errorf("got %+v", c)
	}
}

// In mode C the file decides who has which role, tokens included; in B it decides
// nothing.
func TestRolesOfTheFile(t *testing.T) {
	t.Parallel()
	for version, lost := range map[string]bool{"6.3.1": false, "6.4.0": true} {
		s := osmotest.New(osmotest.Options{Version: version, Mode: model.ModeConfigMap})
		s.CreateUser("svc", "admin", "osmo-user", "osmo-backend")
		s.CreateToken("svc", "t", "", time.Now().AddDate(0, 0, 5), "osmo-user", "osmo-backend")
		s.SetRoles(osmotest.Role{Name: "osmo-user"})
		if got := s.Tokens()["svc/t"].Roles; slices.Contains(got, "osmo-backend") == lost || len(s.Grants("svc")) != len(got) {
			t.Errorf("%s: the token has %q", version, got)
		}
		s.Grant("svc", "osmo-backend", "admin")
		if got := s.Tokens()["svc/t"].Roles; slices.Contains(got, "osmo-backend") == lost {
			t.Errorf("%s: after the role came back the token has %q", version, got)
		}
		if s.Role("osmo-backend") != nil || s.Role("osmo-user").ExternalRoles != nil {
			t.Errorf("%s: the file is not what is shown", version)
		}
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	s := osmotest.New(osmotest.Options{Latency: 30 * time.Millisecond})
	began := time.Now()
	if status, _, err := ask(t, "GET", s.Serve(t)+"/health", "", ""); status != 200 || time.Since(began) < 30*time.Millisecond {
		t.Errorf("%d after %s, %v", status, time.Since(began), err)
	}
}
