package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// A Version is something that the repository keeps: what a file once was, or
// the message of a commit or tag.
type Version struct {
	// Hash is that of the content's blob, or of the commit or tag.
	Hash string
	// Commit is the first commit that has it: none of that commit's ancestors
	// does. For a tag's message it is what the tag is of.
	Commit string
	// Path is the file's, from the root, in slashes; "" for a message. A blob that
	// a reference names by itself has its hash.
	Path string
	// Message is the text of a message.
	Message string
}

// A Missing is a part of the history that this clone cannot show, and why.
type Missing struct{ What, Reason string }

// Versions calls each once for every distinct content that can be reached from
// any reference (branches, tags, remote branches, stashes, the HEAD of every
// work tree), ancestors first, and for every message. What cannot be reached
// although it should be is returned; it does not end the walk.
func (r *Repository) Versions(ctx context.Context, each func(Version) error) ([]Missing, error) {
	cut, err := r.shallow()
	if err != nil {
		return nil, err
	}
	tips, err := r.tips()
	if err != nil {
		return nil, err
	}
	w := &versions{objects: r.Contents(), each: each, cut: cut, seen: map[object.ID]bool{}}
	defer w.objects.Close()
	if len(cut) > 0 {
		where := "1 commit"
		if len(cut) > 1 {
			where = fmt.Sprintf("%d commits", len(cut))
		}
		w.missing = append(w.missing, Missing{"what came before " + where, "the clone is shallow; run: git fetch --unshallow"})
	}
	for _, tip := range tips {
		if err := w.tip(ctx, tip); err != nil {
			return nil, err
		}
	}
	return w.missing, nil
}

// versions walks everything once.
type versions struct {
	objects *Contents
	each    func(Version) error
	cut     map[object.ID]bool
	seen    map[object.ID]bool
	missing []Missing
}

// lacks notes what cannot be read.
func (w *versions) lacks(what string, err error) {
	w.missing = append(w.missing, Missing{what, err.Error()})
}

// tip walks from what a reference points at: a commit, or a tag of something,
// which may be a tag again. No object can lead back to itself.
func (w *versions) tip(ctx context.Context, name object.ID) error {
	for {
		if w.seen[name] {
			return nil
		}
		kind, data, err := w.objects.Read(name)
		switch {
		case err != nil:
			w.seen[name] = true
			w.lacks("object "+name.String(), err)
			return nil
		case kind == object.Commit:
			return w.commits(ctx, name)
		case kind == object.Tree:
			return w.tree(name, name.String(), "")
		case kind == object.Blob:
			w.seen[name] = true
			return w.each(Version{Hash: name.String(), Commit: name.String(), Path: name.String()})
		}
		w.seen[name] = true
		headers, message, _ := strings.Cut(string(data), "\n\n")
		line, _, _ := strings.Cut(headers, "\n")
		of, err := parseRefLine(strings.TrimPrefix(line, "object "))
		if err != nil {
			w.lacks("tag "+name.String(), err)
			return nil
		}
		if err := w.each(Version{Hash: name.String(), Commit: of.String(), Message: message}); err != nil {
			return err
		}
		name = of
	}
}

// open is a commit whose ancestors are being walked.
type open struct {
	name   object.ID
	commit Commit
	next   int // of its parents
}

// commits walks a commit after all of its ancestors.
func (w *versions) commits(ctx context.Context, start object.ID) error {
	stack := w.enter(nil, start)
	for len(stack) > 0 {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		top := &stack[len(stack)-1]
		if top.next < len(top.commit.Parents) && !w.cut[top.name] {
			parent := object.MustParseID(top.commit.Parents[top.next])
			top.next++
			stack = w.enter(stack, parent)
			continue
		}
		if err := w.commit(top); err != nil {
			return err
		}
		stack = stack[:len(stack)-1]
	}
	return nil
}

// enter reads a commit that was not seen yet.
func (w *versions) enter(stack []open, name object.ID) []open {
	if w.seen[name] {
		return stack
	}
	w.seen[name] = true
	c, err := readCommit(w.objects, name)
	if err != nil {
		w.lacks("commit "+name.String()+" and what came before", err)
		return stack
	}
	return append(stack, open{name: name, commit: c})
}

func (w *versions) commit(c *open) error {
	hash := c.name.String()
	if err := w.each(Version{Hash: hash, Commit: hash, Message: c.commit.Message}); err != nil {
		return err
	}
	return w.tree(object.MustParseID(c.commit.Tree), hash, "")
}

// tree walks the folders and files of a commit that no earlier one had.
func (w *versions) tree(tree object.ID, commit, dir string) error {
	if w.seen[tree] {
		return nil
	}
	w.seen[tree] = true
	entries, err := readTree(w.objects, tree)
	if err != nil {
		w.lacks(commit+":"+dir, err)
		return nil
	}
	for _, e := range entries {
		switch name := path.Join(dir, e.Name); {
		case e.IsTree():
			err = w.tree(e.ID, commit, name)
		case e.Mode == object.ModeSubmodule || w.seen[e.ID]:
		default:
			w.seen[e.ID] = true
			err = w.each(Version{Hash: e.ID.String(), Commit: commit, Path: name})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tips are what all references point at, by name, older stashes included.
func (r Refs) tips() ([]object.ID, error) {
	names := map[string]bool{}
	err := r.eachPackedRef(func(_, name string) error {
		names[name] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := r.looseRefs(names); err != nil {
		return nil, err
	}
	var tips []object.ID
	for _, name := range slices.Sorted(maps.Keys(names)) {
		tip, err := r.RefID(name)
		if err != nil {
			return nil, err
		}
		if tip != (object.ID{}) {
			tips = append(tips, tip)
		}
	}
	return append(tips, r.readUnnamedTips()...), nil
}

// Tips are the commits that all references lead to, by way of tags too, and the
// HEADs of all work trees and older stashes: each once and sorted. What hangs on
// none of them is not in the clone's history. Whatever leads to no commit is left
// out.
func (r *Repository) Tips() ([]string, error) {
	tips, err := r.tips()
	if err != nil {
		return nil, err
	}
	commits := map[string]bool{}
	for _, tip := range tips {
		if commit, err := r.peel(tip); err == nil {
			commits[commit.Hash()] = true
		}
	}
	return slices.Sorted(maps.Keys(commits)), nil
}

// looseRefs adds the references that have files of their own.
func (r Refs) looseRefs(names map[string]bool) error {
	return filepath.WalkDir(filepath.Join(r.common, "refs"), func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return ignoreAbsent(err)
		}
		name, err := filepath.Rel(r.common, file)
		if name = filepath.ToSlash(name); err == nil && CheckRefName(name) == nil {
			names[name] = true
		}
		return err
	})
}

// ignoreAbsent forgives a file that went away meanwhile.
func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// readUnnamedTips returns the HEADs of all work trees and the stashes before the last,
// which only the log of the reference has.
func (r Refs) readUnnamedTips() (tips []object.ID) {
	heads, _ := filepath.Glob(filepath.Join(r.common, "worktrees", "*", "HEAD"))
	for _, file := range append(heads, filepath.Join(r.common, "HEAD"), filepath.Join(r.own, "HEAD")) {
		text, _ := readSmall(file)
		if tip, err := parseRefLine(text); err == nil {
			tips = append(tips, tip)
		}
	}
	log, _ := os.ReadFile(filepath.Join(r.common, "logs", "refs", "stash"))
	for line := range strings.Lines(string(log)) {
		_, rest, _ := strings.Cut(line, " ")
		hash, _, _ := strings.Cut(rest, " ")
		if tip, err := parseRefLine(hash); err == nil {
			tips = append(tips, tip)
		}
	}
	return tips
}

// Contents reads the contents of blobs, for one goroutine. Reading many is
// faster than through the Store, and what is missing is not waited for.
type Contents struct {
	reader *reader
	misses int
}

// Contents returns a reader, which is to be closed.
func (o *Objects) Contents() *Contents { return &Contents{reader: o.fork()} }

// Close releases what reading opened.
func (c *Contents) Close() error { return c.reader.close() }

// maxMisses is how often an object that is missing is looked for again: git may
// have moved it meanwhile. A partial clone however lacks most of them.
const maxMisses = 3

// Read returns the kind and the content of an object.
func (c *Contents) Read(name object.ID) (object.Kind, []byte, error) {
	kind, data, err := c.reader.lookUp(name)
	if err != nil && !errors.Is(err, disk.ErrTooLarge) && c.misses < maxMisses {
		c.misses++
		return c.reader.Read(name)
	}
	return kind, data, err
}

func (c *Contents) recycle(content []byte) { c.reader.recycle(content) }

// Open returns the content of a blob and its size. One that is not large is an
// io.ReaderAt as well.
func (c *Contents) Open(hash string) (io.ReadCloser, int64, error) {
	name, err := object.ParseID(hash)
	if err != nil {
		return nil, 0, err
	}
	_, data, err := c.Read(name)
	if errors.Is(err, disk.ErrTooLarge) {
		return c.stream(name)
	}
	if err != nil {
		return nil, 0, err
	}
	return held{bytes.NewReader(data)}, int64(len(data)), nil
}

// held is content in memory.
type held struct{ *bytes.Reader }

func (held) Close() error { return nil }

// stream opens a blob that is too large to be held in memory. It cannot be
// compared with its name before it is read.
func (c *Contents) stream(name object.ID) (io.ReadCloser, int64, error) {
	for _, f := range c.reader.folders {
		r, size, err := f.stream(name)
		if !errors.Is(err, errAbsent) {
			return r, size, err
		}
	}
	return nil, 0, fmt.Errorf("%w: %s", ErrMissingObject, name)
}
