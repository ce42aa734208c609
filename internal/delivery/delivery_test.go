package delivery_test

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/delivery"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

const text = "the value"

func value() secret.Value { return secret.New([]byte(text)) }

// home is a directory outside any work tree, with its links resolved.
func home(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func noEnv(string) string { return "" }

func file(path string) delivery.File {
	return delivery.File{Path: path, Getenv: noEnv, Dir: filepath.Dir(path)}
}

func put(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(path, []byte(content), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

// holds demands that dir has these files and no other.
func holds(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("%s holds %q, want %q", dir, got, names)
	}
}

func TestNewFile(t *testing.T) {
	t.Parallel()
	dir := home(t)
	path := filepath.Join(dir, "token")
	if err := file(path).Write(t.Context(), value()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != text {
		t.Errorf("it holds %q: %v", got, err)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
	holds(t, dir, "token")
	if err := file(path).Write(t.Context(), secret.New([]byte("another"))); !errors.Is(err, delivery.ErrExists) {
		t.Errorf("the second time: %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != text {
		t.Errorf("then it holds %q", got)
	}
	holds(t, dir, "token")
}

func TestReplace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		make func(t *testing.T, dir, path string)
		want string
	}{
		"nothing there":   {func(*testing.T, string, string) {}, ""},
		"private":         {func(t *testing.T, _, path string) { put(t, path, "old", 0o600) }, ""},
		"readable by all": {func(t *testing.T, _, path string) { put(t, path, "old", 0o644) }, "not yours alone"},
		"directory":       {func(t *testing.T, _, path string) { put(t, path+"/x", "old", 0o600) }, "no regular file"},
		"link": {func(t *testing.T, dir, path string) {
			put(t, filepath.Join(dir, "elsewhere"), "old", 0o600)
			if err := os.Symlink("elsewhere", path); err != nil {
				t.Fatal(err)
			}
		}, "no regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && tt.want != "" {
				t.Skip("modes and links are those of Unix")
			}
			dir := home(t)
			path := filepath.Join(dir, "token")
			tt.make(t, dir, path)
			f := file(path)
			f.Replace = true
			err := f.Write(t.Context(), value())
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			got, _ := os.ReadFile(path)
			if want := map[bool]string{true: text, false: "old"}[err == nil]; string(got) != want && name != "directory" {
				t.Errorf("it holds %q, want %q", got, want)
			}
			if err == nil {
				holds(t, dir, "token")
			}
		})
	}
}

// Whoever has opened the old file keeps the old value: it is replaced, not
// written into.
func TestReplaceIsAtomic(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("an open file is not replaced there")
	}
	path := filepath.Join(home(t), "token")
	put(t, path, "old", 0o600)
	old, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	f := file(path)
	f.Replace = true
	if err := f.Write(t.Context(), value()); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 10)
	if n, _ := old.Read(b); string(b[:n]) != "old" {
		t.Errorf("the old file holds %q", b[:n])
	}
}

// Every kind of place that belongs to git is refused, by each of the ways that
// lead there.
func TestWorkTrees(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git program")
	}
	dir := home(t)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "repo")
	git("-C", "repo", "commit", "-q", "--allow-empty", "-m", "one")
	git("-C", "repo", "worktree", "add", "-q", "../linked")
	git("init", "-q", "super")
	git("-C", "super", "submodule", "--quiet", "add", filepath.Join(dir, "repo"), "sub")
	git("init", "-q", "--bare", "bare")
	git("init", "-q", "--separate-git-dir", "apart", "separate")
	git("init", "-q", "--bare", "dots")
	git("--git-dir=dots", "config", "core.bare", "false")
	git("--git-dir=dots", "config", "core.worktree", filepath.Join(dir, "dotted"))
	for _, d := range []string{"repo/deep/er", "outside/in", "dotted/in", "named"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "repo/deep", "outside/in/link": "../../linked"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	places := map[string]struct {
		path    string
		env     map[string]string
		refused bool
	}{
		"outside":                  {"outside/x", nil, false},
		"beside the directory":     {"outside/in/x", nil, false},
		"work tree":                {"repo/x", nil, true},
		"deep":                     {"repo/deep/er/x", nil, true},
		"linked work tree":         {"linked/x", nil, true},
		"submodule":                {"super/sub/x", nil, true},
		"separate git directory":   {"separate/x", nil, true},
		"that directory":           {"apart/x", nil, true},
		"inside .git":              {"repo/.git/x", nil, true},
		"deep inside .git":         {"repo/.git/objects/x", nil, true},
		"git directory of linked":  {"repo/.git/worktrees/linked/x", nil, true},
		"bare":                     {"bare/x", nil, true},
		"inside bare":              {"bare/refs/heads/x", nil, true},
		"through a link":           {"link/x", nil, true},
		"through a link, deeper":   {"link/er/x", nil, true},
		"through a link in a link": {"outside/in/link/x", nil, true},
		"dot dot":                  {"outside/in/../../repo/x", nil, true},
		"core.worktree unknown":    {"dotted/in/x", nil, false},
		"core.worktree":            {"dotted/in/x", map[string]string{"GIT_DIR": "dots"}, true},
		"beside core.worktree":     {"named/x", map[string]string{"GIT_DIR": "dots"}, false},
		"GIT_WORK_TREE":            {"named/x", map[string]string{"GIT_DIR": "bare", "GIT_WORK_TREE": "named"}, true},
		"beside GIT_WORK_TREE":     {"outside/x", map[string]string{"GIT_DIR": "bare", "GIT_WORK_TREE": "named"}, false},
		"GIT_WORK_TREE alone":      {"named/x", map[string]string{"GIT_WORK_TREE": dir + "/named"}, true},
		"GIT_DIR makes a work tree of the working directory": {"outside/x", map[string]string{"GIT_DIR": "bare"}, true},
	}
	for i, name := range slices.Sorted(maps.Keys(places)) {
		tt := places[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := dir + "/" + tt.path + strconv.Itoa(i)
			f := delivery.File{Path: path, Replace: true, Getenv: func(name string) string { return tt.env[name] }, Dir: dir}
			// Not cleaned: what the system makes of the path is what counts.
			err := f.Write(t.Context(), value())
			var refused *delivery.WorkTreeError
			if errors.As(err, &refused) != tt.refused || !tt.refused && err != nil {
				t.Errorf("got %v, refused is to be %v", err, tt.refused)
			}
			if _, err := os.Lstat(path); (err == nil) == tt.refused {
				t.Errorf("the file is there: %v", err == nil)
			}
		})
	}
}

func TestDirectoryOfOthers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	for mode, refused := range map[os.FileMode]bool{
		0o700: false, 0o755: false, 0o770: true, 0o757: true, 0o777 | os.ModeSticky: false,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			dir := home(t)
			if err := os.Chmod(dir, mode); err != nil {
				t.Fatal(err)
			}
			err := file(filepath.Join(dir, "token")).Write(t.Context(), value())
			var place *delivery.PlaceError
			if errors.As(err, &place) != refused || !refused && err != nil {
				t.Errorf("got %v, refused is to be %v", err, refused)
			}
		})
	}
}

// What cannot be written leaves nothing.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	dir := home(t)
	for _, name := range []string{strings.Repeat("x", 300), "a/b"} {
		if err := file(filepath.Join(dir, name)).Write(t.Context(), value()); err == nil {
			t.Errorf("%q was written", name)
		}
	}
	holds(t, dir)
}
