package access

import (
	"strings"
	"testing"
)

// There are 22 requests without an action (facts, section 12), none of which any
// server has an action for.
func TestUnregisteredRequests(t *testing.T) {
	t.Parallel()
	list := UnregisteredRequests()
	if len(list) != 22 {
		t.Errorf("%d requests", len(list))
	}
	for _, r := range list {
		method, path := r.Methods[0], strings.ReplaceAll(r.Path, "*", "abc")
		for _, rules := range allRules() {
			if action, resource := rules.Resolve(method, path); action != "" || resource != "" {
				t.Errorf("%s %s is %q on %q in %v", method, path, action, resource, rules.Server())
			}
		}
		if got := DescribeUnregistered(method, path+"?a=b"); got != r.Does {
			t.Errorf("%s %s is %q, want %q", method, path, got, r.Does)
		}
	}
	for _, request := range [][2]string{{"PUT", "/api/configs/pool/a"}, {"POST", "/api/auth/user/a/b"}, {"DELETE", "/api/auth/user"}, {"GET", "/nothing"}} {
		if got := DescribeUnregistered(request[0], request[1]); got != "" {
			t.Errorf("%q is said to %s", request, got)
		}
	}
}
