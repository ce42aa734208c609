package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/osmoctl/osmoctl/internal/parallel"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Limits of what is read, beside those of [model.Limits]. They are far above what
// people write and bound what hostile input can cost.
const (
	// MaxFileSize bounds one file, in bytes.
	MaxFileSize = 1 << 20
	// MaxDepth bounds how deeply lists and maps may nest.
	MaxDepth = 32
	// maxFolders bounds how deeply folders of manifests may nest, and
	// maxStrangers how many files and folders may lie there that are none. A
	// commit can name the same folder many times over.
	maxFolders   = 32
	maxStrangers = 100_000
)

// file is one file that was read.
type file struct{ name, text string }

// fileError is why a file is not read, with its code.
type fileError struct{ code, summary, hint string }

func (e *fileError) Error() string { return e.summary }

var (
	errNotRegular = &fileError{
		codeNotRegular, "this is not a regular file",
		"put a regular file here: links and special files are not read",
	}
	errTooLarge = &fileError{
		codeFileTooLarge, fmt.Sprintf("the file is larger than %d MiB", MaxFileSize>>20),
		"split it: declarations may stand in any number of files",
	}
	errChanged = &fileError{codeUnreadableFile, "the file grew while it was read", "run the command again"}
)

// fileProblem is the diagnostic for a file that could not be read.
func fileProblem(name string, err error) diag.Diagnostic {
	d := diag.Diagnostic{Code: codeUnreadableFile, Pos: diag.Position{File: name}}
	if e, ok := errors.AsType[*fileError](err); ok {
		d.Code, d.Summary, d.Hint = e.code, e.summary, e.hint
		return d
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err // The place says the path.
	}
	d.Summary = "this cannot be read: " + err.Error()
	return d
}

// readFile reads one regular file of at most MaxFileSize bytes. It looks before
// it opens, because opening a FIFO waits for a writer, and again afterwards,
// because the name may stand for something else by then.
func readFile(fsys fs.FS, name string) (string, error) {
	if info, err := fs.Lstat(fsys, name); err != nil {
		return "", err
	} else if err := readable(info); err != nil {
		return "", err
	}
	return openFile(fsys, name)
}

// openFile is readFile for a file that is known to be regular.
func openFile(fsys fs.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if err := readable(info); err != nil {
		return "", err
	}
	return readUpTo(f, int(info.Size()))
}

func readable(info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return errNotRegular
	case info.Size() > MaxFileSize:
		return errTooLarge
	}
	return nil
}

// inMemory is a file whose content is in memory already, as that of a commit is, so that it
// cannot grow and need not be copied twice.
type inMemory interface {
	io.WriterTo
	Len() int
}

// readUpTo reads size bytes and makes sure that no more follow.
func readUpTo(from io.Reader, size int) (string, error) {
	var text strings.Builder
	text.Grow(size)
	if content, ok := from.(inMemory); ok && content.Len() == size {
		_, err := content.WriteTo(&text)
		return text.String(), err
	}
	switch _, err := io.CopyN(&text, from, int64(size)+1); {
	case err == nil:
		return "", errChanged
	case errors.Is(err, io.EOF):
		return text.String(), nil
	default:
		return "", err
	}
}

// listManifests returns the names of the manifests, sorted, and reports what
// stands below the directory and is not read.
func listManifests(fsys fs.FS, limits model.Limits, p *problems) []string {
	info, err := fs.Lstat(fsys, ManifestDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		p.add(fileProblem(ManifestDir, err))
		return nil
	case !info.IsDir():
		p.add(diag.Diagnostic{
			Code: codeNotRegular, Summary: "this is not a directory", Pos: diag.Position{File: ManifestDir},
			Hint: "make it a directory that holds the manifests: links are not followed",
		})
		return nil
	}
	l := lister{problems: p, limits: limits}
	_ = fs.WalkDir(fsys, ManifestDir, l.visit)
	slices.Sort(l.names)
	return l.names
}

// lister collects manifests from a walk.
type lister struct {
	*problems
	limits model.Limits
	names  []string
	// seen counts whatever was met.
	seen int
}

func (l *lister) visit(name string, d fs.DirEntry, err error) error {
	l.seen++
	if !d.IsDir() {
		checkFileName(l.problems, name)
	}
	switch {
	case err != nil:
		l.add(fileProblem(name, err))
		return nil
	case l.seen-len(l.names) > maxStrangers:
		l.add(diag.Diagnostic{
			Code: codeTooManyFiles, Summary: fmt.Sprintf("more than %d files and folders that are no manifests lie here", maxStrangers),
			Hint: "move them out of " + ManifestDir, Pos: diag.Position{File: ManifestDir},
		})
		return fs.SkipAll
	case d.IsDir() && strings.Count(name, "/") > maxFolders:
		l.add(diag.Diagnostic{
			Code: codeTooDeep, Summary: fmt.Sprintf("more than %d folders lie inside one another here", maxFolders),
			Hint: "move the manifests up", Pos: diag.Position{File: name},
		})
		return fs.SkipDir
	case d.IsDir():
		return nil
	case d.Type()&fs.ModeSymlink != 0:
		l.add(fileProblem(name, errNotRegular))
	case !isManifestName(strings.ToLower(name)):
	case isHidden(name), !isManifestName(name):
		l.add(describeIgnored(name))
	case !d.Type().IsRegular():
		l.add(fileProblem(name, errNotRegular))
	case len(l.names) == l.limits.Files:
		l.add(diag.Diagnostic{
			Code: codeTooManyFiles, Summary: fmt.Sprintf("there are more than %d manifests", l.limits.Files),
			Hint: "put several accounts into one file; " + model.RaiseHint("files", 2*l.limits.Files), Pos: diag.Position{File: ManifestDir},
		})
		return fs.SkipAll
	default:
		l.names = append(l.names, name)
	}
	return nil
}

func isManifestName(name string) bool {
	ext := path.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

// CountManifests is how many files declarations are read from.
func CountManifests(fsys fs.FS, limits model.Limits) int {
	return len(listManifests(fsys, limits.OrDefault(), &problems{}))
}

// isHidden reports whether a part of the path begins with a dot.
func isHidden(name string) bool { return strings.Contains(name, "/.") }

// describeIgnored warns of a file that looks like a manifest and is not read.
func describeIgnored(name string) diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Warning, Code: codeIgnoredFile, Summary: "this file is not read",
		Hint: "manifests end in .yaml or .yml, in lower case", Pos: diag.Position{File: name},
	}
	if isHidden(name) {
		d.Hint = "names that begin with a dot are skipped: rename it, or move it out of " + ManifestDir
	}
	return d
}

// readManifests reads the files, several at a time. Those that cannot be read
// are reported and left out; where they are too large together, none is returned.
func readManifests(fsys fs.FS, names []string, limits model.Limits, p *problems) (files []file, complete bool) {
	files = make([]file, len(names))
	errs := make([]error, len(names))
	most := int64(limits.Megabytes) << 20
	var total atomic.Int64
	parallel.Each(len(names), func(i int) {
		if total.Load() > most {
			return
		}
		text, err := openFile(fsys, names[i])
		files[i], errs[i] = file{names[i], text}, err
		total.Add(int64(len(text)))
	})
	if total.Load() > most {
		p.add(diag.Diagnostic{
			Code: codeProjectTooLarge, Summary: fmt.Sprintf("the manifests are larger than %d MiB together", limits.Megabytes),
			Hint: "split the project into several; " + model.RaiseHint("megabytes", 2*limits.Megabytes), Pos: diag.Position{File: ManifestDir},
		})
		return nil, false
	}
	for i, err := range errs {
		if err != nil {
			p.add(fileProblem(names[i], err))
			files[i].name = ""
		}
	}
	read := slices.DeleteFunc(files, func(f file) bool { return f.name == "" })
	return read, len(read) == len(names)
}
