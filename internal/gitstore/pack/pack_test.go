package pack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// git runs the real git in a folder, with input.
func git(t testing.TB, dir string, input []byte, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(input)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func needGit(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here to compare with")
	}
}

// blobs are of sizes at which the encoding changes.
func blobs() [][]byte {
	sizes := []int{0, 1, 15, 16, 2047, 2048, 0xffff, 0x10000, 3*0xffff + 7}
	var data [][]byte
	for _, size := range sizes {
		data = append(data, bytes.Repeat([]byte("x"), size))
	}
	return data
}

// store puts a pack where the git of a folder looks for it, and returns its path without
// ending.
func store(t *testing.T, dir string, b *Builder) (path string) {
	t.Helper()
	name, packed, index := b.Pack()
	path = filepath.Join(dir, ".git", "objects", "pack", name)
	for ending, data := range map[string][]byte{".pack": bytes.Join(packed, nil), ".idx": index} {
		if err := os.WriteFile(path+ending, data, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// compareIndex has git make an index of a stored pack, which must be ours.
func compareIndex(t *testing.T, dir, path string) {
	t.Helper()
	theirs := filepath.Join(dir, "theirs.idx")
	git(t, dir, nil, "index-pack", "-o", theirs, path+".pack")
	want, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	if index, err := os.ReadFile(path + ".idx"); err != nil || !bytes.Equal(want, index) {
		t.Errorf("git makes another index of the pack: %v", err)
	}
}

// Git verifies the pack, makes the same index of it, and reads the same back.
func TestGitAgrees(t *testing.T) {
	t.Parallel()
	needGit(t)
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q")
	var b Builder
	ids := map[object.ID][]byte{}
	for _, data := range blobs() {
		ids[b.Add(object.Blob, data)] = data
	}
	path := store(t, dir, &b)
	git(t, dir, nil, "verify-pack", path+".idx")
	git(t, dir, nil, "fsck", "--strict", "--no-dangling")
	for id, data := range ids {
		hash := id.String()
		if got := git(t, dir, data, "hash-object", "--stdin"); got != hash {
			t.Errorf("%d bytes are %s, git says %s", len(data), hash, got)
		}
		if got := git(t, dir, nil, "cat-file", "-s", hash); got != fmt.Sprint(len(data)) {
			t.Errorf("%s has %s bytes, want %d", hash, got, len(data))
		}
	}
	compareIndex(t, dir, path)
}

func TestSameInputsSameBytes(t *testing.T) {
	t.Parallel()
	build := func() (string, []byte, []byte) {
		var b Builder
		for _, data := range blobs() {
			b.Add(object.Blob, data)
		}
		name, packed, index := b.Pack()
		return name, bytes.Join(packed, nil), index
	}
	name, packed, index := build()
	name2, packed2, index2 := build()
	if name != name2 || !bytes.Equal(packed, packed2) || !bytes.Equal(index, index2) {
		t.Error("the same objects made another pack")
	}
}

func TestAddTwice(t *testing.T) {
	t.Parallel()
	var b Builder
	first := b.Add(object.Blob, []byte("a"))
	if again := b.Add(object.Blob, []byte("a")); again != first || b.Len() != 1 {
		t.Errorf("%d objects", b.Len())
	}
	if tree := b.Add(object.Tree, []byte("a")); tree == first || b.Len() != 2 {
		t.Errorf("%d objects", b.Len())
	}
}

// An offset beyond 2 GiB goes into the second table.
func TestLongOffsets(t *testing.T) {
	t.Parallel()
	b := Builder{objects: []entry{{offset: 12}, {offset: 1 << 31}, {offset: 1<<32 + 5}}}
	want := []byte{
		0, 0, 0, 12, 0x80, 0, 0, 0, 0x80, 0, 0, 1,
		0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5,
	}
	if diff := cmp.Diff(want, b.appendOffsets(nil)); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkBuild(b *testing.B) {
	data := make([][]byte, 30_000)
	for i := range data {
		data[i] = bytes.Repeat([]byte("x"), 400)
		binary.BigEndian.PutUint32(data[i], uint32(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		var p Builder
		for i := range data {
			p.Add(object.Blob, data[i])
		}
		p.Pack()
	}
}
