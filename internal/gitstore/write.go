package gitstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/gitstore/pack"
	"github.com/osmoctl/osmoctl/internal/parallel"
)

// Change is one file that a commit adds, replaces or deletes.
type Change struct {
	// Path is relative to the project, in slashes, of printable ASCII.
	Path string
	// Data must not be changed after: the pack is made of it.
	Data   []byte
	Delete bool
}

// Request says what to commit.
type Request struct {
	// Parent is the commit to build on; "" makes a first commit.
	Parent string
	// Beside is a further parent, of whose tree nothing is taken; "" is none.
	// With it the history of what was moved here goes on at the other place.
	Beside string
	// Branch is the full name, refs/heads/…, of the branch that Publish is to
	// move. "" means that none will be moved here: the commit is for pushing.
	Branch    string
	Changes   []Change
	Message   string
	Author    git.Signature
	Committer git.Signature
	// Sign returns a signature over a commit. Without it nothing is written
	// where git is configured to sign every commit.
	Sign func([]byte) ([]byte, error)
}

// Pending is a commit that is stored and that nothing points at yet. It ends
// in [Store.Publish] or [Store.Discard].
type Pending struct {
	// Commit is the new commit's hash.
	Commit string

	branch  string
	parent  object.ID
	edits   []edit
	pack    stored
	reflog  string // who and when
	message string // first line
}

// edit is what a commit does to one path of the repository.
type edit struct {
	path     string
	old, new object.ID // zero: the file is not there
	mode     uint32
	data     []byte // the new content; nil: read it when needed
}

// Write stores the commit and everything it needs, flushed, and changes
// nothing that anybody sees. It needs the lock. Where the changes come to
// nothing it returns ErrNoChange.
func (s *Store) Write(ctx context.Context, req Request) (Pending, error) {
	if err := s.mayWrite(ctx, req); err != nil {
		return Pending{}, err
	}
	parent, err := object.ParseID(req.Parent)
	if err != nil {
		return Pending{}, err
	}
	p := Pending{branch: req.Branch, parent: parent}
	b := &treeBuilder{from: s.repo.Objects, pack: &pack.Builder{}}
	small := len(req.Changes) <= smallCommit
	if small {
		b.pack = pack.Small()
	}
	if err := s.build(b, &p, req); err != nil {
		return Pending{}, err
	}
	p.edits = b.edits
	if small {
		p.pack, err = s.packs.storeSmall(b.pack, s.repo.Objects)
	} else {
		p.pack.path, err = s.packs.store(b.pack)
	}
	return p, err
}

// build makes the trees and the commit.
func (s *Store) build(b *treeBuilder, p *Pending, req Request) error {
	parent, err := s.repo.Commit(req.Parent)
	if err != nil {
		return err
	}
	before, err := object.ParseID(parent.Tree)
	if err != nil {
		return err
	}
	tree, err := s.buildTree(b, before, req.Changes)
	if err != nil {
		return err
	}
	beside, err := object.ParseID(req.Beside)
	if err != nil {
		return err
	}
	commit, err := formatCommit(tree, []object.ID{p.parent, beside}, req)
	if err != nil {
		return err
	}
	p.Commit = object.ID(b.pack.Add(object.Commit, commit)).String()
	p.message, _, _ = strings.Cut(strings.TrimLeft(req.Message, "\n"), "\n")
	p.reflog, err = req.Committer.Line()
	return err
}

// mayWrite refuses early what would otherwise fail half-way.
func (s *Store) mayWrite(ctx context.Context, req Request) error {
	if err := s.requireLock(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.Interrupted() {
		return ErrInterrupted
	}
	if req.Sign == nil {
		if err := s.checkUnsigned(); err != nil {
			return err
		}
	}
	if req.Branch == "" {
		return nil
	}
	return s.CheckWritable(req.Branch, req.Changes)
}

// checkUnsigned refuses commits without a signature where git is configured to sign
// all, or where that cannot be told.
func (s *Store) checkUnsigned() error {
	const setting = "commit.gpgsign"
	if s.repo.Settings().Bool(setting, false) {
		return git.Unsupported(Signing, "git is configured to sign every commit (%s), and nothing to sign with was given", setting)
	}
	return s.CheckDoubt()
}

// CheckDoubt refuses commits where it cannot be told whether they are to be signed.
func (s *Store) CheckDoubt() error {
	const setting = "commit.gpgsign"
	if s.repo.Settings().Bool(setting, false) {
		return nil // An unsigned one is not made in any case.
	}
	if d, ok := s.repo.Settings().Doubtful(setting); ok {
		return git.Unsupported(Signing, "%s includes %s on a condition that osmoctl does not know (%s), so it cannot be told whether commits are to be signed; "+
			"settle that for this repository: git config %s false, or true",
			cmp.Or(d.File, "git's configuration from the environment"), d.Target, d.Condition, setting)
	}
	return nil
}

// CheckWritable says whether a commit on a branch could be published now: it is
// a branch, no merge or rebase is under way, no file below the project's
// changes is in conflict, and no symbolic link stands in their way.
func (s *Store) CheckWritable(branch string, changes []Change) error {
	if !strings.HasPrefix(branch, "refs/heads/") {
		return git.Unsupported(DetachedHead, "HEAD is detached, and a commit needs a branch; run: git switch BRANCH")
	}
	if err := git.CheckRefName(branch); err != nil {
		return err
	}
	if err := s.CheckProgress(); err != nil {
		return err
	}
	if err := s.repo.CheckNewBranch(branch); err != nil {
		return err
	}
	head, err := s.repo.Head()
	if err != nil || head.Branch != branch {
		return err
	}
	if err := s.checkUnmerged(changes); err != nil {
		return err
	}
	return s.checkLinks(changes)
}

// inProgress are the traces of git commands that a person has yet to finish.
var inProgress = []struct{ file, what, how string }{
	{"MERGE_HEAD", "a merge", "git merge --continue, or --abort"},
	{"rebase-merge", "a rebase", "git rebase --continue, or --abort"},
	{"rebase-apply", "a rebase or git am", "git rebase --continue (git am --continue), or --abort"},
	{"CHERRY_PICK_HEAD", "a cherry-pick", "git cherry-pick --continue, or --abort"},
	{"REVERT_HEAD", "a revert", "git revert --continue, or --abort"},
	{"BISECT_LOG", "a bisection", "git bisect reset"},
}

// CheckProgress refuses a work tree in which a merge, a rebase or the like is under way.
func (s *Store) CheckProgress() error {
	for _, p := range inProgress {
		_, err := os.Lstat(filepath.Join(s.repo.GitDir(), p.file))
		if err == nil {
			return git.Unsupported(InProgress, "%s is under way in this work tree; finish it first: %s", p.what, p.how)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// checkUnmerged refuses paths in conflict among those to be changed, and an index
// that cannot follow.
func (s *Store) checkUnmerged(changes []Change) error {
	file, err := s.readIndex()
	if err != nil {
		return err
	}
	changed := make(map[string]bool, len(changes))
	for _, c := range changes {
		changed[s.repo.InRoot(c.Path)] = true
	}
	for _, e := range file.Entries() {
		if e.Stage() != 0 && changed[e.Path] {
			return git.Unsupported(Unmerged, "%s is in conflict; resolve it, or run: git checkout HEAD -- %s", e.Path, e.Path)
		}
	}
	return nil
}

// checkLinks looks at each folder on the way to a change, once.
func (s *Store) checkLinks(changes []Change) error {
	var dirs []string // each after those that it lies in
	seen := map[string]bool{".": true}
	for _, c := range changes {
		for _, dir := range folders(c.Path) {
			if !seen[dir] {
				seen[dir], dirs = true, append(dirs, dir)
			}
		}
	}
	for _, err := range parallel.Map(dirs, s.checkFolder) {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) checkFolder(dir string) error {
	info, err := os.Lstat(filepath.Join(s.repo.Root(), filepath.FromSlash(s.repo.InRoot(dir))))
	switch {
	case disk.IsAbsent(err):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return git.Unsupported(LinkedPath, "%s must be a folder, and is a link or a file; osmoctl does not write through it", dir)
	}
	return nil
}

// folders returns the folders on the way to a path, the topmost first.
func folders(path string) []string {
	var dirs []string
	for i, c := range path {
		if c == '/' {
			dirs = append(dirs, path[:i])
		}
	}
	return dirs
}

// node is a name on the way to changes, or one of them.
type node struct {
	below  map[string]*node
	change *Change
	// blob is what the change's content is called.
	blob object.ID
}

// plant arranges changes as the tree they are about.
func plant(prefix string, changes []Change) (*node, error) {
	top := &node{}
	blobs := parallel.Map(changes, func(c Change) object.ID { return object.IDOf(object.Blob, c.Data) })
	for i, c := range changes {
		if err := checkPath(c.Path); err != nil {
			return nil, err
		}
		at := top
		for name := range strings.SplitSeq(object.Child(prefix, c.Path), "/") {
			if at.change != nil {
				return nil, fmt.Errorf("%s is to be both a file and a folder", at.change.Path)
			}
			at = at.child(name)
		}
		if at.change != nil || at.below != nil {
			return nil, fmt.Errorf("%s is to be changed twice", c.Path)
		}
		at.change, at.blob = &changes[i], blobs[i]
	}
	return top, nil
}

func (n *node) child(name string) *node {
	if n.below == nil {
		n.below = map[string]*node{}
	}
	if n.below[name] == nil {
		n.below[name] = &node{}
	}
	return n.below[name]
}

// checkPath holds a path against what every git and every file system can
// store: relative, plain, and nothing that could pass for git's own folder.
func checkPath(path string) error {
	bad := !fs.ValidPath(path) || path == "." || strings.ContainsAny(path, `\:`)
	for _, c := range path {
		bad = bad || c < ' ' || c > '~'
	}
	for name := range strings.SplitSeq(strings.ToLower(path), "/") {
		bad = bad || strings.TrimRight(name, ". ") != name || name == ".git" || strings.HasPrefix(name, "git~")
	}
	if bad {
		return fmt.Errorf("%q is not a path that osmoctl commits", path)
	}
	return nil
}

// treeBuilder makes the trees on the way to changes; all others stay.
type treeBuilder struct {
	from  *git.Objects
	pack  *pack.Builder
	edits []edit
}

func (s *Store) buildTree(b *treeBuilder, before object.ID, changes []Change) (object.ID, error) {
	top, err := plant(s.repo.Prefix(), changes)
	if err != nil {
		return object.ID{}, err
	}
	after, err := b.folder("", object.Entry{Mode: object.ModeTree, ID: before}, top)
	if err != nil {
		return object.ID{}, err
	}
	if len(b.edits) == 0 {
		return object.ID{}, ErrNoChange
	}
	if after.Mode == 0 { // a commit has a tree, even an empty one
		after.ID = object.ID(b.pack.Add(object.Tree, nil))
	}
	return after.ID, nil
}

// folder applies what lies below a node to a folder. An empty one is gone.
func (b *treeBuilder) folder(path string, old object.Entry, n *node) (object.Entry, error) {
	if old.Mode != 0 && !old.IsTree() {
		return object.Entry{}, git.Unsupported(LinkedPath, "%s is a file, link or submodule in the commit, where a folder is needed", path)
	}
	entries, err := b.from.Tree(old.ID)
	if err != nil {
		return object.Entry{}, err
	}
	kept := make([]object.Entry, 0, len(entries)+len(n.below))
	replaced := make(map[string]object.Entry, len(n.below))
	for _, e := range entries {
		if n.below[e.Name] == nil {
			kept = append(kept, e)
		} else {
			replaced[e.Name] = e
		}
	}
	for _, name := range slices.Sorted(maps.Keys(n.below)) {
		entry, err := b.entry(object.Child(path, name), replaced[name], n.below[name])
		if err != nil {
			return object.Entry{}, err
		}
		if entry.Mode != 0 {
			entry.Name = name
			kept = append(kept, entry)
		}
	}
	return b.tree(old, kept), nil
}

func (b *treeBuilder) entry(path string, old object.Entry, n *node) (object.Entry, error) {
	if n.change == nil {
		return b.folder(path, old, n)
	}
	return b.file(path, old, n)
}

// tree stores a folder unless it is the one that there was.
func (b *treeBuilder) tree(old object.Entry, entries []object.Entry) object.Entry {
	if len(entries) == 0 {
		return object.Entry{}
	}
	slices.SortFunc(entries, object.CompareEntries)
	data := object.EncodeTree(entries)
	id := object.IDOf(object.Tree, data)
	if id == old.ID {
		return old
	}
	b.pack.AddCalled(id, object.Tree, data)
	return object.Entry{Mode: object.ModeTree, ID: id}
}

func (b *treeBuilder) file(path string, old object.Entry, n *node) (object.Entry, error) {
	c, blob := n.change, n.blob
	if old.Mode != 0 && !object.IsFile(old.Mode) {
		return object.Entry{}, git.Unsupported(LinkedPath, "%s is a folder, link or submodule in the commit, where a file is meant", path)
	}
	if c.Delete {
		if old.Mode == 0 {
			return object.Entry{}, fmt.Errorf("%s is to be deleted and is not there", path)
		}
		b.edits = append(b.edits, edit{path: path, old: old.ID, mode: old.Mode})
		return object.Entry{}, nil
	}
	mode := uint32(object.ModeFile)
	if old.Mode == object.ModeExecutable {
		mode = object.ModeExecutable
	}
	if blob == old.ID && mode == old.Mode {
		return old, nil
	}
	data := c.Data
	if data == nil {
		data = []byte{} // It is empty, and not to be read.
	}
	b.pack.AddCalled(blob, object.Blob, data)
	b.edits = append(b.edits, edit{path, old.ID, blob, mode, data})
	return object.Entry{Mode: mode, ID: blob}, nil
}

// Discard gives up a commit that is not to be published here, because it was
// pushed from another view or is not wanted any more. Its objects become
// git's to collect, unless something points at them by then.
func (s *Store) Discard(p Pending) error {
	if err := s.requireLock(); err != nil {
		return err
	}
	return s.packs.release(p.pack)
}
