package gitconfig

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const text = "\ufeff# comment\n[core]\n\tbare = false ; comment\n\tAutoCRLF\n  excludes = \" a # b \"c  \n" +
		"[remote \"or\\\"i\\\\gin\"] url = git@host:x.git\r\n\tfetch=+refs/*:\\\n  refs/*\n" +
		"[Branch.Main]\n\tremote = \"a\\tb\\n\\\"c\\\"\\\\\"\n[x-1]empty=\n bare#comment\n"
	want := []Setting{
		{Key: "core.bare", Value: "false"},
		{Key: "core.autocrlf", Bare: true},
		{Key: "core.excludes", Value: " a # b c"},
		{Key: `remote.or"i\gin.url`, Value: "git@host:x.git"},
		{Key: `remote.or"i\gin.fetch`, Value: "+refs/*:  refs/*"},
		{Key: "branch.main.remote", Value: "a\tb\n\"c\"\\"},
		{Key: "x-1.empty"},
		{Key: "x-1.bare", Bare: true},
	}
	got, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"key = 1\n":           "line 1: a key in a section is expected here",
		"[core]\n= 1\n":       "line 2: a key in a section is expected here",
		"[core]\nkey ! 1\n":   "line 2: = is expected after the key",
		"[core\n":             "line 2: a section must end in ]",
		"[]\n":                "line 1: a section needs a name",
		"[a b]\n":             "line 1: a subsection must be in quotes",
		"[a \"b\n\"]\n":       "line 2: a subsection must end on its line",
		"[a]\nk = \"v\nw\"\n": "line 3: a quote is not closed",
		"[a]\nk = \\x\n":      "line 2: an unknown escape follows the backslash",
		"[a]\nk = \"unclosed": "line 2: a quote is not closed",
		"[a]\n\x00":           "line 2: a key in a section is expected here",
		"[a \"unclosed":       "line 1: a subsection must end on its line",
	} {
		if _, err := Parse([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func env(values map[string]string) func(string) string {
	return func(key string) string { return values[key] }
}

// fixture writes files below a folder and returns it.
func fixture(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLevels(t *testing.T) {
	t.Parallel()
	dir := fixture(t, map[string]string{
		"system":               "[a]\n k = system\n only = system\n[include]\n path = extra\n",
		"extra":                "[a]\n extra = yes\n k = extra\n",
		".gitconfig":           "[a]\n k = home\n[safe]\n directory = /home\n",
		".config/git/config":   "[a]\n k = xdg\n xdg = xdg\n",
		"repo/config":          "[core]\n repositoryformatversion = 0\n[a]\n k = local\n[safe]\n directory = /local\n[extensions]\n worktreeConfig\n",
		"repo/config.worktree": "[a]\n k = worktree\n",
	})
	src := Sources{
		Env: env(map[string]string{
			"GIT_CONFIG_SYSTEM": filepath.Join(dir, "system"), "HOME": dir,
			"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "Safe.Directory", "GIT_CONFIG_VALUE_0": "/command",
		}),
		GitDir: filepath.Join(dir, "repo"), CommonDir: filepath.Join(dir, "repo"),
	}
	c, err := Load(src)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"a.k": "worktree", "a.only": "system", "a.xdg": "xdg"} {
		if got, ok := c.Get(key); got != want || !ok {
			t.Errorf("%s is %q, %t; want %q", key, got, ok, want)
		}
	}
	if got := c.All("a.k"); !cmp.Equal(got, []string{"system", "extra", "xdg", "home", "local", "worktree"}) {
		t.Errorf("a.k is %q", got)
	}
	if got := c.All("safe.directory", System, Global, Command); !cmp.Equal(got, []string{"/home", "/command"}) {
		t.Errorf("safe.directory is %q", got)
	}
	if got := c.Keys("a", System); !cmp.Equal(got, []string{"a.k", "a.only", "a.extra"}) {
		t.Errorf("keys of a: %q", got)
	}
	if !c.Bool("a.extra", false) || !c.Bool("extensions.worktreeconfig", false) || !c.Bool("a.absent", true) || !c.Bool("a.k", true) {
		t.Error("a boolean is wrong")
	}
}

// What git itself reads from the same files is what counts.
func TestIncludesAsGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here to compare with")
	}
	dir := fixture(t, map[string]string{
		"work/repo/x": "", "inc": "[a]\n v = 1\n", "work/rel": "[a]\n v = rel\n", "loop": "[include]\n path = loop\n",
	})
	repo := filepath.Join(dir, "work", "repo")
	git := func(values map[string]string, args ...string) (string, error) {
		cmd := exec.Command("git", args...)
		cmd.Dir = repo
		for k, v := range values {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	base := map[string]string{"HOME": dir, "PATH": os.Getenv("PATH"), "GIT_CONFIG_SYSTEM": os.DevNull, "GIT_CONFIG_GLOBAL": filepath.Join(dir, "global")}
	if out, err := git(base, "init", "-q", "-b", "team/main"); err != nil {
		t.Fatal(out)
	}
	for _, condition := range []string{
		"gitdir:" + dir + "/work/", "gitdir:" + dir + "/work", "gitdir:" + repo + "/.git", "gitdir:~/work/", "gitdir:~/", "gitdir:work/", "gitdir:repo/", "gitdir:rep/",
		"gitdir:**/repo/", "gitdir:w*/repo/", "gitdir:w?rk/", "gitdir:WORK/", "gitdir/i:WORK/", "gitdir:./work/", "gitdir:" + dir + "/*/repo/.git", "gitdir:" + dir + "/*/.git", "gitdir:[wx]ork/", "gitdir:[!w]ork/", "gitdir:[a-z]ork/",
		"onbranch:team/", "onbranch:team/main", "onbranch:team/*", "onbranch:*", "onbranch:main", "onbranch:**", "hasconfig:remote.*.url:x", "nonsense", "gitdir:",
	} {
		for _, target := range []string{"inc", filepath.Join(dir, "inc"), "~/inc", "absent"} {
			text := "[a]\n v = 0\n[includeIf \"" + condition + "\"]\n path = " + target + "\n"
			if err := os.WriteFile(filepath.Join(dir, "global"), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			want, err := git(base, "config", "a.v")
			if err != nil {
				t.Fatalf("%s: %s", condition, want)
			}
			c, err := Load(Sources{Env: env(base), GitDir: repo + "/.git", CommonDir: repo + "/.git"})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := c.Get("a.v"); got != want {
				t.Errorf("%s, %s: %q, git says %q", condition, target, got, want)
			}
		}
	}
}

func TestIncludeLoop(t *testing.T) {
	t.Parallel()
	dir := fixture(t, map[string]string{"loop": "[include]\n path = loop\n", "bad": "[core\n"})
	for _, name := range []string{"loop", "bad", "."} {
		_, err := Load(Sources{Env: env(map[string]string{"GIT_CONFIG_SYSTEM": os.DevNull, "GIT_CONFIG_GLOBAL": filepath.Join(dir, name)})})
		if err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// No input makes the parser panic or hang; what git can read, it reads alike.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "[a]\nb=c\n", "[a \"b\"]\nc = \"d\" # e\n", "[a]b\\\nc", "[a]\nb = \\\n\\\n", "\ufeff[a]\n", "[a.b]\r\nc=d\r\n", "[a]\nb = \"\\t\\b\\n\"", ";[a]\n[b]", "[a]\nb c",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		settings, err := Parse(data)
		if err != nil && settings != nil {
			t.Error("settings with an error")
		}
		for _, s := range settings {
			if !strings.Contains(s.Key, ".") || s.Bare && s.Value != "" || Canonical(s.Key) != s.Key {
				t.Errorf("%+v", s)
			}
		}
		again, _ := Parse(bytes.Clone(data))
		if diff := cmp.Diff(settings, again); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("**/a/*", "x/a/b")
	f.Add("[!a", "[!a")
	f.Add("a\\", "a")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		glob(pattern, path, true)
		if !strings.ContainsAny(pattern, `*?[\`) && glob(pattern, path, false) != (pattern == path) {
			t.Errorf("%q, %q", pattern, path)
		}
	})
}
