package delivery

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func TestOtherNames(t *testing.T) {
	t.Parallel()
	mounts := parseMounts(`22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw - ext4 /dev/vda rw
40 27 254:0 /home/alice/repo/sub /mnt/a\040b rw shared:1 - ext4 /dev/vda rw
41 27 0:50 / /mnt/tmpfs rw - tmpfs tmpfs rw
42 41 254:0 /home/alice/repo /mnt/tmpfs/r rw - ext4 /dev/vda rw
43 27 0:50 /x /over rw - tmpfs tmpfs rw
44 27 254:0 /home /over rw - ext4 /dev/vda rw
broken
`)
	all := func(string, string) bool { return true }
	for dir, want := range map[string][]string{
		"/mnt/a b":                    {"/home/alice/repo/sub", "/mnt/tmpfs/r/sub", "/over/alice/repo/sub"},
		"/mnt/a b/deep":               {"/home/alice/repo/sub/deep", "/mnt/tmpfs/r/sub/deep", "/over/alice/repo/sub/deep"},
		"/home/alice/repo/sub/x":      {"/mnt/a b/x", "/mnt/tmpfs/r/sub/x", "/over/alice/repo/sub/x"},
		"/home/alice":                 {"/over/alice"},
		"/mnt/tmpfs/other":            nil,
		"/mnt/tmpfs/x":                {"/over"},
		"/over/alice/repo":            {"/home/alice/repo", "/mnt/tmpfs/r"},
		"/var":                        nil,
		"/mnt/tmpfs/r":                {"/home/alice/repo", "/over/alice/repo"},
		"/home/alice/repo/subsidiary": {"/mnt/tmpfs/r/subsidiary", "/over/alice/repo/subsidiary"},
	} {
		if got := namesAmong(mounts, dir, all); !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", dir, got, want)
		}
	}
	if got := namesAmong(mounts, "/mnt/a b", func(string, string) bool { return false }); got != nil {
		t.Errorf("what leads elsewhere is named: %q", got)
	}
}

// A part of a work tree that is mounted elsewhere is found, and so is a part of
// a project. It takes a namespace of mounts.
func TestBindMount(t *testing.T) {
	if dir := os.Getenv("OSMOCTL_TEST_MOUNT"); dir != "" {
		f := File{Path: filepath.Join(dir, "mnt/token"), Getenv: func(string) string { return "" }, Dir: dir}
		if root, inside := f.WorkTree(filepath.Join(dir, "mnt")); !inside || root != filepath.Join(dir, "p") {
			t.Errorf("the work tree is not seen: %q, %v", root, inside)
		}
		if err := (Document{Path: filepath.Join(dir, "mnt/plan.json")}).Check(); err == nil {
			t.Error("the project is not seen")
		}
		if err := (Document{Path: filepath.Join(dir, "file/osmo.yaml")}).Write(t.Context(), []byte("x")); err == nil {
			t.Error("a mounted file was replaced")
		}
		return
	}
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"p/.git", "p/manifests/deep", "mnt", "file"} {
		if err := os.MkdirAll(filepath.Join(dir, path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"p/osmoctl.yaml", "file/osmo.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, path), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := exec.Command("unshare", "-rm", "true").Run(); err != nil {
		t.Skip("no namespace of mounts can be made here")
	}
	cmd := exec.Command("unshare", "-rm", "sh", "-c", `cd "$OSMOCTL_TEST_MOUNT" && mount --bind p/manifests/deep mnt && mount --bind p/osmoctl.yaml file/osmo.yaml && exec "$0" -test.run='^TestBindMount$' -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), "OSMOCTL_TEST_MOUNT="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
