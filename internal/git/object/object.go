// Package object knows git's objects as bytes: their names, their kinds, and the
// form of a folder.
//
// Nothing here touches the disk. The other packages that read or write a
// repository (git, its index, gitstore and its packs) pass these values to one
// another.
package object

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strconv"
)

// An ID is the name of an object: the SHA-1 of its kind, size and content. The zero
// value stands for none: no parent, no file, an unborn branch.
type ID [sha1.Size]byte

// IDOf computes the name that git gives to an object.
func IDOf(kind Kind, data []byte) ID {
	h := sha1.New()
	h.Write(strconv.AppendInt(append([]byte(kind.String()), ' '), int64(len(data)), 10))
	h.Write([]byte{0})
	h.Write(data)
	return ID(h.Sum(nil))
}

// ParseID reads the full name of an object in hexadecimal; "" is none.
func ParseID(hash string) (ID, error) {
	var i ID
	if hash == "" {
		return i, nil
	}
	if len(hash) != hex.EncodedLen(len(i)) {
		return i, fmt.Errorf("%q is not the full hash of an object", hash)
	}
	if _, err := hex.Decode(i[:], []byte(hash)); err != nil {
		return i, fmt.Errorf("%q is not the full hash of an object", hash)
	}
	return i, nil
}

// MustParseID is ParseID for a hash that was checked before; it panics at another.
func MustParseID(hash string) ID {
	i, err := ParseID(hash)
	if err != nil {
		panic(err)
	}
	return i
}

// String is the name in hexadecimal, 40 zeros for none, as git's own files have it.
func (i ID) String() string { return hex.EncodeToString(i[:]) }

// Hash is the name in hexadecimal, "" for none.
func (i ID) Hash() string {
	if i.IsZero() {
		return ""
	}
	return i.String()
}

// IsZero tells whether it names nothing.
func (i ID) IsZero() bool { return i == ID{} }

// A Kind is the type of an object, by the number that packs use.
type Kind byte

// The kinds of objects.
const (
	Commit Kind = 1
	Tree   Kind = 2
	Blob   Kind = 3
	Tag    Kind = 4
)

// The kinds that entries of packs have beside: differences from an object in the same
// pack, by the distance back to it, and from one of a name.
const (
	OffsetDelta Kind = 6
	NameDelta   Kind = 7
)

// String returns git's word for the kind.
func (k Kind) String() string {
	return [...]string{"unknown", "commit", "tree", "blob", "tag"}[k%5]
}

// AppendDistance appends a number as packs write how far back something is, and indexes
// how much of a path is left out: seven bits a byte, the highest first, and no number has
// two forms.
func AppendDistance(dst []byte, n int64) []byte {
	var digits [10]byte
	at := len(digits) - 1
	digits[at] = byte(n & 0x7f)
	for n >>= 7; n > 0; n >>= 7 {
		n--
		at--
		digits[at] = 0x80 | byte(n&0x7f)
	}
	return append(dst, digits[at:]...)
}
