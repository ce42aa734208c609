package scan

import (
	"bytes"
	"compress/zlib"
	"strconv"
	"strings"
)

// kind says what a file is, in words; "" is an ordinary one.
type kind string

// The kinds that are unpacked.
const (
	isGzip  kind = "gzip"
	isBzip2 kind = "bzip2"
	isXZ    kind = "xz"
	isZstd  kind = "zstd"
	isZlib  kind = "zlib"
	isTar   kind = "a tar archive"
	isZip   kind = "a zip archive"
	isAr    kind = "an ar archive"
)

// unpackers are how kinds are unpacked. It is filled in below, since they unpack
// one another.
var unpackers map[kind]func(u *unpacker, path string, in Input, depth int)

func init() {
	unpackers = map[kind]func(*unpacker, string, Input, int){
		isGzip:  single(isGzip, openCost, openGzip),
		isBzip2: single(isBzip2, bzip2Cost, openBzip2),
		isXZ:    single(isXZ, openCost, openXZ),
		isZstd:  single(isZstd, zstdCost, openZstd),
		isZlib:  single(isZlib, openCost, openZlib),
		isTar:   (*unpacker).unpackTar,
		isZip:   (*unpacker).unpackZip,
		isAr:    (*unpacker).unpackAr,
	}
}

// headSize is how much of a file tells what it is.
const headSize = 512

// magics are the bytes at the beginning of files that tell what they are.
var magics = []struct {
	bytes string
	kind  kind
}{
	{"\x1f\x8b", isGzip},
	{"PK\x03\x04", isZip},
	{"PK\x05\x06", isZip},       // without members
	{"PK\x07\x08PK\x03", isZip}, // in one part, of an archive that could have more
	{xzMagic, isXZ},
	{"\x28\xb5\x2f\xfd", isZstd},
	{"!<arch>\n", isAr},
	{"\x04\x22\x4d\x18", "lz4"},
	{"\x02\x21\x4c\x18", "lz4"},
	{"\x03\x21\x4c\x18", "lz4"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
	{"Rar!\x1a\x07", "a rar archive"},
	{"\x1f\x9d", "compress (.Z)"},
	{"\x1f\xa0", "compress (.Z)"},
	{"\x1f\x1e", "pack (.z)"},
	{"LZIP", "lzip"},
	{"\x89LZO\x00\r\n\x1a\n", "lzop"},
	{"\xff\x06\x00\x00sNaPpY", "snappy"},
	{"MSCF\x00\x00\x00\x00", "a cabinet archive"},
	{"xar!", "a xar archive"},
	{"\xed\xab\xee\xdb", "an rpm package"},
	{"070701", "a cpio archive"},
	{"070702", "a cpio archive"},
	{"070707", "a cpio archive"},
	{"hsqs", "a squashfs image"},
	{"sqsh", "a squashfs image"},
	{"PACK\x00\x00\x00", "a git pack"},
	{"# v2 git bundle\n", "a git bundle"},
	{"# v3 git bundle\n", "a git bundle"},
}

func kindOf(head []byte) kind {
	switch {
	case isTarHead(head):
		return isTar
	case len(head) > 10 && bytes.HasPrefix(head, []byte("BZh")) && (string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90"):
		return isBzip2
	case len(head) >= 8 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18":
		return isZstd // It begins with a frame that is skipped.
	case isLZMAHead(head):
		return "lzma"
	case isZlibHead(head):
		return isZlib
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return m.kind
		}
	}
	return ""
}

// isTarHead knows the members of tar archives by their magic, and those of the
// oldest, which have none, by the checksum of their header.
func isTarHead(head []byte) bool {
	const magicAt, sumAt, sumEnd = 257, 148, 156
	if len(head) < headSize {
		return false
	}
	if bytes.HasPrefix(head[magicAt:], []byte("ustar")) {
		return true
	}
	said, err := strconv.ParseInt(strings.Trim(string(head[sumAt:sumEnd]), " \x00"), 8, 32)
	if err != nil || head[0] == 0 {
		return false
	}
	sum := int64(8 * ' ')
	for i, c := range head[:headSize] {
		if i < sumAt || i >= sumEnd {
			sum += int64(c)
		}
	}
	return sum == said
}

// isLZMAHead knows the oldest files of LZMA, which have no magic, by what every
// program writes there: the usual properties, a power of two for the dictionary,
// and a size that is unknown or below 256 GiB.
func isLZMAHead(head []byte) bool {
	const properties, size = 0x5d, 13
	if len(head) < size+5 || head[0] != properties || head[1] != 0 || head[2] != 0 || head[size] != 0 {
		return false
	}
	dictionary := uint32(head[3])<<16 | uint32(head[4])<<24
	return dictionary != 0 && dictionary&(dictionary-1) == 0 &&
		(string(head[5:size]) == strings.Repeat("\xff", 8) || string(head[10:size]) == "\x00\x00\x00")
}

// isZlibHead knows zlib, as git keeps its objects in, by what comes out of it.
func isZlibHead(head []byte) bool {
	if len(head) < 8 || head[0] != 0x78 || head[1] != 0x01 && head[1] != 0x9c && head[1] != 0xda {
		return false
	}
	z, err := zlib.NewReader(bytes.NewReader(head))
	if err != nil {
		return false
	}
	n, _ := z.Read(make([]byte, 8))
	return n > 0
}
