package scan

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Input is something with a name to search. ReaderAt and Size let a zip archive
// be read in place; without them one is held in memory, if it is not too large.
type Input struct {
	Name   string
	Reader io.Reader
	// ReaderAt is nil where there is only a stream.
	ReaderAt io.ReaderAt
	Size     int64
	// head is what the file begins with.
	head []byte
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
	// Budget says that the run's budget did not reach.
	Budget bool
}

// File searches an input, its name, and what it holds if it is an archive or
// compressed: tar, zip, ar, gzip, bzip2, xz, zstd and zlib, within one another.
func (s *Scanner) File(in Input) Result {
	u := unpacker{s: s, account: s.open()}
	u.earn(in.Size)
	in.Reader = &earning{in.Reader, u.account, in.Size}
	u.searchFile(u.searchName("", in.Name), in, 0)
	return u.Result
}

// unpacker searches one input.
type unpacker struct {
	Result
	s *Scanner
	*account
}

func (u *unpacker) skip(path, reason string, args ...any) {
	u.Left = append(u.Left, Left{Path: path, Reason: fmt.Sprintf(reason, args...)})
}

// skipRest says why something was not searched to its end, once where that is the
// budget: the file around it ends for the same reason.
func (u *unpacker) skipRest(path, what string, err error) {
	if !errors.Is(err, errBudget) {
		u.skip(path, what, err)
		return
	}
	if n := len(u.Left); n == 0 || !u.Left[n-1].Budget || !strings.HasPrefix(u.Left[n-1].Path, path) {
		u.Left = append(u.Left, Left{Path: path, Reason: errBudget.Error(), Budget: true})
	}
}

// searchName searches a name and returns it as it may be shown, behind the archive
// that it is in.
func (u *unpacker) searchName(archive, name string) string {
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

// searchFile searches a file by what its first bytes say it is.
func (u *unpacker) searchFile(path string, in Input, depth int) {
	r := bufio.NewReaderSize(in.Reader, 4*headSize)
	in.head, _ = r.Peek(headSize)
	in.Reader = r
	kind := kindOf(in.head)
	if unpackers[kind] == nil {
		if kind != "" {
			u.skip(path, "it is %s, which is not unpacked: what is packed in it was not searched", kind)
		}
		u.searchContent(path, r)
		if kind = behindAll(in); kind == "" {
			return
		}
	}
	if depth >= u.s.opts.MaxDepth {
		u.skip(path, "it is %s within %d others, which is deeper than is searched", kind, depth)
		return
	}
	unpackers[kind](u, path, in, depth+1)
}

// behindAll knows the zip archives that do not begin their file, such as programs
// that unpack themselves, by what those without a comment end in.
func behindAll(in Input) kind {
	var end [22]byte
	if in.ReaderAt == nil || in.Size < int64(len(end)) {
		return ""
	}
	if _, err := in.ReaderAt.ReadAt(end[:], in.Size-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	if !bytes.HasPrefix(end[:], []byte("PK\x05\x06")) {
		return ""
	}
	return isZip
}

func (u *unpacker) searchContent(path string, r io.Reader) {
	finds, n, err := u.s.Reader(r)
	u.Files, u.Bytes = u.Files+1, u.Bytes+n
	for _, f := range finds {
		u.Places = append(u.Places, Place{path, f})
	}
	if err != nil {
		u.skipRest(path, fmt.Sprintf("it was searched up to byte %d: %%v", n), err)
	}
	if u.s.exhausted {
		u.Left = append(u.Left, Left{Path: path, Reason: "what is encoded in it takes more to decode than is spent", Budget: true})
	}
}

// single searches a file that packs one other. What a format asks for in memory is
// charged before it is opened.
func single(k kind, cost int64, open func(u *unpacker, path string, r io.Reader, depth int) (io.Reader, error)) func(*unpacker, string, Input, int) {
	return func(u *unpacker, path string, in Input, depth int) {
		if !u.charge(cost) {
			u.skipRest(path, "", errBudget)
			return
		}
		read := &counted{r: in.Reader.(byteReader)}
		head := slices.Clone(in.head)
		r, err := open(u, path, read, depth)
		if err != nil {
			u.skipRest(path, "it looks like "+string(k)+", is damaged, and was searched as it is: %v", err)
			u.searchContent(path, io.MultiReader(bytes.NewReader(head[:min(read.n, int64(len(head)))]), read))
			return
		}
		u.searchFile(path, Input{Reader: metered{r, u.account}}, depth)
	}
}

func openGzip(u *unpacker, path string, r io.Reader, _ int) (io.Reader, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	u.searchName(path, z.Name)
	u.searchName(path, z.Comment)
	return z, nil
}

func openBzip2(_ *unpacker, _ string, r io.Reader, _ int) (io.Reader, error) {
	return bzip2.NewReader(r), nil
}

func openZlib(_ *unpacker, _ string, r io.Reader, _ int) (io.Reader, error) {
	return zlib.NewReader(r)
}

func openXZ(u *unpacker, _ string, r io.Reader, _ int) (io.Reader, error) {
	return newXZReader(r, u.charge)
}

// openZstd lends the decoder of a depth: the window of a frame, which may be as
// large as maxWindow, is made once and not for every file.
func openZstd(u *unpacker, _ string, r io.Reader, depth int) (io.Reader, error) {
	for len(u.s.zstd) <= depth {
		u.s.zstd = append(u.s.zstd, nil)
	}
	if d := u.s.zstd[depth]; d != nil {
		return unclosed{d}, d.Reset(r)
	}
	d, err := zstd.NewReader(r, zstdOptions()...)
	u.s.zstd[depth] = d
	return unclosed{d}, err
}

// zstdOptions decode in this goroutine and in bounded memory.
func zstdOptions() []zstd.DOption {
	return []zstd.DOption{
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow),
	}
}

// unclosed is a reader and nothing else.
type unclosed struct{ io.Reader }

// maxWindow is what zstd --long and --ultra ask for, and what zstd itself unpacks
// unless it is told to take more.
const maxWindow = 128 << 20

func (u *unpacker) unpackTar(path string, in Input, depth int) {
	repository, b := false, &blocks{r: in.Reader}
	for r := tar.NewReader(b); ; {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			u.searchBehind(path, in.Reader, depth)
			return
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			u.skipRest(path, "it is damaged, or was cut off: %v", err)
			return
		case !u.charge(memberCost):
			u.skipRest(path, "", errBudget)
			return
		}
		member := u.searchName(path, h.Name)
		repository = u.noteRepository(path, h.Name, repository)
		u.searchName(path, h.Linkname)
		u.searchRecords(path, h.PAXRecords)
		switch {
		case !hasHoles(h):
			u.searchFile(member, Input{Reader: r}, depth)
		case u.searchHoles(member, h, b, depth):
			r = tar.NewReader(b) // The one before does not know what was read.
		default:
			return
		}
	}
}

// noteRepository names, once, an archive that holds a git repository: its objects are
// packed in git's own way, for the most part.
func (u *unpacker) noteRepository(path, member string, named bool) bool {
	if named || !strings.Contains("/"+member, ".git/objects/") {
		return named
	}
	u.skip(path, "it holds a git repository, whose packs are not unpacked: unpack it, and search it with --history")
	return true
}

// searchRecords searches what the header of a member has beside its names.
func (u *unpacker) searchRecords(path string, records map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(records)) {
		if key != "path" && key != "linkpath" {
			u.searchName(path, records[key])
		}
	}
}

// searchBehind searches what follows the end of a tar archive: zeros that fill its last
// block, or what was appended to it, such as another archive. That one is looked
// into, as those that are nested are.
func (u *unpacker) searchBehind(path string, r io.Reader, depth int) {
	rest := bufio.NewReaderSize(r, 64<<10)
	for {
		head, err := rest.Peek(headSize)
		if len(bytes.Trim(head, "\x00")) > 0 || err != nil && !errors.Is(err, io.EOF) {
			u.searchFile(path, Input{Reader: rest}, depth)
			return
		}
		if _, _ = rest.Discard(len(head)); err != nil {
			return
		}
	}
}
