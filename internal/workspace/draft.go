package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/worktree"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// What plan reads, apply reads: the work tree is read as a commit of it would
// hold it, see [worktree.Draft], and where that is not what lies there, the plan
// says so in its head.

// Draft opens the declarations in the work tree, once for a command. It is closed
// with the workspace.
func (w *Workspace) Draft(ctx context.Context) (*worktree.Draft, error) {
	if w.draft != nil {
		return w.draft, nil
	}
	var err error
	w.draft, err = worktree.NewDraft(ctx, w.repo, config.Paths()...)
	return w.draft, err
}

// Declared reads the declarations of the work tree as far as they can be read; nil
// where they have errors.
func (w *Workspace) Declared(ctx context.Context) *model.Declarations {
	files, err := w.Draft(ctx)
	if err != nil {
		return nil
	}
	want, problems, err := w.outside.Load(files)
	if err != nil || problems.HasErrors() {
		return nil
	}
	return want
}

// OpenDeclared opens the declarations of a directory that need not be in a
// repository. In one, they are read as plan reads them; [Otherwise] says where that is not
// what lies there.
func OpenDeclared(ctx context.Context, dir string, outside Outside) (files fs.FS, closeFiles func(), err error) {
	w, err := Open(dir, outside)
	var unusable *git.UnsupportedError
	if errors.As(err, &unusable) {
		if unusable.Reason != git.NoRepository {
			outside.Notify(Notice{Level: Warning, Text: fmt.Sprintf("the files are read as they lie here, since plan cannot use this repository: %v", err)})
		}
		files, closer, err := worktree.DirFS(dir)
		if err != nil {
			return nil, nil, err
		}
		return files, func() { _ = closer.Close() }, nil
	}
	if err != nil {
		return nil, nil, err
	}
	draft, err := w.Draft(ctx)
	if err != nil {
		w.Close()
		return nil, nil, err
	}
	return draft, w.Close, nil
}

// Otherwise says what of files that [OpenDeclared] opened is not what lies in the
// work tree. That something is not committed yet is no news to who checks a draft.
func Otherwise(files fs.FS) (list []Notice) {
	draft, ok := files.(*worktree.Draft)
	if !ok {
		return nil
	}
	for _, n := range readNotices(draft.Remarks()) {
		if n.Code != "uncommitted" {
			list = append(list, Notice{Level: Warning, Text: n.Message + ": " + n.Hint})
		}
	}
	return list
}

// readNotices says in a plan's head how the work tree was read, in one line for
// each kind of remark.
func readNotices(remarks []worktree.Remark) []plan.Notice {
	var notices []plan.Notice
	for len(remarks) > 0 {
		n := 1
		for n < len(remarks) && remarks[n].Kind == remarks[0].Kind && remarks[n].Detail == remarks[0].Detail {
			n++
		}
		var paths []string
		for _, r := range remarks[:n] {
			if r.Path == "" || isRead(r) {
				paths = append(paths, r.Path)
			}
		}
		if len(paths) > 0 {
			notices = append(notices, readNotice(remarks[0].Kind, remarks[0].Detail, paths))
		}
		remarks = remarks[n:]
	}
	return notices
}

// isRead tells whether declarations are read from a path.
func isRead(r worktree.Remark) bool {
	ext := path.Ext(r.Path)
	return r.Kind == worktree.Foreign || r.Path == config.ProjectFile || ext == ".yaml" || ext == ".yml"
}

// maxNamed is how many paths a line names.
const maxNamed = 5

func readNotice(kind worktree.RemarkKind, detail string, paths []string) plan.Notice {
	what, all := nameFirst(paths), shellWords(paths)
	switch kind {
	case worktree.Uncommitted:
		return plan.Notice{
			Code: "uncommitted", Message: "not committed, and planned as it lies in the work tree: " + what,
			Hint: "git add " + all + " && git commit",
		}
	case worktree.Converted:
		return plan.Notice{
			Code: "stored_otherwise", Message: "git stores other bytes than lie in the work tree, and the plan reads what git stores: " + what,
			Hint: "git check-attr -a -- " + all,
		}
	case worktree.Unconverted:
		return plan.Notice{
			Code: "not_converted", Message: fmt.Sprintf("what lies in the work tree is not planned, since only a program could tell how git stores it (%s); the plan reads what git has: %s", detail, what),
			Hint: "git add " + all,
		}
	case worktree.Unseen:
		return plan.Notice{
			Code: "not_looked_at", Message: fmt.Sprintf("what lies in the work tree is not planned, since git is told not to look at it (%s); the plan reads what git has: %s", detail, what),
			Hint: "git update-index --no-" + detail + " " + all,
		}
	case worktree.Ignored:
		return plan.Notice{
			Code: "ignored_by_git", Message: "left out, since git ignores it and no commit would hold it, so add it by force or move it away: " + what,
			Hint: "git add -f " + all,
		}
	case worktree.Foreign:
		return plan.Notice{
			Code: "foreign_repository", Message: "left out, since it is a git repository of its own: " + what,
			Hint: "declarations are read from this repository only",
		}
	}
	return plan.Notice{
		Code: "index_not_read", Message: "git's index was not read, so that HEAD tells what git tracks: " + detail,
		Hint: "where files were staged, sparse or marked by hand, the plan may read them otherwise than a commit would",
	}
}

// nameFirst lists the first paths and counts the rest. One with blanks is quoted: its
// words would look like ours.
func nameFirst(paths []string) string {
	names := slices.Clone(paths[:min(len(paths), maxNamed)])
	for i, name := range names {
		if strings.ContainsAny(name, ` "`) {
			names[i] = strconv.Quote(name)
		}
	}
	words := strings.Join(names, ", ")
	if rest := len(paths) - len(names); rest > 0 {
		words += fmt.Sprintf(" and %d more", rest)
	}
	return words
}

// shellWords makes paths safe to paste behind a command. They come from a pull
// request, and so does what a shell would make of them. Many are named by their
// folder.
func shellWords(paths []string) string {
	if len(paths) > maxNamed {
		paths = slices.DeleteFunc(config.Paths(), func(name string) bool { return name == config.ApprovalsFile && !slices.Contains(paths, name) })
	}
	words := make([]string, len(paths))
	for i, p := range paths {
		words[i] = model.ShellWord(p)
	}
	return strings.Join(words, " ")
}

// checkCommitted refuses declarations that lie in the work tree only: the
// commit would not say what the user sees.
func (w *Workspace) checkCommitted(commit string) error {
	dirty, err := worktree.ListUncommitted(w.repo, commit, config.Paths()...)
	if err != nil || len(dirty) == 0 {
		return err
	}
	ignored, err := worktree.ListIgnored(w.repo, commit, config.Paths()...)
	if err != nil {
		return err
	}
	return newUncommittedError(dirty, ignored)
}

// newUncommittedError names the files and the commands that commit them: git takes one
// that it ignores by force only.
func newUncommittedError(dirty, ignored []string) error {
	tracked := slices.DeleteFunc(model.Set(dirty), func(path string) bool { return slices.Contains(ignored, path) })
	hint := "apply uses committed declarations only:"
	if len(tracked) > 0 {
		hint += " git add " + shellWords(tracked) + " &&"
	}
	if len(ignored) > 0 {
		hint += " git add -f " + shellWords(ignored) + " &&"
	}
	hint += " git commit"
	if len(ignored) > 0 {
		hint += "; or move " + nameFirst(ignored) + " away, which git ignores"
	}
	return diag.Hinted(fmt.Errorf("declarations are not committed: %s", nameFirst(dirty)), hint)
}
