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

// unpackAr searches the members of an archive of Unix, as Debian's packages and static
// libraries are.
func (u *unpacker) unpackAr(path string, in Input, depth int) {
	if _, err := io.CopyN(io.Discard, in.Reader, int64(len(arMagic))); err != nil {
		u.skipRest(path, "it was not read to its end: %v", err)
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
			u.skipRest(path, "it is damaged, or was cut off: %v", err)
			return
		case bad != nil || size < 0 || string(h[58:]) != "`\n":
			u.skip(path, "it is damaged: the header of a member cannot be read")
			u.searchContent(path, in.Reader)
			return
		case !u.charge(memberCost):
			u.skipRest(path, "", errBudget)
			return
		}
		member := u.searchName(path, strings.TrimRight(string(h[:16]), " /"))
		r := &io.LimitedReader{R: in.Reader, N: size}
		u.searchFile(member, Input{Reader: r}, depth)
		if _, err := io.CopyN(io.Discard, in.Reader, r.N+size%2); err != nil {
			if !errors.Is(err, io.EOF) || r.N > 0 {
				u.skipRest(path, "it is damaged, or was cut off: %v", err)
			}
			return
		}
	}
}
