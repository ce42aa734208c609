//go:build unix

package cli_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Only regular files are read: a link could lead out of the project, and a FIFO
// would wait for ever.
func TestBadFileKinds(t *testing.T) {
	t.Parallel()
	base := badInputBase(t)
	for name, tt := range map[string]struct {
		make        func(path string) error
		uncommitted bool
	}{
		"link to a file":      {make: func(path string) error { return os.Symlink("base.yaml", path) }},
		"link out of it":      {make: func(path string) error { return os.Symlink("/etc/passwd", path) }},
		"link to a directory": {make: func(path string) error { return os.Symlink(".", path) }},
		"FIFO":                {make: func(path string) error { return syscall.Mkfifo(path, 0o666) }, uncommitted: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "project")
			if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
				t.Fatal(err)
			}
			if err := tt.make(filepath.Join(dir, "manifests/strange.yaml")); err != nil {
				t.Fatal(err)
			}
			refusesIn(t, dir, badInput{
				want:        []problem{{"not_regular", "manifests/strange.yaml"}},
				uncommitted: tt.uncommitted,
			})
		})
	}
}
