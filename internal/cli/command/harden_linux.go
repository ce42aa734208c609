package command

import (
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// Harden keeps the memory of a process that is about to hold a value in
// the clear out of core dumps, of crash texts, and of other processes of the
// same user. All of it is best effort: root reads everything.
//
// Of the limit on core dumps only the soft one is lowered: token exec passes it
// on to a program that holds the value too, and that program may know better.
// That other processes cannot look inside is undone by the kernel when the
// program starts.
func Harden() {
	debug.SetTraceback("none")
	var core unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &core) == nil {
		core.Cur = 0
		_ = unix.Setrlimit(unix.RLIMIT_CORE, &core)
	}
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
