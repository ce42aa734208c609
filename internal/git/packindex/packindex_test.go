package packindex

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/git/gittest"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// packed returns the index of a pack that git made, and what git says is in it.
func packed(t testing.TB) (data []byte, want map[object.ID]int64) {
	r := gittest.New(t)
	files := map[string]string{}
	for i := range 300 {
		files[fmt.Sprint("f", i)] = fmt.Sprint(i)
	}
	r.Commit("first", files)
	r.Git("gc", "-q")
	found, err := filepath.Glob(r.Path(".git/objects/pack/*.idx"))
	r.Check(err)
	data, err = os.ReadFile(found[0])
	r.Check(err)
	want = map[object.ID]int64{}
	for line := range strings.Lines(r.Git("verify-pack", "-v", found[0])) {
		fields := strings.Fields(line)
		if id, err := object.ParseID(fields[0]); err == nil {
			var offset int64
			fmt.Sscan(fields[4], &offset)
			want[id] = offset
		}
	}
	return data, want
}

// Every object is found where git says that it is, in each way of looking.
func TestAsGit(t *testing.T) {
	t.Parallel()
	data, want := packed(t)
	x, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if x.Len() != len(want) || CountIn(int64(len(data))) != len(want) || len(want) < 300 {
		t.Errorf("%d objects, %d by the size, git has %d", x.Len(), CountIn(int64(len(data))), len(want))
	}
	inOrder := make([]object.ID, 0, len(want))
	for id, offset := range want {
		if got, ok := x.Find(id); !ok || got != offset {
			t.Errorf("%s is at %d, %t; git says %d", id, got, ok, offset)
		}
		if got, ok := x.At(offset); !ok || got != id {
			t.Errorf("at %d is %s, %t; git says %s", offset, got, ok, id)
		}
		for _, n := range []int{1, 2, 20} {
			if !slices.Contains(x.WithPrefix(id[:n]), id) {
				t.Errorf("%s is not among those that begin with %d bytes of it", id, n)
			}
		}
		other := id
		other[19]++
		if _, ok := x.Find(other); ok != (want[other] != 0) {
			t.Errorf("%s is said to be there: %t", other, ok)
		}
		inOrder = append(inOrder, id)
	}
	slices.SortFunc(inOrder, func(a, b object.ID) int { return cmp.Compare(want[a], want[b]) })
	if diff := gocmp.Diff(inOrder, x.InOrder()); diff != "" {
		t.Error(diff)
	}
	if _, ok := x.At(1); ok {
		t.Error("an object within the header")
	}
	if got := len(x.WithPrefix(nil)); got != len(want) {
		t.Errorf("%d objects begin with nothing", got)
	}
}

// No byte of an index can be changed, and none be missing, without it being said.
func TestDamaged(t *testing.T) {
	t.Parallel()
	data, _ := packed(t)
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1
		if _, err := Parse(bad); !errors.Is(err, ErrMalformed) {
			t.Fatalf("byte %d was changed: %v", i, err)
		}
	}
	for n := range data {
		if _, err := Parse(data[:n]); !errors.Is(err, ErrMalformed) {
			t.Fatalf("%d bytes of %d: %v", n, len(data), err)
		}
	}
}

// Whatever an index says of itself, nothing is read beyond its end.
func FuzzParse(f *testing.F) {
	data, _ := packed(f)
	f.Add(data)
	f.Add(data[:least])
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > sha1.Size {
			data = bytes.Clone(data)
			sum := sha1.Sum(data[:len(data)-sha1.Size])
			copy(data[len(data)-sha1.Size:], sum[:])
		}
		x, err := Parse(data)
		if err != nil {
			return
		}
		x.PackSum()
		for _, id := range x.InOrder() {
			x.Find(id)
			x.WithPrefix(id[:2])
		}
		x.At(12)
	})
}
