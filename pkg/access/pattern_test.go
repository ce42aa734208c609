package access

import "testing"

func TestReadsOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		grant Grant
		want  bool
	}{
		{Grant{"workflow:Read", "pool/*"}, true},
		{Grant{"pool:List", ""}, true},
		{Grant{"workflow:*", "pool/a"}, false},
		{Grant{"workflow:* except workflow:Cancel, workflow:Create, workflow:Delete, workflow:Exec, workflow:PortForward, workflow:Rsync, workflow:Update", "pool/a"}, true},
		{Grant{"config:Update", "config/pool"}, false},
		{Grant{"*", Unregistered}, false},
		{Grant{"*:*", Everything}, false},
	} {
		if got := c.grant.ReadsOnly(); got != c.want {
			t.Errorf("%v: %v", c.grant, got)
		}
	}
}
