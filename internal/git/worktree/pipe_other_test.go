//go:build !unix

package worktree

import "os"

// makePipe makes something else that is no regular file.
func makePipe(path string) error { return os.Mkdir(path, 0o777) }
