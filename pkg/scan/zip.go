package scan

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxHeld bounds an archive that has to be held in memory.
	maxHeld = 64 << 20
	// maxDirectory bounds what is read of an archive's list of members, which takes
	// several times as much memory.
	maxDirectory = 64 << 20

	// The methods of packing that archive/zip leaves to others.
	zipBzip2 = 12
	zipZstd  = 93
	zipXZ    = 95
)

var errDirectory = errors.New("its list of members is longer than is read")

// listed is an archive whose list of members is being read.
type listed struct {
	io.ReaderAt
	left int64
	all  bool
}

func (l *listed) ReadAt(b []byte, off int64) (int, error) {
	if l.left -= int64(len(b)); l.left < 0 && !l.all {
		return 0, errDirectory
	}
	return l.ReaderAt.ReadAt(b, off)
}

func (u *unpacker) unpackZip(path string, in Input, depth int) {
	if in.ReaderAt == nil {
		data, err := io.ReadAll(io.LimitReader(in.Reader, maxHeld+1))
		if err != nil || len(data) > maxHeld {
			u.searchPacked(path, data, err)
			return
		}
		in.ReaderAt, in.Size = bytes.NewReader(data), int64(len(data))
	}
	list := &listed{ReaderAt: in.ReaderAt, left: maxDirectory}
	z, err := zip.NewReader(list, in.Size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		u.skip(path, "it is damaged, and was searched as it is: %v", err)
		u.searchContent(path, io.NewSectionReader(in.ReaderAt, 0, in.Size))
		return
	}
	list.all = true
	u.addMethods(z)
	u.searchName(path, z.Comment)
	repository := false
	for _, f := range z.File {
		repository = u.noteRepository(path, f.Name, repository)
		if !u.unpackMember(path, f, depth) {
			return
		}
	}
}

// addMethods adds the ways of packing that are known here and not to archive/zip.
func (u *unpacker) addMethods(z *zip.Reader) {
	costly := func(cost int64, open func(io.Reader) (io.Reader, error)) zip.Decompressor {
		return func(r io.Reader) io.ReadCloser {
			if !u.charge(cost) {
				return broken{errBudget}
			}
			out, err := open(r)
			if err != nil {
				return broken{err}
			}
			return io.NopCloser(out)
		}
	}
	z.RegisterDecompressor(zipBzip2, costly(bzip2Cost, func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }))
	z.RegisterDecompressor(zipXZ, costly(openCost, func(r io.Reader) (io.Reader, error) { return newXZReader(r, u.charge) }))
	z.RegisterDecompressor(zipZstd, func(r io.Reader) io.ReadCloser {
		if !u.charge(zstdCost) {
			return broken{errBudget}
		}
		d, err := zstd.NewReader(r, zstdOptions()...)
		if err != nil {
			return broken{err}
		}
		return d.IOReadCloser()
	})
}

// broken is a reader of what cannot be unpacked.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
func (broken) Close() error               { return nil }

func (u *unpacker) searchPacked(path string, data []byte, err error) {
	if err != nil {
		u.skipRest(path, "it was not read to its end: %v", err)
	} else {
		u.skip(path, "it is a zip archive in a stream, and larger than the %d MiB that are held in memory", maxHeld>>20)
	}
	u.searchContent(path, bytes.NewReader(data))
}

// unpackMember searches a member and reports whether there is budget for more.
func (u *unpacker) unpackMember(path string, f *zip.File, depth int) bool {
	member := u.searchName(path, f.Name)
	u.searchName(path, f.Comment)
	if !u.charge(memberCost) {
		u.skipRest(path, "", errBudget)
		return false
	}
	if f.FileInfo().IsDir() {
		return true
	}
	if f.Flags&1 != 0 {
		u.skip(member, "it is encrypted")
		return true
	}
	r, err := f.Open()
	if err != nil {
		u.skip(member, "it cannot be unpacked: %v", err)
		return true
	}
	defer r.Close()
	u.out = false
	u.searchFile(member, Input{Reader: metered{r, u.account}}, depth)
	if u.out {
		u.Left = append(u.Left, Left{Path: path, Reason: "what follows in it was not searched"})
	}
	return !u.out
}
