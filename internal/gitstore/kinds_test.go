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
)

// These tests are about kinds of repositories: each applies twice, so that new,
// replaced and deleted files all occur, and asks git whether all is well.

// applyTwice runs the usual two commits and checks the result with git.
func (r *repo) applyTwice(s *Store) {
	r.t.Helper()
	r.apply(s, set("state/meta.json", "{}\n"), set("state/accounts/aa/x/t.1.age", "one"))
	r.wantClean()
	_, result := r.apply(s, set("state/meta.json", "{2}\n"),
		del("state/accounts/aa/x/t.1.age"), set("state/accounts/aa/x/t.2.age", "two"))
	if diff := cmp.Diff(Result{Moved: true}, result); diff != "" {
		r.t.Error(diff)
	}
	r.wantClean()
}

var project = map[string]string{"osmoctl.yaml": "version: 1\n", "manifests/a.yaml": "roles: {}\n", "README": "x\n"}

func TestSubfolder(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", map[string]string{"ops/osmo/osmoctl.yaml": "version: 1\n", "ops/z": "z", "a": "a"})
	s := r.open("ops/osmo")
	if s.Prefix() != "ops/osmo" || s.Root() != r.dir {
		t.Errorf("prefix %q, root %q", s.Prefix(), s.Root())
	}
	r.applyTwice(s)
	r.wantTree("a", "ops/osmo/osmoctl.yaml", "ops/osmo/state/accounts/aa/x/t.2.age", "ops/osmo/state/meta.json", "ops/z")
}

func TestUnborn(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("osmoctl.yaml", "version: 1\n")
	r.write("other", "not ours")
	s := r.open("")
	head, err := s.Head()
	r.check(err)
	if diff := cmp.Diff(Head{Branch: "refs/heads/main", Unborn: true}, head); diff != "" {
		t.Error(diff)
	}
	_, result := r.apply(s, set("osmoctl.yaml", "version: 1\n"), set("state/meta.json", "{}\n"))
	if diff := cmp.Diff(Result{Moved: true}, result); diff != "" {
		t.Error(diff)
	}
	r.wantStatus("?? other")
	r.wantTree("osmoctl.yaml", "state/meta.json")
	if got := r.git("reflog", "-1", "--format=%gs"); got != "commit (initial): state: apply" {
		t.Errorf("reflog: %q", got)
	}
}

func TestLinkedWorktree(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", project)
	r.git("worktree", "add", "-q", "-b", "side", "../side")
	side := r.at(filepath.Join(filepath.Dir(r.dir), "side"))
	s := side.open("")
	if s.CommonDir() != r.path(".git") || s.GitDir() == s.CommonDir() {
		t.Errorf("common %s, git %s", s.CommonDir(), s.GitDir())
	}
	side.applyTwice(s)
	r.wantClean() // the main work tree does not see any of it
	r.applyTwice(r.open(""))
	side.wantClean()
}

func TestPackedRefs(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", project)
	r.git("switch", "-q", "-c", "team/one")
	r.git("pack-refs", "--all", "--prune")
	s := r.open("")
	r.applyTwice(s)
	r.git("gc", "-q", "--prune=now")
	r.apply(s, set("state/meta.json", "{3}\n"))
	r.wantClean()
	if got := r.git("rev-list", "--count", "HEAD"); got != "4" {
		t.Errorf("%s commits, want 4", got)
	}
}

func TestIndexVersion4(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", project)
	r.git("update-index", "--index-version", "4")
	r.applyTwice(r.open(""))
	if got := []byte(r.read(".git/index"))[7]; got != 4 {
		t.Errorf("the index is version %d now", got)
	}
}

func TestAutoCRLF(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", map[string]string{"osmoctl.yaml": "version: 1\n", "manifests/a.yaml": "roles:\n  a: {}\n", "state/meta.json": "{\n}\n"})
	r.git("config", "core.autocrlf", "true")
	r.git("rm", "-rq", "--cached", ".")
	r.git("reset", "-q", "--hard")
	if got := r.read("state/meta.json"); got != "{\r\n}\r\n" {
		t.Fatalf("git did not convert: %q", got)
	}
	s := r.open("")
	head, err := s.Head()
	r.check(err)
	different, err := ListUncommitted(s.Repository, head.Commit, "osmoctl.yaml", "manifests")
	r.check(err)
	if different != nil {
		t.Errorf("converted files count as edited: %q", different)
	}
	_, result := r.apply(s, set("state/meta.json", "{\n1\n}\n"))
	if diff := cmp.Diff(Result{Moved: true}, result); diff != "" {
		t.Error(diff)
	}
	r.wantClean()
	if got := r.git("show", "HEAD:state/meta.json"); got != "{\n1\n}" {
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
			r.commit("first", files)
			r.git(append([]string{"sparse-checkout", "set"}, c.args...)...)
			s := r.open("")
			_, result := r.apply(s, set("state/accounts/aa/x/account.json", "{1}\n"), set("state/accounts/aa/x/t.1.age", "one"))
			if diff := cmp.Diff(Result{Moved: true}, result); diff != "" {
				t.Error(diff)
			}
			r.wantClean()
			for file, want := range map[string]bool{"account.json": c.record, "t.1.age": c.seal} {
				if r.exists("state/accounts/aa/x/"+file) != want {
					t.Errorf("%s is there: %t", file, !want)
				}
			}
			r.apply(s, del("state/accounts/aa/x/t.1.age"))
			r.wantClean()
			r.git("sparse-checkout", "disable")
			r.wantClean()
			if got := r.read("state/accounts/aa/x/account.json"); got != "{1}\n" {
				t.Errorf("account.json is %q", got)
			}
		})
	}
}

func TestSparseUncommitted(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	commit := r.commit("first", project)
	r.git("sparse-checkout", "set", "--cone", "state")
	s := r.open("")
	different, err := ListUncommitted(s.Repository, commit, "osmoctl.yaml", "manifests")
	r.check(err)
	if different != nil {
		t.Errorf("files left out on purpose count as deleted: %q", different)
	}
}

// An index that cannot follow is refused before anything is written, and what the
// refusal says to run is all that it takes.
func TestIndexRefused(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(r *repo){
		"split": func(r *repo) { r.git("update-index", "--split-index") },
		"split by configuration": func(r *repo) {
			r.git("config", "core.splitIndex", "true")
			r.git("update-index", "--split-index")
		},
		"sparse": func(r *repo) { r.git("sparse-checkout", "set", "--cone", "--sparse-index", "manifests") },
		"damaged": func(r *repo) {
			r.check(os.WriteFile(r.path(".git/index"), []byte("DIRC nonsense that is long enough"), 0o666))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			first := r.commit("first", map[string]string{"osmoctl.yaml": "v", "manifests/a": "a", "deep/er/a": "a"})
			prepare(r)
			before := r.read(".git/index")
			s := r.open("")
			err := s.CheckWritable("refs/heads/main", nil)
			refused, ok := errors.AsType[*UnsupportedError](err)
			if !ok || refused.Reason != IndexForm || s.CheckIndex() == nil {
				t.Fatalf("refused with %v", err)
			}
			if r.read(".git/index") != before || r.git("rev-parse", "HEAD") != first {
				t.Error("something was changed")
			}
			_, command, ok := strings.Cut(err.Error(), "run: ")
			if !ok {
				return
			}
			for line := range strings.SplitSeq(command, " && ") {
				r.git(strings.Fields(line)[1:]...)
			}
			r.git("status", "--short") // With git's own settings, this could bring it back.
			r.apply(r.open(""), set("state/meta.json", "{}\n"))
			if got := r.git("status", "--short"); got != "" {
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
	r.commit("first", project)
	r.write("../signing", "[commit]\n gpgsign = true\n")
	r.git("config", "includeIf.phase-of-moon:full.path", r.path("../signing"))
	err := r.open("").CheckDoubt()
	if err == nil || !strings.Contains(err.Error(), "phase-of-moon:full") || !strings.Contains(err.Error(), "git config commit.gpgsign") {
		t.Fatal(err)
	}
	s := r.open("")
	head, headErr := s.Head()
	r.check(headErr)
	l := r.lock(s)
	if _, err := s.Write(t.Context(), request(head, set("state/meta.json", "{}\n"))); err == nil {
		t.Error("an unsigned commit was made")
	}
	r.check(l.Unlock())
	r.git("config", "commit.gpgsign", "false")
	r.check(r.open("").CheckDoubt())
	r.git("config", "--unset", "commit.gpgsign")
	r.check(os.Remove(r.path("../signing")))
	r.check(r.open("").CheckDoubt())
}

// A branch that git could not make beside the others is refused by name; folders
// that deleted branches have left are in nobody's way.
func TestBranchesBeside(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ have, want string }{{"osmoctl", "osmoctl/state"}, {"osmoctl/state", "osmoctl"}, {"a/b/c", "a"}, {"a", "a/b/c"}} {
		for _, packed := range []bool{false, true} {
			r := newRepo(t)
			r.commit("first", project)
			r.git("branch", c.have)
			if packed {
				r.git("pack-refs", "--all")
			}
			s := r.open("")
			err := s.CheckNewBranch("refs/heads/" + c.want)
			if err == nil || !strings.Contains(err.Error(), "git branch -m "+c.have+" NEW-NAME") {
				t.Errorf("%+v: %v", c, err)
			}
			r.check(s.CheckNewBranch("refs/heads/" + c.have))
			r.check(s.CheckNewBranch("refs/heads/other/" + c.want))
			r.git("branch", "-D", c.have)
			r.check(os.MkdirAll(r.path(".git/refs/heads/"+c.want+"/left/over"), 0o777))
			r.check(s.CheckNewBranch("refs/heads/" + c.want))
			lock := r.lock(s)
			p, err := s.Write(t.Context(), request(Head{Branch: "refs/heads/" + c.want}, set("state/meta.json", "{}\n")))
			r.check(err)
			_, err = s.Publish(t.Context(), p)
			r.check(err)
			if got := r.git("rev-parse", "refs/heads/"+c.want); got != p.Commit {
				t.Errorf("%+v: the branch is at %s", c, got)
			}
			r.check(lock.Unlock())
		}
	}
}

func TestAlternates(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("first", project)
	r.git("clone", "-q", "--shared", ".", "../shared")
	shared := r.at(filepath.Join(filepath.Dir(r.dir), "shared"))
	s := shared.open("")
	if c, err := s.Commit(first); err != nil || c.Message != "first\n" {
		t.Errorf("%+v, %v", c, err)
	}
	shared.applyTwice(s)
}

func TestShallow(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", project)
	r.commit("second", map[string]string{"manifests/b.yaml": "b"})
	r.git("clone", "-q", "--depth=1", "file://"+r.dir, "../shallow")
	shallow := r.at(filepath.Join(filepath.Dir(r.dir), "shallow"))
	s := shallow.open("")
	shallow.applyTwice(s)
	head, err := s.Head()
	r.check(err)
	var seen []string
	err = s.History(context.Background(), head.Commit, "state", func(c Commit) error {
		seen = append(seen, c.Hash)
		return nil
	})
	if !errors.Is(err, ErrShallow) || len(seen) != 2 {
		t.Errorf("%d commits, %v", len(seen), err)
	}
}

func TestPartialClone(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", project)
	r.git("config", "uploadpack.allowFilter", "true")
	r.git("clone", "-q", "--filter=blob:none", "--no-checkout", "file://"+r.dir, "../partial")
	partial := r.at(filepath.Join(filepath.Dir(r.dir), "partial"))
	partial.git("config", "core.repositoryformatversion", "1")
	partial.git("config", "extensions.partialClone", "origin")
	s := partial.open("")
	head, err := s.Head()
	r.check(err)
	_, err = s.Files(context.Background(), head.Commit, []string{"manifests"}, nil)
	if !errors.Is(err, ErrMissingObject) || !strings.Contains(err.Error(), "git fetch --refetch --no-filter origin") {
		t.Errorf("reading a blob that was not fetched: %v", err)
	}
	partial.git("checkout", "-q")
	partial.applyTwice(partial.open(""))
}

func TestSubmodule(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", project)
	outer := r.at(filepath.Join(filepath.Dir(r.dir), "outer"))
	r.check(os.Mkdir(outer.dir, 0o777))
	outer.git("init", "-q", "-b", "main")
	outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", r.dir, "inner")
	inner := outer.at(outer.path("inner"))
	inner.applyTwice(inner.open(""))
}

func TestSharedRepository(t *testing.T) {
	t.Parallel()
	r := newRepo(t, "--shared=group")
	r.commit("first", project)
	r.check(os.Chmod(r.path(".git/index"), 0o640))
	r.apply(r.open(""), set("state/meta.json", "{}\n"))
	for name, want := range map[string]os.FileMode{
		".git/index":           0o640, // as it was
		".git/refs/heads/main": 0o664,
		".git/osmoctl/lock":    0o664,
		".git/osmoctl":         0o775 | os.ModeDir | os.ModeSetgid,
	} {
		info, err := os.Stat(r.path(name))
		r.check(err)
		if info.Mode()&^0o007 != want&^0o007 {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestDetached(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("first", project)
	r.git("switch", "-q", "--detach")
	s := r.open("")
	head, err := s.Head()
	r.check(err)
	if diff := cmp.Diff(Head{Commit: first}, head); diff != "" {
		t.Error(diff)
	}
	defer r.lock(s).Unlock()
	ctx := context.Background()
	req := request(head, set("state/meta.json", "{}\n"))
	p, err := s.Write(ctx, req) // for pushing
	r.check(err)
	if _, err := s.Publish(ctx, p); err == nil {
		t.Error("a commit for no branch was published")
	}
	req.Branch = "HEAD"
	wantReason(t, DetachedHead, second(s.Write(ctx, req)))
	req.Branch = "refs/heads/main" // which is not where HEAD is
	p, err = s.Write(ctx, req)
	r.check(err)
	result, err := s.Publish(ctx, p)
	r.check(err)
	if diff := cmp.Diff(Result{Moved: true, OtherHead: true}, result); diff != "" {
		t.Error(diff)
	}
	r.wantClean()
	if got := r.git("rev-parse", "main"); got != p.Commit {
		t.Errorf("main is at %s, want %s", got, p.Commit)
	}
}

func second[T any](_ T, err error) error { return err }

func wantReason(t testing.TB, want Reason, err error) {
	t.Helper()
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.Reason != want {
		t.Errorf("got %v, want an UnsupportedError of %q", err, want)
	}
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want    Reason
		prepare func(r *repo)
	}{
		"no repository": {NoRepository, func(r *repo) { r.check(os.RemoveAll(r.path(".git"))) }},
		"bare":          {BareRepository, func(r *repo) { r.git("config", "core.bare", "true") }},
		"inside a bare one": {BareRepository, func(r *repo) {
			r.check(os.RemoveAll(r.path(".git")))
			r.git("init", "-q", "--bare", ".")
		}},
		"work tree elsewhere": {OtherWorktree, func(r *repo) { r.git("config", "core.worktree", "/") }},
		"sha256": {HashFormat, func(r *repo) {
			r.check(os.RemoveAll(r.path(".git")))
			r.git("init", "-q", "--object-format=sha256")
		}},
		"reftable": {RefFormat, func(r *repo) { r.git("config", "extensions.refStorage", "reftable") }},
		"unknown extension": {Extension, func(r *repo) {
			r.git("config", "core.repositoryformatversion", "1")
			r.git("config", "extensions.fancy", "true")
		}},
		"GIT_DIR":        {Environment, func(r *repo) { r.env["GIT_DIR"] = "/elsewhere" }},
		"GIT_INDEX_FILE": {Environment, func(r *repo) { r.env["GIT_INDEX_FILE"] = "/elsewhere" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			c.prepare(r)
			_, err := Open(r.dir, r.options())
			wantReason(t, c.want, err)
		})
	}
}

func TestSameEnvironment(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.env["GIT_DIR"] = r.path(".git")
	r.env["GIT_INDEX_FILE"] = r.path(".git/index") // not there yet
	r.env["GIT_WORK_TREE"] = r.dir
	r.open("")
}

func TestForeignOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	r := newRepo(t)
	r.check(os.Lchown(r.path(".git"), 12345, -1))
	open := func() error {
		s, err := Open(r.dir, r.options())
		if err == nil {
			s.Close()
		}
		return err
	}
	wantReason(t, ForeignOwner, open())

	r.env["SUDO_UID"] = "12345"
	r.check(open())
	delete(r.env, "SUDO_UID")

	// The repository may not vouch for itself.
	r.check(os.WriteFile(r.path(".git/config"), []byte("[safe]\n\tdirectory = *\n"), 0o666))
	wantReason(t, ForeignOwner, open())

	global := filepath.Join(t.TempDir(), "config")
	r.env["GIT_CONFIG_GLOBAL"] = global
	for config, ok := range map[string]bool{
		"[safe]\n\tdirectory = " + r.dir + "\n":                       true,
		"[safe]\n\tdirectory = *\n":                                   true,
		"[safe]\n\tdirectory = " + filepath.Dir(r.dir) + "/*\n":       true,
		"[safe]\n\tdirectory = *\n\tdirectory =\n":                    false,
		"[safe]\n\tdirectory = " + filepath.Join(r.dir, "sub") + "\n": false,
	} {
		r.check(os.WriteFile(global, []byte(config), 0o666))
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
			r.commit("first", project)
			r.write(".git/"+p.file, "")
			s := r.open("")
			defer r.lock(s).Unlock()
			head, err := s.Head()
			r.check(err)
			wantReason(t, InProgress, second(s.Write(context.Background(), request(head, set("state/a", "a")))))
		})
	}
}

func TestUnmerged(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", map[string]string{"state/meta.json": "0", "osmoctl.yaml": "0"})
	r.git("switch", "-q", "-c", "side")
	r.commit("side", map[string]string{"state/meta.json": "1", "osmoctl.yaml": "1"})
	r.git("switch", "-q", "main")
	r.commit("main", map[string]string{"state/meta.json": "2", "osmoctl.yaml": "2"})
	if _, err := r.try("merge", "side"); err == nil {
		t.Fatal("no conflict")
	}
	r.check(os.Remove(r.path(".git/MERGE_HEAD"))) // so that only the index tells
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.Head()
	r.check(err)
	ctx := context.Background()
	wantReason(t, Unmerged, second(s.Write(ctx, request(head, set("state/meta.json", "3")))))
	p, err := s.Write(ctx, request(head, set("state/other.json", "3"))) // others' conflicts are theirs
	r.check(err)
	if _, err := s.Publish(ctx, p); err != nil {
		t.Error(err)
	}
	r.wantStatus("UU osmoctl.yaml\nUU state/meta.json")
}

func TestLinkedPaths(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(r *repo){
		"state in the work tree": func(r *repo) { r.check(os.Symlink(r.t.TempDir(), r.path("state"))) },
		"below state": func(r *repo) {
			r.check(os.Mkdir(r.path("state"), 0o777))
			r.check(os.Symlink("../manifests", r.path("state/accounts")))
		},
		"in the commit": func(r *repo) {
			r.check(os.Symlink("manifests", r.path("state")))
			r.commit("link", nil)
			r.check(os.Remove(r.path("state")))
		},
		"a file in its place": func(r *repo) { r.write("state", "x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.commit("first", project)
			prepare(r)
			s := r.open("")
			defer r.lock(s).Unlock()
			head, err := s.Head()
			r.check(err)
			wantReason(t, LinkedPath, second(s.Write(context.Background(), request(head, set("state/accounts/a.json", "a")))))
		})
	}
}

func TestSigning(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", project)
	r.git("config", "commit.gpgsign", "true")
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.Head()
	r.check(err)
	ctx := context.Background()
	req := request(head, set("state/a", "a"))
	wantReason(t, Signing, second(s.Write(ctx, req)))
	var signed string
	req.Sign = func(data []byte) ([]byte, error) {
		signed = string(data)
		return []byte("-----BEGIN SIGNATURE-----\n\nabc\n-----END SIGNATURE-----\n"), nil
	}
	p, err := s.Write(ctx, req)
	r.check(err)
	_, err = s.Publish(ctx, p)
	r.check(err)
	r.wantClean()
	raw, err := s.RawCommit(p.Commit)
	r.check(err)
	const header = "gpgsig -----BEGIN SIGNATURE-----\n \n abc\n -----END SIGNATURE-----\n"
	if got := strings.Replace(string(raw), header, "", 1); got != signed || got == string(raw) {
		t.Errorf("signed %q\nwrote %q", signed, raw)
	}
	if c, err := s.Commit(p.Commit); err != nil || c.Message != "state: apply\n\nSerial: 1\n" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := r.open("")
	if got, ok := s.Identity(); ok {
		t.Errorf("an identity out of nothing: %+v", got)
	}
	home := r.env["HOME"]
	delete(r.env, "GIT_CONFIG_GLOBAL")
	r.check(os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(
		"[user]\n\tname = Ann\n\temail = ann@home\n[includeIf \"gitdir:"+r.dir+"/\"]\n\tpath = work.inc\n"), 0o666))
	r.check(os.WriteFile(filepath.Join(home, "work.inc"), []byte("[user]\n\temail = ann@work # at work\n"), 0o666))
	want := Signature{Name: "Ann", Email: "ann@work"}
	if got, ok := r.open("").Identity(); !ok || got != want {
		t.Errorf("got %+v, %t", got, ok)
	}
	if got := r.git("config", "user.email"); got != want.Email {
		t.Errorf("git itself says %q", got)
	}
}

func TestReflogOff(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.git("config", "core.logAllRefUpdates", "false")
	r.commit("first", project)
	s := r.open("")
	r.apply(s, set("state/a", "a"))
	if r.exists(".git/logs") {
		t.Error("a reflog was made where none is wanted")
	}
}

func TestReflog(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("first", project)
	p, _ := r.apply(r.open(""), set("state/a", "a"))
	for _, name := range []string{"HEAD", "main"} {
		got := r.git("reflog", "--format=%H %gs", name, "--")
		want := p.Commit + " commit: state: apply\n" + first + " commit (initial): first"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := r.git("rev-parse", "main@{1}"); got != first {
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
	r.check(held.Unlock())
	r.check(held.Unlock())
	r.check(r.lock(other).Unlock())
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
			r.commit("first", project)
			opts := r.options()
			opts.GitLockTimeout = time.Nanosecond
			s := r.openWith("", opts)
			head, err := s.Head()
			r.check(err)
			defer r.lock(s).Unlock()
			publish := func() error {
				p, err := s.Write(context.Background(), request(head, set("state/a", "a")))
				r.check(err)
				_, err = s.Publish(context.Background(), p)
				return err
			}

			r.write(name, "")
			var locked *LockedError
			if err := publish(); !errors.As(err, &locked) || !locked.Git || locked.Path != r.path(name) {
				t.Errorf("a foreign lock: %v", err)
			}
			if !r.exists(name) {
				t.Error("a foreign lock was removed")
			}
			r.check(os.Remove(r.path(name)))
			r.wantStatus("")

			r.check(os.Link(r.path(".git/osmoctl/lock"), r.path(name)))
			if _, err := s.Recover(context.Background()); err != nil {
				t.Error(err)
			}
			r.check(publish())
			r.wantClean()
		})
	}
}
