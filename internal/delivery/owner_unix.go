//go:build unix

package delivery

import (
	"io/fs"
	"os"
	"syscall"
)

// isOwnedByOther reports whether a directory is neither ours nor root's. Root is
// not asked: whose directories it writes to is its own affair.
func isOwnedByOther(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && os.Geteuid() != 0 && st.Uid != 0 && int(st.Uid) != os.Geteuid()
}

func isOwnedByUs(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

func isInGroup(info fs.FileInfo, gid int) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Gid) == gid
}
