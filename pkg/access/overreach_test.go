package access

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func TestOverreach(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		rules  *Rules
		policy model.Policy
		want   Overreach
	}{
		{"a service on one pool", rules, deny([]string{"workflow:*"}, "pool/prod"), Overreach{Everywhere: []string{"workflow:List"}}},
		{"the same in ConfigMap mode", chart, deny([]string{"workflow:*"}, "pool/prod"), Overreach{
			Everywhere: []string{"workflow:List"},
			AllPools:   []string{"workflow:Cancel", "workflow:Delete", "workflow:Exec", "workflow:PortForward", "workflow:Read", "workflow:Rsync", "workflow:Update"},
		}},
		{"one action on one pool", rules, deny([]string{"workflow:Exec"}, "pool/prod"), Overreach{}},
		{"one action on one pool in ConfigMap mode", chart, deny([]string{"workflow:Exec", "workflow:Create"}, "pool/prod"), Overreach{AllPools: []string{"workflow:Exec"}}},
		{"a prefix refuses nothing there", chart, deny([]string{"workflow:Exec"}, "pool/team-*"), Overreach{}},
		{"all pools", chart, deny([]string{"workflow:Exec"}, "pool/*"), Overreach{}},
		{"everything", chart, deny([]string{"*:*"}, "*"), Overreach{}},
		{"what has no resource alone", rules, deny([]string{"system:Version"}, "none"), Overreach{}},
		{"an Allow", chart, allow([]string{"workflow:*"}, "pool/prod"), Overreach{}},
	} {
		if diff := cmp.Diff(test.want, test.rules.Overreach(test.policy)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}
