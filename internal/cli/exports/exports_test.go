package exports

import (
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// A value of a server's may be anything: what its place would not take, or would
// take for something else, is refused.
func TestValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for value, want := range map[string]struct{ backend, dotenv bool }{
		"osmo_" + long[:38]:  {true, true},
		"-_" + long[:41]:     {true, true},
		long:                 {true, true},
		long[:42]:            {false, true},
		long[:44]:            {false, true},
		"." + long[:42]:      {false, true},
		"$" + long[:42]:      {false, false},
		" " + long[:42]:      {false, false},
		"\n" + long[:42]:     {false, false},
		"#" + long[:42]:      {false, false},
		"é" + long[:41]:      {false, false},
		"\x00" + long[:42]:   {false, false},
		long[:42] + "\u2028": {false, false},
	} {
		v := secret.New([]byte(value))
		if err := fitsBackend(v); (err == nil) != want.backend {
			t.Errorf("%q for a backend operator: %v", value, err)
		}
		if _, err := dotenv("X", v); (err == nil) != want.dotenv {
			t.Errorf("%q in a dotenv file: %v", value, err)
		}
	}
}
