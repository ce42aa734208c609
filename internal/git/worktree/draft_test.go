package worktree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/git"
)

// drafted reads everything of a draft, and what there is to say of it.
func (r *repo) drafted(project string) (map[string]string, []Remark) {
	r.T.Helper()
	d, err := NewDraft(context.Background(), r.open(project), "osmoctl.yaml", "manifests")
	r.Check(err)
	defer d.Close()
	found := map[string]string{}
	r.Check(fs.WalkDir(d, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil || e.IsDir():
			return err
		case !e.Type().IsRegular():
			found[name] = e.Type().String()
			return nil
		}
		data, err := fs.ReadFile(d, name)
		if err == nil {
			opened, openErr := fs.ReadFile(struct{ fs.FS }{d}, name)
			if string(opened) != string(data) || openErr != nil {
				r.T.Errorf("%s reads as %q and opens as %q, %v", name, data, opened, openErr)
			}
		}
		found[name] = string(data)
		return err
	}))
	return found, d.Remarks()
}

// at HEAD, or in the index where commit is "", as git itself tells it.
func (r *repo) stored(commit string) map[string]string {
	r.T.Helper()
	found := map[string]string{}
	for line := range strings.Lines(r.Git("ls-tree", "-rz", "--full-tree", commit)) {
		for entry := range strings.SplitSeq(line, "\x00") {
			r.storedEntry(found, entry)
		}
	}
	return found
}

func (r *repo) storedEntry(found map[string]string, entry string) {
	head, name, ok := strings.Cut(entry, "\t")
	if !ok || name != "osmoctl.yaml" && !strings.HasPrefix(name, "manifests/") {
		return
	}
	fields := strings.Fields(head)
	switch fields[0] {
	case "120000":
		found[name] = fs.ModeSymlink.String()
	case "160000":
		found[name] = fs.ModeIrregular.String()
	default:
		cmd, err := r.exact("cat-file", "blob", fields[2])
		r.Check(err)
		found[name] = cmd
	}
}

// exact is the output to the byte.
func (r *repo) exact(args ...string) (string, error) {
	out, err := r.Try(append([]string{"-c", "core.pager=cat"}, args...)...)
	if err != nil {
		return "", err
	}
	// try cuts line ends off, so they are asked for.
	size, err := r.Try("cat-file", "-s", args[len(args)-1])
	if err != nil {
		return "", err
	}
	var n int
	_, err = fmt.Sscan(size, &n)
	return out + strings.Repeat("\n", n-len(out)), err
}

var draftContents = []string{
	"roles: {}\n", "a: $Id$\n", "a: $Id: osmo-admin $\n", "a\r\nb\r\n", "a\nb\r\n", "a\rb\r\n", "$Id: a\n$Id$ $Id: $$\n", "", "\x00\r\n", "no end", "\ufeffbom\r\n", "\x01\x02\r\n$Id:x", "$$Id:$\r\n\x1a",
}

var draftAttributes = []string{
	"*.yaml ident", "*.yaml text", "*.yaml text=auto", "*.yaml eol=crlf", "*.yaml eol=lf", "*.yaml -text", "* text=auto eol=crlf", "manifests/** binary", "*.yaml filter=loud",
	"*.yaml filter=absent", "*.yaml working-tree-encoding=UTF-16", "*.yaml working-tree-encoding=UTF-8", "[attr]mine ident text", "*.yaml mine", "b.yaml !text !ident", "/manifests/a.yaml -ident", "*.yaml crlf", "*.yaml -crlf", "*.yaml text=input",
	"sub/*.yaml ident", "*.yaml filter=quiet", "*.yaml filter=strict",
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func randomLines(r *rand.Rand) string {
	var out strings.Builder
	for range r.IntN(3) {
		out.WriteString(pick(r, draftAttributes) + "\n")
	}
	return out.String()
}

var draftFiles = []string{"osmoctl.yaml", "manifests/a.yaml", "manifests/b.yaml", "manifests/sub/c.yaml", "manifests/sub/deep/d.yaml"}

// configure gives a repository settings and rules in all the places that git
// looks at.
func (r *repo) configure(rnd *rand.Rand) {
	for key, values := range map[string][]string{
		"core.autocrlf": {"false", "true", "input"}, "core.ignorecase": {"false", "true"},
		"filter.loud.clean": {"tr a-z A-Z"}, "filter.loud.smudge": {"tr A-Z a-z"}, "filter.quiet.smudge": {"cat"}, "filter.strict.required": {"true", "false"},
		"core.attributesfile": {filepath.Join(filepath.Dir(r.Dir), "attributes"), "~/elsewhere"},
	} {
		r.Git("config", key, pick(rnd, values))
	}
	r.Check(os.WriteFile(filepath.Join(filepath.Dir(r.Dir), "attributes"), []byte(randomLines(rnd)), 0o666))
	r.Check(os.WriteFile(filepath.Join(filepath.Dir(r.Dir), "elsewhere"), []byte(randomLines(rnd)), 0o666))
	r.Write(".git/info/attributes", randomLines(rnd))
	r.Write(".gitattributes", randomLines(rnd))
	r.Write("manifests/.gitattributes", randomLines(rnd))
	if rnd.IntN(2) == 0 {
		r.Write("manifests/sub/.gitattributes", randomLines(rnd))
	}
}

// TestDraftOfCleanCheckout holds the law that a plan in a clean checkout is the
// plan of the commit, whatever attributes say, and that files which were edited
// are read as git would store them.
func TestDraftOfCleanCheckout(t *testing.T) {
	t.Parallel()
	clean, edited := 0, 0
	for seed := range uint64(25) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		r := newRepo(t)
		r.configure(rnd)
		for _, name := range draftFiles {
			r.Write(name, pick(rnd, draftContents))
		}
		// What is committed need not be what the attributes of today make of it.
		if rnd.IntN(2) == 0 {
			r.Git("-c", "core.attributesfile=/dev/null", "-c", "core.autocrlf=false", "-c", "filter.loud.clean=", "-c", "filter.strict.required=false", "commit", "-q", "--allow-empty", "-m", "empty")
		}
		if _, err := r.Try("add", "-A"); err != nil {
			continue // a filter that is required, or an encoding that does not fit
		}
		r.Git("commit", "-q", "-m", "first")
		r.Git("rm", "-rq", "--cached", ".")
		if _, err := r.Try("reset", "-q", "--hard"); err != nil {
			continue
		}
		if rnd.IntN(2) == 0 {
			// Not racy: git goes by what it remembers.
			later := time.Now().Add(10 * time.Second)
			r.Check(os.Chtimes(r.Path(".git/index"), later, later))
		}
		if r.Git("status", "--porcelain") == "" {
			clean++
			got, remarks := r.drafted("")
			if diff := cmp.Diff(r.stored("HEAD"), got); diff != "" {
				t.Fatalf("seed %d: of a clean checkout (-HEAD +draft):\n%s", seed, diff)
			}
			if i := slices.IndexFunc(remarks, func(m Remark) bool { return m.Kind == Uncommitted }); i >= 0 {
				t.Errorf("seed %d: a clean checkout is called uncommitted: %+v", seed, remarks[i])
			}
		}
		edited += r.editAndCompare(rnd, seed)
	}
	if clean < 10 || edited < 10 {
		t.Errorf("%d clean checkouts and %d edited ones are too few", clean, edited)
	}
}

// editAndCompare edits files and holds the draft against what git add makes of
// them, in an index of its own.
func (r *repo) editAndCompare(rnd *rand.Rand, seed uint64) int {
	r.T.Helper()
	names := []string{"manifests/new.yaml"}
	for _, name := range draftFiles {
		if rnd.IntN(3) > 0 {
			names = append(names, name)
		}
	}
	for _, name := range names {
		r.Write(name, pick(rnd, draftContents)+"\nedited\n")
	}
	if rnd.IntN(2) == 0 {
		r.Check(os.Remove(r.Path("manifests/b.yaml")))
	}
	other := r.at(r.Dir)
	other.Env = map[string]string{"GIT_INDEX_FILE": filepath.Join(filepath.Dir(r.Dir), "index")}
	for k, v := range r.Env {
		other.Env[k] = v
	}
	r.Check(os.WriteFile(other.Env["GIT_INDEX_FILE"], []byte(r.Read(".git/index")), 0o666))
	if _, err := other.Try("add", "-A"); err != nil {
		return 0
	}
	d, err := NewDraft(context.Background(), r.open(""), "osmoctl.yaml", "manifests")
	r.Check(err)
	defer d.Close()
	// Before the tree's name git may warn of attributes that it passes over.
	tree := other.Git("write-tree")
	want := r.stored(tree[strings.LastIndex(tree, "\n")+1:])
	for name, stored := range want {
		data, err := fs.ReadFile(d, name)
		unknown := slices.ContainsFunc(d.Remarks(), func(m Remark) bool { return m.Path == name && m.Kind == Unconverted })
		if err != nil || unknown {
			continue // named, or refused
		}
		if string(data) != stored {
			r.T.Errorf("seed %d: %s is read as %q, and git stores %q", seed, name, data, stored)
		}
	}
	return 1
}

// TestDraftKinds goes through what can stand between a work tree and a commit.
func TestDraftKinds(t *testing.T) {
	t.Parallel()
	first := map[string]string{"osmoctl.yaml": "version: 1\n", "manifests/a.yaml": "a\n", "manifests/sub/b.yaml": "b\n", "other/c": "c\n"}
	edited := map[string]string{"osmoctl.yaml": "version: 1\n", "manifests/a.yaml": "A\n", "manifests/sub/b.yaml": "b\n"}
	same := map[string]string{"osmoctl.yaml": "version: 1\n", "manifests/a.yaml": "a\n", "manifests/sub/b.yaml": "b\n"}
	with := func(files map[string]string, pairs ...string) map[string]string {
		out := map[string]string{}
		for k, v := range files {
			out[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			if out[pairs[i]] = pairs[i+1]; pairs[i+1] == "-" {
				delete(out, pairs[i])
			}
		}
		return out
	}
	later := func(r *repo) {
		at := time.Now().Add(10 * time.Second)
		r.Check(os.Chtimes(r.Path(".git/index"), at, at))
	}
	for name, c := range map[string]struct {
		prepare func(r *repo)
		want    map[string]string
		remarks []Remark
	}{
		"clean":  {func(*repo) {}, same, nil},
		"edited": {func(r *repo) { r.Write("manifests/a.yaml", "A\n") }, edited, []Remark{{"manifests/a.yaml", Uncommitted, ""}}},
		"staged": {func(r *repo) { r.Write("manifests/a.yaml", "A\n"); r.Git("add", ".") }, edited, []Remark{{"manifests/a.yaml", Uncommitted, ""}}},
		"deleted": {
			func(r *repo) { r.Check(os.Remove(r.Path("manifests/a.yaml"))) },
			with(same, "manifests/a.yaml", "-"),
			[]Remark{{"manifests/a.yaml", Uncommitted, ""}},
		},
		"new": {
			func(r *repo) { r.Write("manifests/n.yaml", "n\r\n") },
			with(same, "manifests/n.yaml", "n\r\n"),
			[]Remark{{"manifests/n.yaml", Uncommitted, ""}},
		},
		"announced": {
			func(r *repo) { r.Write("manifests/n.yaml", "n\n"); r.Git("add", "-N", ".") },
			with(same, "manifests/n.yaml", "n\n"),
			[]Remark{{"manifests/n.yaml", Uncommitted, ""}},
		},
		"ignored": {
			func(r *repo) { r.Write(".git/info/exclude", "n.yaml\n"); r.Write("manifests/n.yaml", "n\n") }, same,
			[]Remark{{"manifests/n.yaml", Ignored, ""}},
		},
		"ignored by the user": {
			func(r *repo) {
				r.Write("../.config/git/ignore", "manifests/x/\n")
				r.Write("manifests/x/n.yaml", "n\n")
			}, same, []Remark{{"manifests/x/n.yaml", Ignored, ""}},
		},
		"tracked and ignored": {func(r *repo) { r.Write(".git/info/exclude", "*.yaml\n") }, same, nil},
		"assumed to be unchanged": {
			func(r *repo) {
				r.Git("update-index", "--assume-unchanged", "manifests/a.yaml")
				r.Write("manifests/a.yaml", "A\n")
			}, same,
			[]Remark{{"manifests/a.yaml", Unseen, "assume-unchanged"}},
		},
		"assumed to be there": {
			func(r *repo) {
				r.Git("update-index", "--assume-unchanged", "manifests/a.yaml")
				r.Check(os.Remove(r.Path("manifests/a.yaml")))
			}, same, []Remark{{"manifests/a.yaml", Unseen, "assume-unchanged"}},
		},
		"skipped and not there": {
			func(r *repo) {
				r.Git("update-index", "--skip-worktree", "manifests/a.yaml")
				r.Check(os.Remove(r.Path("manifests/a.yaml")))
			}, same, nil,
		},
		"skipped and there": {
			func(r *repo) {
				r.Git("update-index", "--skip-worktree", "manifests/a.yaml")
				r.Write("manifests/a.yaml", "A\n")
			}, same,
			[]Remark{{"manifests/a.yaml", Unseen, "skip-worktree"}},
		},
		"skipped and a folder": {
			func(r *repo) {
				r.Git("update-index", "--skip-worktree", "manifests/sub/b.yaml")
				r.Check(os.Remove(r.Path("manifests/sub/b.yaml")))
				r.Check(os.Mkdir(r.Path("manifests/sub/b.yaml"), 0o777))
			}, same, nil,
		},
		"sparse":        {func(r *repo) { r.Git("sparse-checkout", "set", "--cone", "other") }, same, nil},
		"sparse, edges": {func(r *repo) { r.Git("sparse-checkout", "set", "--no-cone", "/*", "!b.yaml") }, same, nil},
		"sparse index": {
			func(r *repo) { r.Git("sparse-checkout", "set", "--cone", "--sparse-index", "other") }, same,
			[]Remark{{"", Unindexed, "the index has a form that osmoctl does not write: it is sparse; run: git sparse-checkout reapply --no-sparse-index"}},
		},
		"split index": {
			func(r *repo) { r.Git("update-index", "--split-index"); r.Write("manifests/a.yaml", "A\n") }, edited,
			[]Remark{{"manifests/a.yaml", Uncommitted, ""}, {"", Unindexed, "the index has a form that osmoctl does not write: it is split; run: git config core.splitIndex false && git update-index --no-split-index"}},
		},
		"no index": {func(r *repo) { r.Check(os.Remove(r.Path(".git/index"))) }, same, nil},
		"untracked cache": {
			func(r *repo) {
				r.Git("update-index", "--force-untracked-cache")
				r.Git("status")
				r.Write("manifests/a.yaml", "A\n")
			}, edited,
			[]Remark{{"manifests/a.yaml", Uncommitted, ""}},
		},
		"version 4": {func(r *repo) { r.Git("update-index", "--index-version", "4") }, same, nil},
		"export": {func(r *repo) {
			r.Commit("x", map[string]string{".gitattributes": "manifests export-ignore export-subst\n"})
		}, same, nil},
		"ident, checked out":  {identity(false), with(same, "manifests/a.yaml", "a: $Id$\n"), []Remark{{"manifests/a.yaml", Converted, ""}}},
		"ident, not yet racy": {func(r *repo) { identity(false)(r); later(r) }, with(same, "manifests/a.yaml", "a: $Id$\n"), []Remark{{"manifests/a.yaml", Converted, ""}}},
		"ident, edited":       {identity(true), with(same, "manifests/a.yaml", "a: $Id$\nb\n"), []Remark{{"manifests/a.yaml", Uncommitted, ""}, {"manifests/a.yaml", Converted, ""}}},
		"an encoding": {
			func(r *repo) { encoded(r); later(r) }, with(same, "manifests/a.yaml", "osmo-admin\n"),
			[]Remark{{"manifests/a.yaml", Converted, ""}},
		},
		"an encoding, edited": {
			func(r *repo) { encoded(r); r.Write("manifests/a.yaml", "osmo-user\n") }, with(same, "manifests/a.yaml", "osmo-admin\n"),
			[]Remark{{"manifests/a.yaml", Unconverted, "the attribute working-tree-encoding=UTF-16"}},
		},
		"a filter": {
			func(r *repo) { filtered(r); later(r) }, with(same, "manifests/a.yaml", "version https://git-lfs\n"),
			[]Remark{{"manifests/a.yaml", Converted, ""}},
		},
		"a filter, edited": {
			func(r *repo) { filtered(r); r.Write("manifests/a.yaml", "osmo-user\n") }, with(same, "manifests/a.yaml", "version https://git-lfs\n"),
			[]Remark{{"manifests/a.yaml", Unconverted, "the attribute filter=lfs"}},
		},
		"a filter that nobody configured": {
			func(r *repo) {
				r.Commit("x", map[string]string{".gitattributes": "*.yaml filter=lfs\n"})
				r.Write("manifests/a.yaml", "A\n")
			}, edited, []Remark{{"manifests/a.yaml", Uncommitted, ""}},
		},
		"a repository inside": {
			func(r *repo) { r.Write("manifests/in/n.yaml", "n\n"); r.Git("init", "-q", "manifests/in") }, same,
			[]Remark{{"manifests/in", Foreign, ""}},
		},
		"a repository around tracked files": {
			func(r *repo) { r.Git("init", "-q", "manifests/sub"); r.Write("manifests/sub/n.yaml", "n\n") }, same,
			[]Remark{{"manifests/sub", Foreign, ""}},
		},
		"a folder that only looks like one": {
			func(r *repo) {
				r.Write("manifests/in/n.yaml", "n\n")
				r.Check(os.Mkdir(r.Path("manifests/in/.git"), 0o777))
			},
			with(same, "manifests/in/n.yaml", "n\n"),
			[]Remark{{"manifests/in/n.yaml", Uncommitted, ""}},
		},
		"a submodule": {
			func(r *repo) {
				r.Write("manifests/in/n.yaml", "n\n")
				in := r.at(r.Path("manifests/in"))
				in.Git("init", "-q")
				in.Git("add", ".")
				in.Git("commit", "-qm", "inner")
				r.Git("add", "manifests/in")
				r.Git("commit", "-qm", "outer")
			}, with(same, "manifests/in", fs.ModeIrregular.String()), []Remark{{"manifests/in", Foreign, ""}},
		},
		"a link": {
			func(r *repo) {
				r.Check(os.Symlink("a.yaml", r.Path("manifests/l.yaml")))
				r.Git("add", ".")
				r.Git("commit", "-qm", "x")
			},
			with(same, "manifests/l.yaml", fs.ModeSymlink.String()),
			nil,
		},
		"a link that lies here as a file": {
			func(r *repo) {
				r.Check(os.Symlink("a.yaml", r.Path("manifests/l.yaml")))
				r.Git("add", ".")
				r.Git("commit", "-qm", "x")
				r.Git("config", "core.symlinks", "false")
				r.Check(os.Remove(r.Path("manifests/l.yaml")))
				r.Git("checkout", ".")
			}, with(same, "manifests/l.yaml", fs.ModeSymlink.String()), nil,
		},
		"a link in a file's place": {
			func(r *repo) {
				r.Check(os.Remove(r.Path("manifests/a.yaml")))
				r.Check(os.Symlink("sub/b.yaml", r.Path("manifests/a.yaml")))
			}, with(same, "manifests/a.yaml", fs.ModeSymlink.String()), nil,
		},
		"a folder's place taken by a link": {
			func(r *repo) {
				r.Check(os.RemoveAll(r.Path("manifests/sub")))
				r.Check(os.Symlink("../other", r.Path("manifests/sub")))
			}, with(same, "manifests/sub/b.yaml", "-", "manifests/sub", fs.ModeSymlink.String()), []Remark{{"manifests/sub/b.yaml", Uncommitted, ""}},
		},
		"a conflict": {
			func(r *repo) {
				r.Git("switch", "-qc", "side")
				r.Commit("x", map[string]string{"manifests/a.yaml": "x\n"})
				r.Git("switch", "-q", "main")
				r.Commit("y", map[string]string{"manifests/a.yaml": "y\n"})
				_, _ = r.Try("merge", "side")
			}, with(same, "manifests/a.yaml", "<<<<<<< HEAD\ny\n=======\nx\n>>>>>>> side\n"), []Remark{{"manifests/a.yaml", Uncommitted, ""}},
		},
		"attributes read from elsewhere": {
			func(r *repo) { r.Git("config", "attr.tree", "main"); r.Write("manifests/a.yaml", "A\n") }, same,
			[]Remark{{"manifests/a.yaml", Unconverted, "attributes that are read from elsewhere than the work tree (attr.tree, GIT_ATTR_SOURCE)"}},
		},
		"the same time and size": {
			func(r *repo) {
				info, err := os.Stat(r.Path("manifests/a.yaml"))
				r.Check(err)
				r.Write("manifests/a.yaml", "A\n")
				r.Check(os.Chtimes(r.Path("manifests/a.yaml"), info.ModTime(), info.ModTime()))
			}, edited, []Remark{{"manifests/a.yaml", Uncommitted, ""}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.Commit("first", first)
			c.prepare(r)
			got, remarks := r.drafted("")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.remarks, remarks); diff != "" {
				t.Errorf("remarks (-want +got):\n%s", diff)
			}
		})
	}
}

// identity commits a file that is checked out with more than it holds.
func identity(edit bool) func(*repo) {
	return func(r *repo) {
		r.Commit("x", map[string]string{".gitattributes": "*.yaml ident\n", "manifests/a.yaml": "a: $Id$\n"})
		r.Check(os.Remove(r.Path("manifests/a.yaml")))
		r.Git("checkout", ".")
		if edit {
			r.Write("manifests/a.yaml", r.Read("manifests/a.yaml")+"b\n")
		}
	}
}

func encoded(r *repo) {
	r.Commit("x", map[string]string{".gitattributes": "a.yaml working-tree-encoding=UTF-16\n", "manifests/a.yaml": "\xfe\xff\x00o\x00s\x00m\x00o\x00-\x00a\x00d\x00m\x00i\x00n\x00\n"})
}

// filtered makes what is checked out say something else than the commit.
func filtered(r *repo) {
	r.Commit("x", map[string]string{"manifests/a.yaml": "version https://git-lfs\n"})
	r.Git("config", "filter.lfs.smudge", "echo osmo-user")
	r.Git("config", "filter.lfs.clean", "echo version https://git-lfs")
	r.Commit("y", map[string]string{".gitattributes": "a.yaml filter=lfs\n"})
	r.Check(os.Remove(r.Path("manifests/a.yaml")))
	r.Git("checkout", ".")
	if got := r.Read("manifests/a.yaml"); got != "osmo-user\n" {
		r.T.Fatalf("git did not run the filter: %q", got)
	}
}

// TestDraftBelow finds a project in a subfolder of a linked work tree.
func TestDraftBelow(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"p/osmoctl.yaml": "version: 1\n", "p/manifests/a.yaml": "a: $Id$\n", "osmoctl.yaml": "not this\n", "p/.gitattributes": "manifests/*.yaml ident\n"})
	r.Git("worktree", "add", "-q", "../linked")
	linked := r.at(filepath.Join(filepath.Dir(r.Dir), "linked"))
	if got := linked.Read("p/manifests/a.yaml"); !strings.Contains(got, "$Id: ") {
		t.Fatalf("git did not convert: %q", got)
	}
	got, remarks := linked.drafted("p")
	if diff := cmp.Diff(map[string]string{"osmoctl.yaml": "version: 1\n", "manifests/a.yaml": "a: $Id$\n"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Remark{{"manifests/a.yaml", Converted, ""}}, remarks); diff != "" {
		t.Error(diff)
	}
}

// TestDraftUnconverted refuses a file of which nothing is known but bytes that
// git may store otherwise.
func TestDraftUnconverted(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	r.Git("config", "filter.lfs.process", "git-lfs filter-process")
	r.Write(".gitattributes", "*.yaml filter=lfs\n")
	r.Write("manifests/new.yaml", "n\n")
	d, err := NewDraft(context.Background(), r.open(""), "manifests")
	r.Check(err)
	defer d.Close()
	_, err = fs.ReadFile(d, "manifests/new.yaml")
	if err == nil || !strings.Contains(err.Error(), "filter=lfs") || !strings.Contains(err.Error(), "git add") {
		t.Errorf("reading it: %v", err)
	}
	different, err := ListUncommitted(r.open(""), r.Git("rev-parse", "HEAD"), "manifests")
	r.Check(err)
	if diff := cmp.Diff([]string{"manifests/new.yaml"}, different); diff != "" {
		t.Error(diff)
	}
}

// TestUncommittedConverted lets apply go on in a checkout that is clean.
func TestUncommittedConverted(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*repo){"ident": identity(false), "encoding": encoded, "filter": filtered} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.Commit("first", project)
			prepare(r)
			if status := r.Git("status", "--porcelain"); status != "" {
				t.Fatalf("git calls this edited:\n%s", status)
			}
			different, err := ListUncommitted(r.open(""), r.Git("rev-parse", "HEAD"), "osmoctl.yaml", "manifests")
			r.Check(err)
			if different != nil {
				t.Errorf("what git calls clean is uncommitted: %q", different)
			}
		})
	}
}

// folding is a work tree on a disk that takes names that differ in case for one.
type folding struct{ fs.ReadFileFS }

func (f folding) real(name string) string {
	entries, _ := fs.ReadDir(f.ReadFileFS, path.Dir(name))
	for _, e := range entries {
		if strings.EqualFold(e.Name(), path.Base(name)) {
			return path.Join(path.Dir(name), e.Name())
		}
	}
	return name
}

func (f folding) Open(name string) (fs.File, error)    { return f.ReadFileFS.Open(f.real(name)) }
func (f folding) ReadFile(name string) ([]byte, error) { return f.ReadFileFS.ReadFile(f.real(name)) }

func (f folding) Stat(name string) (fs.FileInfo, error)   { return fs.Stat(f.ReadFileFS, f.real(name)) }
func (f folding) ReadDir(d string) ([]fs.DirEntry, error) { return fs.ReadDir(f.ReadFileFS, d) }

// TestDraftFolding shows one file once where its name on the disk is spelled
// otherwise than git's, and the twin of a name that the disk cannot keep apart.
func TestDraftFolding(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"manifests/a.yaml": "a\n", "manifests/B.yaml": "b\n", "manifests/b.yaml": "other b\n"})
	r.Check(os.Rename(r.Path("manifests/a.yaml"), r.Path("manifests/A.YAML")))
	r.Check(os.Remove(r.Path("manifests/b.yaml")))
	s := r.open("")
	disk, closer, err := DirFS(r.Dir)
	r.Check(err)
	d := draftOf(s, folding{disk.(fs.ReadFileFS)}, closer)
	defer d.Close()
	r.Check(d.list(context.Background(), r.Git("rev-parse", "HEAD"), []string{"manifests"}))
	found := map[string]string{}
	r.Check(fs.WalkDir(d, "manifests", func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			data, readErr := fs.ReadFile(d, name)
			found[name], err = string(data), readErr
		}
		return err
	}))
	// git status calls b.yaml edited on such a disk, and so does this.
	want := map[string]string{"manifests/a.yaml": "a\n", "manifests/B.yaml": "b\n", "manifests/b.yaml": "b\n"}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Remark{{"manifests/b.yaml", Uncommitted, ""}}, (&Draft{d}).Remarks()); diff != "" {
		t.Error(diff)
	}
}

// TestDraftBounded gives up on attributes that are made to be slow, and then reads
// what git has.
func TestDraftBounded(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"slow":  strings.Repeat("/"+strings.Repeat("**/*a*", 300)+"b text\n", 500),
		"large": strings.Repeat("*.yaml text\n", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			deep := "manifests/" + strings.Repeat("aaaaaaaaaaaaaaaa/", 20) + "a.yaml"
			r.Commit("first", map[string]string{deep: "a\n"})
			r.Write(deep, "edited\n")
			r.Write(".gitattributes", data)
			got, remarks := r.drafted("")
			if diff := cmp.Diff(map[string]string{deep: "a\n"}, got); diff != "" {
				t.Error(diff)
			}
			if len(remarks) != 1 || remarks[0].Kind != Unconverted || !strings.HasPrefix(remarks[0].Detail, "attribute files that") {
				t.Errorf("%+v", remarks)
			}
		})
	}
}

// TestDraftSparsePartial says what to fetch where the clone was never given what a
// sparse checkout leaves out: a plan without it would delete.
func TestDraftSparsePartial(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"manifests/a.yaml": "a\n", "manifests/b.yaml": "b\n"})
	r.Git("config", "uploadpack.allowFilter", "true")
	r.Git("clone", "-q", "--filter=blob:none", "--no-checkout", "file://"+r.Dir, "../partial")
	partial := r.at(filepath.Join(filepath.Dir(r.Dir), "partial"))
	partial.Git("sparse-checkout", "set", "--no-cone", "/*", "!b.yaml")
	partial.Git("checkout", "-q", "main")
	d, err := NewDraft(context.Background(), partial.open(""), "manifests")
	r.Check(err)
	defer d.Close()
	if data, err := fs.ReadFile(d, "manifests/a.yaml"); err != nil || string(data) != "a\n" {
		t.Errorf("a.yaml: %q, %v", data, err)
	}
	_, err = fs.ReadFile(d, "manifests/b.yaml")
	if !errors.Is(err, git.ErrMissingObject) || !strings.Contains(err.Error(), "git fetch --refetch") {
		t.Errorf("b.yaml: %v", err)
	}
}
