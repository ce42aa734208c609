package view_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/leaks"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// embeddedLink is a link in a message as SARIF has them: brackets that no
// backslash escapes, and an address.
var embeddedLink = regexp.MustCompile(`(?:^|[^\\])(?:\\\\)*\[`)

// sarifTexts are the messages and addresses of a log, by walking the JSON: a
// property that is added later is found as well.
func sarifTexts(t *testing.T, data []byte) (messages, addresses []string) {
	t.Helper()
	var log any
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatal(err)
	}
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				walk(k, inner)
			}
		case []any:
			for _, inner := range v {
				walk(key, inner)
			}
		case string:
			switch key {
			case "text", "markdown":
				messages = append(messages, v)
			case "uri":
				addresses = append(addresses, v)
			}
		}
	}
	walk("", log)
	return messages, addresses
}

func TestSARIFHoldsNoLink(t *testing.T) {
	t.Parallel()
	for _, attack := range []string{
		"[Fix available](https://evil.example/login)", "[see](1)", `\[x](https://evil.example)`, `\\[x](https://evil.example)`, "[x\\](y)](https://evil.example)",
		"[x]", "]", "[", `\`, "a\n[x](y)", "x \u202e[x](y)", "[[x](y)](z)", "[x](sarif:/runs/0)", "#x?y=%41&z", "a:b", "javascript:alert(1)", "//evil.example/x", "a b\xff",
	} {
		s := viewtest.New()
		problem := diag.Diagnostic{
			Code: "x", Summary: attack, Hint: attack, Source: attack, Pos: diag.Position{File: attack, Line: 1, Column: 1},
			Related: []diag.Related{{Pos: diag.Position{File: attack}, Message: attack}},
		}
		scan := report.Scan{Compared: attack, Notes: []string{attack}, Left: []report.ScanLeft{{Path: attack, Reason: attack}}}
		for _, f := range []report.ScanFind{{}, {Path: attack}, {Path: attack, Commit: attack}, {Commit: attack}} {
			f.Line, f.Encodings, f.Status = 1, []string{attack}, "ended"
			f.Verdict = report.Verdict{User: attack, Token: attack, EndedReason: attack, Fingerprint: attack}
			scan.Finds = append(scan.Finds, f)
		}
		logs := [][]byte{}
		for _, write := range []func() error{
			func() error {
				return problems.ShowValidation(&s.View, report.Validation{Problems: diag.List{problem}}, view.SARIF)
			},
			func() error {
				return problems.ShowValidation(&s.View, report.Validation{Problems: diag.List{problem}, Root: attack}, view.SARIF)
			},
			func() error { return leaks.Show(&s.View, scan, view.SARIF) },
		} {
			s.Stdout.Reset()
			viewtest.Must(t, write())
			logs = append(logs, bytes.Clone(s.Stdout.Bytes()))
		}
		for _, log := range logs {
			messages, addresses := sarifTexts(t, log)
			if len(messages) < 2 || len(addresses) < 2 {
				t.Fatalf("%d messages and %d addresses in %s", len(messages), len(addresses), log)
			}
			for _, m := range messages {
				if embeddedLink.MatchString(m) {
					t.Errorf("%q gives the message %q", attack, m)
				}
				if strings.Contains(sarifSaid.Replace(m), `\[`) && !strings.Contains(attack, `\[`) {
					t.Errorf("%q is escaped twice: %q", attack, m)
				}
				for line := range strings.Lines(m) {
					checkVisible(t, "SARIF", attack, strings.TrimSuffix(line, "\n"))
				}
			}
			for _, a := range addresses {
				checkAddress(t, attack, a)
			}
		}
	}
}

// sarifSaid is what a viewer makes of the escapes.
var sarifSaid = strings.NewReplacer(`\\`, `\`, `\[`, "[", `\]`, "]")

func checkAddress(t *testing.T, attack, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(address, " []\"<>\\^`{|}\n") {
		t.Errorf("%q gives the address %q", attack, address)
		return
	}
	if got := path.Base(u.Path); got != path.Base(attack) {
		t.Errorf("%q gives the address %q of another file, %q", attack, address, u.Path)
	}
}
