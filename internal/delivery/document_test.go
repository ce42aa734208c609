package delivery_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/delivery"
)

const plan = "a plan\n"

// written writes a document and demands that it is refused with these words, or
// stands there alone where there are none.
func written(t *testing.T, path, refusal string) {
	t.Helper()
	d := delivery.Document{Path: path}
	before, _ := os.ReadFile(path)
	there := exists(path)
	checked := d.Check()
	err := d.Write(t.Context(), []byte(plan))
	if (checked == nil) != (err == nil) {
		t.Errorf("checked %v, written %v", checked, err)
	}
	after, _ := os.ReadFile(path)
	var refused *delivery.TargetError
	switch {
	case refusal == "" && (err != nil || string(after) != plan):
		t.Errorf("got %v, and it holds %q", err, after)
	case refusal != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), refusal) || refused.Hint() == ""):
		t.Errorf("got %v, want %q", err, refusal)
	case refusal != "" && (string(after) != string(before) || there != exists(path)):
		t.Errorf("it was refused, and holds %q now", after)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// project is a directory with the files of a project and of git.
func project(t *testing.T) string {
	t.Helper()
	dir := home(t)
	for _, path := range []string{"p/osmoctl.yaml", "p/manifests/deep/a.yaml", "p/state/meta.json", "p/schemas/x.json", "p/.git/config", "p/.git/worktrees/w/HEAD", "linked/.git", "p/notes/n", "bare/HEAD", "bare/objects/o", "bare/refs/r", "out/old.json", "home/.config/git/config", "p/envs/osmoctl.yaml", "p/envs/state/meta.json", "manifests/m", "state/s"} {
		put(t, filepath.Join(dir, path), "old", 0o644)
	}
	return dir
}

// A plan becomes no file of a project or of git, by whichever way leads there,
// and lies everywhere else.
func TestDocumentPlaces(t *testing.T) {
	t.Parallel()
	const project1, git = "of a project", "of git's"
	places := map[string]string{
		"out/new.json": "", "out/old.json": "", "p/plan.json": "", "p/notes/plan.json": "", "p/notes/n": "", "p/state.json": "",
		"p/osmoctl.yaml": project1, "p/OSMOCTL.YAML": project1, "out/osmoctl.yaml": project1, "p/CODEOWNERS": project1,
		"p/manifests/a.yaml": "of the project", "p/manifests/deep/a.yaml": "of the project", "p/manifests/plan.json": "of the project",
		"p/Manifests": "", "p/state/meta.json": "of the project", "p/state/new": "of the project", "p/schemas/x.json": "of the project",
		"p/envs/state/plan.json": "of the project", "p/envs/plan.json": "",
		"p/notes/../manifests/deep/a.yaml": "of the project", "out/../p/./state//meta.json": "of the project",
		"p/.git/config": git, "p/.git/hooks.json": git, "p/.git/worktrees/w/plan.json": git, "linked/.git": git, "out/.git": git,
		"p/.gitattributes": git, "p/.GitModules": git, "out/.gitconfig": git, "home/.config/git/config": git, "bare/HEAD": git, "bare/refs/plan": git,
		"link-to-manifests/plan.json": "of the project", "link-to-p/state/meta.json": "of the project", "link-to-p/plan.json": "", "link-to-git/config": git,
		"hard.json": "second name", "linked.json": "symbolic link", "dangling.json": "symbolic link", "manifests/plan.json": "", "state/s": "",
		"out": "directory",
	}
	for _, name := range slices.Sorted(maps.Keys(places)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" {
				t.Skip("links are those of Unix")
			}
			dir := project(t)
			links := map[string]string{"link-to-manifests": "p/manifests/deep", "link-to-p": "p", "link-to-git": "p/.git", "linked.json": "out/old.json", "dangling.json": "out/none.json"}
			for link, to := range links {
				if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Link(filepath.Join(dir, "p/osmoctl.yaml"), filepath.Join(dir, "hard.json")); err != nil {
				t.Fatal(err)
			}
			written(t, dir+"/"+name, places[name])
			for _, kept := range []string{"p/osmoctl.yaml", "p/manifests/deep/a.yaml", "p/state/meta.json", "p/.git/config", "linked/.git", "bare/HEAD"} {
				if got, _ := os.ReadFile(filepath.Join(dir, kept)); string(got) != "old" {
					t.Errorf("%s holds %q", kept, got)
				}
			}
			if to, _ := os.Readlink(filepath.Join(dir, "linked.json")); to != "out/old.json" {
				t.Errorf("the link leads to %q", to)
			}
		})
	}
}

// A file is replaced as a whole, keeps its mode, and nothing is left beside it.
// What cannot be had again is not replaced.
func TestDocumentReplaces(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	dir := home(t)
	for name, tt := range map[string]struct{ content, refusal string }{
		"plan":   {"{}", ""},
		"empty":  {"", ""},
		"key":    {"# created: today\nAGE-SECRET-KEY-1QQQQQQQQQQQQQQQQ\n", "private key"},
		"ssh":    {"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "private key"},
		"sealed": {"age-encryption.org/v1\n-> X25519 AAAA\n", "age has encrypted"},
		"armor":  {"-----BEGIN AGE ENCRYPTED FILE-----\n", "age has encrypted"},
	} {
		put(t, filepath.Join(dir, name), tt.content, 0o600)
		written(t, filepath.Join(dir, name), tt.refusal)
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v: %v", name, info.Mode(), err)
		}
	}
	holds(t, dir, "armor", "empty", "key", "plan", "sealed", "ssh")
	f := file(filepath.Join(dir, "key"))
	f.Replace = true
	var refused *delivery.TargetError
	if err := f.Write(t.Context(), value()); !errors.As(err, &refused) {
		t.Errorf("a value replaced a key: %v", err)
	}
}
