package delivery

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxMountInfo bounds the list of mounts that is read.
const maxMountInfo = 16 << 20

// otherNames are the paths by which dir is reached through other mounts of its
// file system: a directory that was mounted a second time (mount --bind) does
// not show above itself what it lies in.
func otherNames(dir string) []string {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxMountInfo))
	if err != nil {
		return nil
	}
	return namesAmong(parseMounts(string(text)), dir, sameDirectory)
}

// mount is a line of mountinfo: the part root of the file system on a device is
// seen at point.
type mount struct{ device, root, point string }

func parseMounts(text string) (mounts []mount) {
	for line := range strings.Lines(text) {
		// 36 35 98:0 /root /point options - type source options
		if fields := strings.Fields(line); len(fields) > 5 {
			mounts = append(mounts, mount{fields[2], unescapeMount(fields[3]), unescapeMount(fields[4])})
		}
	}
	return mounts
}

// unescapeMount reads the octal escapes of blanks and backslashes.
func unescapeMount(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// namesAmong finds the other paths of dir. A path counts only where it leads to
// the same directory, since a mount may lie under another one.
func namesAmong(mounts []mount, dir string, same func(a, b string) bool) (names []string) {
	at, found := mount{}, false
	for _, m := range mounts {
		// Of two mounts at one point the later one is seen.
		if within(dir, m.point) && (!found || len(m.point) >= len(at.point)) {
			at, found = m, true
		}
	}
	if !found {
		return nil
	}
	inside := rebase(dir, at.point, at.root)
	for _, m := range mounts {
		if m.device != at.device || !within(inside, m.root) {
			continue
		}
		if name := rebase(inside, m.root, m.point); name != dir && same(name, dir) {
			names = append(names, name)
		}
	}
	return names
}

// rebase is the path below from as one below to.
func rebase(path, from, to string) string {
	rest, err := filepath.Rel(from, path)
	if err != nil {
		return path
	}
	return filepath.Join(to, rest)
}

func sameDirectory(a, b string) bool {
	one, errOne := os.Stat(a)
	other, errOther := os.Stat(b)
	return errOne == nil && errOther == nil && os.SameFile(one, other)
}
