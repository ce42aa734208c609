// Package packindex reads the index of a pack: which objects are in it, and where.
//
// An index is kept as it lies on the disk and searched there, so that opening one
// costs little more than its checksum. Only version 2 is known, which is all that
// git has written since 2008.
package packindex

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// The parts of an index: a header, for each first byte how many names are not above
// it, then per object a name, a checksum and an offset, then offsets that need more
// than 31 bits, and the checksums of the pack and of the index.
const (
	header    = 8
	fanout    = 256 * 4
	name      = sha1.Size
	offset    = 4
	perObject = name + 4 + offset
	trailer   = 2 * sha1.Size
	least     = header + fanout + trailer
	long      = 1 << 31
)

// ErrMalformed says that a file is no index, or a damaged one.
var ErrMalformed = errors.New("the index of a pack is damaged")

// CountIn says how many objects an index of this many bytes has, as long as its pack
// is below 2 GiB.
func CountIn(size int64) int { return int(max(0, size-least) / perObject) }

// An Index may be used by several goroutines.
type Index struct {
	data  []byte
	count int

	once     sync.Once
	byOffset []int // positions, in the order of the offsets
}

// Parse checks an index and keeps its bytes.
func Parse(data []byte) (*Index, error) {
	if len(data) < least || !bytes.HasPrefix(data, []byte{0xff, 't', 'O', 'c', 0, 0, 0, 2}) {
		return nil, fmt.Errorf("%w: it does not begin as one of version 2", ErrMalformed)
	}
	x := &Index{data: data}
	before := uint32(0)
	for first := range 256 {
		n := x.upTo(first)
		if n < before {
			return nil, fmt.Errorf("%w: its counts go down", ErrMalformed)
		}
		before = n
	}
	x.count = int(before)
	if rest := len(data) - least - x.count*perObject; rest < 0 || rest%8 != 0 || rest > x.count*8 {
		return nil, fmt.Errorf("%w: %d bytes are not the size for %d objects", ErrMalformed, len(data), x.count)
	}
	if sum := sha1.Sum(data[:len(data)-sha1.Size]); !bytes.Equal(sum[:], data[len(data)-sha1.Size:]) {
		return nil, fmt.Errorf("%w: its checksum differs", ErrMalformed)
	}
	return x, nil
}

// Len is the number of objects.
func (x *Index) Len() int { return x.count }

// PackSum is the checksum of the pack, which is its name as well.
func (x *Index) PackSum() (sum [sha1.Size]byte) {
	copy(sum[:], x.data[len(x.data)-trailer:])
	return sum
}

// upTo counts the names whose first byte is not above this one.
func (x *Index) upTo(first int) uint32 {
	return binary.BigEndian.Uint32(x.data[header+4*first:])
}

// Name is that of the i-th object, by name.
func (x *Index) Name(i int) object.ID {
	return object.ID(x.data[header+fanout+i*name:][:name])
}

// Offset is where the i-th object begins in the pack; -1 where the index is damaged.
func (x *Index) Offset(i int) int64 {
	at := header + fanout + x.count*(name+4) + i*offset
	short := binary.BigEndian.Uint32(x.data[at:])
	if short < long {
		return int64(short)
	}
	at = header + fanout + x.count*perObject + int(short-long)*8
	if at+8 > len(x.data)-trailer {
		return -1
	}
	return int64(binary.BigEndian.Uint64(x.data[at:]) &^ (1 << 63))
}

// from is the position of the first name that does not come before these bytes.
func (x *Index) from(start []byte) int {
	low, high := 0, x.count
	if len(start) > 0 {
		high = int(x.upTo(int(start[0])))
		if start[0] > 0 {
			low = int(x.upTo(int(start[0]) - 1))
		}
	}
	return low + sort.Search(high-low, func(i int) bool {
		at := x.Name(low + i)
		return bytes.Compare(at[:], start) >= 0
	})
}

// Find returns the offset of an object.
func (x *Index) Find(wanted object.ID) (int64, bool) {
	i := x.from(wanted[:])
	if i == x.count || x.Name(i) != wanted {
		return 0, false
	}
	return x.Offset(i), true
}

// WithPrefix returns the objects whose names begin with these bytes.
func (x *Index) WithPrefix(start []byte) (found []object.ID) {
	for i := x.from(start); i < x.count; i++ {
		at := x.Name(i)
		if !bytes.HasPrefix(at[:], start) {
			break
		}
		found = append(found, at)
	}
	return found
}

// InOrder returns the objects in the order in which the pack has them.
func (x *Index) InOrder() []object.ID {
	x.sort()
	names := make([]object.ID, x.count)
	for i, at := range x.byOffset {
		names[i] = x.Name(at)
	}
	return names
}

// At returns the object that begins at an offset.
func (x *Index) At(offset int64) (object.ID, bool) {
	x.sort()
	i, found := slices.BinarySearchFunc(x.byOffset, offset, func(at int, offset int64) int { return cmp.Compare(x.Offset(at), offset) })
	if !found {
		return object.ID{}, false
	}
	return x.Name(x.byOffset[i]), true
}

func (x *Index) sort() {
	x.once.Do(func() {
		x.byOffset = make([]int, x.count)
		for i := range x.byOffset {
			x.byOffset[i] = i
		}
		slices.SortFunc(x.byOffset, func(a, b int) int { return cmp.Compare(x.Offset(a), x.Offset(b)) })
	})
}
