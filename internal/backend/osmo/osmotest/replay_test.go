package osmotest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/pkg/model"
)

type exchange struct {
	Name    string `json:"name"`
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Query   map[string]any    `json:"query"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"request"`
	Response struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    any               `json:"body"`
	} `json:"response"`
}

// recording is a file of exchanges and the server that it is replayed against.
type recording struct {
	file    string
	options osmotest.Options
	// before brings the server to where the recording starts.
	before func(*osmotest.Server)
	// steps are what was done between two exchanges without a request, before the
	// one of this name.
	steps map[string]func(*osmotest.Server)
	// unsent are the exchanges that are not replayed, and unread those whose
	// bodies are not compared, by the beginnings of their names, each with the reason.
	unsent, unread map[string]string
}

const race = "which of several requests wins differs from run to run"

var mlTeam = osmotest.Role{Name: "osmo-ml-team", Description: "ML", Policies: []osmotest.Policy{{Actions: []string{"workflow:*"}, Resources: []string{"pool/a"}}}}

var recordings = []recording{
	{
		file:    "recorded-configmap-mode.json",
		options: osmotest.Options{Version: "6.3.1", Mode: model.ModeConfigMap},
		before: func(s *osmotest.Server) {
			policy := func(resource string, actions ...string) []osmotest.Policy {
				return []osmotest.Policy{{Actions: actions, Resources: []string{resource}}}
			}
			s.SetRoles(
				osmotest.Role{Name: "osmo-admin", Description: "Admin", Policies: policy("*", "*:*")},
				osmotest.Role{Name: "osmo-ml-team", Description: "ML team", ExternalRoles: []string{"ml-group"}, Policies: policy("pool/ml", "workflow:*", "pool:List")},
				osmotest.Role{Name: "osmo-user", Description: "User", Policies: policy("pool/default", "workflow:*")},
			)
		},
	},
	{
		file:    "recorded-database-mode.json",
		options: osmotest.Options{Version: "6.4.0", Mode: model.ModeDatabase, Roles: []osmotest.Role{mlTeam}},
	},
	{
		file:    "recorded-extra.json",
		options: osmotest.Options{Version: "6.4.0", Mode: model.ModeDatabase},
		steps: map[string]func(*osmotest.Server){
			"mint a JWT from an expired token": func(s *osmotest.Server) {
				s.SetExpiry("svc-p4", "login", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
			},
			// What the races left behind.
			"create the same token, request 1": func(s *osmotest.Server) {
				s.CreateUser("svc-race", "admin", "osmo-user")
				s.CreateToken("svc-race", "t", "", time.Date(2026, 12, 26, 0, 0, 0, 0, time.UTC), "osmo-user")
			},
			"delete the same token, request 1": func(s *osmotest.Server) { s.DeleteToken("svc-race", "t") },
			"create a token while its role is taken away, request 1": func(s *osmotest.Server) {
				s.CreateToken("svc-race", "t2", "", time.Date(2026, 12, 26, 0, 0, 0, 0, time.UTC), "osmo-user")
				s.Revoke("svc-race", "osmo-user")
			},
		},
		unsent: map[string]string{
			"create the same user, request":  race,
			"create the same token, request": race,
			"delete the same token, request": race,
			"create a token while its role":  race,
		},
		unread: map[string]string{"history of role configs": "the double keeps who changed which role, and not what it was"},
	},
}

// Every exchange that was recorded of a real server is answered the same.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, r := range recordings {
		t.Run(r.file, func(t *testing.T) {
			t.Parallel()
			r.replay(t)
		})
	}
}

func (r *recording) replay(t *testing.T) {
	text, err := os.ReadFile("testdata/" + r.file)
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Date      string     `json:"date"`
		Exchanges []exchange `json:"exchanges"`
	}
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	now, err := time.Parse(time.DateOnly, recorded.Date)
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(9 * time.Hour)
	r.options.Clock = func() time.Time {
		now = now.Add(1234567 * time.Microsecond)
		return now
	}
	s := osmotest.New(r.options)
	if r.before != nil {
		r.before(s)
	}
	v := values{}
	for _, e := range recorded.Exchanges {
		for start, step := range r.steps {
			if strings.HasPrefix(e.Name, start) {
				step(s)
			}
		}
		if reasonOf(r.unsent, e.Name) != "" {
			continue
		}
		got := httptest.NewRecorder()
		request := httptest.NewRequest(e.Request.Method, e.target(v), bytes.NewReader(e.body(v))).WithContext(t.Context())
		request.Header.Del("Content-Type")
		for name, value := range e.Request.Headers {
			request.Header.Set(name, value)
		}
		s.ServeHTTP(got, request)
		e.compare(t, got, v, reasonOf(r.unread, e.Name) != "")
	}
	for _, names := range []map[string]string{r.unsent, r.unread} {
		for name, reason := range names {
			if !contains(recorded.Exchanges, name) || reason == "" {
				t.Errorf("no exchange is called %q: take it out of the list", name)
			}
		}
	}
}

func reasonOf(names map[string]string, name string) string {
	for start, reason := range names {
		if strings.HasPrefix(name, start) {
			return reason
		}
	}
	return ""
}

func contains(list []exchange, start string) bool {
	for _, e := range list {
		if strings.HasPrefix(e.Name, start) {
			return true
		}
	}
	return false
}

// cutText is a value that the recording holds the beginning of.
var cutText = regexp.MustCompile(`(?s)^(.*)… \(([0-9]+) characters\)$`)

// grow makes a text as long as it was: the recorded ones go on with one character.
func grow(text string) string {
	m := cutText.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	var n int
	_ = json.Unmarshal([]byte(m[2]), &n)
	start := strings.TrimRight(m[1], " ")
	last := start[len(start)-1:]
	if json.Valid([]byte(start)) || !strings.HasPrefix(start, "{") {
		return start + strings.Repeat(last, max(0, n-len(start)))
	}
	return start + strings.Repeat(last, max(0, n-len(start)-2)) + `"}`
}

func (e *exchange) target(ours values) string {
	query := url.Values{}
	for name, value := range e.Request.Query {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, v := range list {
			if s, isText := v.(string); isText {
				if own := ours[s]; own != "" {
					s = own
				}
				query.Add(name, grow(s))
				continue
			}
			text, _ := json.Marshal(v)
			query.Add(name, string(text))
		}
	}
	target := strings.ReplaceAll(e.Request.Path, " ", "%20")
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	return target
}

// values are those that the double gave where the server gave others.
type values map[string]string

// body is the request's, with our values for the recorded ones. A text is one that
// was sent as it is.
func (e *exchange) body(v values) []byte {
	raw := e.Request.Body
	if string(raw) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []byte(growBody(text))
	}
	for theirs, ours := range v {
		raw = bytes.ReplaceAll(raw, []byte(theirs), []byte(ours))
	}
	return raw
}

// growBody makes a body whole again whose only long text was cut.
func growBody(text string) string {
	m := cutText.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	if strings.HasPrefix(m[1], `{"configs"`) {
		return m[1] + `x", "policies": []}}`
	}
	return grow(text)
}

var (
	timePattern  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|\+00:00)?$`)
	valuePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	jwtPattern   = regexp.MustCompile(`^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)
)

// shape is a body in which what differs from run to run is replaced by its form.
func shape(key string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, v := range value {
			out[k] = shape(k, v)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, v := range value {
			out[i] = shape("", v)
		}
		return out
	case float64:
		if key == "expires_at" {
			return "SECONDS"
		}
	case string:
		switch {
		case timePattern.MatchString(value):
			return "TIME" + timePattern.FindStringSubmatch(value)[1]
		case valuePattern.MatchString(value):
			return "VALUE"
		case jwtPattern.MatchString(value):
			payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(value, ".")[1])
			var claims map[string]any
			_ = json.Unmarshal(payload, &claims)
			claims["life"] = claims["exp"].(float64) - claims["iat"].(float64)
			for _, name := range []string{"exp", "iat", "nbf"} {
				delete(claims, name)
			}
			return claims
		case key == "kid", key == "n":
			return "KEY"
		}
	}
	return value
}

func (e *exchange) compare(t *testing.T, got *httptest.ResponseRecorder, v values, unread bool) {
	t.Helper()
	if got.Code != e.Response.Status {
		t.Errorf("%q: status %d, recorded %d: %s", e.Name, got.Code, e.Response.Status, got.Body)
		return
	}
	if allow := got.Header().Get("Allow"); allow != e.Response.Headers["allow"] {
		t.Errorf("%q: allow %q, recorded %q", e.Name, allow, e.Response.Headers["allow"])
	}
	if (got.Header().Get("Location") != "") != (e.Response.Headers["location"] != "") {
		t.Errorf("%q: location %q, recorded %q", e.Name, got.Header().Get("Location"), e.Response.Headers["location"])
	}
	if unread || e.Request.Method == "HEAD" || e.Response.Headers["location"] != "" {
		return
	}
	var body any
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil {
		t.Errorf("%q: %v", e.Name, err)
		return
	}
	if theirs, isText := e.Response.Body.(string); isText && valuePattern.MatchString(theirs) {
		v[theirs], _ = body.(string)
	}
	if theirs, isText := e.Response.Body.(string); isText && cutText.MatchString(theirs) {
		compareStart(t, e.Name, body, cutText.FindStringSubmatch(theirs)[1])
		return
	}
	if d := cmp.Diff(shape("", e.Response.Body), shape("", body)); d != "" {
		t.Errorf("%q (-recorded +got):\n%s", e.Name, d)
	}
}

// compareStart compares with the beginning of a body: its first whole element.
func compareStart(t *testing.T, name string, body any, start string) {
	t.Helper()
	var want any
	end := strings.LastIndex(start, "}, {")
	if list, isList := body.([]any); isList && end > 0 && json.Unmarshal([]byte(start[:end+1]+"]"), &want) == nil {
		want := want.([]any)
		if d := cmp.Diff(shape("", want), shape("", list[:min(len(want), len(list))])); d != "" {
			t.Errorf("%q (-recorded +got):\n%s", name, d)
		}
		return
	}
	t.Errorf("%q: the recorded beginning cannot be compared: list it as unread", name)
}
