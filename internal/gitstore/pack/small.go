package pack

import (
	"bytes"
	"compress/zlib"
	"slices"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// A shrinker makes entries of a pack small: as a delta of an object that is in the
// pack already, where one is alike, and compressed in any case.
//
// The objects that come first are the ones that are whole, so what is read most should
// be added first: the newest version of a file, then the one before, and so on.
type shrinker struct {
	alike  map[likeness][]int // positions of objects, the last added last
	data   [][]byte           // the objects, by position; nil where forgotten
	depth  []int              // how many deltas each stands on
	held   int                // bytes in data
	oldest int                // the first that is not forgotten
	deflater
}

// likeness is what versions of one file or folder have in common: how they begin, or
// how they end. What is behind a name never begins like another thing by chance.
type likeness struct {
	kind object.Kind
	end  bool
	text [likeLength]byte
}

const (
	likeLength = 64
	// Git's own limit, and what a clone has to go through for the oldest version.
	maxDepth = 50
	// How many that are alike are tried.
	maxTried = 4
	// How many bytes of objects are kept to be compared with.
	maxHeld = 32 << 20
)

// entry is the entry of an object that begins at an offset. before are those of the
// objects before it.
func (s *shrinker) entry(offset int64, kind object.Kind, data []byte, before []entry) (dst []byte) {
	keys := likenesses(kind, data)
	base, diff := s.closest(keys, data)
	depth := 0
	if diff == nil {
		dst = s.appendDeflated(appendHeader(dst, kind, len(data)), data)
	} else {
		depth = s.depth[base] + 1
		dst = object.AppendDistance(appendHeader(dst, object.OffsetDelta, len(diff)), offset-before[base].offset)
		dst = s.appendDeflated(dst, diff)
	}
	s.remember(keys, data, depth)
	return dst
}

func likenesses(kind object.Kind, data []byte) []likeness {
	if len(data) < likeLength {
		return nil
	}
	return []likeness{
		{kind, false, [likeLength]byte(data)},
		{kind, true, [likeLength]byte(data[len(data)-likeLength:])},
	}
}

// closest finds an object of which data is a short delta: the first that makes it a
// sixteenth, else the shortest, if that is less than half of data.
func (s *shrinker) closest(keys []likeness, data []byte) (base int, diff []byte) {
	limit := len(data) / 2
	tried := map[int]bool{}
	for _, key := range keys {
		for _, at := range slices.Backward(s.alike[key]) {
			if limit < len(data)/16 {
				return base, diff
			}
			if tried[at] || s.data[at] == nil || s.depth[at] >= maxDepth {
				continue
			}
			tried[at] = true
			if d := delta(s.data[at], data, limit); d != nil {
				base, diff, limit = at, d, len(d)-1
			}
		}
	}
	return base, diff
}

func (s *shrinker) remember(keys []likeness, data []byte, depth int) {
	at := len(s.data)
	s.data, s.depth, s.held = append(s.data, data), append(s.depth, depth), s.held+len(data)
	for ; s.held > maxHeld; s.oldest++ {
		s.held -= len(s.data[s.oldest])
		s.data[s.oldest] = nil
	}
	if s.alike == nil {
		s.alike = map[likeness][]int{}
	}
	for _, key := range keys {
		others := append(s.alike[key], at)
		s.alike[key] = others[max(0, len(others)-maxTried):]
	}
}

// A deflater compresses as git does, with one window for all objects.
type deflater struct {
	buffer bytes.Buffer
	writer *zlib.Writer
}

func (d *deflater) appendDeflated(dst, data []byte) []byte {
	d.buffer.Reset()
	if d.writer == nil {
		d.writer = zlib.NewWriter(&d.buffer)
	} else {
		d.writer.Reset(&d.buffer)
	}
	// A buffer in memory takes everything.
	_, _ = d.writer.Write(data)
	_ = d.writer.Close()
	return append(dst, d.buffer.Bytes()...)
}
