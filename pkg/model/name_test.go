package model

import (
	"regexp"
	"strings"
	"testing"
)

// The patterns are OSMO's own, as far as OSMO has any.
var patterns = map[string]struct {
	check func(string) error
	rule  *regexp.Regexp
}{
	"account":   {CheckAccountName, regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9_.@-]*[a-zA-Z0-9])?$`)},
	"token":     {CheckTokenName, regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$`)},
	"role":      {CheckRoleName, regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$`)},
	"recipient": {CheckRecipientName, regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$`)},
}

var names = []string{
	"a", "A", "0", "svc", "svc-ci", "svc_ci", "svc.ci", "svc@example.org", "a--b", "a.@_-b", "1a", "a1",
	"", "-a", "a-", ".a", "a.", "_a", "a_", "@a", "a@", "..", ".", "a/b", `a\b`, "a b", "a\x00b", "a\nb", "a\n", " a",
	"ä", "aä", "a\u200bb", "a:b", "a*b", "a%2fb", "[", "`a", "{a}", "Å",
	strings.Repeat("a", MaxNameLength), strings.Repeat("a", MaxNameLength+1),
}

var devices = []string{"con", "CON", "Nul", "aux", "prn", "com1", "COM9", "lpt1", "con.x", "nul.a.b"}

func TestNamesFollowThePatterns(t *testing.T) {
	t.Parallel()
	for kind, p := range patterns {
		for _, name := range names {
			want := p.rule.MatchString(name) && len(name) <= MaxNameLength
			if err := p.check(name); (err == nil) != want {
				t.Errorf("%s %q: %v", kind, name, err)
			}
		}
	}
}

func TestDeviceNames(t *testing.T) {
	t.Parallel()
	for _, name := range devices {
		if CheckAccountName(name) == nil || CheckRoleName(name) == nil {
			t.Errorf("%q is a device on Windows and is let pass", name)
		}
	}
	for _, name := range []string{"con1", "console", "com0", "com10", "com", "lpt", "x.con", "nul-a"} {
		if err := CheckAccountName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, name := range append(names, devices...) {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for kind, p := range patterns {
			want := p.rule.MatchString(name) && len(name) <= MaxNameLength && !isDeviceName(name)
			if err := p.check(name); (err == nil) != want {
				t.Errorf("%s %q: %v", kind, name, err)
			}
		}
	})
}

// A name in an error's text is what a person typed; the rules do not echo it.
func TestNameErrorsSayTheRule(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":                       "an account name cannot be empty",
		"-a":                     "an account name begins with a letter or digit",
		"a-":                     "an account name ends with a letter or digit",
		"a b":                    `an account name holds only letters, digits and "_", ".", "@" and "-"`,
		strings.Repeat("a", 129): "an account name has at most 128 bytes, this one has 129",
	} {
		if err := CheckAccountName(name); err == nil || err.Error() != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := CheckTokenName("1a"); err == nil || err.Error() != "a token name begins with a letter" {
		t.Error(err)
	}
}

func TestServerNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		token      string
		generation int
		want       string
	}{{"t", 1, "t"}, {"t", 2, "t-g2"}, {"t", 10, "t-g10"}, {"t-g2", 1, "t-g2"}, {"t-g2", 2, "t-g2-g2"}} {
		if got := ServerName(c.token, c.generation); got != c.want {
			t.Errorf("%s@%d is %q, want %q", c.token, c.generation, got, c.want)
		}
	}
	for name, want := range map[string]bool{"t-g2": true, "t-g2-g3": true, "t": false, "t-g1": false, "t-g0": false, "t-g02": false, "t-g": false, "t-g+2": false, "-g2": false, "t-g2x": false, "t-g99999999999999999999": false} {
		if _, _, ok := SplitServerName(name); ok != want {
			t.Errorf("%q splits: %t", name, ok)
		}
	}
}

// Splitting undoes naming, for every generation above the first, and whatever
// splits is named so again.
func FuzzServerName(f *testing.F) {
	f.Add("t", 2)
	f.Add("t-g2", 7)
	f.Add("x-g", 3)
	f.Fuzz(func(t *testing.T, name string, generation int) {
		if token, n, ok := SplitServerName(name); ok && ServerName(token, n) != name {
			t.Errorf("%q splits into %q and %d", name, token, n)
		}
		if generation < 2 || name == "" {
			return
		}
		token, n, ok := SplitServerName(ServerName(name, generation))
		if !ok || token != name || n != generation {
			t.Errorf("%q@%d comes back as %q@%d", name, generation, token, n)
		}
	})
}
