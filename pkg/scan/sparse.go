package scan

import (
	"archive/tar"
	"bytes"
	"io"
	"strconv"
	"strings"
)

// A member of a tar archive that has holes is as large as its archive says, and only
// what stands between the holes is in the archive. [tar.Reader] gives the zeros as
// well, at a terabyte for a kilobyte, so such a member is read from below it.

// blocks is what a [tar.Reader] reads from. It remembers the last header, and how
// much was read behind it.
type blocks struct {
	r      io.Reader
	header [blockSize]byte
	behind int64
}

const blockSize = 512

func (b *blocks) Read(p []byte) (n int, err error) {
	if len(p) != blockSize {
		n, err = b.r.Read(p)
		b.behind += int64(n)
		return n, err
	}
	n, err = io.ReadFull(b.r, p)
	b.behind += int64(n)
	if n == blockSize && isHeader(p) {
		copy(b.header[:], p)
		b.behind = 0
	}
	return n, err
}

// isHeader tells a header from a map of holes, by its checksum.
func isHeader(block []byte) bool {
	const at, end = 148, 156
	sum := int64(' ') * (end - at)
	for i, c := range block {
		if i < at || i >= end {
			sum += int64(c)
		}
	}
	n, ok := octal(block[at:end])
	return ok && n == sum && bytes.HasPrefix(block[257:], []byte("ustar"))
}

func octal(field []byte) (int64, bool) {
	n, err := strconv.ParseUint(strings.Trim(string(field), " \x00"), 8, 63)
	return int64(n), err == nil
}

// hasHoles says whether a member may be larger than what the archive has of it.
func hasHoles(h *tar.Header) bool {
	holes := h.Typeflag == tar.TypeGNUSparse
	for key := range h.PAXRecords {
		holes = holes || strings.HasPrefix(key, "GNU.sparse.")
	}
	return holes
}

// countStored is how many bytes of the member whose header was read last are still to
// come. The map of its holes counts as a part of it, but for the oldest form.
func (b *blocks) countStored(h *tar.Header) (size int64, ok bool) {
	const at, end = 124, 136
	record, has := h.PAXRecords["size"]
	switch field := b.header[at:end]; {
	case has:
		n, err := strconv.ParseUint(record, 10, 63)
		size, ok = int64(n), err == nil
	case field[0]&0x80 != 0:
		for _, c := range field[4:] {
			size = size<<8 | int64(c)
		}
		ok = bytes.Equal(field[:4], []byte{0x80, 0, 0, 0}) && size >= 0
	default:
		size, ok = octal(field)
	}
	if h.Typeflag != tar.TypeGNUSparse {
		size -= b.behind
	}
	return size, ok && size >= 0
}

// searchHoles searches what the archive has of a member with holes, and says whether the
// next member can be found behind it.
func (u *unpacker) searchHoles(member string, h *tar.Header, b *blocks, depth int) bool {
	size, ok := b.countStored(h)
	if !ok {
		u.skip(member, "it is damaged: its header does not say how much of it is stored")
		return false
	}
	data := &io.LimitedReader{R: b.r, N: size}
	u.searchFile(member, Input{Reader: data}, depth)
	_, err := io.Copy(io.Discard, data)
	if err == nil && data.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		u.skipRest(member, "it is damaged, or was cut off: %v", err)
		return false
	}
	_, err = io.CopyN(io.Discard, b.r, -size&(blockSize-1))
	return err == nil
}
