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

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
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
}

const (
	// maxHeld bounds an archive that has to be held in memory.
	maxHeld = 64 << 20
	// headSize is how much of a file tells what it is.
	headSize = 512
)

// File searches an input, its name, and what it holds if it is an archive or
// compressed: tar, zip, gzip, bzip2, xz and zstd, within one another.
func (s *Scanner) File(in Input) Result {
	u := unpacker{s: s, budget: s.opts.Budget, size: in.Size, raw: &counted{r: in.Reader}}
	if u.budget == nil {
		u.budget = NewBudget(DefaultBudget)
	}
	in.Reader = u.raw
	u.file(u.name("", in.Name), in, 0)
	return u.Result
}

// unpacker searches one input.
type unpacker struct {
	Result
	s *Scanner
	// budget is the run's; size and raw say how large the input is, and unpacked
	// how much it has unpacked to by itself.
	budget   *Budget
	size     int64
	raw      *counted
	unpacked int64
	// spent says that more was there than is searched.
	spent bool
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
	room, shared := m.u.room(int64(len(b)))
	if room == 0 && len(b) > 0 {
		m.u.spent = true
		return 0, errBudget
	}
	n, err := m.r.Read(b[:room])
	m.u.spend(int64(n), shared)
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
			u.left(path, "it is %s, which is not unpacked; it was searched as it is", kind)
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
	case isXz:
		u.xz(path, in, depth)
	case isZstd:
		u.zstd(path, in, depth)
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
	isXz    kind = "xz"
	isZstd  kind = "zstd"
)

func (k kind) unpacked() bool {
	return slices.Contains([]kind{isGzip, isBzip2, isTar, isZip, isXz, isZstd}, k)
}

// magics are the bytes at the beginning of files that tell what they are.
var magics = []struct {
	bytes string
	kind  kind
}{
	{"\x1f\x8b\x08", isGzip},
	{"PK\x03\x04", isZip},
	{"\xfd7zXZ\x00", isXz},
	{"\x28\xb5\x2f\xfd", isZstd},
	{"\x04\x22\x4d\x18", "lz4"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
	{"Rar!\x1a\x07", "a rar archive"},
	{"\x1f\x9d", "compress"},
	{"\x1f\xa0", "compress"},
	{"\x5d\x00\x00", "lzma"},
	{"LZIP\x01", "lzip"},
	{"# v2 git bundle", "a git bundle"},
	{"# v3 git bundle", "a git bundle"},
	{"PACK\x00\x00\x00\x02", "a git pack"},
	{"PACK\x00\x00\x00\x03", "a git pack"},
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

// maxWindow bounds what xz and zstd hold in memory to go back to.
const maxWindow = 64 << 20

func (u *unpacker) xz(path string, in Input, depth int) {
	r := bufio.NewReaderSize(in.Reader, 4*headSize)
	head, _ := r.Peek(32)
	if size := xzWindow(head); size > maxWindow {
		u.left(path, "it is xz with a window of %d MiB, and at most %d are held in memory", size>>20, maxWindow>>20)
		return
	}
	x, err := xz.NewReader(r)
	if err != nil {
		u.left(path, "it is damaged: %v", err)
		return
	}
	u.file(path, Input{Reader: metered{x, u}}, depth)
}

// xzWindow is the window that the first block of an xz stream asks for; 0 where its
// header is not of the usual form.
func xzWindow(head []byte) int64 {
	const streamHeader = 12
	if len(head) < streamHeader+6 {
		return 0
	}
	block := head[streamHeader:]
	at := 2
	for _, flag := range []byte{0x40, 0x80} { // sizes that may stand before the filters
		if block[1]&flag != 0 {
			for at < len(block) && block[at]&0x80 != 0 {
				at++
			}
			at++
		}
	}
	if at+2 >= len(block) || block[at] != 0x21 || block[at+1] != 1 || block[at+2] > 40 {
		return 0
	}
	bits := block[at+2]
	return (2 | int64(bits&1)) << (bits/2 + 11)
}

func (u *unpacker) zstd(path string, in Input, depth int) {
	z, err := zstd.NewReader(in.Reader, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1<<62), zstd.WithDecoderLowmem(true))
	if err != nil {
		u.left(path, "it is damaged: %v", err)
		return
	}
	defer z.Close()
	u.file(path, Input{Reader: metered{z, u}}, depth)
}

func (u *unpacker) tar(path string, in Input, depth int) {
	git := false
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
		if !u.member() {
			u.left(path, "%v", errBudget)
			return
		}
		member := u.name(path, h.Name)
		git = u.git(path, h.Name, git)
		u.name(path, h.Linkname)
		u.records(path, h.PAXRecords)
		u.file(member, Input{Reader: u.sparse(h, r)}, depth)
		if u.spent {
			u.left(path, "%v", errBudget)
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
	git := false
	for _, f := range z.File {
		git = u.git(path, f.Name, git)
		if u.member() {
			u.zipMember(path, f, depth)
		}
		if u.spent {
			u.left(path, "%v", errBudget)
			return
		}
	}
}

// git names, once, an archive that holds a repository: what is in its objects is
// packed in git's own way.
func (u *unpacker) git(path, member string, named bool) bool {
	if !named && strings.Contains("/"+member, ".git/objects/") {
		u.left(path, "it holds a git repository, whose objects are not unpacked: unpack it, and search it with --history")
		return true
	}
	return named
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
