package worktree

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/index"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/git/rules"
)

// A Draft shows files of the project as "git add" and "git commit" would store
// them now: what lies in the work tree, read as git reads it.
//
// Between the bytes in a work tree and those of a commit stand attributes, which
// a pull request may bring along (line ends, $Id$, encodings, filters), sparse
// checkouts, ignored files, and marks of the index. For each file that git tracks,
// this is what is shown, by the first that holds:
//
//	it is marked as skip-worktree or assume-unchanged   the index's version
//	its bytes are those of the index                     them
//	git remembers it as unchanged, and it is             the index's version
//	storing it would start a program                     the index's version
//	otherwise                                            its bytes, converted
//
// Hence a Draft of a clean checkout is the commit, byte for byte, and no program is
// ever started. What git does not track is shown as it would be stored, ignored
// files and repositories inside this one are not shown, and all of this is to be
// found in [Draft.Remarks].
type Draft struct{ *draft }

// A Remark says that a file was not simply read as it lies in the work tree, or
// that it is not the one at HEAD.
type Remark struct {
	Path string
	Kind RemarkKind
	// Detail says why, where there are several reasons.
	Detail string
}

// RemarkKind is the kind of a Remark.
type RemarkKind uint8

// The kinds of remarks.
const (
	// Uncommitted is a file that HEAD has not, or otherwise, or still.
	Uncommitted RemarkKind = iota + 1
	// Converted is a file of which git stores other bytes than lie here.
	Converted
	// Unconverted is a file that lies here otherwise than git knows it, and only
	// a program could tell what git would store: git's version is shown.
	Unconverted
	// Unseen is a file that git was told not to look at: git's version is shown,
	// and another one lies here.
	Unseen
	// Ignored is a file that git ignores: it is not shown.
	Ignored
	// Foreign is a folder that is a repository of its own: it is not shown.
	Foreign
	// Unindexed is the index, which could not be read, so that HEAD stood in.
	Unindexed
)

// NewDraft lists the files named and those below the folders named, relative to the
// project. Contents are read when asked for; only what was read can be remarked
// upon, and files that are gone or left out always are. Close it when done.
func NewDraft(ctx context.Context, repo *git.Repository, names ...string) (*Draft, error) {
	head, err := repo.Head()
	if err != nil {
		return nil, err
	}
	d, err := newDraft(ctx, repo, head.Commit, names)
	if err != nil {
		return nil, err
	}
	return &Draft{d}, nil
}

// Remarks returns what there is to say of what was read, sorted.
func (d *Draft) Remarks() []Remark {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := slices.Clone(d.remarks)
	slices.SortFunc(list, func(a, b Remark) int {
		return cmp.Or(int(a.Kind)-int(b.Kind), strings.Compare(a.Path, b.Path), strings.Compare(a.Detail, b.Detail))
	})
	return slices.Compact(list)
}

// draft has paths from the root within, as git's rules are about those.
type draft struct {
	repo    *git.Repository
	disk    fs.ReadFileFS // the whole work tree
	closer  io.Closer
	index   *git.Index // nil where HEAD stands in
	root    object.ID  // the tree of the commit that the draft is held against
	fold    bool
	nodes   map[string]*drafted
	listing map[string][]string
	broken  map[string]error // folders that cannot be listed
	ignored []string
	foreign []string
	commit  map[string]object.Entry

	mu      sync.Mutex
	convert conversions
	remarks []Remark
}

// known is what git knows of a file by its index.
type known struct {
	mode uint32
	id   object.ID // none where only the name is known: announced, or in conflict
	// frozen is the mark by which git does not look at the work tree, "" if it does.
	frozen string
	entry  *index.Entry
}

// The marks.
const (
	skipWorktree    = "skip-worktree"
	assumeUnchanged = "assume-unchanged"
)

// drafted is one name that is shown.
type drafted struct {
	name string
	mode fs.FileMode
	known
	onDisk bool
}

// maxDrafted is what is read of a file: above it, the file is too large for
// whoever reads declarations, in any encoding.
const maxDrafted = 8 << 20

// newDraft lists what is there, held against a commit.
func newDraft(ctx context.Context, repo *git.Repository, commit string, names []string) (*draft, error) {
	disk, closer, err := DirFS(repo.Root())
	if err != nil {
		return nil, err
	}
	d := draftOf(repo, disk.(fs.ReadFileFS), closer)
	if err := d.list(ctx, commit, names); err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	return d, nil
}

func draftOf(repo *git.Repository, disk fs.ReadFileFS, closer io.Closer) *draft {
	d := &draft{
		repo: repo, disk: disk, closer: closer, fold: repo.Settings().Bool("core.ignorecase", false),
		nodes: map[string]*drafted{}, listing: map[string][]string{}, broken: map[string]error{}, commit: map[string]object.Entry{},
	}
	d.convert = conversions{draft: d, steps: matchSteps, stacks: map[string]*rules.Attributes{}}
	return d
}

// Close releases what reading opened.
func (d *draft) Close() error { return d.closer.Close() }

func (d *draft) list(ctx context.Context, commit string, names []string) error {
	if err := d.readCommit(ctx, commit, names); err != nil {
		return err
	}
	tracked, err := d.readIndex(names)
	if err != nil {
		return err
	}
	w := &draftWalk{draft: d, tracked: tracked, budget: rules.NewBudget(matchSteps)}
	for _, name := range names {
		if err := w.start(ctx, d.repo.InRoot(path.Clean(name))); err != nil {
			return err
		}
	}
	if err := w.addUnlisted(); err != nil {
		return err
	}
	for name := range d.commit {
		if n := d.nodes[name]; n == nil {
			d.remark(name, Uncommitted, "")
		}
	}
	return nil
}

// readCommit takes the names of what is committed.
func (d *draft) readCommit(ctx context.Context, commit string, names []string) error {
	if commit == "" {
		return nil
	}
	c, err := d.repo.Commit(commit)
	if err != nil {
		return err
	}
	d.root = object.MustParseID(c.Tree)
	files, err := d.repo.Files(ctx, commit, names, func(string) bool { return false })
	for _, f := range files {
		d.commit[d.repo.InRoot(f.Path)] = object.Entry{Mode: f.Mode, ID: object.MustParseID(f.Hash)}
	}
	return err
}

// readIndex returns what git tracks. Where the index has a form that is not read,
// the commit stands in.
func (d *draft) readIndex(names []string) (map[string]known, error) {
	file, err := d.repo.ReadIndex()
	if err != nil {
		return nil, err
	}
	tracked := map[string]known{}
	if file.Unread != "" {
		d.remark("", Unindexed, file.Unread)
		return tracked, d.withoutIndex(tracked)
	}
	d.index = &file
	for _, name := range names {
		for _, e := range file.Below(d.repo.InRoot(path.Clean(name))) {
			tracked[e.Path] = stateOf(e)
		}
	}
	return tracked, nil
}

func (d *draft) withoutIndex(tracked map[string]known) error {
	patterns, err := ReadSparse(d.repo)
	for name, e := range d.commit {
		k := known{mode: e.Mode, id: e.ID}
		if _, statErr := fs.Stat(d.disk, name); statErr != nil && !patterns.Include(name) {
			k.frozen = skipWorktree
		}
		tracked[name] = k
	}
	return err
}

func stateOf(e index.Entry) known {
	k := known{mode: e.Mode(), id: object.ID(e.ID()), entry: &e}
	switch {
	case e.Stage() != 0 || e.IntentToAdd():
		k.id, k.entry = object.ID{}, nil
	case e.SkipWorktree():
		k.frozen = skipWorktree
	case e.AssumeValid():
		k.frozen = assumeUnchanged
	}
	return k
}

// lookUp looks up any file of the repository, wherever it lies.
func (d *draft) lookUp(name string) (known, error) {
	if d.index == nil {
		e, err := d.repo.Find(d.root, name)
		return known{mode: e.Mode, id: e.ID}, err
	}
	if e, ok := d.index.Find(name); ok {
		return stateOf(e), nil
	}
	return known{}, nil
}

func (d *draft) blob(name object.ID) ([]byte, error) {
	return d.repo.Blob(name)
}

// remark notes something of a file, given from the root.
func (d *draft) remark(name string, kind RemarkKind, detail string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remarks = append(d.remarks, Remark{d.repo.InProject(name), kind, detail})
}

// add shows a name, and the folders on the way to it.
func (d *draft) add(n *drafted) {
	for name := n.name; d.nodes[name] == nil; {
		d.nodes[name] = n
		if name == "." {
			return
		}
		dir := path.Dir(name)
		d.listing[dir] = append(d.listing[dir], name)
		name, n = dir, &drafted{name: dir, mode: fs.ModeDir | 0o555}
	}
}

// content is what git would store of a regular file, and its name as an object.
func (d *draft) content(n *drafted) ([]byte, error) {
	if !n.onDisk {
		d.compare(n, n.id)
		return d.blob(n.id)
	}
	data, info, err := d.read(n.name)
	if err != nil {
		return nil, err
	}
	is := object.IDOf(object.Blob, data)
	if is == n.id {
		d.compare(n, is)
		return data, nil
	}
	if plain := WithoutCR(data); len(plain) < len(data) && object.IDOf(object.Blob, plain) == n.id {
		d.compare(n, n.id) // line ends are no difference
		return plain, nil
	}
	if n.entry != nil && d.index != nil && isRemembered(*n.entry, statusOf(info), d.index.Info) {
		d.remark(n.name, Converted, "")
		d.compare(n, n.id)
		return d.blob(n.id)
	}
	return d.convertAnew(n, data)
}

// convertAnew returns the content of a file that git would read anew.
func (d *draft) convertAnew(n *drafted, data []byte) ([]byte, error) {
	d.mu.Lock()
	conversion, err := d.convert.of(n.name)
	d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if conversion.unknown == "" {
		stored, err := conversion.apply(data, func() (bool, error) { return d.keepsCRLF(n) })
		if err != nil {
			return nil, err
		}
		return d.judge(n, data, stored)
	}
	if n.id == (object.ID{}) {
		return nil, &UnconvertedError{Why: conversion.unknown}
	}
	d.compare(n, n.id)
	d.remark(n.name, Unconverted, conversion.unknown)
	return d.blob(n.id)
}

// judge remarks upon a file whose stored form is known.
func (d *draft) judge(n *drafted, data, stored []byte) ([]byte, error) {
	is := object.IDOf(object.Blob, stored)
	if n.frozen != "" && is != n.id {
		d.remark(n.name, Unseen, n.frozen)
		d.compare(n, n.id)
		return d.blob(n.id)
	}
	if !bytes.Equal(WithoutCR(data), WithoutCR(stored)) {
		d.remark(n.name, Converted, "")
	}
	d.compare(n, is)
	return stored, nil
}

// UnconvertedError is a file that git does not track, and of which only a program
// could tell what git would store.
type UnconvertedError struct{ Why string }

func (e *UnconvertedError) Error() string {
	return fmt.Sprintf("git may store it otherwise than it lies here (%s), and no program is started to find out; git add it, and git's version is read", e.Why)
}

// compare remarks upon a file that is not the one of the commit.
func (d *draft) compare(n *drafted, is object.ID) {
	if d.commit[n.name].ID != is || !object.IsFile(d.commit[n.name].Mode) {
		d.remark(n.name, Uncommitted, "")
	}
}

func (d *draft) keepsCRLF(n *drafted) (bool, error) {
	if n.id == (object.ID{}) {
		return false, nil
	}
	data, err := d.blob(n.id)
	return hasCRLF(data), err
}

// read reads a file of the work tree, with its status as it was opened.
func (d *draft) read(name string) ([]byte, fs.FileInfo, error) {
	f, err := d.disk.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.Size() > maxDrafted {
		return nil, info, disk.ErrTooLarge
	}
	data := make([]byte, info.Size()+1)
	switch n, err := io.ReadFull(f, data); {
	case err == nil:
		return nil, info, errors.New("the file grew while it was read; run the command again")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return data[:n], info, nil
	default:
		return nil, info, err
	}
}

// isRemembered says that git's memory of a file is good and fits it. One as young as
// the index, which was written at the time given, may have been written to after git
// looked. Where times are kept by the second, or by two, so is that.
func isRemembered(e index.Entry, now status, written fs.FileInfo) bool {
	if written == nil || !now.regular {
		return false
	}
	changed := now.changed
	if changed.Nanosecond() == 0 {
		changed = changed.Add(2 * time.Second)
	}
	return changed.Before(written.ModTime()) && now.stat != (index.Stat{}) && now.stat == e.Stat()
}

// status is what the work tree says of a file, without reading it.
type status struct {
	regular bool
	changed time.Time
	stat    index.Stat
}

func statusOf(info fs.FileInfo) status {
	return status{regular: info.Mode().IsRegular(), changed: info.ModTime(), stat: index.StatOf(info)}
}
