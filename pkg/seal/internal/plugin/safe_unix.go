//go:build unix

package plugin

import (
	"io/fs"
	"os"
	"syscall"
)

// safe reports whether only root and the user can write to the file.
func safe(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode().Perm()&0o022 != 0 {
		return false
	}
	return stat.Uid == 0 || int(stat.Uid) == os.Geteuid()
}
