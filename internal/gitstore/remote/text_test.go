package remote

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/gitstore/disk"
	"github.com/osmoctl/osmoctl/internal/gitstore/gitconfig"
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
		if strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && hidden(r) }) {
			t.Errorf("something is hidden in %q", got)
		}
	})
}

func settingsOf(t *testing.T, text string) settings {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	config, err := gitconfig.Load(gitconfig.Sources{
		Env:    environment{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull}.get,
		GitDir: dir, CommonDir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	return settings{config}
}

func TestSettingsForURL(t *testing.T) {
	t.Parallel()
	s := settingsOf(t, `
[http]
	proxy = everywhere
	extraheader = A: 1
[http "https://example.com"]
	proxy = host
	extraheader = B: 2
[http "https://example.com/team/"]
	proxy = team
[http "https://ann@example.com/"]
	proxy = ann
[http "https://*.example.org"]
	proxy = star
[http "https://git.example.org/x"]
	proxy = exact
	extraheader =
	extraheader = C: 3
[http "https://example.net:8443"]
	proxy = port
`)
	for target, wanted := range map[string]string{
		"https://example.com/other":          "host",
		"https://EXAMPLE.com:443/other":      "host",
		"http://example.com/other":           "everywhere",
		"https://example.com/team":           "team",
		"https://example.com/team/x":         "team",
		"https://example.com/teams":          "host",
		"https://ann@example.com/":           "ann",
		"https://bob@example.com/":           "host",
		"https://git.example.org/":           "star",
		"https://git.example.org/x/y":        "exact",
		"https://a.git.example.org/":         "everywhere",
		"https://example.net/":               "everywhere",
		"https://example.net:8443/a":         "port",
		"https://example.com.evil.org/other": "everywhere",
	} {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.last("proxy", u); got != wanted {
			t.Errorf("%s: %q, not %q", target, got, wanted)
		}
	}
	for target, wanted := range map[string][]string{
		"https://elsewhere.com/":    {"A: 1"},
		"https://example.com/x":     {"A: 1", "B: 2"},
		"https://git.example.org/x": {"C: 3"},
	} {
		u, _ := url.Parse(target)
		if diff := cmp.Diff(wanted, s.forURL("extraheader", u)); diff != "" {
			t.Errorf("%s: %s", target, diff)
		}
	}
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

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789"))
	f.Add([]byte("40000 state\x0001234567890123456789100644 b\x00abcdefghijklmnopqrst"))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseTree(data)
		if err == nil && len(data) > 0 && len(entries) == 0 {
			t.Error("a tree was read as nothing")
		}
	})
}

// TestDamagedPack stores nothing of a pack that is cut short or changed.
func TestDamagedPack(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	server.git("repack", "-a", "-d", "-q")
	files, err := filepath.Glob(filepath.Join(server.dir, "objects/pack/*.pack"))
	server.check(err)
	packed, err := os.ReadFile(files[0])
	server.check(err)
	for i := 0; i < len(packed); i += 1 + i%5 {
		c := clone{commonDir: t.TempDir(), disk: disk.OS()}
		if c.storePack(bytes.NewReader(packed[:i])) == nil {
			t.Errorf("the first %d of %d bytes pass for the pack", i, len(packed))
		}
		changed := bytes.Clone(packed)
		changed[i] ^= 0x10
		if c.storePack(bytes.NewReader(changed)) == nil {
			t.Errorf("a change of byte %d passes", i)
		}
		if left, _ := filepath.Glob(filepath.Join(c.commonDir, "objects/pack/*")); len(left) > 0 {
			t.Errorf("%q are left", left)
		}
	}
}
