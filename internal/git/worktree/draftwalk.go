package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/git/rules"
)

// draftWalk lists what lies in the work tree, and holds it against what git
// tracks, striking off what it meets.
type draftWalk struct {
	*draft
	tracked map[string]known
	listed  []*drafted // of what git does not track
	count   int
	budget  *rules.Budget
}

// place is what a folder inherits from those above it.
type place struct {
	ignores rules.Ignores
	// ignored and foreign say that nothing in it is shown but what is tracked.
	ignored, foreign bool
}

// start walks from a name down, with the rules of the folders above.
func (w *draftWalk) start(ctx context.Context, name string) error {
	at := place{}
	for _, file := range []string{userFile(w.repo, "core.excludesfile", "ignore"), filepath.Join(w.repo.CommonDir(), "info", "exclude")} {
		data, err := readOutside(file)
		if err != nil {
			return err
		}
		at.ignores = at.ignores.With("", limitRules(data))
	}
	for _, dir := range parents(name) {
		var err error
		if at, err = w.enter(dir, at); err != nil {
			return err
		}
	}
	info, err := fs.Stat(w.disk, name)
	if disk.IsAbsent(err) || errors.Is(err, disk.ErrNotFolder) || errors.Is(err, fs.ErrInvalid) {
		return nil
	}
	if err != nil {
		return err
	}
	return w.visit(ctx, name, info.Mode(), at)
}

// parents are the folders on the way to a name, from the root down.
func parents(name string) []string {
	var dirs []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	dirs = append(dirs, ".")
	slices.Reverse(dirs)
	return dirs
}

// limitRules passes over rules that are too large to be a person's.
func limitRules(data []byte) []byte {
	if len(data) > maxRules {
		return nil
	}
	return data
}

// enter adds what a folder itself says.
func (w *draftWalk) enter(dir string, at place) (place, error) {
	if dir != "." {
		at.ignored = at.ignored || at.ignores.Match(dir, true, w.fold, w.budget)
	} else {
		dir = ""
	}
	if at.ignored {
		return at, nil
	}
	data, err := w.ruleFile(path.Join(dir, ".gitignore"))
	at.ignores = at.ignores.With(dir, limitRules(data))
	return at, err
}

func (w *draftWalk) visit(ctx context.Context, name string, mode fs.FileMode, at place) error {
	if w.count++; w.count > git.MaxFiles {
		return errors.New(name + ": there are more files than osmoctl reads")
	}
	if k, ok := w.tracked[name]; ok && (!mode.IsDir() || k.mode == object.ModeSubmodule) {
		delete(w.tracked, name)
		w.add(w.nodeOf(name, mode, k))
		return nil
	}
	if mode.IsDir() {
		return w.folder(ctx, name, at)
	}
	switch {
	case at.foreign:
	case at.ignored || at.ignores.Match(name, false, w.fold, w.budget):
		w.remark(name, Ignored, "")
		w.ignored = append(w.ignored, name)
	default:
		n := &drafted{name: name, mode: mode, onDisk: true}
		w.listed = append(w.listed, n)
	}
	return nil
}

// nodeOf returns what a tracked file is shown as: by its kind in the work tree,
// unless the index has to stand in for it.
func (w *draftWalk) nodeOf(name string, mode fs.FileMode, k known) *drafted {
	n := &drafted{name: name, mode: mode, known: k, onDisk: true}
	switch {
	case k.mode == object.ModeSubmodule:
		w.remark(name, Foreign, "")
		n.mode, n.onDisk = fs.ModeIrregular, false
	case k.mode == object.ModeLink && mode.IsRegular() && (k.frozen != "" || !w.repo.Settings().Bool("core.symlinks", true)):
		n.mode = fs.ModeSymlink | 0o777
	case k.frozen != "" && k.mode == object.ModeLink:
		n.mode = fs.ModeSymlink | 0o777
	case k.frozen != "" && !mode.IsRegular():
		w.remark(name, Unseen, k.frozen)
		n.mode, n.onDisk = 0o444, false
	}
	return n
}

func (w *draftWalk) folder(ctx context.Context, name string, at place) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	entries, err := fs.ReadDir(w.disk, name)
	if err != nil {
		w.broken[name] = err
		w.add(&drafted{name: name, mode: fs.ModeDir | 0o555})
		return nil
	}
	if !at.foreign && name != w.repo.InRoot(".") && w.isRepository(name, entries) {
		w.remark(name, Foreign, "")
		w.foreign = append(w.foreign, name)
		at.foreign = true
	}
	if at, err = w.enter(name, at); err != nil {
		return err
	}
	for _, e := range entries {
		if isHiddenGit(e.Name()) {
			continue
		}
		if err := w.visit(ctx, path.Join(name, e.Name()), e.Type(), at); err != nil {
			return err
		}
	}
	return nil
}

// isRepository tells whether git would take a folder for another repository.
func (w *draftWalk) isRepository(name string, entries []fs.DirEntry) bool {
	for _, e := range entries {
		if !isHiddenGit(e.Name()) {
			continue
		}
		file := filepath.Join(w.repo.Root(), filepath.FromSlash(name), e.Name())
		if info, err := os.Stat(file); err == nil && (info.Mode().IsRegular() || info.IsDir() && git.IsGitDir(file)) {
			return true
		}
	}
	return false
}

// addUnlisted goes through what was not met by its own name. Where names that
// differ are one file, as case is ignored or accents are spelled otherwise, it
// was met by another one, which is then no file of its own.
func (w *draftWalk) addUnlisted() error {
	alias := map[string]bool{}
	for name, k := range w.tracked {
		info, err := fs.Stat(w.disk, name)
		switch {
		case k.frozen != "" && (err != nil || info.IsDir()):
			if k.frozen == assumeUnchanged {
				w.remark(name, Unseen, k.frozen)
			}
			w.add(w.fromIndex(name, k))
		case k.mode == object.ModeSubmodule:
			w.add(w.nodeOf(name, fs.ModeDir, k))
		case err != nil || info.IsDir():
			// It was deleted, and a commit of everything would delete it.
		default:
			w.add(w.nodeOf(name, info.Mode(), k))
			for _, n := range w.listed {
				if other, err := fs.Stat(w.disk, n.name); err == nil && os.SameFile(info, other) {
					alias[n.name] = true
				}
			}
		}
	}
	for _, n := range w.listed {
		if !alias[n.name] {
			w.add(n)
		}
	}
	return nil
}

func (w *draftWalk) fromIndex(name string, k known) *drafted {
	n := &drafted{name: name, known: k, mode: 0o444}
	switch {
	case k.mode == object.ModeLink:
		n.mode = fs.ModeSymlink | 0o777
	case k.mode == object.ModeSubmodule:
		w.remark(name, Foreign, "")
		n.mode = fs.ModeIrregular
	}
	return n
}
