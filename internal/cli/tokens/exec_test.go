package tokens

import (
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// An environment holds whatever has no zero byte in it.
func TestEnvironmentOfAnyValue(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for value, want := range map[string]bool{
		"osmo_" + long[:38]:  true,
		"-_" + long[:41]:     true,
		long:                 true,
		long[:42]:            true,
		long[:44]:            true,
		"." + long[:42]:      true,
		"$" + long[:42]:      true,
		" " + long[:42]:      true,
		"\n" + long[:42]:     true,
		"#" + long[:42]:      true,
		"é" + long[:41]:      true,
		"\x00" + long[:42]:   false,
		long[:42] + "\u2028": true,
	} {
		if _, err := withToken(nil, "X", secret.New([]byte(value))); (err == nil) != want {
			t.Errorf("%q: %v", value, err)
		}
	}
}
