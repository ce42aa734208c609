package gitstore

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/disk"
)

const midx = ".git/objects/pack/multi-pack-index"

// single is a repository of three packs of one commit each, the oldest first.
func single(t *testing.T) (r *repo, packs []string) {
	t.Helper()
	r = newRepo(t)
	for n, text := range []string{"a", "b", "c"} {
		r.Commit(text, map[string]string{"osmoctl.yaml": text})
		r.Git("repack", "-q", "-d")
		for _, p := range r.packs() {
			if path := strings.TrimSuffix(p, ".pack"); !slices.Contains(packs, path) {
				packs = append(packs, path)
				r.setAge(path+".idx", time.Duration(3-n)*time.Hour)
			}
		}
	}
	if len(packs) != 3 {
		t.Fatalf("%d packs", len(packs))
	}
	return r, packs
}

func (r *repo) setAge(path string, age time.Duration) {
	r.T.Helper()
	at := time.Now().Add(-age)
	r.Check(os.Chtimes(path, at, at))
}

// wantLeft says which of the packs are there, by their places in the list.
func (r *repo) wantLeft(packs []string, want ...int) {
	r.T.Helper()
	var got []int
	for i, path := range packs {
		if disk.Exists(path+".pack") && disk.Exists(path+".idx") {
			got = append(got, i)
		}
	}
	if !slices.Equal(got, want) {
		r.T.Errorf("of the packs are left %v, want %v", got, want)
	}
}

// wantShared holds git's index of several packs against the packs.
func (r *repo) wantShared() {
	r.T.Helper()
	if out, err := r.Try("multi-pack-index", "verify", "--no-progress"); err != nil || out != "" {
		r.T.Errorf("git multi-pack-index verify: %v\n%s", err, out)
	}
}

// Packs that git's index of several packs names are left alone, whatever their times, and
// the others are joined as ever.
func TestNamedPacksAreLeft(t *testing.T) {
	t.Parallel()
	for name, age := range map[string]time.Duration{"newer than the packs": 0, "older than the packs": 9 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, packs := single(t)
			r.GitReading(strings.NewReader(filepath.Base(packs[1])+".idx\n"), "multi-pack-index", "write", "--stdin-packs")
			r.setAge(r.Path(midx), age)
			s := r.open("")
			r.apply(s, set("state/a", "a"))
			if got := len(r.packs()); got != 2 {
				t.Errorf("%d packs", got)
			}
			r.apply(s, set("state/a", "b"))
			r.wantLeft(packs, 1)
			r.wantShared()
			r.wantClean()
		})
	}
}

// One that git has written since packs were chosen is looked at when they are removed.
func TestNamedWhileAnApplyIsOnItsWay(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]struct {
		do   func(r *repo)
		left []int
	}{
		"written":          {func(r *repo) { r.Git("multi-pack-index", "write") }, []int{0, 1, 2}},
		"about to be":      {func(r *repo) { r.Write(midx+".lock", "") }, []int{0, 1, 2}},
		"nothing happened": {func(*repo) {}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, packs := single(t)
			s := r.open("")
			l := r.lock(s)
			head, err := s.repo.Head()
			r.Check(err)
			p, err := s.Write(t.Context(), request(head, set("state/a", "a")))
			r.Check(err)
			if len(p.pack.joined) != 3 {
				t.Fatalf("%d packs were to be joined", len(p.pack.joined))
			}
			during.do(r)
			_, err = s.Publish(t.Context(), p)
			r.Check(err)
			r.Check(l.Unlock())
			r.wantLeft(packs, during.left...)
			if r.Exists(midx) {
				r.wantShared()
			}
			r.wantClean()
		})
	}
}

// Of one that cannot be read it is not known what it names: that may be all that is not
// newer. So it is with a chain of several, which is not read.
func TestPacksOfAnUnreadIndexAreLeft(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(r *repo) string{
		"damaged": func(r *repo) string { r.Write(midx, "MIDX, or what is left of it"); return r.Path(midx) },
		"a chain": func(r *repo) string {
			r.Write(midx+".d/multi-pack-index-chain", strings.Repeat("ab", 20)+"\n")
			return r.Path(midx + ".d")
		},
		"a folder": func(r *repo) string { r.Check(os.Mkdir(r.Path(midx), 0o777)); return r.Path(midx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, packs := single(t)
			r.setAge(write(r), 90*time.Minute)
			r.apply(r.open(""), set("state/a", "a"))
			r.wantLeft(packs, 0, 1)
		})
	}
}

// A lock that a git left which was killed is named to who asks, since it keeps packs from
// being joined.
func TestLockOfTheSharedIndexIsNamed(t *testing.T) {
	t.Parallel()
	r, packs := single(t)
	s := r.open("")
	if got := s.LockFiles(); got != nil {
		t.Errorf("locks: %q", got)
	}
	r.Write(midx+".lock", "")
	if got := s.LockFiles(); !slices.Equal(got, []string{r.Path(midx + ".lock")}) {
		t.Errorf("locks: %q", got)
	}
	r.apply(s, set("state/a", "a"))
	r.wantLeft(packs, 0, 1, 2)
}
