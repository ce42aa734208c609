// Package packindex reads which objects are in a pack, and where: the index that each
// pack has ([Index]), and the one that git writes for several packs at once
// ([MultiIndex]).
//
// An index is kept as it lies on the disk and searched there, so that opening one
// costs little more than its checksum. Of a pack's own only version 2 is known, which
// is all that git has written since 2008, and of the one for several only version 1.
package packindex

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// The parts of an index: a header, for each first byte how many names are not above
// it, then per object a name, a checksum and an offset, then offsets that need more
// than 31 bits, and the checksums of the pack and of the index.
const (
	header    = 8
	offset    = 4
	perObject = name + 4 + offset
	trailer   = 2 * sha1.Size
	least     = header + fanout + trailer
	long      = 1 << 31
)

// ErrMalformed says that a file is no index, or a damaged one.
var ErrMalformed = errors.New("the index of a pack is damaged")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// CountIn says how many objects an index of this many bytes has, as long as its pack
// is below 2 GiB.
func CountIn(size int64) int { return int(max(0, size-least) / perObject) }

// An Index may be used by several goroutines.
type Index struct {
	data   []byte
	counts counts
	names  names

	once     sync.Once
	byOffset []int // positions, in the order of the offsets
}

// Parse checks an index and keeps its bytes.
func Parse(data []byte) (*Index, error) {
	if len(data) < least || !bytes.HasPrefix(data, []byte{0xff, 't', 'O', 'c', 0, 0, 0, 2}) {
		return nil, malformed("it does not begin as one of version 2")
	}
	x := &Index{data: data, counts: counts(data[header:][:fanout])}
	total, rising := x.counts.total()
	if !rising {
		return nil, malformed("its counts go down")
	}
	count := int(total)
	if rest := len(data) - least - count*perObject; rest < 0 || rest%8 != 0 || rest > count*8 {
		return nil, malformed("%d bytes are not the size for %d objects", len(data), count)
	}
	if sum := sha1.Sum(data[:len(data)-sha1.Size]); !bytes.Equal(sum[:], data[len(data)-sha1.Size:]) {
		return nil, malformed("its checksum differs")
	}
	x.names = names(data[header+fanout:][:count*name])
	return x, nil
}

// Len is the number of objects.
func (x *Index) Len() int { return x.names.len() }

// Name is that of the i-th object, by name.
func (x *Index) Name(i int) object.ID { return x.names.at(i) }

// PackSum is the checksum of the pack, which is its name as well.
func (x *Index) PackSum() (sum [sha1.Size]byte) {
	copy(sum[:], x.data[len(x.data)-trailer:])
	return sum
}

// Offset is where the i-th object begins in the pack; -1 where the index is damaged.
func (x *Index) Offset(i int) int64 {
	at := header + fanout + x.Len()*(name+4) + i*offset
	short := binary.BigEndian.Uint32(x.data[at:])
	if short < long {
		return int64(short)
	}
	at = header + fanout + x.Len()*perObject + int(short-long)*8
	if at+8 > len(x.data)-trailer {
		return -1
	}
	return int64(binary.BigEndian.Uint64(x.data[at:]) &^ (1 << 63))
}

// from is the position of the first name that does not come before these bytes.
func (x *Index) from(start []byte) int {
	if len(start) == 0 {
		return 0
	}
	low, names := x.beginning(start[0])
	return low + names.from(start)
}

// beginning returns the names with this first byte, and the position of the first.
func (x *Index) beginning(first byte) (low int, part names) {
	low, high := x.counts.within(first)
	return low, x.names[low*name : high*name]
}

// Find returns the offset of an object.
func (x *Index) Find(wanted object.ID) (int64, bool) {
	low, names := x.beginning(wanted[0])
	i, found := names.find(wanted)
	if !found {
		return 0, false
	}
	return x.Offset(low + i), true
}

// WithPrefix returns the objects whose names begin with these bytes.
func (x *Index) WithPrefix(start []byte) (found []object.ID) {
	for i := x.from(start); i < x.Len(); i++ {
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
	names := make([]object.ID, x.Len())
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
		x.byOffset = make([]int, x.Len())
		for i := range x.byOffset {
			x.byOffset[i] = i
		}
		slices.SortFunc(x.byOffset, func(a, b int) int { return cmp.Compare(x.Offset(a), x.Offset(b)) })
	})
}
