package gitstore

import (
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// However many commits there were, and however large, few packs are left: each has more
// objects than all that are to be joined before it, or is half full.
func TestChooseJoined(t *testing.T) {
	t.Parallel()
	for _, sizes := range [][]int{{8}, {1, 500, 3}, {9, 9, 9, 9, 2000}, {3000}} {
		var packs []smallPack
		most, objects, written := 0, 0, 0
		const commits = 3000
		for n := range commits {
			added := sizes[n%len(sizes)]
			joined := chooseJoined(packs, added)
			sum := added
			for _, p := range joined {
				sum += p.objects
			}
			if len(joined) > 0 && sum > fullPack {
				t.Fatalf("a pack of %d objects", sum)
			}
			packs = append([]smallPack{{objects: sum}}, packs[len(joined):]...)
			objects, written = objects+added, written+sum
			most = max(most, len(packs)-2*objects/fullPack)
		}
		if limit := bits.Len(fullPack); most > limit {
			t.Errorf("commits of %d objects: %d packs beside the full ones, want %d at most", sizes, most, limit)
		}
		if written > objects*bits.Len(fullPack) {
			t.Errorf("commits of %d objects: each was written %d times", sizes, written/objects)
		}
	}
}

// size is that of all files in the repository's folder of objects.
func (r *repo) size() (sum int64) {
	r.Check(filepath.WalkDir(r.Path(".git/objects"), func(_ string, d fs.DirEntry, err error) error {
		if info, infoErr := d.Info(); infoErr == nil && !d.IsDir() {
			sum += info.Size()
		}
		return err
	}))
	return sum
}

// record is like an account's file after n rotations: the head changes, and a line is added.
func record(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\n  \"account\": \"%064d\",\n  \"generation\": %d,\n", 7, n)
	for i := range n {
		fmt.Fprintf(&b, "  \"%064x\"\n", uint64(i)*0x9e3779b97f4a7c15)
	}
	return b.String()
}

// What others have put into packs, a fetch or a gc, is joined too.
func TestJoinedWithGits(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for n := range 5 {
		r.Commit(fmt.Sprint(n), map[string]string{"osmoctl.yaml": fmt.Sprint(n)})
		r.Git("repack", "-q", "-d")
	}
	if len(r.packs()) != 5 {
		t.Fatalf("%d packs", len(r.packs()))
	}
	r.apply(r.open(""), set("state/a", "a"))
	if got := len(r.packs()); got != 1 {
		t.Errorf("%d packs", got)
	}
	r.wantClean()
}

// After many commits there are few packs, which take little more room than what git makes
// of them, and everything is there.
func TestManyCommits(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"osmoctl.yaml": "v"})
	s := r.open("")
	const commits = 150
	for n := range commits {
		r.apply(s, set("state/accounts/aa/x/account.json", record(n)), set("state/meta.json", fmt.Sprint(n)))
	}
	if got := len(r.packs()); got > 8 {
		t.Errorf("%d packs after %d commits", got, commits)
	}
	r.wantClean()
	if got := r.Git("rev-list", "--count", "HEAD"); got != fmt.Sprint(commits+1) {
		t.Errorf("%s commits", got)
	}
	fresh := r.open("")
	for n := range commits {
		commit := r.Git("rev-parse", fmt.Sprint("HEAD~", commits-1-n))
		files, err := fresh.repo.Files(t.Context(), commit, []string{"state/accounts"}, nil)
		if err != nil || len(files) != 1 || string(files[0].Data) != record(n) {
			t.Fatalf("commit %d is read otherwise than it was written: %v", n, err)
		}
	}
	before := r.size()
	r.Git("gc", "-q", "--prune=now")
	if after := r.size(); before > 2*after {
		t.Errorf("%d bytes, of which git makes %d", before, after)
	}
	r.apply(s, set("state/meta.json", "after the gc"))
	r.wantClean()
}

// Packs go only for one that has their objects: a commit that is written again, after it
// was given up, comes to the same pack.
func TestSameCommitAgain(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.repo.Head()
	r.Check(err)
	for range 3 {
		p, err := s.Write(t.Context(), request(head, set("state/a", "a")))
		r.Check(err)
		r.Check(s.Discard(p))
		if kind := r.Git("cat-file", "-t", p.Commit); kind != "commit" || len(r.packs()) != 1 {
			t.Errorf("%s in %d packs", kind, len(r.packs()))
		}
	}
	p, err := s.Write(t.Context(), request(head, set("state/a", "a")))
	r.Check(err)
	_, err = s.Publish(t.Context(), p)
	r.Check(err)
	r.wantClean()
}

// What is not ours alone, or cannot be read, is left as it is.
func TestLeftUnjoined(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *repo, pack string){
		"kept by a person": func(r *repo, pack string) { r.Check(os.WriteFile(pack+".keep", []byte("mine\n"), 0o644)) },
		"in git's index of several packs": func(r *repo, pack string) {
			r.Git("multi-pack-index", "write")
		},
		"promised by a remote":                  func(r *repo, pack string) { r.Check(os.WriteFile(pack+".promisor", nil, 0o644)) },
		"with a list of what git will not keep": func(r *repo, pack string) { r.Check(os.WriteFile(pack+".mtimes", nil, 0o644)) },
		"while git looks at all packs": func(r *repo, pack string) {
			r.Check(os.WriteFile(r.Path(".git/objects/pack/multi-pack-index.lock"), nil, 0o644))
		},
		"large": func(r *repo, pack string) { r.Check(os.Truncate(pack+".pack", largestJoined+1)) },
		"damaged": func(r *repo, pack string) {
			data, err := os.ReadFile(pack + ".idx")
			r.Check(err)
			data[len(data)-1] ^= 1
			r.Check(os.Chmod(pack+".idx", 0o644))
			r.Check(os.WriteFile(pack+".idx", data, 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.Commit("first", project)
			s := r.open("")
			r.apply(s, set("state/a", "a"))
			pack := strings.TrimSuffix(r.packs()[0], ".pack")
			// Nothing of it is needed for the next commit, so that a damaged one stops nothing.
			r.Git("reset", "-q", "--hard", "HEAD~1")
			change(r, pack)
			r.apply(r.open(""), set("state/b", "b"))
			if got := r.packs(); len(got) != 2 {
				t.Errorf("%d packs: %q", len(got), got)
			}
			r.wantStatus("")
		})
	}
}

// A "git gc" that has taken over the packs that were about to be joined, and one between
// Write and Publish, change nothing.
func TestCollectedWhileJoining(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{{"gc", "-q", "--prune=now"}, {"repack", "-q", "-a", "-d"}, {"repack", "-q", "-A", "-d", "--unpack-unreachable=now"}} {
		r := newRepo(t)
		r.Commit("first", project)
		s := r.open("")
		for n := range 4 {
			r.apply(s, set("state/a", fmt.Sprint(n)))
		}
		r.Git(command...)
		r.apply(s, set("state/a", "after"))
		l := r.lock(s)
		head, err := s.repo.Head()
		r.Check(err)
		p, err := s.Write(t.Context(), request(head, set("state/b", "b")))
		r.Check(err)
		if len(p.pack.joined) == 0 {
			t.Fatal("nothing was to be joined")
		}
		r.Git(command...)
		_, err = s.Publish(t.Context(), p)
		r.Check(err)
		r.Check(l.Unlock())
		r.wantClean()
	}
}

// A commit of many changes is stored as it is, and left alone.
func TestBulk(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	s := r.open("")
	var changes []Change
	for i := range smallCommit + 1 {
		changes = append(changes, set(fmt.Sprintf("state/%d", i), fmt.Sprint(i)))
	}
	r.apply(s, changes...)
	for n := range 3 {
		r.apply(s, set("state/0", fmt.Sprint("version ", n)))
	}
	if got := len(r.packs()); got < 2 || got > 3 {
		t.Errorf("%d packs", got)
	}
	r.wantClean()
}
