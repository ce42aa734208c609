package osmo

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// answers has one answer for each row of verdicts, in its order, and then those that
// no row matches.
var answers = []struct {
	status     int
	code, text string
	want       verdict
}{
	{200, "", "", done},
	{422, "", "", refused},
	{401, "", "Jwt is expired", refused},
	{403, "", "access denied", refused},
	{404, "", "Not Found", refused},
	{405, "", "Method Not Allowed", refused},
	{409, "USER", "Configs are managed by ConfigMap and cannot be modified via CLI/API. Update the Helm values and redeploy instead.", readOnly},
	{409, "USER", "something else", refused},
	{429, "", "local_rate_limited", refused},
	{400, "USER", "Token name deploy-g2 already exists.", taken},
	{400, "USER", "User svc already exists", taken},
	{400, "USER", "User svc not found", absent},
	{400, "USER", "Role nope does not exist", absent},
	{400, "USER", "Access token deploy does not exist.", absent},
	{400, "USER", "User ID must not be empty", refused},
	{400, "USER", "User does not have all the requested roles. Token creation failed.", refused},
	{400, "USER", "At least one role must be specified for the access token.", refused},
	{400, "USER", "Expiration date must be past the current date (2026-11-23)", refused},
	{400, "USER", "Access token expiration date cannot be more than 365d from now", refused},
	{400, "USER", "Access token has invalid length 10", refused},
	{400, "USER", "Access Token is invalid", refused},
	{400, "USER", "Access Token has expired", refused},
	{400, "USER", "Username -bad- must match regex ^[a-zA-Z0-9]([a-zA-Z0-9_.@-]*[a-zA-Z0-9])?$", refused},
	{400, "USER", "Token name 1bad must match regex ^[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$", refused},
	{400, "USER", `Invalid action format: Workflow-Create. Expected format: "resource:Action" (e.g., "workflow:Create", "*:*")`, refused},

	{400, "USER", "Role nope does not exist.", absent},
	{400, "USER", "Role  does not exist", absent},
	{400, "USER", "Username svc-nl\n must match regex ^x$", refused},

	{400, "DATABASE", "Error: connection pool is closed", unknown},
	{400, "DATABASE", "User svc not found", unknown},
	{400, "", "User svc not found", unknown},
	{400, "USER", "", unknown},
	{400, "USER", "something that nobody has seen yet", unknown},
	{400, "USER", "The User svc not found", unknown},
	{400, "", "The x-osmo-user header is missing", unknown},
	{500, "", "Internal server error: boom", unknown},
	{500, "USER", "User svc not found", unknown},
	{502, "", "", unknown},
	{503, "", "", unknown},
	{504, "", "", unknown},
	{201, "", "", unknown},
	{204, "", "", unknown},
	{301, "", "", unknown},
	{302, "", "", unknown},
	{307, "", "", unknown},
	{410, "", "", unknown},
	{418, "", "", unknown},
	{0, "", "", unknown},
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for i, a := range answers {
		if got := judge(a.status, a.code, a.text); got != a.want {
			t.Errorf("%d %s %q: %d, want %d", a.status, a.code, a.text, got, a.want)
		}
		if i < len(verdicts) {
			r := verdicts[i]
			if r.status != a.status || r.code != "" && r.code != a.code || r.words != nil && !r.words().MatchString(a.text) {
				t.Errorf("answer %d, %q, is not of the row of its place", i, a.text)
			}
		}
	}
}

// A call's class is what its caller goes by.
func TestClasses(t *testing.T) {
	t.Parallel()
	classes := map[verdict]error{refused: apply.ErrRefused, absent: apply.ErrRefused, readOnly: apply.ErrRefused, unknown: apply.ErrUnknown, taken: apply.ErrUnknown}
	for is, want := range classes {
		err := (&failure{method: "POST", path: "/x", status: 400, is: is, words: "words", sent: true}).hinted()
		for _, class := range []error{apply.ErrRefused, apply.ErrUnknown} {
			if errors.Is(err, class) != (class == want) {
				t.Errorf("%d: %v", is, err)
			}
		}
		if text := err.Error(); !strings.Contains(text, "POST /x") || !strings.Contains(text, "400") || !strings.HasSuffix(text, "words") || !strings.Contains(text, want.Error()) {
			t.Errorf("the error says %q", text)
		}
	}
	for _, f := range []*failure{{method: "GET", is: unknown}, {method: "POST", is: -1}} {
		if errors.Is(f, apply.ErrRefused) || errors.Is(f, apply.ErrUnknown) {
			t.Errorf("%v has a class", f)
		}
	}
}

func TestModeOf(t *testing.T) {
	t.Parallel()
	list := func(external ...[]string) (out []wireRole) {
		for i, e := range external {
			name := fmt.Sprint("r", i)
			out = append(out, wireRole{Name: &name, ExternalRoles: e})
		}
		return out
	}
	some, none := []string{"a"}, []string{}
	everybody := access.DefaultRole
	ofDatabase := wireRole{Name: &everybody, ExternalRoles: []string{everybody}, Policies: []wirePolicy{{
		Actions: []action{"auth:Login", "auth:Refresh", "profile:*", "system:Health", "system:Version"}, Resources: []string{"*"},
	}}}
	ofChart := ofDatabase
	ofChart.Policies = []wirePolicy{{Actions: []action{"auth:Login", "auth:Refresh", "auth:Token", "profile:*", "system:Health"}, Resources: []string{"*"}}}
	for _, c := range []struct {
		name     string
		roles    []wireRole
		version  string
		declared model.Mode
		fixed    bool
		want     model.Mode
	}{
		{"lists, 6.3", list(some, none), "6.3.1", "", false, model.ModeDatabase},
		{"lists, 6.2", list(some), "6.2.0", model.ModeConfigMap, false, model.ModeDatabase},
		{"no roles, 6.3", nil, "6.3.1", "", false, model.ModeDatabase},
		{"null, 6.3", list(some, nil), "6.3.1", "", false, model.ModeConfigMap},
		{"null, declared a database", list(nil), "6.3.1", model.ModeDatabase, false, model.ModeConfigMap},
		{"a 409 was seen", list(some), "6.3.1", model.ModeDatabase, true, model.ModeConfigMap},
		{"lists, 6.4", list(some), "6.4.0", "", false, model.ModeConfigMap},
		{"lists, 6.4, a role of the database", append(list(some), ofDatabase), "6.4.0", "", false, model.ModeDatabase},
		{"null, 6.4, a role of the database", append(list(nil), ofDatabase), "6.4.0", "", false, model.ModeConfigMap},
		{"lists, 6.4, a role of the database, declared a ConfigMap", append(list(some), ofDatabase), "6.4.0", model.ModeConfigMap, false, model.ModeConfigMap},
		{"lists, 6.4, a role of the chart", append(list(some), ofChart), "6.4.0", "", false, model.ModeConfigMap},
		{"lists, 6.4, declared a ConfigMap", list(some), "6.4.0", model.ModeConfigMap, false, model.ModeConfigMap},
		{"lists, 6.4, declared a database", list(some), "6.4.0", model.ModeDatabase, false, model.ModeDatabase},
		{"null, 6.4", list(nil), "6.4.0", "", false, model.ModeConfigMap},
		{"lists, 7.0", list(some), "7.0.0", "", false, model.ModeConfigMap},
		{"lists, 6.10", list(some), "6.10.0", "", false, model.ModeConfigMap},
		{"lists, 5.9", list(some), "5.9.0", "", false, model.ModeDatabase},
	} {
		if got := modeOf(c.roles, c.version, c.declared, c.fixed); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Whoever comes late with a JWT that was not taken does not spoil the next one.
func TestDrop(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var l login
	first := l.replace(secret.Value{}, pass{User: "u", Issued: 1, Expires: 301}, now)
	second := l.replace(secret.Value{}, pass{User: "u", Issued: 1, Expires: 301}, now)
	l.drop(first)
	if _, number, fresh := l.current(now); !fresh || number != second {
		t.Error("the second JWT was dropped in place of the first")
	}
	l.drop(second)
	if _, _, fresh := l.current(now); fresh {
		t.Error("the second JWT is still in use")
	}
}
