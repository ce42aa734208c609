package remote

import (
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	for raw, wanted := range map[string][2]string{
		"https://example.com/a/b.git":             {"https", "https://example.com/a/b.git"},
		"https://ann:pass1234@example.com/x":      {"https", "https://example.com/x"},
		"https://token1234@example.com:8443/x?y#": {"https", "https://example.com:8443/x"},
		"https://ann:pa/ss1234@example.com/x":     {"https", "https://…"},
		"ssh://git@example.com:22/x":              {"ssh", "ssh://git@example.com:22/x"},
		"ssh://git:pass1234@example.com/x":        {"ssh", "ssh://git@example.com/x"},
		"git@example.com:a/b":                     {"ssh", "git@example.com:a/b"},
		"/srv/a:b":                                {"file", "/srv/a:b"},
		"./a:b":                                   {"file", "./a:b"},
		"../x":                                    {"file", "../x"},
		"file:///srv/x":                           {"file", "file:///srv/x"},
		"ext::sh -c x":                            {"helper", "ext::sh -c x"},
		"git://example.com/x":                     {"git", "git://example.com/x"},
	} {
		got := [2]string{address(raw).protocol(), address(raw).String()}
		if got != wanted {
			t.Errorf("%s is %q, not %q", raw, got, wanted)
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("ann", "pass1234", "example.com", "x")
	f.Add("", "a:b@c/d", "h", "")
	f.Add("\x1b", "%zz", "[::1]", "@@")
	f.Fuzz(func(t *testing.T, user, password, host, path string) {
		if len(password) < 8 || strings.Contains(host+path+user+"https://…", password) {
			t.Skip()
		}
		u := url.URL{Scheme: "https", User: url.UserPassword(user, password), Host: host, Path: path}
		shown := address(u.String()).String()
		if strings.Contains(shown, password) || strings.ContainsFunc(shown, unicode.IsControl) {
			t.Errorf("%q is shown as %q", u.String(), shown)
		}
		raw := "https://" + user + ":" + password + "@" + host + "/" + path
		if _, err := url.Parse(raw); err == nil && !strings.ContainsAny(user+password, "/?#@") {
			if shown := address(raw).String(); strings.Contains(shown, password) {
				t.Errorf("%q is shown as %q", raw, shown)
			}
		}
	})
}

func TestClean(t *testing.T) {
	t.Parallel()
	c := newCleaner([]string{"topsecret", "x", ""})
	for text, wanted := range map[string]string{
		"a\nb\r\nc\rd\n\n":                    "a\nb\nc\nd",
		"remote: \nremote: x\nhint: pull":     "remote: x",
		"it is topsecret":                     "it is ***",
		"https://a:b@host/x ssh://git@h/y":    "https://host/x ssh://h/y",
		"\x1b[2J\u202Eevil\u200b\x80\ttab":    `\u{1B}[2J\u{202E}evil\u{200B}\x80 tab`,
		strings.Repeat("ä", maxWords):         strings.Repeat("ä", maxWords/2-2) + "…",
		strings.Repeat("0123456\n", 1<<10):    strings.TrimSpace(strings.Repeat("0123456\n", 511)) + "\n01234…",
		strings.Repeat("x", maxWords) + "\ny": strings.Repeat("x", maxWords-3) + "…",
	} {
		if got := c.clean(text); len(got) > maxWords {
			t.Errorf("%.20q: %d bytes are left", text, len(got))
		} else if diff := cmp.Diff(wanted, got); diff != "" && !strings.HasSuffix(wanted, "…") {
			t.Errorf("%.20q:\n%s", text, diff)
		} else if strings.HasSuffix(wanted, "…") && (!strings.HasSuffix(got, "…") || len(got) < maxWords-8) {
			t.Errorf("%.20q is cut to %d bytes, %.20q", text, len(got), got[len(got)-10:])
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("remote: \x1b[31mno\r\nhttps://a:b@c/ topsecret")
	f.Add(strings.Repeat("ä\u2028", 3000))
	c := newCleaner([]string{"topsecret"})
	f.Fuzz(func(t *testing.T, text string) {
		got := c.clean(text)
		if len(got) > maxWords || strings.Contains(got, "topsecret") {
			t.Errorf("%d bytes: %q", len(got), got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && isHidden(r) }) {
			t.Errorf("something is hidden in %q", got)
		}
	})
}

func TestBranchNames(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"main", "osmoctl/state", "a-b_c.d", "ünï", "@"} {
		if err := checkBranch(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "-x", "a/-x", "a..b", ".a", "a/.b", "a.lock", "a.", "a b", "a:b", "a~1", "a^", "a*", "a?", "a[", "a\\b", "@{u}", "a//b", "/a", "a/", "a\nb", "a\x7f"} {
		if checkBranch(bad) == nil {
			t.Errorf("%q passes for a branch", bad)
		}
	}
}

func TestRefStatus(t *testing.T) {
	t.Parallel()
	stdout := "To /srv/x\n=\tabc:refs/heads/other\t[up to date]\n!\tabc:refs/heads/main\t[remote rejected] (no)\nDone\n"
	if what, ok := refStatus(stdout, "refs/heads/main"); !ok || what != "[remote rejected] (no)" {
		t.Error(what, ok)
	}
	if what, ok := refStatus(stdout, "refs/heads/other"); ok {
		t.Error(what)
	}
}
