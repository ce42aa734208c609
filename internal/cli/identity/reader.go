package identity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// reader reads identities from wherever they are named.
type reader struct {
	env     *command.Env
	plugins seal.Plugins
	// missing are the files that the environment lists and that are not there.
	missing []string
}

// readNamed reads what -i names: a file, or stdin.
func (r *reader) readNamed(ctx context.Context, path string) ([]age.Identity, error) {
	if path != "-" {
		return r.readFile(ctx, r.env.Abs(path))
	}
	return r.readText(ctx, interruptibleReader{ctx, r.env.Stdin}, "stdin", "the identity on")
}

// readEnvironment reads the key that the environment held, and the files that it
// lists, else the default one.
func (r *reader) readEnvironment(ctx context.Context) (all []age.Identity, err error) {
	e := r.env
	if e.KeyAsPath {
		return nil, command.Usage(diag.Hinted(fmt.Errorf("%s holds a private key, and takes paths", command.PathsVariable), "keys themselves go into "+command.KeyVariable+", which osmoctl takes out of its environment"))
	}
	if e.IdentityKey.Len() > 0 {
		err = e.IdentityKey.Use(func(b []byte) error {
			all, err = r.readText(ctx, bytes.NewReader(b), command.KeyVariable, "the identity in")
			return err
		})
		if err != nil {
			return nil, diag.Hinted(err, command.KeyVariable+" holds the text of identities, one a line, or one SSH private key; paths go into "+command.PathsVariable)
		}
	}
	paths := slices.DeleteFunc(filepath.SplitList(e.Getenv(command.PathsVariable)), func(path string) bool { return path == "" })
	if len(paths) > 0 {
		ids, err := r.readList(ctx, paths)
		return append(all, ids...), err
	}
	if len(all) > 0 {
		return all, nil
	}
	return r.readDefault(ctx)
}

// readDefault reads the identity that init made.
func (r *reader) readDefault(ctx context.Context) ([]age.Identity, error) {
	path, err := DefaultPath(r.env)
	if err != nil {
		return nil, err
	}
	if !disk.Exists(path) {
		return nil, diag.Hinted(errors.New("no age identity was given"), "name one with -i FILE or OSMOCTL_IDENTITY, or give its text in "+command.KeyVariable+" or with -i -")
	}
	return r.readFile(ctx, path)
}

// readList reads the files of a list. The same list serves on several machines, so
// one that is not there is passed over where there are others, and said.
func (r *reader) readList(ctx context.Context, paths []string) (all []age.Identity, err error) {
	var missing []string
	for i, path := range paths {
		ids, err := r.readFile(ctx, r.env.Abs(path))
		switch {
		case isMissing(err):
			shown := path
			if !command.Showable(path) {
				shown = fmt.Sprintf("path %d of the list", i+1)
			}
			missing = append(missing, shown)
		case err != nil:
			return nil, err
		}
		all = append(all, ids...)
	}
	if len(missing) == 0 {
		return all, nil
	}
	r.missing = missing
	if len(all) == 0 && r.env.IdentityKey.Len() == 0 {
		return nil, diag.Hinted(fmt.Errorf("%s names no identity that is there: %s", command.PathsVariable, strings.Join(missing, ", ")),
			"name files that are there, separated by "+string(os.PathListSeparator)+", or give -i FILE")
	}
	r.env.Warnf("%s names what is not there: %s", command.PathsVariable, strings.Join(missing, ", "))
	return all, nil
}

// isMissing reports whether there is nothing at a path.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}

// readFile reads a file of identities. It may be a pipe that nobody writes to, so an
// interruption ends the wait.
func (r *reader) readFile(ctx context.Context, path string) ([]age.Identity, error) {
	f, err := command.UntilInterrupted(ctx, func() (*os.File, error) { return os.Open(path) })
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) && !command.Showable(path) {
			return nil, fmt.Errorf("the identity cannot be opened: %w; its path is not shown, since it looks like a key and not like a path", at.Err)
		}
		return nil, err
	}
	defer f.Close()
	if err := r.judge(f, path); err != nil {
		return nil, err
	}
	return r.readText(ctx, interruptibleReader{ctx, f}, path, "")
}

// judge refuses what cannot be read as a file, and warns of a key that is not
// its owner's alone.
func (r *reader) judge(f *os.File, path string) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return diag.Hinted(fmt.Errorf("the identity %s is a directory", path), "name the file in it")
	case runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o026 != 0:
		r.env.Warnf("the identity %s can be read or changed by others: chmod 600 it", path)
	}
	return nil
}

// readText reads identities. What is not a file is said in front of its name.
func (r *reader) readText(ctx context.Context, from io.Reader, name, what string) ([]age.Identity, error) {
	return seal.ReadIdentities(from, name, seal.IdentityOptions{Prompt: terminal{ctx, r.env}, Plugins: r.plugins, What: what})
}

// interruptibleReader reads until an interruption.
type interruptibleReader struct {
	ctx  context.Context
	from io.Reader
}

func (r interruptibleReader) Read(b []byte) (int, error) {
	return command.UntilInterrupted(r.ctx, func() (int, error) { return r.from.Read(b) })
}
