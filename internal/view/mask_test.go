package view_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/access"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// TestSecretsAreMasked writes every result in every form with a secret wherever
// it has text: no part of it is shown that could be made whole again.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	const body = "0123456789abcdefghijklmnopqrstuvABCDEF"
	for what, secret := range map[string]string{
		"token": "osmo_" + body, "capitals": "OSMO_" + body, "percent": "osmo%5F" + body, "base64": base64.StdEncoding.EncodeToString([]byte("osmo_" + body)),
		"age": "AGE-SECRET-KEY-1" + strings.Repeat("QPZRY9X8", 7), "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
		"PEM": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHRva2VuIHRva2VuIHRva2Vu\n-----END PRIVATE KEY-----",
	} {
		for _, text := range []string{secret, "x " + secret + ".", `"` + secret + `\`, strings.Repeat("é", view.MaxText-20) + " " + secret, strings.Repeat("x ", 150) + secret} {
			s := viewtest.New()
			attackAll(t, &s.View, text)
			viewtest.Must(t, problems.ShowValidation(&s.View, report.Validation{Problems: diag.List{{Summary: text, Hint: text, Pos: diag.Position{File: text, Line: 1, Column: 1}}}}, view.GitHub))
			viewtest.Must(t, access.ShowLint(&s.View, lintOf(diag.List{{Summary: text, Hint: text, Pos: diag.Position{File: text, Line: 1, Column: 1}}}), view.GitHub))
			attackCalendar(t, &s.View, text)
			shown := strings.NewReplacer("\r\n ", "", "%0A", "").Replace(s.Stdout.String() + s.Stderr.String())
			for i := 0; i+16 <= len(secret); i++ {
				if part := secret[i : i+16]; strings.Contains(shown, part) && !strings.Contains(part, "PRIVATE") {
					at := strings.Index(shown, part)
					t.Errorf("of the %s in %q is shown: %q in %q", what, text, part, shown[max(0, at-60):min(at+80, len(shown))])
					break
				}
			}
			if !strings.Contains(shown, "****") {
				t.Errorf("nothing says that the %s in %q is masked", what, text)
			}
		}
	}
}
