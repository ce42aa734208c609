package access

import (
	"regexp"
	"strings"
	"testing"
)

func TestCheckAction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		want    string // part of the error, or "" for none
	}{
		{"workflow:Read", ""},
		{"workflow:*", ""},
		{"*:Read", ""},
		{"*:*", ""},
		{"unknown:Verb", ""},
		{"*", `name those that are meant`},
		{"", "service:Verb"},
		{"workflow", "service:Verb"},
		{"Workflow:Read", "lower-case"},
		{":Read", "lower-case"},
		{"work-flow:Read", "lower-case"},
		{"**:Read", "lower-case"},
		{"workflow:read", "capital"},
		{"workflow:", "capital"},
		{"workflow:Re*", "capital"},
		{"workflow:Read:More", "capital"},
		{"workflow:Read\n", "capital"},
	}
	for _, test := range tests {
		t.Run(test.pattern, func(t *testing.T) {
			t.Parallel()
			err := CheckAction(test.pattern)
			if (err == nil) != (test.want == "") {
				t.Fatalf("error %v, want one about %q", err, test.want)
			}
			if err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q does not say %q", err, test.want)
			}
		})
	}
}

func TestSuggestAction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		matches bool
		near    string
	}{
		{"workflow:Read", true, ""},
		{"workflow:*", true, ""},
		{"*:Read", true, ""},
		{"*:*", true, ""},
		{"workflow:Raed", false, "workflow:Read"},
		{"workflow:read", false, "workflow:Read"},
		{"worfklow:*", false, "workflow:*"},
		{"*:Updat", false, "*:Update"},
		{"configs:Read", false, "config:Read"},
		{"dataset:Write", false, ""},
		// Never more than was asked for.
		{"workflow:Foo", false, ""},
		{"workflow:Al", false, ""},
		{"*:Foo", false, ""},
		{"wrkflow:List", false, "workflow:List"},
		{"", false, ""},
	}
	for _, test := range tests {
		t.Run(test.pattern, func(t *testing.T) {
			t.Parallel()
			matches, near := rules.Knows(test.pattern), ""
			if !matches {
				near = rules.SuggestAction(test.pattern)
			}
			if matches != test.matches || near != test.near {
				t.Errorf("= %v, %q, want %v, %q", matches, near, test.matches, test.near)
			}
		})
	}
}

func TestMatchAction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, action string
		want            bool
	}{
		{"workflow:Read", "workflow:Read", true},
		{"workflow:*", "workflow:Read", true},
		{"*:Read", "workflow:Read", true},
		{"*:*", "workflow:Read", true},
		{"*", "", true},
		{"work:*", "workflow:Read", false},
		{"*:ad", "workflow:Read", false},
		{"workflow:Re*", "workflow:Read", false},
		{"workflow:read", "workflow:Read", false},
		{"workflow:*", "", false},
		{"", "", false},
	}
	for _, test := range tests {
		if got := matchAction(test.pattern, test.action); got != test.want {
			t.Errorf("%q covers %q = %v, want %v", test.pattern, test.action, got, test.want)
		}
	}
}

func TestMatchResource(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, resource string
		want              bool
	}{
		{"pool/a", "pool/a", true},
		{"pool/a", "pool/ab", false},
		{"pool/a", "pool/A", false},
		{"pool/a*", "pool/a", true},
		{"pool/a*", "pool/ab", true},
		{"pool/*", "pool/a", true},
		{"pool/*", "pool", false},
		{"pool*", "pool/a", true},
		{"*", "pool/a", true},
		{"pool", "pool/a", false},
		{"", "pool/a", false},
		{"", "", true},
		{"pool/a", "", true},
		{"pool/a", "pool/*", true},
		{"pool/*", "pool/*", true},
		{"pool/a*", "pool/*", false},
		{"config/a", "pool/*", false},
	}
	for _, test := range tests {
		if got := matchResource(test.pattern, test.resource); got != test.want {
			t.Errorf("%q covers %q = %v, want %v", test.pattern, test.resource, got, test.want)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	// What the vectors leave out.
	tests := []struct{ request, action, resource string }{
		{"GET /api/router/webserver/anything", "workflow:PortForward", ""},
		{"PUT /api/router/webserver/anything", "", ""},
		{"DELETE /api/workflow/w/webserver/x", "workflow:PortForward", "pool/*"},
		{"GET /api/router/exec/w/client/c", "workflow:Exec", "pool/*"},
		{"WEBSOCKET /api/workflow/w/exec/t/1", "workflow:Exec", "pool/*"},
		{"GET /api/workflow/w/exec", "workflow:Read", "pool/*"},
		{"GET /api/workflow/router/webserver", "workflow:Read", ""},
		{"GET /api/workflow/router/exec/router/webserver", "workflow:Read", "pool/*"},
		{"GET /api/plugins/configs", "workflow:Rsync", "pool/*"},
		{"POST /api/pool/workflow/workflow", "workflow:Create", "pool/*"},
		{"POST /api/pool/p/workflow/w/restart", "workflow:Create", "pool/p"},
		{"GET /api/configs/", "config:Read", "config/*"},
		{"GET /api/configs/?all", "config:Read", "config/*"},
		{"GET /api/configs/role/?all", "config:Read", "config/role"},
		{"GET /api/auth/user//access_token", "auth:Token", "user/*"},
		{"GET /api/router/a/b/backend/c", "internal:Router", "backend/a"},
		{"GET /api/agent/worker/a", "internal:Operator", "backend/worker"},
		{"GET /api/pool/", "pool:List", ""},
		{"GET /api/pool//", "", ""},
		{"GET /api/pool/?a=b", "", ""},
		{"GET ", "", ""},
		{"GET ?", "", ""},
	}
	for _, test := range tests {
		t.Run(test.request, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(test.request, " ")
			if action, resource := rules.Resolve(method, path); action != test.action || resource != test.resource {
				t.Errorf("= %q, %q, want %q, %q", action, resource, test.action, test.resource)
			}
		})
	}
}

// Every endpoint must resolve to the action that it is registered for: none may
// hide behind another.
func TestEveryEndpointIsReached(t *testing.T) {
	t.Parallel()
	for _, a := range rules.Actions() {
		for _, e := range a.Endpoints {
			method := e.Methods[0]
			if method == "*" {
				method = "OPTIONS"
			}
			path := strings.ReplaceAll(e.Path, "*", "some")
			if action, _ := rules.Resolve(method, path); action != a.Name {
				t.Errorf("%s %s resolves to %q, want %q", method, path, action, a.Name)
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("pool/*", "pool/prod", "workflow:*", "workflow:Read")
	f.Add("pool/team*", "pool/*", "*:Read", "config:Read")
	f.Add("", "", "", "")
	f.Add("pool/prod", "pool/*", "*", "")
	rule := regexp.MustCompile(`\A(\*|[a-z]+):(\*|[A-Z][a-zA-Z]*)\z`)
	f.Fuzz(func(t *testing.T, pattern, resource, action, other string) {
		if !matchResource(pattern, pattern) || !matchResource("*", resource) || !matchResource(pattern, "") {
			t.Error("a pattern covers itself, * covers everything, the empty resource is covered")
		}
		if !matchResource(resource+"*", resource+pattern) {
			t.Error("a prefix covers what begins with it")
		}
		if matchResource(pattern, resource+"/*") && !strings.HasSuffix(pattern, "*") && !strings.HasPrefix(pattern, resource+"/") {
			t.Error("a name covers a scope only from inside")
		}
		if matchAction("", other) || matchAction(action, "") && action != "*" && action != "*:*" {
			t.Error("an unregistered request is covered by more than the wildcards")
		}
		if (CheckAction(action) == nil) != rule.MatchString(action) {
			t.Error("the rule for actions is not OSMO's")
		}
		if near := rules.SuggestAction(action); near != "" {
			if !rules.Knows(near) {
				t.Errorf("suggested %q", near)
			}
		}
		rules.Resolve(action, resource)
	})
}

func BenchmarkResolve(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		rules.Resolve("POST", "/api/auth/user/svc-ci/access_token/deploy")
	}
}
