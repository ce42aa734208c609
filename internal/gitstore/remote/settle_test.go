package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/gitstore/pack"
)

// told is a transport that does as it is told: a push ends with an error, and
// each look sees the next of the tips.
type told struct {
	transport
	push_ error
	tips  []string
	lost  error
}

func (s *told) push(context.Context, proposal) error { return s.push_ }

func (s *told) tip(context.Context, string, bool) (string, error) {
	if len(s.tips) == 0 {
		return "", s.lost
	}
	tip := s.tips[0]
	s.tips = s.tips[1:]
	return tip, nil
}

func (s *told) fetch(context.Context, string) error { return s.lost }

// TestSettle holds what a push reports against what became of the branch.
func TestSettle(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	old := server.tip("main")
	ours := server.clone()
	commit, other := ours.make(old, "ours"), ours.make(old, "other")
	no, died, lost := &refusal{"no"}, &failure{"died", errors.New("died")}, &failure{"lost", errors.New("lost")}
	for name, c := range map[string]struct {
		push error
		tips []string
		want any
	}{
		"accepted":              {nil, nil, nil},
		"refused, but accepted": {no, []string{commit}, nil},
		"died, but accepted":    {died, []string{commit}, nil},
		"late":                  {died, []string{old, old, commit}, nil},
		"refused":               {no, []string{old, old, old}, &RefusedError{}},
		"died":                  {died, []string{old, old, old}, &UnreachableError{}},
		"never sent":            {&unsent{died}, nil, &UnreachableError{}},
		"not to be seen":        {no, nil, &UnknownError{}},
		"out of sight":          {died, []string{old}, &UnknownError{}},
		"deleted":               {no, []string{""}, &MovedError{}},
		"moved late":            {no, []string{old, ""}, &MovedError{}},
		"moved out of sight":    {died, []string{other}, &UnknownError{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ours.open()
			r.patience = make([]time.Duration, len(patience))
			r.transport = &told{push_: c.push, tips: c.tips, lost: lost}
			err := r.Push(background, commit, "main", old)
			if got, wanted := fmt.Sprintf("%T", err), fmt.Sprintf("%T", c.want); got != wanted {
				t.Errorf("it is %s (%v), not %s", got, err, wanted)
			}
		})
	}
}

// TestContainedOrNot has a lost race that looks like a lost answer.
func TestContainedOrNot(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	old := server.tip("main")
	ours := server.clone()
	commit := ours.make(old, "ours")
	server.advance("main", "a")
	b := server.advance("main", "b")
	r := ours.open()
	died := &failure{"died", errors.New("died")}
	p := proposal{"main", commit, old}
	if got := want[*MovedError](t, r.settle(background, p, died)).Tip; got != b {
		t.Errorf("it moved to %s, not %s", got, b)
	}
}

// TestRewoundBehindTheCut fetches history that a shallow clone has cut off.
func TestRewoundBehindTheCut(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	early := server.advance("main", "early")
	for i := range 5 {
		server.advance("main", fmt.Sprint("commit ", i))
	}
	dir := server.dir + "-shallow"
	server.git("clone", "-q", "-n", "--depth=2", "file://"+server.dir, dir)
	ours := server.at(dir)
	server.point("main", early)
	again := server.advance("main", "again")
	if got, err := ours.open().Fetch(background, "main"); got != again || err != nil {
		t.Fatalf("fetched %s, %v", got, err)
	}
	ours.git("rev-list", "--objects", again)
	ours.git("fsck", "--strict", "--no-dangling")
}

// TestFetchesWhatIsMissing counts what comes along with one commit.
func TestFetchesWhatIsMissing(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for i := range 10 {
		server.advance("main", fmt.Sprint("commit ", i))
	}
	ours := server.clone()
	before := ours.objects()
	server.advance("main", "one more")
	if _, err := ours.open().Fetch(background, "main"); err != nil {
		t.Fatal(err)
	}
	if n := ours.objects() - before; n != 4 {
		t.Errorf("%d objects came for one commit, not it, two trees and a file", n)
	}
}

// objects counts what is stored, loose and packed.
func (p *place) objects() int {
	p.t.Helper()
	loose, size, packed := 0, 0, 0
	_, err := fmt.Sscanf(p.git("count-objects", "-v"), "count: %d\nsize: %d\nin-pack: %d", &loose, &size, &packed)
	p.check(err)
	return loose + packed
}

// TestIncompleteHistory has a server that sends one commit without its parent.
func TestIncompleteHistory(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	site := server.serve(newHTTP, nil)
	ours := server.clone()
	before := ours.git("rev-parse", "refs/remotes/origin/main")
	server.advance("main", "second")
	tip := server.advance("main", "third")
	var b pack.Builder
	b.Add(object.Commit, []byte(server.git("cat-file", "commit", tip)+"\n"))
	_, parts, _ := b.Pack()
	packed := bytes.Join(parts, nil)
	liar := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			r.Header.Del("Git-Protocol")
			site.Config.Handler.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		fmt.Fprintf(rw, "0008NAK\n%04x\x01%s0000", len(packed)+5, packed)
	}))
	t.Cleanup(liar.Close)
	ours.git("config", "remote.origin.url", liar.URL+"/server.git")
	_, err := ours.open().Fetch(background, "main")
	want[*UnreachableError](t, err)
	if got := ours.git("rev-parse", "refs/remotes/origin/main"); got != before {
		t.Errorf("the tracking reference moved to %s", got)
	}
}
