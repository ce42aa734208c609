package gitstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/disk/disktest"
)

// scene is the small commit that is broken in every possible way: a file
// replaced, one deleted with its folder, one new in a new folder, beside work
// of the user's.
type scene struct {
	*repo
	before string // HEAD
	old    map[string]string
	new    map[string]string
}

func newScene(t testing.TB) scene {
	t.Helper()
	r := newRepo(t)
	old := map[string]string{"state/meta.json": "{1}\n", "state/accounts/aa/x/t.1.age": "one", "osmoctl.yaml": "v", "decoy": "d\n"}
	r.Commit("first", map[string]string{"osmoctl.yaml": "v", "decoy": "d\n"})
	// Two packs of ours, one of which is no larger than the next one will be.
	s := r.open("")
	r.apply(s, set("state/accounts/aa/x/t.1.age", "one"), set("state/meta.json", "{0}\n"), set("state/b", "b"))
	r.apply(s, set("state/meta.json", "{1}\n"), del("state/b"))
	r.Check(s.closeAll())
	before := r.Git("rev-parse", "HEAD")
	r.Git("pack-refs", "--all")
	r.Write("decoy", "edited by the user\n")
	r.Git("add", "decoy")
	r.Write("untracked", "u\n")
	return scene{r, before, old, map[string]string{
		"state/meta.json": "{2}\n", "state/accounts/bb/y/t.1.age": "a longer content, to be cut short", "osmoctl.yaml": "v",
	}}
}

const sceneStatus = "M  decoy\n?? untracked"

func (c scene) changes() []Change {
	return []Change{
		set("state/meta.json", c.new["state/meta.json"]),
		set("state/accounts/bb/y/t.1.age", c.new["state/accounts/bb/y/t.1.age"]),
		del("state/accounts/aa/x/t.1.age"),
	}
}

// copyTo makes the same scene elsewhere, which is much quicker than anew.
func (c scene) copyTo(t testing.TB) scene {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "repo")
	original := os.DirFS(c.Dir)
	c.repo = &repo{c.At(dir)}
	c.Check(os.CopyFS(dir, original))
	c.Git("update-index", "-q", "--refresh")
	return c
}

// try applies the changes through a disk that may fail, and dies.
func (c scene) try(hook func(disktest.Event) error) (Result, error) {
	opts := c.options()
	opts.Disk = disktest.Spy(hook)
	s, err := openAt(c.Dir, c.Getenv, opts)
	if err != nil {
		return Result{}, err
	}
	defer s.closeAll()
	ctx := context.Background()
	if _, err := s.Lock(ctx, Holder{}); err != nil {
		return Result{}, err
	}
	if _, err := s.Recover(ctx); err != nil {
		return Result{}, err
	}
	head, err := s.repo.Head()
	if err != nil || head.Commit != c.before {
		return Result{}, err
	}
	p, err := s.Write(ctx, request(head, c.changes()...))
	if err != nil {
		return Result{}, err
	}
	return s.Publish(ctx, p)
}

var errInjected = fmt.Errorf("injected: %w", syscall.ENOSPC)

// failAt returns a hook that fails the k-th change, and all after it too where
// the process is to be dead. met tells how far it came.
func failAt(k int64, dead bool) (hook func(disktest.Event) error, met *atomic.Int64) {
	met = new(atomic.Int64)
	return func(disktest.Event) error {
		if n := met.Add(1); n == k || dead && n > k {
			return errInjected
		}
		return nil
	}, met
}

// tolerable are the changes whose failing alone is no error: a lock that can
// be made in another way, a folder that stays though it is empty, and a pack that
// stays though its objects are in another.
func tolerable(e disktest.Event) bool {
	info, err := os.Lstat(e.Path)
	return e.Op == "link" || e.Op == "remove" && err == nil && info.IsDir() || isJoined(e)
}

// isJoined knows the removal of a pack that was joined with a newer one.
func isJoined(e disktest.Event) bool {
	ending := filepath.Ext(e.Path)
	return e.Op == "remove" && filepath.Base(filepath.Dir(e.Path)) == "pack" && (ending == ".pack" || ending == ".idx")
}

// recover runs Recover as a new process would.
func (c scene) recover(hook func(disktest.Event) error) error {
	opts := c.options()
	opts.Disk = disktest.Spy(hook)
	s, err := openAt(c.Dir, c.Getenv, opts)
	if err != nil {
		return err
	}
	defer s.closeAll()
	if _, err := s.Lock(context.Background(), Holder{}); err != nil {
		return err
	}
	_, err = s.Recover(context.Background())
	return err
}

// wantWhole checks that the commit is there or not, and nothing between.
func (c scene) wantWhole(moved bool) {
	c.T.Helper()
	isNew := c.Git("rev-parse", "HEAD") != c.before
	if moved && !isNew {
		c.T.Error("the branch was said to have moved, and has not")
	}
	want := c.old
	if isNew {
		want = c.new
	}
	for name := range c.old {
		if got, there := want[name]; name != "decoy" && (c.Exists(name) != there || there && c.Read(name) != got) {
			c.T.Errorf("%s is not as it should be", name)
		}
	}
	c.wantStatus(sceneStatus)
	c.wantSound()
}

// stride thins the points where tests are to be short.
func stride() int64 {
	if testing.Short() {
		return 7
	}
	return 1
}

// Every change to the disk is made to fail in turn: alone, as a full disk
// does, and with all that follow, as a crash does. After Recover the commit is
// there entirely or not at all, and can be made.
func TestFaults(t *testing.T) {
	t.Parallel()
	base := newScene(t)
	for _, dead := range []bool{false, true} {
		t.Run(map[bool]string{false: "error", true: "crash"}[dead], func(t *testing.T) {
			t.Parallel()
			points := 0
			for k := int64(1); ; k += stride() {
				c := base.copyTo(t)
				fail, met := failAt(k, dead)
				tolerated := false
				result, err := c.try(func(e disktest.Event) error {
					if met.Load()+1 == k {
						tolerated = tolerable(e)
					}
					return fail(e)
				})
				if met.Load() < k {
					c.Check(err)
					break
				}
				points++
				t.Run(fmt.Sprint(k), func(t *testing.T) {
					c.T = t
					if err == nil && !dead && !tolerated {
						t.Errorf("the error was swallowed: %+v", result)
					}
					c.Check(c.recover(func(disktest.Event) error { return nil }))
					c.wantWhole(result.Moved)
					_, err := c.try(func(disktest.Event) error { return nil })
					c.Check(err)
					c.wantWhole(true)
				})
			}
			if int64(points)*stride() < 40 {
				t.Errorf("only %d points were met", points)
			}
			t.Logf("%d points", points)
		})
	}
}

// Recover is interrupted at each of its own changes as well.
func TestFaultsInRecover(t *testing.T) {
	t.Parallel()
	base := newScene(t)
	pairs := 0
	for k := int64(1); ; k += stride() {
		c := base.copyTo(t)
		hook, met := failAt(k, true)
		result, err := c.try(hook)
		if met.Load() < k {
			c.Check(err)
			break
		}
		for k2 := int64(1); ; k2++ {
			hook, met := failAt(k2, true)
			err := c.recover(hook)
			if met.Load() < k2 {
				c.Check(err)
				break
			}
			pairs++
		}
		c.wantWhole(result.Moved)
		if t.Failed() {
			t.Fatalf("after a crash at %d", k)
		}
	}
	t.Logf("%d pairs", pairs)
}

// A full disk is said to be full.
func TestFaultIsNamed(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	_, err := c.try(func(e disktest.Event) error {
		if e.Op == "write" {
			return errInjected
		}
		return nil
	})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
}

// Recovery after a crash leaves alone what the user has edited since.
func TestRecoverLeavesEdits(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	result, err := c.try(func(e disktest.Event) error {
		if e.Op == "rename" && filepath.Base(e.To) == "meta.json" {
			return errInjected
		}
		return nil
	})
	if err == nil || !result.Moved {
		t.Fatalf("%+v, %v", result, err)
	}
	c.Write("state/meta.json", "mine\n")
	s := c.open("")
	if !s.Interrupted() {
		t.Error("the interruption is not seen")
	}
	defer c.lock(s).Unlock()
	head, err := s.repo.Head()
	c.Check(err)
	if _, err := s.Write(t.Context(), request(head, set("state/a", "a"))); !errors.Is(err, ErrInterrupted) {
		t.Errorf("written over an interrupted run: %v", err)
	}
	got, err := s.Recover(t.Context())
	c.Check(err)
	want := Recovery{Commit: head.Commit, Result: Result{Moved: true, LeftAlone: []string{"state/meta.json"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	c.wantStatus("M  decoy\n M state/meta.json\n?? untracked")
	c.wantSound()
	if got := c.Read("state/meta.json"); got != "mine\n" {
		t.Errorf("the user's edit is now %q", got)
	}
	if s.Interrupted() {
		t.Error("still interrupted")
	}
}

// A branch that went on, or a HEAD that went elsewhere, is left to its owner.
func TestRecoverOvertaken(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]func(c scene){
		"branch": func(c scene) { c.Git("commit", "-q", "-m", "user") },
		"HEAD": func(c scene) {
			c.Git("symbolic-ref", "HEAD", "refs/heads/other")
			c.Git("update-ref", "refs/heads/other", "main~1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newScene(t)
			_, err := c.try(func(e disktest.Event) error {
				if e.Op == "create" && filepath.Base(filepath.Dir(e.Path)) == "y" {
					return errInjected
				}
				return nil
			})
			if err == nil {
				t.Fatal("no fault")
			}
			after(c)
			before := c.Git("status", "--porcelain")
			s := c.open("")
			defer c.lock(s).Unlock()
			got, err := s.Recover(t.Context())
			c.Check(err)
			if !got.Overtaken || s.Interrupted() {
				t.Errorf("%+v", got)
			}
			if diff := cmp.Diff(before, c.Git("status", "--porcelain")); diff != "" {
				t.Error(diff)
			}
			c.wantSound()
		})
	}
}
