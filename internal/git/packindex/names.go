package packindex

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"sort"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// What both kinds of index have: for each first byte how many names are not above it,
// and the names.
const (
	fanout = 256 * 4
	name   = sha1.Size
)

// counts say for each first byte how many names are not above it.
type counts []byte

// total is how many names there are. The counts go up, or the index is damaged.
func (c counts) total() (total uint32, rising bool) {
	for i := range 256 {
		n := binary.BigEndian.Uint32(c[4*i:])
		if n < total {
			return 0, false
		}
		total = n
	}
	return total, true
}

// within returns from where to where the names with this first byte are.
func (c counts) within(first byte) (low, high int) {
	if first > 0 {
		low = int(binary.BigEndian.Uint32(c[4*int(first)-4:]))
	}
	return low, int(binary.BigEndian.Uint32(c[4*int(first):]))
}

// names are sorted names of objects, as they lie in an index.
type names []byte

func (n names) len() int { return len(n) / name }

func (n names) at(i int) object.ID { return object.ID(n[i*name:][:name]) }

// from is the position of the first name that does not come before these bytes.
func (n names) from(start []byte) int {
	return sort.Search(n.len(), func(i int) bool { return bytes.Compare(n[i*name:][:name], start) >= 0 })
}

// find is the position of one name.
func (n names) find(wanted object.ID) (int, bool) {
	i := n.from(wanted[:])
	return i, i < n.len() && n.at(i) == wanted
}
