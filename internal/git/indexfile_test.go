package git

import (
	"os"
	"testing"
	"time"
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
	if young := read(); read().Index == young.Index {
		t.Error("an index that was just written is not read again")
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
