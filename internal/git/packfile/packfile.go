// Package packfile reads objects out of git's packs: ours, those that came over the wire,
// and those that git gc has made, where most objects are differences of others.
//
// # Why our own
//
// A plan reads two small objects for each account. go-git takes some fifteen allocations
// and two reads of the disk for each, since it serves commands that look at a few objects.
// Here a window of the pack is read at a time, which a reader that goes along the pack
// leaves seldom; one decompressor is used again and again; and content is decompressed
// into a slice of its size, once.
//
// # What is checked
//
// A pack is hostile: it came from a remote. Sizes are bounded before memory is taken,
// what is decompressed has to have the size that was said, a difference stays within its
// base and its result, and a chain of differences ends, also one that goes in a circle. That content is what its name
// says is for the caller to compare: nothing here knows names.
package packfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// ErrMalformed says that a pack is damaged where an object was to be read.
var ErrMalformed = errors.New("the pack is damaged")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

const (
	headerSize = 12
	// maxChain is the longest chain of differences; git makes them 50 long, and at most
	// 4,095.
	maxChain = 4095
)

// A Pack is one that is open. It may be used by several goroutines.
type Pack struct {
	from io.ReaderAt
	size int64
	// find tells where an object of the pack is, by its name.
	find func(object.ID) (offset int64, ok bool)
}

// Open checks the head of a pack. find is its index: differences may be of what has a
// name.
func Open(from io.ReaderAt, size int64, find func(object.ID) (offset int64, ok bool)) (*Pack, error) {
	var head [headerSize]byte
	if _, err := from.ReadAt(head[:], 0); err != nil {
		return nil, fmt.Errorf("read a pack: %w", err)
	}
	if version := binary.BigEndian.Uint32(head[4:]); string(head[:4]) != "PACK" || version != 2 && version != 3 {
		return nil, malformed("it does not begin as one of version 2")
	}
	return &Pack{from, size, find}, nil
}

// A Reader reads out of any number of packs, for one goroutine. What it needs for that
// is large beside an object, and it has it once. The zero Reader is ready.
type Reader struct {
	window window
	zlib   interface {
		io.ReadCloser
		zlib.Resetter
	}
	// end is where nothing may be left to read.
	end [1]byte
	// bases are objects that others may be differences of.
	bases cache
	// spare is memory for the next content.
	spare []byte
}

// Recycle takes back content that [Reader.Read] returned, for that of the next object.
func (r *Reader) Recycle(content []byte) {
	if cap(content) > cap(r.spare) && cap(content) <= maxSpare {
		r.spare = content
	}
}

// maxSpare bounds what is kept for the next object.
const maxSpare = 1 << 20

// room is memory for content of a size.
func (r *Reader) room(size int64) []byte {
	if size > int64(cap(r.spare)) {
		return make([]byte, size)
	}
	data := r.spare[:size]
	r.spare = nil
	return data
}

// base is an object in a pack.
type base struct {
	kind object.Kind
	data []byte
}

// Read reads the object at an offset, as the index of the pack names it. The content is
// the caller's own. Errors are [ErrMalformed], [disk.ErrTooLarge] and those of reading.
func (r *Reader) Read(p *Pack, offset int64) (object.Kind, []byte, error) {
	// The differences that lead from a base to the object, the last one first.
	var deltas [][]byte
	var total int64
	found, shared := base{}, false
	for at := offset; found.kind == 0; {
		if found, shared = r.bases.get(p, at); shared {
			break
		}
		if len(deltas) == maxChain {
			return 0, nil, malformed("a chain of differences does not end")
		}
		e, err := r.entry(p, at)
		if err != nil {
			return 0, nil, err
		}
		if total += e.size; total > 2*disk.MaxFile {
			return 0, nil, disk.ErrTooLarge
		}
		data, err := r.inflate(e.size)
		if err != nil {
			return 0, nil, err
		}
		if e.base != 0 {
			deltas, at = append(deltas, data), e.base
			continue
		}
		found = base{e.kind, data}
		if len(deltas) > 0 {
			r.bases.put(p, at, found)
		}
	}
	for i := len(deltas) - 1; i >= 0; i-- {
		data, err := patch(found.data, deltas[i])
		if err != nil {
			return 0, nil, err
		}
		found.data = data
	}
	if len(deltas) > 0 {
		r.bases.put(p, offset, found) // Neighbours are differences of one another.
	}
	if len(deltas) > 0 || shared {
		return found.kind, bytes.Clone(found.data), nil
	}
	return found.kind, found.data, nil
}

// entry is what stands before an object's compressed content.
type entry struct {
	kind object.Kind
	size int64
	// base is the offset of what a difference is one of; 0 for others.
	base int64
}

// entry reads what stands at an offset, and leaves the window behind it.
func (r *Reader) entry(p *Pack, offset int64) (e entry, err error) {
	w := &r.window
	w.seek(p, offset)
	b, err := w.ReadByte()
	if err != nil {
		return e, malformed("there is no object at %d", offset)
	}
	e.kind, e.size = object.Kind(b>>4&7), int64(b&15)
	for shift := 4; b&0x80 != 0; shift += 7 {
		if b, err = w.ReadByte(); err != nil || shift > 32 {
			return e, malformed("the size of the object at %d does not end", offset)
		}
		e.size |= int64(b&0x7f) << shift
	}
	switch e.kind {
	case object.Commit, object.Tree, object.Blob, object.Tag:
	case object.OffsetDelta:
		back, err := w.distance()
		if err != nil || back <= 0 || back > offset-headerSize {
			return e, malformed("the object at %d is a difference of none", offset)
		}
		e.base = offset - back
	case object.NameDelta:
		var name object.ID
		_, err := io.ReadFull(w, name[:])
		base, ok := p.find(name)
		if err != nil || !ok || base < headerSize {
			return e, malformed("the object at %d is a difference of one that is not in the pack", offset)
		}
		e.base = base
	default:
		return e, malformed("the object at %d is of no kind", offset)
	}
	if e.size > disk.MaxFile {
		return e, disk.ErrTooLarge
	}
	return e, nil
}

// inflate decompresses what follows in the window.
func (r *Reader) inflate(size int64) ([]byte, error) {
	var err error
	if r.zlib == nil {
		var inflater io.ReadCloser
		if inflater, err = zlib.NewReader(&r.window); err == nil {
			r.zlib = inflater.(interface {
				io.ReadCloser
				zlib.Resetter
			})
		}
	} else {
		err = r.zlib.Reset(&r.window, nil)
	}
	if err != nil {
		return nil, r.window.explain(err)
	}
	data := r.room(size)
	if _, err := io.ReadFull(r.zlib, data); err != nil {
		return nil, r.window.explain(err)
	}
	// Its end is where the checksum is compared.
	if n, err := r.zlib.Read(r.end[:]); n != 0 || err != io.EOF {
		return nil, r.window.explain(err)
	}
	return data, nil
}

// patch applies a difference.
func patch(from, delta []byte) ([]byte, error) {
	before, delta, ok := size(delta)
	after, delta, fine := size(delta)
	switch {
	case !ok || !fine || before != int64(len(from)):
		return nil, malformed("a difference is one of something else")
	case after > disk.MaxFile:
		return nil, disk.ErrTooLarge
	}
	out := make([]byte, 0, after)
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		var add []byte
		switch {
		case op == 0:
			return nil, malformed("a difference has an unknown part")
		case op&0x80 == 0:
			if int(op) > len(delta) {
				return nil, malformed("a difference is cut")
			}
			add, delta = delta[:op], delta[op:]
		default:
			var start, length int
			if start, length, delta, ok = span(op, delta); !ok || start+length > len(from) {
				return nil, malformed("a difference is of more than there is")
			}
			add = from[start : start+length]
		}
		if len(out)+len(add) > cap(out) {
			return nil, malformed("a difference makes more than it says")
		}
		out = append(out, add...)
	}
	if int64(len(out)) != after {
		return nil, malformed("a difference makes less than it says")
	}
	return out, nil
}

// size reads a size at the beginning of a difference.
func size(delta []byte) (n int64, rest []byte, ok bool) {
	for i, b := range delta {
		if i > 4 {
			break
		}
		n |= int64(b&0x7f) << (7 * i)
		if b&0x80 == 0 {
			return n, delta[i+1:], true
		}
	}
	return 0, nil, false
}

// span reads which bytes of its base a part of a difference copies: bits of op say which
// bytes of the two numbers follow.
func span(op byte, delta []byte) (start, length int, rest []byte, ok bool) {
	for i := range 7 {
		if op&(1<<i) == 0 {
			continue
		}
		if len(delta) == 0 {
			return 0, 0, nil, false
		}
		if i < 4 {
			start |= int(delta[0]) << (8 * i)
		} else {
			length |= int(delta[0]) << (8 * (i - 4))
		}
		delta = delta[1:]
	}
	if length == 0 {
		length = 0x10000
	}
	return start, length, delta, true
}
