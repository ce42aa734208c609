//go:build unix

package git

import (
	"os"
	"strconv"
	"syscall"
)

// isOurs compares a file's owner with the user that we run for. Root may
// have become so by sudo, and then may use what belongs to who asked.
func isOurs(path string, env func(string) string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false, nil
	}
	uid := os.Geteuid()
	if int(st.Uid) == uid {
		return true, nil
	}
	asked, err := strconv.ParseUint(env("SUDO_UID"), 10, 32)
	return uid == 0 && err == nil && uint64(st.Uid) == asked, nil
}
