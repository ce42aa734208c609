package git

import (
	"os"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/git/index"
)

// The index is read once, as long as it is the same file, and by its writer each time.
func TestReadIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	repo := r.open("")
	read := func() Index {
		t.Helper()
		file, err := repo.ReadIndex()
		r.Check(err)
		return file
	}
	if first := read(); first.Info != nil || len(first.Entries()) > 0 {
		t.Fatalf("there is an index: %+v", first)
	}
	r.Commit("first", map[string]string{"a": "a"})
	r.Git("read-tree", "--empty")
	r.Git("add", "a")
	// Of one that was just written the status tells nothing, so its bytes are compared.
	young := read()
	if read().Index != young.Index {
		t.Error("an index of the same bytes was parsed again")
	}
	overwrite := func(from func(data []byte) []byte, at time.Time) {
		t.Helper()
		data, err := os.ReadFile(r.Path(".git/index"))
		r.Check(err)
		r.Check(os.WriteFile(r.Path(".git/index"), from(data), 0o600))
		r.Check(os.Chtimes(r.Path(".git/index"), at, at))
	}
	unsummed := func(data []byte) []byte {
		return append(data[:len(data)-20], make([]byte, 20)...) // as git does with index.skipHash
	}
	overwrite(unsummed, young.Info.ModTime())
	if read().Index == young.Index {
		t.Error("a young index of other bytes was not read")
	}
	hourAgo := time.Now().Add(-time.Hour)
	r.Check(os.Chtimes(r.Path(".git/index"), hourAgo, hourAgo))
	first := read()
	if _, found := first.Find("a"); !found {
		t.Fatal("a is not in the index")
	}
	if again := read(); again.Index != first.Index {
		t.Error("it was read again")
	}
	if anew, err := repo.ReadIndexAnew(); err != nil || anew.Index == first.Index {
		t.Errorf("its writer was given what others read: %v", err)
	} else {
		anew.Smudge(time.Time{}, func(index.Entry) bool { return false })
		if e, _ := read().Find("a"); e.Stat().Size != 1 {
			t.Error("a writer's change is seen by those who look on")
		}
	}
	overwrite(func(data []byte) []byte { return data[:len(data)-1] }, first.Info.ModTime())
	if bad, err := repo.ReadIndexAnew(); err != nil || bad.Unread == "" {
		t.Errorf("a writer was given an index that was cut off since: %v", err)
	}
	// Another file in its place, of the same size and time.
	r.Write("b", "b")
	r.Git("read-tree", "--empty")
	r.Git("add", "b")
	r.Check(os.Chtimes(r.Path(".git/index"), first.Info.ModTime(), first.Info.ModTime()))
	second := read()
	if _, found := second.Find("b"); !found || second.Info.Size() != first.Info.Size() {
		t.Errorf("b is not in the index, or it is of another size: %d, %d", second.Info.Size(), first.Info.Size())
	}
	r.Check(os.Remove(r.Path(".git/index")))
	if none := read(); none.Info != nil || len(none.Entries()) > 0 {
		t.Error("what is gone is still read")
	}
	// One that cannot be read is no error, and looked at again.
	r.Write(".git/index", "garbage")
	if bad := read(); bad.Unread == "" {
		t.Error("garbage was read")
	}
	r.Git("read-tree", "HEAD")
	if _, found := read().Find("a"); !found {
		t.Error("a is not in the index of HEAD")
	}
}
