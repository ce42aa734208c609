package scan

import (
	"errors"
	"io"
	"strconv"
	"strings"
)

const (
	arMagic  = "!<arch>\n"
	arHeader = 60
)

// ar searches the members of an archive of Unix, as Debian's packages and static
// libraries are.
func (u *unpacker) ar(path string, in Input, depth int) {
	if _, err := io.CopyN(io.Discard, in.Reader, int64(len(arMagic))); err != nil {
		u.failed(path, "it was not read to its end: %v", err)
		return
	}
	for {
		var h [arHeader]byte
		n, err := io.ReadFull(in.Reader, h[:])
		size, bad := strconv.ParseInt(strings.TrimSpace(string(h[48:58])), 10, 64)
		switch {
		case n == 0 && errors.Is(err, io.EOF):
			return
		case err != nil:
			u.failed(path, "it is damaged, or was cut off: %v", err)
			return
		case bad != nil || size < 0 || string(h[58:]) != "`\n":
			u.left(path, "it is damaged: the header of a member cannot be read")
			u.content(path, in.Reader)
			return
		case !u.charge(memberCost):
			u.failed(path, "", errBudget)
			return
		}
		member := u.name(path, strings.TrimRight(string(h[:16]), " /"))
		r := &io.LimitedReader{R: in.Reader, N: size}
		u.file(member, Input{Reader: r}, depth)
		if _, err := io.CopyN(io.Discard, in.Reader, r.N+size%2); err != nil {
			if !errors.Is(err, io.EOF) || r.N > 0 {
				u.failed(path, "it is damaged, or was cut off: %v", err)
			}
			return
		}
	}
}
