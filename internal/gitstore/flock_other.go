//go:build !windows && !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package gitstore

import (
	"errors"
	"os"
)

// tryLock cannot keep its promise here, and so makes none.
func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
