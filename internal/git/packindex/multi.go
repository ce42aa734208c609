package packindex

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// MultiName is what git calls its index of several packs, beside them.
const MultiName = "multi-pack-index"

// An index of several packs begins with a header, and a table of its chunks: what each
// is, and where it begins; the next one's beginning is its end, and the last row, of no
// chunk, has the end of all. The checksum of the file follows.
const (
	multiHeader = 12
	chunkRow    = 4 + 8
	perPlace    = 4 + offset // the number of a pack, and the offset in it
	perLong     = 8
)

// The chunks that are read: the names of the indexes of the packs, sorted, each with a
// zero byte behind it; the counts and the names of the objects; where they are; and
// offsets that need more than 31 bits, if there are any. Git has others, for bitmaps.
const (
	chunkPacks  = "PNAM"
	chunkCounts = "OIDF"
	chunkNames  = "OIDL"
	chunkPlaces = "OOFF"
	chunkLong   = "LOFF"
)

// maxPackNames bounds the names of packs, in bytes.
const maxPackNames = 16 << 20

// A MultiIndex is git's index of several packs: what is in any of them, and for each
// object one pack that has it, and where. It may be used by several goroutines.
//
// It is there for repositories with very many objects, of which a run needs a few. So what
// is read of it is its head, and of its objects those that begin with the same byte as one
// that is looked for. Its checksum would need all of it, and is not compared, nor does git:
// 30 MB for a million objects, which takes three times as long as a plan. Who uses what it
// says compares the content with the name, and who does not find an object by it looks
// into each pack's own index.
type MultiIndex struct {
	from   io.ReaderAt
	packs  []string
	counts counts
	// Where these chunks are; long is empty where all offsets are short.
	names, places, long span

	mu    sync.Mutex
	parts [256]*part // by the first byte of their names, as far as they were needed
}

// span is from where to where something is.
type span struct{ from, to int64 }

func (s span) size() int64 { return s.to - s.from }

// part are objects whose names begin with the same byte.
type part struct {
	names  names
	places []byte
}

// OpenMulti reads the head of an index of several packs. One that goes on in other files,
// as git's chains of them do, is not known here.
func OpenMulti(from io.ReaderAt, size int64) (*MultiIndex, error) {
	head, err := readSpan(from, span{0, multiHeader})
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(head, []byte("MIDX\x01\x01")) {
		return nil, malformed("it does not begin as one of several packs, of version 1")
	}
	if others := head[7]; others != 0 {
		return nil, malformed("it goes on in %d other files", others)
	}
	chunks, err := readChunks(from, int(head[6]), size-sha1.Size)
	if err != nil {
		return nil, err
	}
	x := &MultiIndex{from: from, names: chunks[chunkNames], places: chunks[chunkPlaces], long: chunks[chunkLong]}
	if x.packs, err = readPacks(from, chunks[chunkPacks], binary.BigEndian.Uint32(head[8:])); err != nil {
		return nil, err
	}
	if x.counts, err = readCounts(from, chunks[chunkCounts]); err != nil {
		return nil, err
	}
	return x, x.checkSizes()
}

func readSpan(from io.ReaderAt, s span) ([]byte, error) {
	data := make([]byte, s.size())
	if n, err := from.ReadAt(data, s.from); n < len(data) {
		if err == io.EOF {
			err = malformed("it is cut")
		}
		return nil, err
	}
	return data, nil
}

// readChunks tells where the chunks are, as the table says; all of them end before end.
func readChunks(from io.ReaderAt, count int, end int64) (map[string]span, error) {
	begin := int64(multiHeader + (count+1)*chunkRow)
	table, err := readSpan(from, span{multiHeader, begin})
	if err != nil {
		return nil, err
	}
	chunks := map[string]span{}
	for i := range count {
		row := table[i*chunkRow:]
		id := string(row[:4])
		s := span{int64(binary.BigEndian.Uint64(row[4:])), int64(binary.BigEndian.Uint64(row[chunkRow+4:]))}
		if s.from < begin || s.to < s.from || s.to > end {
			return nil, malformed("chunk %q is not within it", id)
		}
		if _, twice := chunks[id]; twice {
			return nil, malformed("it has chunk %q twice", id)
		}
		chunks[id] = s
	}
	if !bytes.HasPrefix(table[count*chunkRow:], []byte{0, 0, 0, 0}) {
		return nil, malformed("its table of chunks does not end")
	}
	return chunks, nil
}

// readPacks reads the names of the packs, behind which there may be zero bytes.
func readPacks(from io.ReaderAt, at span, count uint32) (packs []string, err error) {
	if at.size() > maxPackNames {
		return nil, malformed("its names of packs are too long")
	}
	rest, err := readSpan(from, at)
	if err != nil {
		return nil, err
	}
	for range count {
		end := bytes.IndexByte(rest, 0)
		if end < 0 {
			return nil, malformed("its %d names of packs are cut", count)
		}
		pack := string(rest[:end])
		if !strings.HasSuffix(pack, ".idx") || len(packs) > 0 && pack <= packs[len(packs)-1] {
			return nil, malformed("its names of packs are not sorted names")
		}
		packs, rest = append(packs, pack), rest[end+1:]
	}
	return packs, nil
}

func readCounts(from io.ReaderAt, at span) (counts, error) {
	if at.size() != fanout {
		return nil, malformed("%d bytes are not the counts of its objects", at.size())
	}
	return readSpan(from, at)
}

// checkSizes holds the sizes of the chunks against the number of objects.
func (x *MultiIndex) checkSizes() error {
	count, rising := x.counts.total()
	if !rising {
		return malformed("its counts go down")
	}
	if x.names.size() != int64(count)*name {
		return malformed("%d bytes are not the names of %d objects", x.names.size(), count)
	}
	if x.places.size() != int64(count)*perPlace || x.long.size()%perLong != 0 {
		return malformed("%d and %d bytes are not the places of %d objects", x.places.size(), x.long.size(), count)
	}
	return nil
}

// Packs are the names of the indexes of the packs, sorted, as [MultiIndex.Find] counts them.
func (x *MultiIndex) Packs() []string { return slices.Clone(x.packs) }

// Len is the number of objects.
func (x *MultiIndex) Len() int { return int(x.names.size() / name) }

// A Place is where an object is: in which of the packs, counted from 0, and its offset there.
type Place struct {
	Pack   int
	Offset int64
}

// Find returns where an object is. An error says nothing about whether it is.
func (x *MultiIndex) Find(wanted object.ID) (at Place, found bool, err error) {
	p, err := x.part(wanted[0])
	if err != nil {
		return at, false, err
	}
	i, found := p.names.find(wanted)
	if !found {
		return at, false, nil
	}
	place := p.places[i*perPlace:][:perPlace]
	at.Pack = int(binary.BigEndian.Uint32(place))
	at.Offset, err = x.offset(binary.BigEndian.Uint32(place[4:]))
	return at, err == nil, err
}

// offset follows a place to the list of long offsets. Without such a list, all bits are
// the offset's.
func (x *MultiIndex) offset(short uint32) (int64, error) {
	if short < long || x.long.size() == 0 {
		return int64(short), nil
	}
	at := x.long.from + int64(short-long)*perLong
	if at >= x.long.to {
		return 0, malformed("an offset is not in it")
	}
	data, err := readSpan(x.from, span{at, at + perLong})
	if err != nil {
		return 0, err
	}
	far := binary.BigEndian.Uint64(data)
	if far >= 1<<63 {
		return 0, malformed("an offset is negative")
	}
	return int64(far), nil
}

// part reads the objects whose names begin with a byte, once.
func (x *MultiIndex) part(first byte) (*part, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if p := x.parts[first]; p != nil {
		return p, nil
	}
	low, high := x.counts.within(first)
	names, err := readSpan(x.from, span{x.names.from + int64(low)*name, x.names.from + int64(high)*name})
	if err != nil {
		return nil, err
	}
	places, err := readSpan(x.from, span{x.places.from + int64(low)*perPlace, x.places.from + int64(high)*perPlace})
	if err != nil {
		return nil, err
	}
	p := &part{names, places}
	if err := p.check(first, len(x.packs)); err != nil {
		return nil, err
	}
	x.parts[first] = p
	return p, nil
}

// check looks whether names are sorted, and each object is in a pack that has a name.
func (p *part) check(first byte, packs int) error {
	for i := range p.names.len() {
		at := p.names.at(i)
		if at[0] != first || i > 0 && bytes.Compare(p.names[(i-1)*name:][:name], at[:]) >= 0 {
			return malformed("its names of objects are not sorted")
		}
		if binary.BigEndian.Uint32(p.places[i*perPlace:]) >= uint32(packs) {
			return malformed("object %s is nowhere", at)
		}
	}
	return nil
}
