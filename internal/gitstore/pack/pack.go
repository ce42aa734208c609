// Package pack builds a pack of git objects, with its index, in memory.
//
// A pack of many objects has them stored, not compressed: most of what this project
// writes is ciphertext and hashes, which do not get smaller, and a later "git gc"
// compresses what does. Building is then little more than hashing, and twenty
// thousand objects cost less than a tenth of a second.
//
// A [Small] pack is for few objects, and for those of earlier packs that are joined
// with them: there the same files come in many versions, so each is stored as what it
// differs in from a newer one. That makes a hundredth of some, and costs 0.1 ms an
// object.
//
// Nothing here touches the disk. The same objects in the same order give the
// same bytes, and so the same name.
package pack

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"hash/adler32"
	"hash/crc32"
	"slices"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// A Builder collects objects. The zero value is an empty pack of stored ones.
type Builder struct {
	body    []byte
	objects []entry
	seen    map[object.ID]bool
	small   *shrinker
}

// Small returns a Builder that makes its objects small. The versions of a file that
// are read most are to be added first.
func Small() *Builder { return &Builder{small: &shrinker{}} }

type entry struct {
	id     object.ID
	offset int64
	crc    uint32
}

// headerSize is the length of "PACK", the version and the object count.
const headerSize = 12

// Add puts an object into the pack, once, and returns its name. In a small pack the
// data must not change after.
func (b *Builder) Add(kind object.Kind, data []byte) object.ID {
	id := object.IDOf(kind, data)
	if b.seen[id] {
		return id
	}
	if b.seen == nil {
		b.seen = map[object.ID]bool{}
		b.body = make([]byte, headerSize, 64<<10)
	}
	b.seen[id] = true
	start := len(b.body)
	if b.small != nil {
		b.body = b.small.appendEntry(b.body, kind, data, b.objects)
	} else {
		b.body = appendStored(appendHeader(b.body, kind, len(data)), data)
	}
	b.objects = append(b.objects, entry{id, int64(start), crc32.ChecksumIEEE(b.body[start:])})
	return id
}

// Len is the number of objects added.
func (b *Builder) Len() int { return len(b.objects) }

// Pack returns the two files, and the name "pack-…" that both are to have,
// without the endings .pack and .idx. The builder must not be used after.
func (b *Builder) Pack() (name string, packed, index []byte) {
	if b.body == nil {
		b.body = make([]byte, headerSize)
	}
	copy(b.body, "PACK")
	binary.BigEndian.PutUint32(b.body[4:], 2)
	binary.BigEndian.PutUint32(b.body[8:], uint32(len(b.objects)))
	sum := sha1.Sum(b.body)
	packed = append(b.body, sum[:]...)
	return "pack-" + hex.EncodeToString(sum[:]), packed, b.index(sum)
}

// appendHeader appends kind and size, in git's variable-length form.
func appendHeader(dst []byte, kind object.Kind, size int) []byte {
	c := byte(kind)<<4 | byte(size&0x0f)
	for size >>= 4; size > 0; size >>= 7 {
		dst = append(dst, c|0x80)
		c = byte(size & 0x7f)
	}
	return append(dst, c)
}

// appendStored appends data as a zlib stream of stored blocks.
func appendStored(dst, data []byte) []byte {
	const block = 0xffff
	sum := adler32.Checksum(data)
	dst = append(dst, 0x78, 0x01)
	for len(data) > block {
		dst = appendBlock(dst, 0, data[:block])
		data = data[block:]
	}
	dst = appendBlock(dst, 1, data)
	return binary.BigEndian.AppendUint32(dst, sum)
}

func appendBlock(dst []byte, final byte, data []byte) []byte {
	dst = append(dst, final)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(data)))
	dst = binary.LittleEndian.AppendUint16(dst, ^uint16(len(data)))
	return append(dst, data...)
}

// index encodes the pack's index, version 2: counts by first byte, names,
// checksums, offsets (long ones in a table of their own), and two SHA-1s.
func (b *Builder) index(packSum [sha1.Size]byte) []byte {
	slices.SortFunc(b.objects, func(x, y entry) int { return bytes.Compare(x.id[:], y.id[:]) })
	out := make([]byte, 0, 8+256*4+len(b.objects)*28+2*sha1.Size)
	out = append(out, 0xff, 't', 'O', 'c', 0, 0, 0, 2)
	out = b.appendFanout(out)
	for _, o := range b.objects {
		out = append(out, o.id[:]...)
	}
	for _, o := range b.objects {
		out = binary.BigEndian.AppendUint32(out, o.crc)
	}
	out = append(b.appendOffsets(out), packSum[:]...)
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}

func (b *Builder) appendFanout(out []byte) []byte {
	var counts [256]uint32
	for _, o := range b.objects {
		counts[o.id[0]]++
	}
	total := uint32(0)
	for _, n := range counts {
		total += n
		out = binary.BigEndian.AppendUint32(out, total)
	}
	return out
}

func (b *Builder) appendOffsets(out []byte) []byte {
	const long = 1 << 31
	var table []byte
	for _, o := range b.objects {
		if o.offset < long {
			out = binary.BigEndian.AppendUint32(out, uint32(o.offset))
			continue
		}
		out = binary.BigEndian.AppendUint32(out, long|uint32(len(table)/8))
		table = binary.BigEndian.AppendUint64(table, uint64(o.offset))
	}
	return append(out, table...)
}
