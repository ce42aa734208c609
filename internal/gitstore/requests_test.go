package gitstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestManyFiles(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"osmoctl.yaml": "v"})
	s := r.open("")
	changes := accounts(600)
	p, _ := r.apply(s, changes...)
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	check := func() {
		t.Helper()
		files, err := s.repo.Files(t.Context(), p.Commit, []string{"state"}, nil)
		r.Check(err)
		if len(files) != len(changes) {
			t.Fatalf("%d files, want %d", len(files), len(changes))
		}
		for i, f := range files {
			if f.Path != changes[i].Path || string(f.Data) != string(changes[i].Data) {
				t.Fatalf("%s is %q", f.Path, f.Data)
			}
		}
	}
	check()
	r.Git("gc", "-q", "--prune=now") // behind the store's back
	check()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.repo.Files(canceled, p.Commit, []string{"state"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"osmoctl.yaml": "v", "dir/file": "f"})
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.repo.Head()
	r.Check(err)
	before := r.Git("count-objects", "-v")
	for name, edit := range map[string]func(*Request){
		"traversal":        func(q *Request) { q.Changes[0].Path = "../x" },
		"absolute":         func(q *Request) { q.Changes[0].Path = "/x" },
		"git folder":       func(q *Request) { q.Changes[0].Path = "state/.GIT/config" },
		"git's short name": func(q *Request) { q.Changes[0].Path = "git~1/config" },
		"backslash":        func(q *Request) { q.Changes[0].Path = `state\x` },
		"stream":           func(q *Request) { q.Changes[0].Path = "state/x::$DATA" },
		"dot at the end":   func(q *Request) { q.Changes[0].Path = "state./x" },
		"control":          func(q *Request) { q.Changes[0].Path = "state/\x1b" },
		"not ASCII":        func(q *Request) { q.Changes[0].Path = "state/\u202e" },
		"folder":           func(q *Request) { q.Changes[0].Path = "dir" },
		"below a file":     func(q *Request) { q.Changes[0].Path = "dir/file/x" },
		"twice":            func(q *Request) { q.Changes = append(q.Changes, q.Changes[0]) },
		"file and folder":  func(q *Request) { q.Changes = append(q.Changes, set("state/a/b", "")) },
		"folder and file":  func(q *Request) { q.Changes = append(q.Changes, set("state", "")) },
		"absent":           func(q *Request) { q.Changes = []Change{del("absent")} },
		"nothing":          func(q *Request) { q.Changes = nil },
		"no change":        func(q *Request) { q.Changes = []Change{set("dir/file", "f")} },
		"parent":           func(q *Request) { q.Parent = "abc" },
		"missing parent":   func(q *Request) { q.Parent = strings.Repeat("1", 40) },
		"branch":           func(q *Request) { q.Branch = "refs/heads/../x" },
		"tag":              func(q *Request) { q.Branch = "refs/tags/x" },
		"no name":          func(q *Request) { q.Author.Name = "" },
		"forged":           func(q *Request) { q.Author.Name = "Ann <x> 1 +0000\ncommitter Bob" },
		"e-mail":           func(q *Request) { q.Committer.Email = "a>b" },
		"date":             func(q *Request) { q.Committer.When = time.Unix(-1, 0) },
	} {
		req := request(head, set("state/a", "a"))
		edit(&req)
		if _, err := s.Write(t.Context(), req); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
	if after := r.Git("count-objects", "-v"); after != before {
		t.Errorf("refused requests left objects:\n%s\n%s", before, after)
	}
	r.wantClean()
}
