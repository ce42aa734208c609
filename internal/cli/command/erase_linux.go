package command

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
)

// maxEnvironment bounds what is read of our own environment: the kernel passes
// on no more than a quarter of the stack's limit.
const maxEnvironment = 64 << 20

// eraseVariable overwrites a variable's value where the kernel shows it to
// others, in /proc/PID/environ: that is the memory in which the process got its
// environment, which unsetting a variable does not touch. It is best effort.
func eraseVariable(name string) {
	start, end, ok := environmentBounds()
	if !ok {
		return
	}
	memory, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer memory.Close()
	environment := make([]byte, end-start)
	defer clear(environment)
	if _, err := io.ReadFull(io.NewSectionReader(memory, start, end-start), environment); err != nil {
		return
	}
	prefix := []byte(name + "=")
	for at := 0; at < len(environment); {
		entry, _, _ := bytes.Cut(environment[at:], []byte{0})
		if bytes.HasPrefix(entry, prefix) {
			blank := make([]byte, len(entry)-len(prefix))
			_, _ = memory.WriteAt(blank, start+int64(at+len(prefix)))
		}
		at += len(entry) + 1
	}
}

// environmentBounds are fields 50 and 51 of /proc/self/stat. The second field is
// a name in parentheses that may hold anything.
func environmentBounds() (start, end int64, ok bool) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, 0, false
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const first = 3 // the number of the field after the name
	if len(fields) < 52-first {
		return 0, 0, false
	}
	start, errStart := strconv.ParseInt(fields[50-first], 10, 64)
	end, errEnd := strconv.ParseInt(fields[51-first], 10, 64)
	return start, end, errStart == nil && errEnd == nil && 0 < start && start < end && end-start <= maxEnvironment
}
