package gitstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/worktree"
)

// These tests are about kinds of repositories: each applies twice, so that new,
// replaced and deleted files all occur, and asks git whether all is well.

// applyTwice runs the usual two commits and checks the result with git.
func (r *repo) applyTwice(s *Store) {
	r.T.Helper()
	r.apply(s, set("state/meta.json", "{}\n"), set("state/accounts/aa/x/t.1.age", "one"))
	r.wantClean()
	_, result := r.apply(s, set("state/meta.json", "{2}\n"),
		del("state/accounts/aa/x/t.1.age"), set("state/accounts/aa/x/t.2.age", "two"))
	if diff := cmp.Diff(Result{Moved: true}, result); diff != "" {
		r.T.Error(diff)
	}
	r.wantClean()
}

var project = map[string]string{"osmoctl.yaml": "version: 1\n", "manifests/a.yaml": "roles: {}\n", "README": "x\n"}

func TestSubfolder(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"ops/osmo/osmoctl.yaml": "version: 1\n", "ops/z": "z", "a": "a"})
	s := r.open("ops/osmo")
	if s.repo.Prefix() != "ops/osmo" || s.repo.Root() != r.Dir {
		t.Errorf("prefix %q, root %q", s.repo.Prefix(), s.repo.Root())
	}
	r.applyTwice(s)
	r.wantTree("a", "ops/osmo/osmoctl.yaml", "ops/osmo/state/accounts/aa/x/t.2.age", "ops/osmo/state/meta.json", "ops/z")
}

func TestUnborn(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Write("osmoctl.yaml", "version: 1\n")
	r.Write("other", "not ours")
	s := r.open("")
	head, err := s.repo.Head()
	r.Check(err)
	if diff := cmp.Diff(git.Head{Branch: "refs/heads/main", Unborn: true}, head); diff != "" {
		t.Error(diff)
	}
	_, result := r.apply(s, set("osmoctl.yaml", "version: 1\n"), set("state/meta.json", "{}\n"))
	if diff := cmp.Diff(Result{Moved: true}, result); diff != "" {
		t.Error(diff)
	}
	r.wantStatus("?? other")
	r.wantTree("osmoctl.yaml", "state/meta.json")
	if got := r.Git("reflog", "-1", "--format=%gs"); got != "commit (initial): state: apply" {
		t.Errorf("reflog: %q", got)
	}
}

func TestLinkedWorktree(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	r.Git("worktree", "add", "-q", "-b", "side", "../side")
	side := r.at(filepath.Join(filepath.Dir(r.Dir), "side"))
	s := side.open("")
	if s.repo.CommonDir() != r.Path(".git") || s.repo.GitDir() == s.repo.CommonDir() {
		t.Errorf("common %s, git %s", s.repo.CommonDir(), s.repo.GitDir())
	}
	side.applyTwice(s)
	r.wantClean() // the main work tree does not see any of it
	r.applyTwice(r.open(""))
	side.wantClean()
}

func TestPackedRefs(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	r.Git("switch", "-q", "-c", "team/one")
	r.Git("pack-refs", "--all", "--prune")
	s := r.open("")
	r.applyTwice(s)
	r.Git("gc", "-q", "--prune=now")
	r.apply(s, set("state/meta.json", "{3}\n"))
	r.wantClean()
	if got := r.Git("rev-list", "--count", "HEAD"); got != "4" {
		t.Errorf("%s commits, want 4", got)
	}
}

func TestIndexVersion4(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	r.Git("update-index", "--index-version", "4")
	r.applyTwice(r.open(""))
	if got := []byte(r.Read(".git/index"))[7]; got != 4 {
		t.Errorf("the index is version %d now", got)
	}
}

func TestAutoCRLF(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"osmoctl.yaml": "version: 1\n", "manifests/a.yaml": "roles:\n  a: {}\n", "state/meta.json": "{\n}\n"})
	r.Git("config", "core.autocrlf", "true")
	r.Git("rm", "-rq", "--cached", ".")
	r.Git("reset", "-q", "--hard")
	if got := r.Read("state/meta.json"); got != "{\r\n}\r\n" {
		t.Fatalf("git did not convert: %q", got)
	}
	s := r.open("")
	head, err := s.repo.Head()
	r.Check(err)
	different, err := worktree.ListUncommitted(s.repo, head.Commit, "osmoctl.yaml", "manifests")
	r.Check(err)
	if different != nil {
		t.Errorf("converted files count as edited: %q", different)
	}
	_, result := r.apply(s, set("state/meta.json", "{\n1\n}\n"))
	if diff := cmp.Diff(Result{Moved: true}, result); diff != "" {
		t.Error(diff)
	}
	r.wantClean()
	if got := r.Git("show", "HEAD:state/meta.json"); got != "{\n1\n}" {
		t.Errorf("committed %q", got)
	}
}

func TestSparseCheckout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args         []string
		record, seal bool // which files are to be there
	}{
		"cone without state":  {[]string{"--cone", "manifests"}, false, false},
		"cone with state":     {[]string{"--cone", "manifests", "state"}, true, true},
		"cone, part of state": {[]string{"--cone", "manifests", "state/accounts/bb"}, false, false},
		"patterns without":    {[]string{"--no-cone", "/*", "!/state/"}, false, false},
		"patterns with":       {[]string{"--no-cone", "/osmoctl.yaml", "state/"}, true, true},
		"patterns, by ending": {[]string{"--no-cone", "/*", "!*.age"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			files := map[string]string{"state/accounts/aa/x/account.json": "{}\n", "deep/er/file": "x"}
			for name, data := range project {
				files[name] = data
			}
			r.Commit("first", files)
			r.Git(append([]string{"sparse-checkout", "set"}, c.args...)...)
			s := r.open("")
			_, result := r.apply(s, set("state/accounts/aa/x/account.json", "{1}\n"), set("state/accounts/aa/x/t.1.age", "one"))
			if diff := cmp.Diff(Result{Moved: true}, result); diff != "" {
				t.Error(diff)
			}
			r.wantClean()
			for file, want := range map[string]bool{"account.json": c.record, "t.1.age": c.seal} {
				if r.Exists("state/accounts/aa/x/"+file) != want {
					t.Errorf("%s is there: %t", file, !want)
				}
			}
			r.apply(s, del("state/accounts/aa/x/t.1.age"))
			r.wantClean()
			r.Git("sparse-checkout", "disable")
			r.wantClean()
			if got := r.Read("state/accounts/aa/x/account.json"); got != "{1}\n" {
				t.Errorf("account.json is %q", got)
			}
		})
	}
}

func TestSparseUncommitted(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	commit := r.Commit("first", project)
	r.Git("sparse-checkout", "set", "--cone", "state")
	s := r.open("")
	different, err := worktree.ListUncommitted(s.repo, commit, "osmoctl.yaml", "manifests")
	r.Check(err)
	if different != nil {
		t.Errorf("files left out on purpose count as deleted: %q", different)
	}
}

// An index that cannot follow is refused before anything is written, and what the
// refusal says to run is all that it takes.
func TestIndexRefused(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(r *repo){
		"split": func(r *repo) { r.Git("update-index", "--split-index") },
		"split by configuration": func(r *repo) {
			r.Git("config", "core.splitIndex", "true")
			r.Git("update-index", "--split-index")
		},
		"sparse": func(r *repo) { r.Git("sparse-checkout", "set", "--cone", "--sparse-index", "manifests") },
		"damaged": func(r *repo) {
			r.Check(os.WriteFile(r.Path(".git/index"), []byte("DIRC nonsense that is long enough"), 0o666))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			first := r.Commit("first", map[string]string{"osmoctl.yaml": "v", "manifests/a": "a", "deep/er/a": "a"})
			prepare(r)
			before := r.Read(".git/index")
			s := r.open("")
			err := s.CheckWritable("refs/heads/main", nil)
			refused, ok := errors.AsType[*git.UnsupportedError](err)
			if !ok || refused.Reason != IndexForm || s.CheckIndex() == nil {
				t.Fatalf("refused with %v", err)
			}
			if r.Read(".git/index") != before || r.Git("rev-parse", "HEAD") != first {
				t.Error("something was changed")
			}
			_, command, ok := strings.Cut(err.Error(), "run: ")
			if !ok {
				return
			}
			for line := range strings.SplitSeq(command, " && ") {
				r.Git(strings.Fields(line)[1:]...)
			}
			r.Git("status", "--short") // With git's own settings, this could bring it back.
			r.apply(r.open(""), set("state/meta.json", "{}\n"))
			if got := r.Git("status", "--short"); got != "" {
				t.Errorf("the index has not followed: %s", got)
			}
		})
	}
}

// Where a newer git may include a file on a condition that is not known here, no
// commit goes unsigned, unless the repository says so behind it.
func TestUnknownCondition(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	r.Write("../signing", "[commit]\n gpgsign = true\n")
	r.Git("config", "includeIf.phase-of-moon:full.path", r.Path("../signing"))
	err := r.open("").CheckDoubt()
	if err == nil || !strings.Contains(err.Error(), "phase-of-moon:full") || !strings.Contains(err.Error(), "git config commit.gpgsign") {
		t.Fatal(err)
	}
	s := r.open("")
	head, headErr := s.repo.Head()
	r.Check(headErr)
	l := r.lock(s)
	if _, err := s.Write(t.Context(), request(head, set("state/meta.json", "{}\n"))); err == nil {
		t.Error("an unsigned commit was made")
	}
	r.Check(l.Unlock())
	r.Git("config", "commit.gpgsign", "false")
	r.Check(r.open("").CheckDoubt())
	r.Git("config", "--unset", "commit.gpgsign")
	r.Check(os.Remove(r.Path("../signing")))
	r.Check(r.open("").CheckDoubt())
}

// A branch that git could not make beside the others is refused by name; folders
// that deleted branches have left are in nobody's way.
func TestBranchesBeside(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ have, want string }{{"osmoctl", "osmoctl/state"}, {"osmoctl/state", "osmoctl"}, {"a/b/c", "a"}, {"a", "a/b/c"}} {
		for _, packed := range []bool{false, true} {
			r := newRepo(t)
			r.Commit("first", project)
			r.Git("branch", c.have)
			if packed {
				r.Git("pack-refs", "--all")
			}
			s := r.open("")
			err := s.repo.CheckNewBranch("refs/heads/" + c.want)
			if err == nil || !strings.Contains(err.Error(), "git branch -m "+c.have+" NEW-NAME") {
				t.Errorf("%+v: %v", c, err)
			}
			r.Check(s.repo.CheckNewBranch("refs/heads/" + c.have))
			if other, err := s.repo.Beside("refs/heads/" + c.have); other != "" || err != nil {
				t.Errorf("a branch is said to be beside itself: %q, %v", other, err)
			}
			r.Check(s.repo.CheckNewBranch("refs/heads/other/" + c.want))
			r.Git("branch", "-D", c.have)
			r.Check(os.MkdirAll(r.Path(".git/refs/heads/"+c.want+"/left/over"), 0o777))
			r.Check(s.repo.CheckNewBranch("refs/heads/" + c.want))
			lock := r.lock(s)
			p, err := s.Write(t.Context(), request(git.Head{Branch: "refs/heads/" + c.want}, set("state/meta.json", "{}\n")))
			r.Check(err)
			_, err = s.Publish(t.Context(), p)
			r.Check(err)
			if got := r.Git("rev-parse", "refs/heads/"+c.want); got != p.Commit {
				t.Errorf("%+v: the branch is at %s", c, got)
			}
			r.Check(lock.Unlock())
		}
	}
}

func TestAlternates(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.Commit("first", project)
	r.Git("clone", "-q", "--shared", ".", "../shared")
	shared := r.at(filepath.Join(filepath.Dir(r.Dir), "shared"))
	s := shared.open("")
	if c, err := s.repo.Commit(first); err != nil || c.Message != "first\n" {
		t.Errorf("%+v, %v", c, err)
	}
	shared.applyTwice(s)
}

func TestShallow(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	r.Commit("second", map[string]string{"manifests/b.yaml": "b"})
	r.Git("clone", "-q", "--depth=1", "file://"+r.Dir, "../shallow")
	shallow := r.at(filepath.Join(filepath.Dir(r.Dir), "shallow"))
	s := shallow.open("")
	shallow.applyTwice(s)
	head, err := s.repo.Head()
	r.Check(err)
	var seen []string
	err = s.repo.History(context.Background(), head.Commit, "state", func(c git.Commit) error {
		seen = append(seen, c.Hash)
		return nil
	})
	if !errors.Is(err, git.ErrShallow) || len(seen) != 2 {
		t.Errorf("%d commits, %v", len(seen), err)
	}
}

func TestPartialClone(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	r.Git("config", "uploadpack.allowFilter", "true")
	r.Git("clone", "-q", "--filter=blob:none", "--no-checkout", "file://"+r.Dir, "../partial")
	partial := r.at(filepath.Join(filepath.Dir(r.Dir), "partial"))
	partial.Git("config", "core.repositoryformatversion", "1")
	partial.Git("config", "extensions.partialClone", "origin")
	s := partial.open("")
	head, err := s.repo.Head()
	r.Check(err)
	_, err = s.repo.Files(context.Background(), head.Commit, []string{"manifests"}, nil)
	if !errors.Is(err, git.ErrMissingObject) || !strings.Contains(err.Error(), "git fetch --refetch --no-filter origin") {
		t.Errorf("reading a blob that was not fetched: %v", err)
	}
	partial.Git("checkout", "-q")
	partial.applyTwice(partial.open(""))
}

func TestSubmodule(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	outer := r.at(filepath.Join(filepath.Dir(r.Dir), "outer"))
	r.Check(os.Mkdir(outer.Dir, 0o777))
	outer.Git("init", "-q", "-b", "main")
	outer.Git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", r.Dir, "inner")
	inner := outer.at(outer.Path("inner"))
	inner.applyTwice(inner.open(""))
}

func TestSharedRepository(t *testing.T) {
	t.Parallel()
	r := newRepo(t, "--shared=group")
	r.Commit("first", project)
	r.Check(os.Chmod(r.Path(".git/index"), 0o640))
	r.apply(r.open(""), set("state/meta.json", "{}\n"))
	for name, want := range map[string]os.FileMode{
		".git/index":           0o640, // as it was
		".git/refs/heads/main": 0o664,
		".git/osmoctl/lock":    0o664,
		".git/osmoctl":         0o775 | os.ModeDir | os.ModeSetgid,
	} {
		info, err := os.Stat(r.Path(name))
		r.Check(err)
		if info.Mode()&^0o007 != want&^0o007 {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestDetached(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.Commit("first", project)
	r.Git("switch", "-q", "--detach")
	s := r.open("")
	head, err := s.repo.Head()
	r.Check(err)
	if diff := cmp.Diff(git.Head{Commit: first}, head); diff != "" {
		t.Error(diff)
	}
	defer r.lock(s).Unlock()
	ctx := context.Background()
	req := request(head, set("state/meta.json", "{}\n"))
	p, err := s.Write(ctx, req) // for pushing
	r.Check(err)
	if _, err := s.Publish(ctx, p); err == nil {
		t.Error("a commit for no branch was published")
	}
	req.Branch = "HEAD"
	wantReason(t, DetachedHead, second(s.Write(ctx, req)))
	req.Branch = "refs/heads/main" // which is not where HEAD is
	p, err = s.Write(ctx, req)
	r.Check(err)
	result, err := s.Publish(ctx, p)
	r.Check(err)
	if diff := cmp.Diff(Result{Moved: true, OtherHead: true}, result); diff != "" {
		t.Error(diff)
	}
	r.wantClean()
	if got := r.Git("rev-parse", "main"); got != p.Commit {
		t.Errorf("main is at %s, want %s", got, p.Commit)
	}
}

func second[T any](_ T, err error) error { return err }

func wantReason(t testing.TB, want git.Reason, err error) {
	t.Helper()
	var unsupported *git.UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.Reason != want {
		t.Errorf("got %v, want an UnsupportedError of %q", err, want)
	}
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want    git.Reason
		prepare func(r *repo)
	}{
		"no repository": {git.NoRepository, func(r *repo) { r.Check(os.RemoveAll(r.Path(".git"))) }},
		"bare":          {git.BareRepository, func(r *repo) { r.Git("config", "core.bare", "true") }},
		"inside a bare one": {git.BareRepository, func(r *repo) {
			r.Check(os.RemoveAll(r.Path(".git")))
			r.Git("init", "-q", "--bare", ".")
		}},
		"work tree elsewhere": {git.OtherWorktree, func(r *repo) { r.Git("config", "core.worktree", "/") }},
		"sha256": {git.HashFormat, func(r *repo) {
			r.Check(os.RemoveAll(r.Path(".git")))
			r.Git("init", "-q", "--object-format=sha256")
		}},
		"reftable": {git.RefFormat, func(r *repo) { r.Git("config", "extensions.refStorage", "reftable") }},
		"unknown extension": {git.Extension, func(r *repo) {
			r.Git("config", "core.repositoryformatversion", "1")
			r.Git("config", "extensions.fancy", "true")
		}},
		"GIT_DIR":        {git.Environment, func(r *repo) { r.Env["GIT_DIR"] = "/elsewhere" }},
		"GIT_INDEX_FILE": {git.Environment, func(r *repo) { r.Env["GIT_INDEX_FILE"] = "/elsewhere" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			c.prepare(r)
			_, err := openAt(r.Dir, r.Getenv, r.options())
			wantReason(t, c.want, err)
		})
	}
}

func TestSameEnvironment(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Env["GIT_DIR"] = r.Path(".git")
	r.Env["GIT_INDEX_FILE"] = r.Path(".git/index") // not there yet
	r.Env["GIT_WORK_TREE"] = r.Dir
	r.open("")
}

func TestForeignOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	r := newRepo(t)
	r.Check(os.Lchown(r.Path(".git"), 12345, -1))
	open := func() error {
		s, err := openAt(r.Dir, r.Getenv, r.options())
		if err == nil {
			s.closeAll()
		}
		return err
	}
	wantReason(t, git.ForeignOwner, open())

	r.Env["SUDO_UID"] = "12345"
	r.Check(open())
	delete(r.Env, "SUDO_UID")

	// The repository may not vouch for itself.
	r.Check(os.WriteFile(r.Path(".git/config"), []byte("[safe]\n\tdirectory = *\n"), 0o666))
	wantReason(t, git.ForeignOwner, open())

	global := filepath.Join(t.TempDir(), "config")
	r.Env["GIT_CONFIG_GLOBAL"] = global
	for config, ok := range map[string]bool{
		"[safe]\n\tdirectory = " + r.Dir + "\n":                       true,
		"[safe]\n\tdirectory = *\n":                                   true,
		"[safe]\n\tdirectory = " + filepath.Dir(r.Dir) + "/*\n":       true,
		"[safe]\n\tdirectory = *\n\tdirectory =\n":                    false,
		"[safe]\n\tdirectory = " + filepath.Join(r.Dir, "sub") + "\n": false,
	} {
		r.Check(os.WriteFile(global, []byte(config), 0o666))
		if err := open(); (err == nil) != ok {
			t.Errorf("%q: %v", config, err)
		}
	}
}

func TestInProgress(t *testing.T) {
	t.Parallel()
	for _, p := range inProgress {
		t.Run(p.file, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.Commit("first", project)
			r.Write(".git/"+p.file, "")
			s := r.open("")
			defer r.lock(s).Unlock()
			head, err := s.repo.Head()
			r.Check(err)
			wantReason(t, InProgress, second(s.Write(context.Background(), request(head, set("state/a", "a")))))
		})
	}
}

func TestUnmerged(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"state/meta.json": "0", "osmoctl.yaml": "0"})
	r.Git("switch", "-q", "-c", "side")
	r.Commit("side", map[string]string{"state/meta.json": "1", "osmoctl.yaml": "1"})
	r.Git("switch", "-q", "main")
	r.Commit("main", map[string]string{"state/meta.json": "2", "osmoctl.yaml": "2"})
	if _, err := r.Try("merge", "side"); err == nil {
		t.Fatal("no conflict")
	}
	r.Check(os.Remove(r.Path(".git/MERGE_HEAD"))) // so that only the index tells
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.repo.Head()
	r.Check(err)
	ctx := context.Background()
	wantReason(t, Unmerged, second(s.Write(ctx, request(head, set("state/meta.json", "3")))))
	p, err := s.Write(ctx, request(head, set("state/other.json", "3"))) // others' conflicts are theirs
	r.Check(err)
	if _, err := s.Publish(ctx, p); err != nil {
		t.Error(err)
	}
	r.wantStatus("UU osmoctl.yaml\nUU state/meta.json")
}

func TestLinkedPaths(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(r *repo){
		"state in the work tree": func(r *repo) { r.Check(os.Symlink(r.T.TempDir(), r.Path("state"))) },
		"below state": func(r *repo) {
			r.Check(os.Mkdir(r.Path("state"), 0o777))
			r.Check(os.Symlink("../manifests", r.Path("state/accounts")))
		},
		"in the commit": func(r *repo) {
			r.Check(os.Symlink("manifests", r.Path("state")))
			r.Commit("link", nil)
			r.Check(os.Remove(r.Path("state")))
		},
		"a file in its place": func(r *repo) { r.Write("state", "x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.Commit("first", project)
			prepare(r)
			s := r.open("")
			defer r.lock(s).Unlock()
			head, err := s.repo.Head()
			r.Check(err)
			wantReason(t, LinkedPath, second(s.Write(context.Background(), request(head, set("state/accounts/a.json", "a")))))
		})
	}
}

func TestSigning(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	r.Git("config", "commit.gpgsign", "true")
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.repo.Head()
	r.Check(err)
	ctx := context.Background()
	req := request(head, set("state/a", "a"))
	wantReason(t, Signing, second(s.Write(ctx, req)))
	var signed string
	req.Sign = func(data []byte) ([]byte, error) {
		signed = string(data)
		return []byte("-----BEGIN SIGNATURE-----\n\nabc\n-----END SIGNATURE-----\n"), nil
	}
	p, err := s.Write(ctx, req)
	r.Check(err)
	_, err = s.Publish(ctx, p)
	r.Check(err)
	r.wantClean()
	raw, err := s.repo.RawCommit(p.Commit)
	r.Check(err)
	const header = "gpgsig -----BEGIN SIGNATURE-----\n \n abc\n -----END SIGNATURE-----\n"
	if got := strings.Replace(string(raw), header, "", 1); got != signed || got == string(raw) {
		t.Errorf("signed %q\nwrote %q", signed, raw)
	}
	if c, err := s.repo.Commit(p.Commit); err != nil || c.Message != "state: apply\n\nSerial: 1\n" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := r.open("")
	if got, ok := s.repo.Identity(); ok {
		t.Errorf("an identity out of nothing: %+v", got)
	}
	home := r.Env["HOME"]
	delete(r.Env, "GIT_CONFIG_GLOBAL")
	r.Check(os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(
		"[user]\n\tname = Ann\n\temail = ann@home\n[includeIf \"gitdir:"+r.Dir+"/\"]\n\tpath = work.inc\n"), 0o666))
	r.Check(os.WriteFile(filepath.Join(home, "work.inc"), []byte("[user]\n\temail = ann@work # at work\n"), 0o666))
	want := git.Signature{Name: "Ann", Email: "ann@work"}
	if got, ok := r.open("").repo.Identity(); !ok || got != want {
		t.Errorf("got %+v, %t", got, ok)
	}
	if got := r.Git("config", "user.email"); got != want.Email {
		t.Errorf("git itself says %q", got)
	}
}

func TestReflogOff(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Git("config", "core.logAllRefUpdates", "false")
	r.Commit("first", project)
	s := r.open("")
	r.apply(s, set("state/a", "a"))
	if r.Exists(".git/logs") {
		t.Error("a reflog was made where none is wanted")
	}
}

func TestReflog(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.Commit("first", project)
	p, _ := r.apply(r.open(""), set("state/a", "a"))
	for _, name := range []string{"HEAD", "main"} {
		got := r.Git("reflog", "--format=%H %gs", name, "--")
		want := p.Commit + " commit: state: apply\n" + first + " commit (initial): first"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := r.Git("rev-parse", "main@{1}"); got != first {
		t.Errorf("main@{1} is %s", got)
	}
}

func TestLockTimeout(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	held := r.lock(r.open(""))
	opts := r.options()
	opts.LockTimeout = 0
	other := r.openWith("", opts)
	_, err := other.Lock(context.Background(), Holder{})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Holder != "by ann\n" {
		t.Errorf("%v", err)
	}
	r.Check(held.Unlock())
	r.Check(held.Unlock())
	r.Check(r.lock(other).Unlock())
}

func TestLockCanceled(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	defer r.lock(r.open("")).Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.open("").Lock(ctx, Holder{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestNotLocked(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := r.open("")
	_, err := s.Write(context.Background(), Request{})
	_, err2 := s.Publish(context.Background(), Pending{})
	_, err3 := s.Recover(context.Background())
	for _, err := range []error{err, err2, err3, s.Discard(Pending{})} {
		if !errors.Is(err, ErrNotLocked) {
			t.Errorf("%v", err)
		}
	}
}

// Locks of git's that others hold are respected; ours, left by a crash, go.
func TestGitLocks(t *testing.T) {
	t.Parallel()
	for _, name := range []string{".git/index.lock", ".git/refs/heads/main.lock"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.Commit("first", project)
			opts := r.options()
			opts.GitLockTimeout = time.Nanosecond
			s := r.openWith("", opts)
			head, err := s.repo.Head()
			r.Check(err)
			defer r.lock(s).Unlock()
			publish := func() error {
				p, err := s.Write(context.Background(), request(head, set("state/a", "a")))
				r.Check(err)
				_, err = s.Publish(context.Background(), p)
				return err
			}

			r.Write(name, "")
			var locked *LockedError
			if err := publish(); !errors.As(err, &locked) || !locked.Git || locked.Path != r.Path(name) {
				t.Errorf("a foreign lock: %v", err)
			}
			if !r.Exists(name) {
				t.Error("a foreign lock was removed")
			}
			r.Check(os.Remove(r.Path(name)))
			r.wantStatus("")

			r.Check(os.Link(r.Path(".git/osmoctl/lock"), r.Path(name)))
			if _, err := s.Recover(context.Background()); err != nil {
				t.Error(err)
			}
			r.Check(publish())
			r.wantClean()
		})
	}
}
