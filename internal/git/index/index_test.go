package index

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// repo makes a repository with the real git, and an index with all that an
// index can have.
func repo(t testing.TB, setup ...string) (dir string, git func(args ...string) string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here to compare with")
	}
	dir = t.TempDir()
	git = func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = []string{
			"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull,
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
		}
		out, err := cmd.CombinedOutput()
		if err != nil && args[0] != "merge" {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	git("init", "-q", "-b", "main")
	for _, name := range []string{"a", "b", "b-c", "b/x", "deep/er/file", "deep/er/file2", strings.Repeat("long", 60), "zz"} {
		if name == "b" {
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	git("add", ".")
	git("commit", "-q", "-m", "first")
	for _, line := range setup {
		git(strings.Fields(line)...)
	}
	return dir, git
}

func read(t testing.TB, dir string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var kinds = map[string][]string{
	"version 2":        {"update-index --index-version 2"},
	"version 3":        {"update-index --skip-worktree a", "update-index --assume-unchanged zz"},
	"version 4":        {"update-index --index-version 4"},
	"version 4, flags": {"update-index --index-version 4", "update-index --skip-worktree deep/er/file"},
	"intent to add":    {"rm -q --cached a", "add -N a"},
	"conflict":         {"switch -q -c side", "rm -q a", "commit -q -m side", "switch -q main", "update-index --chmod=+x a", "commit -q -m main", "merge -q side"},
	"resolved":         {"switch -q -c side", "rm -q a", "commit -q -m side", "switch -q main", "update-index --chmod=+x a", "commit -q -m main", "merge -q side", "rm -q a"},
	"untracked cache":  {"update-index --force-untracked-cache", "status"},
	"empty":            {"rm -rq --cached ."},
}

// What is not touched keeps every bit: entries, version, conflicts' records.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, setup := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, git := repo(t, setup...)
			data := read(t, dir)
			ix, err := Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			encoded := ix.Encode(nil)
			if version, want := encoded[7], data[7]; version != want {
				t.Errorf("version %d became %d", want, version)
			}
			end := len(encoded) - sha1.Size
			if ix.resolved == nil && !bytes.HasPrefix(data, encoded[:end]) {
				t.Error("the entries are not the same bytes")
			}
			before := git("ls-files", "--debug", "-s", "-v", "-t") + git("ls-files", "--resolve-undo")
			if err := os.WriteFile(filepath.Join(dir, ".git", "index"), encoded, 0o666); err != nil {
				t.Fatal(err)
			}
			after := git("ls-files", "--debug", "-s", "-v", "-t") + git("ls-files", "--resolve-undo")
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("git sees another index (-before +after):\n%s", diff)
			}
		})
	}
}

// After edits git reads what was meant, whatever the version.
func TestApply(t *testing.T) {
	t.Parallel()
	for name, setup := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, git := repo(t, setup...)
			blob := strings.TrimSpace(git("hash-object", "-w", "zz"))
			var id object.ID
			if _, err := hex.Decode(id[:], []byte(blob)); err != nil {
				t.Fatal(err)
			}
			ix, err := Parse(read(t, dir))
			if err != nil {
				t.Fatal(err)
			}
			ix.Apply([]Edit{
				{Path: "zz", Mode: object.ModeFile, ID: id},
				{Path: "deep/er/new", Mode: object.ModeFile, ID: id},
				{Path: "0", Mode: object.ModeExecutable, ID: id},
				{Path: "zzz", Mode: object.ModeFile, ID: id, SkipWorktree: true},
				{Path: "deep/er/file2", Remove: true},
				{Path: "absent", Remove: true},
			})
			if err := os.WriteFile(filepath.Join(dir, ".git", "index"), ix.Encode(nil), 0o666); err != nil {
				t.Fatal(err)
			}
			git("fsck", "--strict", "--no-dangling")
			listed := git("ls-files", "-s", "-t")
			for _, want := range []string{
				"H 100755 " + blob + " 0\t0\n", "H 100644 " + blob + " 0\tdeep/er/new\n", "H 100644 " + blob + " 0\tzz\n", "S 100644 " + blob + " 0\tzzz\n",
			} {
				if !strings.Contains(listed, want) {
					t.Errorf("%q is missing in\n%s", want, listed)
				}
			}
			if strings.Contains(listed, "file2") {
				t.Errorf("the removed entry is there:\n%s", listed)
			}
			if _, err := Parse(ix.Encode(nil)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFlagsAreKept(t *testing.T) {
	t.Parallel()
	dir, git := repo(t, "update-index --skip-worktree a", "update-index --assume-unchanged zz", "rm -q --cached deep/er/file", "add -N deep/er/file")
	ix, err := Parse(read(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := ix.Find("a")
	ita, _ := ix.Find("deep/er/file")
	if !a.SkipWorktree() || a.IntentToAdd() || !ita.IntentToAdd() || ita.SkipWorktree() {
		t.Errorf("flags %x %x", a.more(), ita.more())
	}
	ix.Apply([]Edit{{Path: "a", Mode: object.ModeFile, ID: a.ID()}, {Path: "zz", Mode: object.ModeFile, ID: a.ID()}, {Path: "deep/er/file", Mode: object.ModeFile, ID: a.ID()}})
	if err := os.WriteFile(filepath.Join(dir, ".git", "index"), ix.Encode(nil), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := git("ls-files", "-v", "a", "zz", "deep/er/file"); got != "S a\nH deep/er/file\nh zz\n" {
		t.Errorf("%s", got)
	}
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	dir, _ := repo(t)
	ix, err := Parse(read(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"a": false, "a/b": true, "a/b/c": true, "b": true, "b-d": false, "deep": true, "deep/er": true, "deep/er/file": false, "deep/e": false, "deep/er/file/x": true, "new/x": false,
	} {
		if got := ix.Blocked(path); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
	for dir, want := range map[string][]string{"deep": {"deep/er/file", "deep/er/file2"}, "deep/er/file": {"deep/er/file"}, "dee": nil, "deep/er/fil": nil, "zzz": nil} {
		var below []string
		for _, e := range ix.Below(dir) {
			below = append(below, e.Path)
		}
		if diff := cmp.Diff(want, below); diff != "" {
			t.Errorf("%s: %s", dir, diff)
		}
	}
}

func TestSmudge(t *testing.T) {
	t.Parallel()
	at := time.Unix(1000, 0)
	ix := New()
	stat := func(second uint32) Stat { return Stat{MtimeSec: second, Size: 7} }
	ix.Apply([]Edit{
		{Path: "before", Mode: object.ModeFile, Stat: stat(999)},
		{Path: "same", Mode: object.ModeFile, Stat: stat(1000)},
		{Path: "clean", Mode: object.ModeFile, Stat: stat(1000)},
		{Path: "after", Mode: object.ModeFile, Stat: stat(1001)},
		{Path: "skipped", Mode: object.ModeFile, Stat: stat(1000), SkipWorktree: true},
		{Path: "module", Mode: object.ModeSubmodule, Stat: stat(1000)},
	})
	ix.Smudge(at, func(e Entry) bool { return e.Path == "clean" })
	sizes := map[string]byte{}
	for _, e := range ix.Entries() {
		sizes[e.Path] = e.head[offSize+3]
	}
	want := map[string]byte{"before": 7, "same": 0, "clean": 7, "after": 0, "skipped": 7, "module": 7}
	if diff := cmp.Diff(want, sizes); diff != "" {
		t.Error(diff)
	}
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	for name, setup := range map[string][]string{
		"split":  {"update-index --split-index"},
		"sparse": {"sparse-checkout set --cone --sparse-index b"},
	} {
		dir, _ := repo(t, setup...)
		if _, err := Parse(read(t, dir)); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "run: git") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A cut or a flipped bit anywhere is noticed.
func TestDamaged(t *testing.T) {
	t.Parallel()
	dir, _ := repo(t, "update-index --index-version 4")
	data := read(t, dir)
	for n := range data {
		flipped := bytes.Clone(data)
		flipped[n] ^= 0x10
		if _, err := Parse(flipped); err == nil {
			t.Fatalf("a flipped bit at %d was not noticed", n)
		}
		if _, err := Parse(data[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

func TestNoChecksum(t *testing.T) {
	t.Parallel()
	dir, _ := repo(t)
	data := read(t, dir)
	clear(data[len(data)-sha1.Size:])
	if _, err := Parse(data); err != nil {
		t.Error(err)
	}
}

func TestOffsets(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 127, 128, 129, 255, 16511, 16512, 1 << 20, 1 << 30} {
		data := object.AppendDistance(nil, int64(n))
		if got, size := offset(data); got != n || size != len(data) {
			t.Errorf("%d became %d in %x", n, got, data)
		}
	}
}

// Whatever parses is encoded to something that parses to the same.
func FuzzParse(f *testing.F) {
	ix := New()
	ix.Apply([]Edit{
		{Path: "a", Mode: object.ModeFile, Stat: Stat{Size: 1}},
		{Path: "deep/er", Mode: object.ModeExecutable, SkipWorktree: true},
		{Path: "deep/er2", Mode: object.ModeLink},
	})
	for _, version := range []uint32{2, 3, 4} {
		ix.version = version
		ix.resolved = []byte("x")
		f.Add(unsummed(ix.Encode(nil)))
	}
	f.Add(unsummed(New().Encode(nil)))
	f.Fuzz(func(t *testing.T, body []byte) {
		data := append(bytes.Clone(body), make([]byte, sha1.Size)...)
		ix, err := Parse(data)
		if err != nil {
			return
		}
		encoded := ix.Encode(nil)
		again, err := Parse(encoded)
		if err != nil {
			t.Fatalf("%v\n%x\n%x", err, data, encoded)
		}
		if !bytes.Equal(again.Encode(nil), encoded) {
			t.Error("not stable")
		}
		if len(again.Entries()) != len(ix.Entries()) {
			t.Error("entries were lost")
		}
		ix.Apply([]Edit{{Path: "m", Mode: object.ModeFile}, {Path: "a", Remove: true}})
		if _, err := Parse(ix.Encode(nil)); err != nil {
			t.Error(err)
		}
	})
}

func unsummed(data []byte) []byte { return data[:len(data)-sha1.Size] }

func BenchmarkParseEncode(b *testing.B) {
	ix := New()
	edits := make([]Edit, 20_000)
	for i := range edits {
		edits[i] = Edit{Path: fmt.Sprintf("src/dir-%03d/file-%05d.txt", i%200, i), Mode: object.ModeFile}
	}
	ix.Apply(edits)
	data := ix.Encode(nil)
	for b.Loop() {
		parsed, err := Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		parsed.Apply([]Edit{{Path: "state/meta.json", Mode: object.ModeFile}})
		parsed.Encode(nil)
	}
}
