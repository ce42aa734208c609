package search

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/scan"
)

// Files searches files and directories.
func (s *Searcher) Files(ctx context.Context, paths []string) (*Result, error) {
	out := &Result{}
	err := s.searchAll(ctx, out, nil, func(give func(job)) error {
		for _, p := range paths {
			if err := s.walk(ctx, out, p, give); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// walk lists the files at or below a path. The path itself may be a link: that
// one was named.
func (s *Searcher) walk(ctx context.Context, out *Result, shown string, give func(job)) error {
	root, err := filepath.EvalSymlinks(s.absolute(shown))
	if err != nil {
		s.note(out, shown, err)
		return nil
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(filepath.Join(shown, strings.TrimPrefix(path, root)))
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			s.note(out, name, err)
		case d.IsDir() && d.Name() == ".git" && path != root && isBare(path):
			out.Gits++
			out.Nested = append(out.Nested, filepath.Dir(path))
			return fs.SkipDir
		case d.IsDir() && isBare(path):
			s.note(out, name, errors.New("it is a git repository without a work tree, whose packs are not unpacked: clone it, and search that with --history"))
		case d.IsDir():
		case d.Type()&fs.ModeSymlink != 0:
			out.Links++
		case !d.Type().IsRegular():
			out.Others++
		default:
			if d.Name() == ".git" { // It says where the repository of a submodule is.
				out.Nested = append(out.Nested, filepath.Dir(path))
			}
			give(job{name: name, open: openFile(path)})
		}
		return nil
	})
}

func (s *Searcher) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Dir, path)
}

// isBare tells a git repository without a work tree, and a .git directory from one
// that is only called so, by what every one has.
func isBare(dir string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || info.IsDir() == (name == "HEAD") {
			return false
		}
	}
	return true
}

// openFile opens a regular file, and nothing that took its place meanwhile.
func openFile(path string) func(*git.Contents) (scan.Input, func(), error) {
	return func(*git.Contents) (in scan.Input, done func(), err error) {
		f, err := os.OpenFile(path, os.O_RDONLY|openNonblock, 0)
		if err != nil {
			return in, nil, err
		}
		info, err := f.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = errors.New("it is no regular file any more")
		}
		if err != nil {
			_ = f.Close()
			return in, nil, err
		}
		return scan.Input{Reader: f, ReaderAt: f, Size: info.Size()}, func() { _ = f.Close() }, nil
	}
}
