// Package index reads and writes git's index without disturbing what it does
// not understand.
//
// The index is the user's: it holds what they have staged. Entries that are
// not replaced keep every bit, flags included, and so does the version of the
// file. Of the extensions, the recorded conflict resolutions are kept; those
// that only speed git up and describe entries by position or by folder are
// dropped, and git makes them anew. An index in a form that demands more
// understanding (split, sparse) is refused with [ErrUnsupported], and a damaged
// one with [ErrDamaged]: the caller leaves both alone.
package index

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Errors of Parse.
var (
	ErrUnsupported = errors.New("the index has a form that osmoctl does not write")
	ErrDamaged     = errors.New("the index is damaged")
)

// Layout of an entry before its path.
const (
	offMtime = 8
	offMode  = 24
	offSize  = 36
	offID    = 40
	offFlags = 60
	offMore  = 62

	sizeShort = 62 // without the extended flags
	sizeLong  = 64
)

// Flag bits.
const (
	flagAssumeValid  = 0x8000
	flagExtended     = 0x4000
	flagStage        = 0x3000
	maskName         = 0x0fff
	moreSkipWorktree = 0x4000
	moreIntentToAdd  = 0x2000
)

// An Entry is one path of the index. Its fixed part is kept as it was read.
type Entry struct {
	Path string
	head []byte
}

func (e Entry) flags() uint16 { return binary.BigEndian.Uint16(e.head[offFlags:]) }

func (e Entry) more() uint16 {
	if e.flags()&flagExtended == 0 {
		return 0
	}
	return binary.BigEndian.Uint16(e.head[offMore:])
}

// ID is the staged blob.
func (e Entry) ID() object.ID { return object.ID(e.head[offID:]) }

// Mode is the staged file mode.
func (e Entry) Mode() uint32 { return binary.BigEndian.Uint32(e.head[offMode:]) }

// Stage is 0 for a normal entry, 1 to 3 for the sides of a conflict.
func (e Entry) Stage() int { return int(e.flags()&flagStage) >> 12 }

// SkipWorktree says that the file is left out of the work tree on purpose.
func (e Entry) SkipWorktree() bool { return e.more()&moreSkipWorktree != 0 }

// AssumeValid says that git was told to take the file for unchanged.
func (e Entry) AssumeValid() bool { return e.flags()&flagAssumeValid != 0 }

// Stat is what git remembers of the file in the work tree.
func (e Entry) Stat() Stat {
	field := func(i int) uint32 { return binary.BigEndian.Uint32(e.head[4*i:]) }
	return Stat{
		CtimeSec: field(0), CtimeNsec: field(1), MtimeSec: field(2), MtimeNsec: field(3), Dev: field(4), Ino: field(5),
		// Field 6 is the mode.
		UID: field(7), GID: field(8), Size: field(9),
	}
}

// IntentToAdd says that the user announced the path but staged no content.
func (e Entry) IntentToAdd() bool { return e.more()&moreIntentToAdd != 0 }

// Index is a parsed index file.
type Index struct {
	version  uint32
	entries  []Entry
	resolved []byte // the REUC extension, as it was read
}

// New returns the index of a repository that has none yet.
func New() *Index { return &Index{version: 2} }

// Entries returns the entries in their order; the slice is not to be changed.
func (ix *Index) Entries() []Entry { return ix.entries }

// Find returns the normal entry of a path.
func (ix *Index) Find(path string) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(ix.entries, path, func(e Entry, path string) int {
		return cmp.Or(strings.Compare(e.Path, path), e.Stage())
	})
	if !ok {
		return Entry{}, false
	}
	return ix.entries[i], true
}

// Blocked tells whether a file at path cannot be an entry, because one of its
// folders is an entry itself or something is staged below it.
func (ix *Index) Blocked(path string) bool {
	below, _ := slices.BinarySearchFunc(ix.entries, path+"/", func(e Entry, path string) int {
		return strings.Compare(e.Path, path)
	})
	if below < len(ix.entries) && strings.HasPrefix(ix.entries[below].Path, path+"/") {
		return true
	}
	for i, c := range path {
		if c != '/' {
			continue
		}
		if _, ok := ix.Find(path[:i]); ok {
			return true
		}
	}
	return false
}

// Below returns the entries of a folder, or of the file of that name. The
// empty name stands for all.
func (ix *Index) Below(dir string) []Entry {
	if dir == "" {
		return ix.entries
	}
	if below := ix.beginning(dir + "/"); len(below) > 0 {
		return below
	}
	file := ix.beginning(dir)
	n := 0
	for n < len(file) && file[n].Path == dir {
		n++
	}
	return file[:n]
}

// beginning are the entries whose paths begin like this.
func (ix *Index) beginning(with string) []Entry {
	from, _ := slices.BinarySearchFunc(ix.entries, with, func(e Entry, path string) int { return strings.Compare(e.Path, path) })
	n, _ := slices.BinarySearchFunc(ix.entries[from:], with, func(e Entry, path string) int {
		if strings.HasPrefix(e.Path, path) {
			return -1
		}
		return 1
	})
	return ix.entries[from : from+n : from+n]
}

// Stat is what git remembers of a file to see later that it has not changed.
// The zero value makes git look at the content.
type Stat struct {
	CtimeSec, CtimeNsec uint32
	MtimeSec, MtimeNsec uint32
	Dev, Ino            uint32
	UID, GID            uint32
	Size                uint32
}

// An Edit replaces, adds or removes the normal entry of one path.
type Edit struct {
	Path   string
	Remove bool
	Mode   uint32
	ID     object.ID
	Stat   Stat
	// SkipWorktree marks a new entry; one that is replaced keeps its flags.
	SkipWorktree bool
}

// Apply makes the edits. Entries of other paths stay as they are.
func (ix *Index) Apply(edits []Edit) {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b Edit) int { return strings.Compare(a.Path, b.Path) })
	merged := make([]Entry, 0, len(ix.entries)+len(edits))
	old := ix.entries
	for _, edit := range edits {
		n := 0
		for n < len(old) && old[n].Path < edit.Path {
			n++
		}
		merged, old = append(merged, old[:n]...), old[n:]
		var flags Entry
		if len(old) > 0 && old[0].Path == edit.Path && old[0].Stage() == 0 {
			flags, old = old[0], old[1:]
		}
		if !edit.Remove {
			merged = append(merged, edit.entry(flags))
		}
	}
	ix.entries = append(merged, old...)
}

// entry encodes the fixed part of an edit, with the flags of the entry that it
// replaces, if there was one.
func (e Edit) entry(replaced Entry) Entry {
	flags := uint16(min(len(e.Path), maskName))
	more := uint16(0)
	if replaced.head != nil {
		flags |= replaced.flags() & flagAssumeValid
		more = replaced.more() &^ moreIntentToAdd
	} else if e.SkipWorktree {
		more = moreSkipWorktree
	}
	head := make([]byte, 0, sizeLong)
	for _, n := range []uint32{
		e.Stat.CtimeSec, e.Stat.CtimeNsec, e.Stat.MtimeSec, e.Stat.MtimeNsec,
		e.Stat.Dev, e.Stat.Ino, e.Mode, e.Stat.UID, e.Stat.GID, e.Stat.Size,
	} {
		head = binary.BigEndian.AppendUint32(head, n)
	}
	head = append(head, e.ID[:]...)
	if more != 0 {
		flags |= flagExtended
	}
	head = binary.BigEndian.AppendUint16(head, flags)
	if more != 0 {
		head = binary.BigEndian.AppendUint16(head, more)
	}
	return Entry{Path: e.Path, head: head}
}

// Encode returns the file's bytes, in memory that it may take for them.
func (ix *Index) Encode(memory []byte) []byte {
	out := slices.Grow(memory[:0], 12+len(ix.entries)*100+len(ix.resolved)+sha1.Size)
	out = append(out, "DIRC"...)
	out = binary.BigEndian.AppendUint32(out, ix.writeVersion())
	out = binary.BigEndian.AppendUint32(out, uint32(len(ix.entries)))
	previous := ""
	for _, e := range ix.entries {
		if ix.version == 4 {
			out = appendShared(append(out, e.head...), previous, e.Path)
			previous = e.Path
			continue
		}
		start := len(out)
		out = append(append(out, e.head...), e.Path...)
		out = append(out, make([]byte, 8-(len(out)-start)%8)...)
	}
	if ix.resolved != nil {
		out = append(out, "REUC"...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(ix.resolved)))
		out = append(out, ix.resolved...)
	}
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}

// writeVersion is the version read, raised where the flags of an entry need it.
func (ix *Index) writeVersion() uint32 {
	if ix.version != 2 {
		return ix.version
	}
	for _, e := range ix.entries {
		if e.flags()&flagExtended != 0 {
			return 3
		}
	}
	return 2
}

// appendShared writes a version 4 path: how much to cut off the previous
// path's end, then what follows.
func appendShared(out []byte, previous, path string) []byte {
	n := 0
	for n < min(len(previous), len(path)) && previous[n] == path[n] {
		n++
	}
	out = object.AppendDistance(out, int64(len(previous)-n))
	return append(append(out, path[n:]...), 0)
}

// Parse reads an index file. Entries refer to data, which must not change.
func Parse(data []byte) (*Index, error) {
	if err := verify(data); err != nil {
		return nil, err
	}
	version := binary.BigEndian.Uint32(data[4:])
	if version < 2 || version > 4 {
		return nil, fmt.Errorf("%w: version %d", ErrUnsupported, version)
	}
	p := &parser{rest: data[12 : len(data)-sha1.Size], version: version}
	if version < 4 {
		p.text = string(p.rest)
	}
	ix := &Index{version: version}
	if err := p.entries(ix, binary.BigEndian.Uint32(data[8:])); err != nil {
		return nil, err
	}
	if err := p.extensions(ix); err != nil {
		return nil, err
	}
	if err := ix.checkOrder(); err != nil {
		return nil, err
	}
	return ix, nil
}

// checkOrder comes after the extensions, since in a split index, which they
// tell, entries have no names.
func (ix *Index) checkOrder() error {
	for i, e := range ix.entries {
		if e.Path == "" || i > 0 && !inOrder(ix.entries[i-1], e) {
			return fmt.Errorf("%w: its entries are out of order", ErrDamaged)
		}
	}
	return nil
}

// verify checks signature and checksum. A checksum of zeros means that git was
// told not to compute it (index.skipHash).
func verify(data []byte) error {
	if len(data) < 12+sha1.Size || string(data[:4]) != "DIRC" {
		return fmt.Errorf("%w: it does not begin like one", ErrDamaged)
	}
	body, trailer := data[:len(data)-sha1.Size], data[len(data)-sha1.Size:]
	sum := sha1.Sum(body)
	if !bytes.Equal(trailer, sum[:]) && !bytes.Equal(trailer, make([]byte, sha1.Size)) {
		return fmt.Errorf("%w: its checksum is wrong", ErrDamaged)
	}
	return nil
}

type parser struct {
	rest []byte
	// text ends as rest does. Paths that stand in full are parts of it.
	text     string
	version  uint32
	previous string
}

func (p *parser) entries(ix *Index, count uint32) error {
	if uint64(count)*sizeShort > uint64(len(p.rest)) {
		return fmt.Errorf("%w: it promises more entries than it holds", ErrDamaged)
	}
	ix.entries = make([]Entry, 0, count)
	for range count {
		e, err := p.entry()
		if err != nil {
			return err
		}
		if e.Mode() == 0o040000 {
			return fmt.Errorf("%w: it is sparse; run: git sparse-checkout reapply --no-sparse-index", ErrUnsupported)
		}
		ix.entries = append(ix.entries, e)
	}
	return nil
}

func inOrder(a, b Entry) bool {
	return cmp.Or(strings.Compare(a.Path, b.Path), a.Stage()-b.Stage()) < 0
}

func (p *parser) entry() (Entry, error) {
	size := sizeShort
	if len(p.rest) < sizeShort {
		return Entry{}, errShort
	}
	if binary.BigEndian.Uint16(p.rest[offFlags:])&flagExtended != 0 {
		size = sizeLong
	}
	if len(p.rest) < size || size == sizeLong && p.version == 2 {
		return Entry{}, errShort
	}
	e := Entry{head: p.rest[:size:size]}
	p.rest = p.rest[size:]
	if p.version == 4 {
		return p.completePath(e)
	}
	return p.plainPath(e)
}

var errShort = fmt.Errorf("%w: it ends in the middle of an entry", ErrDamaged)

// plainPath reads a path that ends in 1 to 8 zero bytes, up to a multiple of 8.
func (p *parser) plainPath(e Entry) (Entry, error) {
	n := bytes.IndexByte(p.rest, 0)
	if n < 0 {
		return Entry{}, errShort
	}
	padded := n + 8 - (len(e.head)+n)%8
	if padded > len(p.rest) {
		return Entry{}, errShort
	}
	start := len(p.text) - len(p.rest)
	e.Path = p.text[start : start+n]
	p.rest = p.rest[padded:]
	return e, nil
}

func (p *parser) completePath(e Entry) (Entry, error) {
	cut, size := offset(p.rest)
	if size == 0 || cut > len(p.previous) {
		return Entry{}, errShort
	}
	p.rest = p.rest[size:]
	n := bytes.IndexByte(p.rest, 0)
	if n < 0 {
		return Entry{}, errShort
	}
	e.Path = p.previous[:len(p.previous)-cut] + string(p.rest[:n])
	p.previous, p.rest = e.Path, p.rest[n+1:]
	return e, nil
}

// offset reads what [object.AppendDistance] wrote; size 0 means that it is not whole.
func offset(data []byte) (n, size int) {
	for i, c := range data {
		if i == 5 {
			return 0, 0
		}
		n = n<<7 | int(c&0x7f)
		if c&0x80 == 0 {
			return n, i + 1
		}
		n++
	}
	return 0, 0
}

// extensions keeps what describes conflicts, drops what git can make anew, and
// refuses what must be understood (a signature in lower case).
func (p *parser) extensions(ix *Index) error {
	for len(p.rest) > 0 {
		if len(p.rest) < 8 {
			return errShort
		}
		name, size := string(p.rest[:4]), binary.BigEndian.Uint32(p.rest[4:])
		if uint64(size) > uint64(len(p.rest)-8) {
			return errShort
		}
		body := p.rest[8 : 8+size]
		p.rest = p.rest[8+size:]
		switch {
		case name == "REUC":
			ix.resolved = body
		case name == "link":
			return fmt.Errorf("%w: it is split; run: git config core.splitIndex false && git update-index --no-split-index", ErrUnsupported)
		case name == "sdir":
			return fmt.Errorf("%w: it is sparse; run: git sparse-checkout reapply --no-sparse-index", ErrUnsupported)
		case name[0] < 'A' || name[0] > 'Z':
			return fmt.Errorf("%w: extension %q", ErrUnsupported, name)
		}
	}
	return nil
}

// Smudge marks the entries that only look clean because their file was changed
// in the second in which the index was last written, which is what git does
// when it writes an index: a newer index would hide such changes for ever. A
// size of zero makes git look at the content, once. It is to be called before
// Apply, with the time of the file that was parsed, and with what tells of an entry of
// that second whether it is clean in truth.
func (ix *Index) Smudge(written time.Time, isClean func(Entry) bool) {
	changed := false
	for i, e := range ix.entries {
		racy := int64(binary.BigEndian.Uint32(e.head[offMtime:])) >= written.Unix()
		plain := e.Stage() == 0 && e.Mode() != object.ModeSubmodule && e.more() == 0 && e.flags()&flagAssumeValid == 0
		if racy && plain && !isClean(e) {
			head := bytes.Clone(e.head)
			binary.BigEndian.PutUint32(head[offSize:], 0)
			if !changed { // Others may look at the entries as they were.
				ix.entries, changed = slices.Clone(ix.entries), true
			}
			ix.entries[i].head = head
		}
	}
}
