package gitstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/index"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Result says what [Store.Publish] or [Store.Recover] did, and what it left.
type Result struct {
	// Moved says that the branch points at the commit. It can be true beside
	// an error, which then tells what is still to be done by Recover.
	Moved bool
	// LeftAlone are files, relative to the project, that somebody has edited,
	// deleted or staged: the commit has them as it should, the work tree or
	// the index as they were.
	LeftAlone []string
	// OtherHead says that HEAD is on another branch, or detached: the work
	// tree was not touched.
	OtherHead bool
}

// Publish moves the branch to the commit, if it is still at the parent, else
// ErrMoved; then work tree and index follow. It needs the lock. After an error
// without Result.Moved nothing has happened, and the Pending is void.
func (s *Store) Publish(ctx context.Context, p Pending) (Result, error) {
	if err := s.requireLock(); err != nil {
		return Result{}, err
	}
	if p.branch == "" {
		return Result{}, fmt.Errorf("commit %s was not made for a branch of this repository", p.Commit)
	}
	result, done, err := s.publish(ctx, p)
	if done {
		err = errors.Join(err, s.packs.release(p.pack), s.journal.drop())
	}
	return result, err
}

// publish is Publish; done says that nothing is left for Recover to do.
func (s *Store) publish(ctx context.Context, p Pending) (result Result, done bool, err error) {
	head, err := s.repo.Head()
	if err != nil {
		return result, true, err
	}
	file := &indexFile{Index: git.Index{Unread: "HEAD is elsewhere"}}
	if result.OtherHead = head.Branch != p.branch; !result.OtherHead {
		if file, err = s.lockIndex(ctx); err != nil {
			return result, true, err
		}
		defer func() { err = errors.Join(err, file.lock.release()) }()
	}
	if err := s.journal.write(journal{p.branch, p.parent.Hash(), p.Commit}); err != nil {
		return result, true, err
	}
	if result.Moved, err = s.moveBranch(ctx, p, file); !result.Moved {
		undo := s.unstage(p.edits, file)
		return result, undo == nil, errors.Join(err, undo)
	}
	if !result.OtherHead {
		err = errors.Join(err, s.follow(p.edits, file, &result, false))
	}
	if err != nil {
		return result, false, fmt.Errorf("commit %s is made, but not all of it followed: %w", p.Commit, err)
	}
	return result, true, nil
}

// moveBranch is the commit point: under the branch's lock it is read again,
// compared, and replaced by a flushed file, the index going ahead of it.
func (s *Store) moveBranch(ctx context.Context, p Pending, file *indexFile) (moved bool, err error) {
	path := s.repo.RefPath(p.branch)
	lock, err := s.locks.take(ctx, s.repo.CommonDir(), path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if err := s.compareBranch(p); err != nil {
		return false, err
	}
	if err := s.stageAhead(p.edits, file); err != nil {
		return false, err
	}
	if err := s.files.removeEmpty(path); err != nil {
		return false, err
	}
	moved, err = s.files.replace(s.repo.CommonDir(), path, []byte(p.Commit+"\n"), 0)
	if moved {
		err = errors.Join(err, s.logMove(p, file.lock != nil))
	}
	return moved, err
}

func (s *Store) compareBranch(p Pending) error {
	if target, err := s.repo.Symbolic(p.branch); err == nil && target != "" {
		return git.Unsupported(DetachedHead, "%s is another name for a branch (ref: %s); name that one", p.branch, target)
	}
	at, err := s.repo.RefID(p.branch)
	if err != nil {
		return err
	}
	if at != p.parent {
		return fmt.Errorf("%s is at %s, not at %s: %w", p.branch, words(at), words(p.parent), ErrMoved)
	}
	if err := s.repo.CheckNewBranch(p.branch); err != nil {
		return err
	}
	return s.checkStored(p)
}

func words(at object.ID) string {
	if at == (object.ID{}) {
		return "no commit"
	}
	return at.String()
}

// checkStored makes sure, now that the branch cannot move, that the objects
// are still there; a branch must never point at nothing.
func (s *Store) checkStored(p Pending) error {
	_, packErr := os.Stat(p.pack.path + ".pack")
	_, idxErr := os.Stat(p.pack.path + ".idx")
	if packErr == nil && idxErr == nil {
		return nil
	}
	_, err := s.repo.Commit(p.Commit)
	return err
}

// logMove appends to the reflogs, where there is one or git would make one.
func (s *Store) logMove(p Pending, isHead bool) error {
	action := "commit: "
	if p.parent == (object.ID{}) {
		action = "commit (initial): "
	}
	message := strings.Join(strings.Fields(p.message), " ")
	line := fmt.Sprintf("%s %s %s\t%s%s\n", p.parent, p.Commit, p.reflog, action, message)
	err := s.appendLog(s.repo.CommonDir(), filepath.FromSlash(p.branch), line)
	if isHead {
		err = errors.Join(err, s.appendLog(s.repo.GitDir(), "HEAD", line))
	}
	return err
}

func (s *Store) appendLog(gitDir, name, line string) error {
	path := filepath.Join(gitDir, "logs", name)
	value, _ := s.repo.Settings().Get("core.logallrefupdates")
	always := strings.EqualFold(value, "always") || s.repo.Settings().Bool("core.logallrefupdates", true)
	if _, err := os.Lstat(path); err != nil && !always {
		return nil
	}
	if err := s.files.makeDirs(gitDir, filepath.Dir(path)); err != nil {
		return err
	}
	f, err := s.disk.Append(path, filePerm)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(line))
	return errors.Join(err, f.Close())
}

// journal notes a move of a branch that work tree and index have to follow. It
// is flushed before the branch moves, so whoever finds it can tell by the
// branch whether the commit stands.
type journal struct {
	Branch string `json:"branch"`
	Parent string `json:"parent"`
	Commit string `json:"commit"`
}

// journalFile is where the journal of a work tree is.
type journalFile struct {
	files  gitFiles
	gitDir string
	path   string
}

func (f journalFile) write(j journal) error {
	data, err := json.Marshal(j)
	if err == nil {
		_, err = f.files.replace(f.gitDir, f.path, data, 0)
	}
	return err
}

// read returns false where there is none.
func (f journalFile) read() (journal, bool, error) {
	var j journal
	data, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return j, false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &j)
	}
	if err != nil {
		return j, false, fmt.Errorf("read the journal of an interrupted run, %s: %w", f.path, err)
	}
	return j, true, nil
}

func (f journalFile) drop() error { return f.files.remove(f.path) }

// follow brings the work tree and then the index to a commit. With torn, files
// that a crash may have cut short are made anew.
func (s *Store) follow(edits []edit, file *indexFile, result *Result, torn bool) error {
	outcomes, err := s.writeFiles(edits, file, torn)
	if err != nil {
		return err
	}
	var staged []index.Edit
	for _, o := range outcomes {
		change, leave := o.stage(file.Index.Index)
		if !leave {
			staged = append(staged, change)
		}
		if o.left || leave {
			result.LeftAlone = append(result.LeftAlone, s.repo.InProject(o.path))
		}
	}
	slices.Sort(result.LeftAlone)
	return s.writeIndex(file, staged)
}
