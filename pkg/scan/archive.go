package scan

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Input is something with a name to search. ReaderAt and Size let a zip archive
// be read in place; without them one is held in memory, if it is not too large.
type Input struct {
	Name   string
	Reader io.Reader
	// ReaderAt is nil where there is only a stream.
	ReaderAt io.ReaderAt
	Size     int64
}

// Result is what came of searching an input with all that is packed in it.
type Result struct {
	// Places are the finds, each with the name of the file that it is in. Names
	// hold no value: one that did is masked.
	Places []Place
	// Left is what was not searched.
	Left []Left
	// Files and Bytes count what was searched, unpacked.
	Files int
	Bytes int64
}

// Place is a find with the name of what it is in: of a file, or of an archive and
// its member with a "!" between them.
type Place struct {
	Path string
	Find Find
}

// Left is something that was not searched, or not to its end.
type Left struct {
	Path   string
	Reason string
	// Unknown says that nothing failed: the content has a form that this package
	// does not unpack, and was searched as it is.
	Unknown bool
}

const (
	// maxHeld bounds an archive that has to be held in memory.
	maxHeld = 64 << 20
	// headSize is how much of a file tells what it is.
	headSize = 512
)

// File searches an input, its name, and what it holds if it is an archive or
// compressed: tar, zip, gzip and bzip2, within one another.
func (s *Scanner) File(in Input) Result {
	u := unpacker{s: s, budget: s.opts.MaxUnpacked}
	u.file(u.name("", in.Name), in, 0)
	return u.Result
}

// unpacker searches one input.
type unpacker struct {
	Result
	s *Scanner
	// budget is how much may still be unpacked.
	budget int64
}

func (u *unpacker) left(path, reason string, args ...any) {
	u.Left = append(u.Left, Left{Path: path, Reason: fmt.Sprintf(reason, args...)})
}

// name searches a name and returns it as it may be shown, behind the archive
// that it is in.
func (u *unpacker) name(archive, name string) string {
	path := u.s.Mask(name)
	if archive != "" {
		path = archive + "!" + path
	}
	for _, f := range u.s.Name(name) {
		u.Places = append(u.Places, Place{path, f})
	}
	return path
}

// masked stands for a part of a name that holds a value.
const masked = "[token]"

// Mask returns a name without the parts of it that hold a value.
func (s *Scanner) Mask(name string) string {
	if len(s.Name(name)) == 0 {
		return name
	}
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if len(s.Name(part)) > 0 {
			parts[i] = masked
		}
	}
	if name = strings.Join(parts, "/"); len(s.Name(name)) > 0 {
		return masked
	}
	return name
}

// errBudget ends what unpacks to too much.
var errBudget = errors.New("it unpacks to more than is searched")

// metered counts what is unpacked against the budget.
type metered struct {
	r io.Reader
	u *unpacker
}

func (m metered) Read(b []byte) (int, error) {
	if m.u.budget <= 0 {
		return 0, errBudget
	}
	n, err := m.r.Read(b[:min(int64(len(b)), m.u.budget)])
	m.u.budget -= int64(n)
	return n, err
}

// file searches a file by what its first bytes say it is.
func (u *unpacker) file(path string, in Input, depth int) {
	r := bufio.NewReaderSize(in.Reader, 4*headSize)
	head, _ := r.Peek(headSize)
	in.Reader = r
	kind := kindOf(head)
	if !kind.unpacked() {
		if kind != "" {
			u.Left = append(u.Left, Left{path, "it is " + string(kind) + ", which is not unpacked", true})
		}
		u.content(path, r)
		return
	}
	if depth >= u.s.opts.MaxDepth {
		u.left(path, "it is %s within %d others, which is deeper than is searched", kind, depth)
		return
	}
	u.unpack(kind, path, in, depth+1)
}

func (u *unpacker) unpack(k kind, path string, in Input, depth int) {
	switch k {
	case isGzip:
		u.gzip(path, in, depth)
	case isBzip2:
		u.bzip2(path, in, depth)
	case isTar:
		u.tar(path, in, depth)
	case isZip:
		u.zip(path, in, depth)
	}
}

func (u *unpacker) content(path string, r io.Reader) {
	finds, n, err := u.s.Reader(r)
	u.Files, u.Bytes = u.Files+1, u.Bytes+n
	for _, f := range finds {
		u.Places = append(u.Places, Place{path, f})
	}
	if err != nil {
		u.left(path, "it was searched up to byte %d: %v", n, err)
	}
	if u.s.exhausted {
		u.left(path, "what it holds in base64 of gzip unpacks to more than is searched")
	}
}

// kind says what a file is, in words; "" is an ordinary one.
type kind string

// The kinds that are unpacked.
const (
	isGzip  kind = "gzip"
	isBzip2 kind = "bzip2"
	isTar   kind = "a tar archive"
	isZip   kind = "a zip archive"
)

func (k kind) unpacked() bool { return k == isGzip || k == isBzip2 || k == isTar || k == isZip }

// magics are the bytes at the beginning of files that tell what they are.
var magics = []struct {
	bytes string
	kind  kind
}{
	{"\x1f\x8b\x08", isGzip},
	{"PK\x03\x04", isZip},
	{"\xfd7zXZ\x00", "xz"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"\x04\x22\x4d\x18", "lz4"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
	{"Rar!\x1a\x07", "a rar archive"},
	{"\x1f\x9d", "compress"},
}

func kindOf(head []byte) kind {
	const tarMagic = 257
	if len(head) == headSize && bytes.HasPrefix(head[tarMagic:], []byte("ustar")) {
		return isTar
	}
	if len(head) > 10 && bytes.HasPrefix(head, []byte("BZh")) && string(head[4:10]) == "1AY&SY" {
		return isBzip2
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return m.kind
		}
	}
	return ""
}

func (u *unpacker) gzip(path string, in Input, depth int) {
	z, err := gzip.NewReader(in.Reader)
	if err != nil {
		u.left(path, "it is damaged: %v", err)
		return
	}
	u.name(path, z.Name)
	u.name(path, z.Comment)
	u.file(path, Input{Reader: metered{z, u}}, depth)
}

func (u *unpacker) bzip2(path string, in Input, depth int) {
	u.file(path, Input{Reader: metered{bzip2.NewReader(in.Reader), u}}, depth)
}

func (u *unpacker) tar(path string, in Input, depth int) {
	for r := tar.NewReader(in.Reader); ; {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			u.behind(path, in.Reader, depth)
			return
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			u.left(path, "it is damaged, or was cut off: %v", err)
			return
		}
		member := u.name(path, h.Name)
		u.name(path, h.Linkname)
		u.records(path, h.PAXRecords)
		u.file(member, Input{Reader: u.sparse(h, r)}, depth)
		if u.budget <= 0 {
			return
		}
	}
}

// records searches what the header of a member has beside its names.
func (u *unpacker) records(path string, records map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(records)) {
		if key != "path" && key != "linkpath" {
			u.name(path, records[key])
		}
	}
}

// behind searches what follows the end of a tar archive: zeros that fill its last
// block, or what was appended to it, such as another archive. That one is looked
// into, as those that are nested are.
func (u *unpacker) behind(path string, r io.Reader, depth int) {
	rest := bufio.NewReaderSize(r, 64<<10)
	for {
		head, err := rest.Peek(headSize)
		if len(bytes.Trim(head, "\x00")) > 0 || err != nil && !errors.Is(err, io.EOF) {
			u.file(path, Input{Reader: rest}, depth)
			return
		}
		if _, _ = rest.Discard(len(head)); err != nil {
			return
		}
	}
}

// sparse meters a member that has holes: they make it larger than its archive.
func (u *unpacker) sparse(h *tar.Header, r io.Reader) io.Reader {
	holes := h.Typeflag == tar.TypeGNUSparse
	for key := range h.PAXRecords {
		holes = holes || strings.HasPrefix(key, "GNU.sparse.")
	}
	if holes {
		return metered{r, u}
	}
	return r
}

func (u *unpacker) zip(path string, in Input, depth int) {
	if in.ReaderAt == nil {
		data, err := io.ReadAll(io.LimitReader(in.Reader, maxHeld+1))
		if err != nil || len(data) > maxHeld {
			u.notHeld(path, data, err)
			return
		}
		in.ReaderAt, in.Size = bytes.NewReader(data), int64(len(data))
	}
	z, err := zip.NewReader(in.ReaderAt, in.Size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		u.left(path, "it is damaged, and was searched as it is: %v", err)
		u.content(path, io.NewSectionReader(in.ReaderAt, 0, in.Size))
		return
	}
	u.name(path, z.Comment)
	for _, f := range z.File {
		u.zipMember(path, f, depth)
		if u.budget <= 0 {
			return
		}
	}
}

func (u *unpacker) notHeld(path string, data []byte, err error) {
	if err != nil {
		u.left(path, "it was not read to its end: %v", err)
	} else {
		u.left(path, "it is a zip archive in a stream, and larger than the %d MiB that are held in memory", maxHeld>>20)
	}
	u.content(path, bytes.NewReader(data))
}

func (u *unpacker) zipMember(path string, f *zip.File, depth int) {
	member := u.name(path, f.Name)
	u.name(path, f.Comment)
	if f.FileInfo().IsDir() {
		return
	}
	if f.Flags&1 != 0 {
		u.left(member, "it is encrypted")
		return
	}
	r, err := f.Open()
	if err != nil {
		u.left(member, "it cannot be unpacked: %v", err)
		return
	}
	defer r.Close()
	u.file(member, Input{Reader: metered{r, u}}, depth)
}
