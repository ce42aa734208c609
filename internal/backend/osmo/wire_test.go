package osmo

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// decoders read every kind of answer that there is.
var decoders = map[string]func([]byte) error{
	"null":    readNull,
	"version": drop(readVersion),
	"role":    drop(readRole),
	"roles":   drop(readRoles),
	"page":    drop(readPage),
	"user":    drop(readUser),
	"created": func(b []byte) error { return readCreated(b, "svc") },
	"granted": func(b []byte) error { return readGranted(b, "svc", "role") },
	"holders": drop(readHolders),
	"tokens":  drop(readTokens),
	"history": drop(readHistory),
	"value":   drop(readValue),
	"jwt": func(b []byte) error {
		_, _, err := readJWT(b)
		return err
	},
}

func drop[T any](read func([]byte) (T, error)) func([]byte) error {
	return func(b []byte) error {
		_, err := read(b)
		return err
	}
}

func jwtOf(payload string) string {
	return `{"token":"` + base64.RawURLEncoding.EncodeToString([]byte(`{}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + `.c2ln","expires_at":1}`
}

var value43 = strings.Repeat("aB3-_xyz", 6)[:43]

// good are answers of the right shape, misshapen those of another.
var good = map[string][]string{
	"null":    {"null", " null\n"},
	"version": {`{"major":"6","minor":"4","revision":"0","hash":""}`, `{"major":"6","minor":"4","revision":"1-rc.2"}`},
	"role":    {`{"name":"r","description":"","policies":[{"effect":"Allow","actions":["a:B"],"resources":[]}],"immutable":false,"sync_mode":"import","external_roles":null}`, `{"name":""}`},
	"roles":   {`[]`, `[{"name":"r","policies":[{"actions":[{"base":"http","path":"/"}]}]}]`},
	"page":    {`{"total_results":0,"users":[]}`, `{"total_results":1,"start_index":1,"users":[{"id":"a","created_at":"2026-11-23T09:42:49.765924Z","created_by":"b"}]}`},
	"user":    {`{"id":"a","created_at":"x","created_by":"b","roles":[]}`, `{"id":"a","roles":[{"role_name":"r","assigned_by":"b","assigned_at":"2026-11-26T03:51:29.904043+00:00"}]}`},
	"created": {`{"id":"svc","created_at":"2026-11-23T09:42:49.765924Z","created_by":"b"}`},
	"granted": {`{"user_id":"svc","role_name":"role"}`},
	"holders": {`{"role_name":"r","users":[]}`, `{"users":[{"user_id":"a"}]}`},
	"tokens":  {`[]`, `[{"user_name":"a","token_name":"t","expires_at":"2027-01-01T00:00:00","description":null,"roles":[]}]`},
	"history": {`{"configs":[]}`, `{"configs":[{"name":"r","username":"u","created_at":"2026-11-26T03:52:22.763953"}]}`},
	"value":   {`"` + value43 + `"`, `"` + strings.Repeat("0a", 32) + "\"\n"},
	"jwt":     {jwtOf(`{"unique_name":"svc","iat":1,"exp":301}`), jwtOf(`{"unique_name":"svc"}`)},
}

var misshapen = map[string][]string{
	"null":    {"{}", "nul", `"null"`},
	"version": {`{"major":6,"minor":4,"revision":0}`, `{"major":"6","minor":"4"}`, `{"major":"06","minor":"4","revision":"0"}`, `{"major":"-6","minor":"4","revision":"0"}`, `{"major":"6","minor":"4","revision":"0\n1"}`, `{"major":"6","minor":"4","revision":"` + value43 + `"}`},
	"role":    {`{"description":""}`, `[]`, `{"name":5}`},
	"roles":   {`{}`, `[{}]`, `[null]`},
	"page":    {`{"users":[]}`, `{"total_results":1}`, `{"total_results":-1,"users":[]}`, `{"total_results":1,"users":[{}]}`, `[]`},
	"user":    {`{"id":"a"}`, `{"roles":[]}`, `{"id":"a","roles":null}`},
	"created": {`{"id":"other"}`, `{}`, `"svc"`},
	"granted": {`{"user_id":"svc","role_name":"other"}`, `{"role_name":"role"}`},
	"holders": {`{}`, `{"users":null}`, `{"users":[{}]}`, `{"users":["a"]}`},
	"tokens": {
		`{}`, `[{"token_name":"t","expires_at":"2027-01-01T00:00:00"}]`, `[{"token_name":"t","roles":[]}]`, `[{"expires_at":"2027-01-01","roles":[]}]`,
		`[{"token_name":"t","expires_at":null,"roles":[]}]`, `[{"token_name":"t","expires_at":"soon","roles":[]}]`,
	},
	"history": {`{}`, `[]`},
	"value":   {`""`, value43, `"` + value43[1:] + `"`, `"` + value43 + `x"`, `"` + value43[1:] + `."`, `["` + value43 + `"]`, `{"token":"` + value43 + `"}`, `"` + value43},
	"jwt":     {`{"token":"a.b"}`, `{"token":5}`, jwtOf(`{}`), jwtOf(`{"unique_name":"a\nb"}`), jwtOf(`no`), `{"token":"a.!.c"}`, `"a.b.c"`},
}

func TestShapes(t *testing.T) {
	t.Parallel()
	for name, read := range decoders {
		for _, body := range good[name] {
			if err := read([]byte(body)); err != nil {
				t.Errorf("%s refuses %s", name, body)
			}
		}
		everywhere := []string{"", " ", "<html>", `{"message":"m"}`, "nullnull", "[", `5`, "\xff"}
		if name != "null" {
			everywhere = append(everywhere, "null")
		}
		for _, body := range append(everywhere, misshapen[name]...) {
			if err := read([]byte(body)); err == nil {
				t.Errorf("%s takes %s", name, body)
			}
		}
		if len(good[name]) == 0 || len(misshapen[name]) == 0 {
			t.Errorf("%s has no examples", name)
		}
	}
}

// No body, however made, is a panic, or shown in an error.
func FuzzDecoders(f *testing.F) {
	for _, bodies := range []map[string][]string{good, misshapen} {
		for _, list := range bodies {
			for _, body := range list {
				f.Add([]byte(body))
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for name, read := range decoders {
			if err := read(body); err != nil && err.Error() != errShape.Error() {
				t.Errorf("%s: %v", name, err)
			}
		}
		if users, err := readPage(body); err == nil {
			for _, u := range users.Users {
				if model.IsReachable(u.ID) && (strings.ContainsAny(u.ID, "/?#% \\") || u.ID == "." || u.ID == "..") {
					t.Errorf("%q would stand in a path", u.ID)
				}
			}
		}
	})
}

// Whatever a server says is short, on one line, and without a secret in it.
func FuzzWords(f *testing.F) {
	f.Add("application/json", []byte(`{"message":"Role r does not exist","error_code":"USER"}`))
	f.Add("application/json", []byte(`{"detail":[{"type":"missing","loc":["body","token",0],"msg":"Field required","input":{"x":"`+value43+`"}}]}`))
	f.Add("application/json", []byte(`{"detail":"Not Found"}`))
	f.Add("application/json", []byte(`{"message":"`+value43[:20]+`\n`+value43[20:]+`"}`))
	f.Add("text/plain; charset=utf-8", []byte("access denied\x1b[31m "+value43))
	f.Add("text/html", []byte("<html>"+value43))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		g := guard{detector: secret.NewDetector(secret.New([]byte(value43)))}
		code, words := readFault(kind, body)
		shown := g.clean(words)
		if len(shown) > maxWords+len("…") || strings.ContainsAny(shown, "\n\r\x1b\x00\u202e\u2028") || strings.Contains(strings.ReplaceAll(shown, " ", ""), value43) {
			t.Errorf("%q is shown", shown)
		}
		judge(400, code, words)
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	g := guard{detector: secret.NewDetector(secret.New([]byte(value43)))}
	for _, c := range []struct{ kind, body, want string }{
		{"application/json", `{"message":"Role r does not exist","error_code":"USER","workflow_id":null}`, "Role r does not exist"},
		{"application/json", `{"detail":[{"loc":["query","count"],"msg":"not a number","input":"secret-input"},{"loc":["body","p",0],"msg":"missing","input":{"a":"secret-input"}}]}`, "query.count: not a number; body.p.0: missing"},
		{"application/json", `{"detail":"Not Found"}`, "Not Found"},
		{"application/json", `{"message":"a\nb\tc\u001b[31m\u202e"}`, "a b c [31m"},
		{"application/json", `{"message":"holds ` + value43 + `"}`, withheld},
		{"application/json", `{"message":"holds ` + value43[:9] + `\n` + value43[9:] + `"}`, withheld},
		{"application/json", `{"message":"` + strings.Repeat("x", maxWords) + value43 + `"}`, withheld},
		{"application/json", `{"message":"` + strings.Repeat("é", maxWords) + `"}`, strings.Repeat("é", maxWords/2) + "…"},
		{"text/plain", "access denied", "access denied"},
		{"text/plain", "UTF-16: " + strings.Join(strings.Split(value43, ""), "\x00") + "\x00", withheld},
		{"text/plain", "another's eyJhbGciOiJSUzI1NiJ9.eyJ1bmlxdWVfbmFtZSI6ImEifQ.c2lnbmF0dXJlLW9mLWl0", "another's " + strings.Repeat("*", 68)},
		{"text/html", "<html>login</html>", ""},
		{"", "", ""},
		{"application/json", `{"detail":[{"loc":["` + value43 + `"],"msg":"m"}]}`, withheld},
	} {
		_, words := readFault(c.kind, []byte(c.body))
		if got := g.clean(words); got != c.want {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
	}
}
