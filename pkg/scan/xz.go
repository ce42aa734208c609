package scan

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// xzReader reads the container of xz (version 1.2.1 of its specification): streams,
// one behind another, of blocks, each with its own dictionary. What is in a block
// is decoded by the library. Its own reader of the container has no bound for the
// memory that a block asks for, which may be 4 GiB in a file of a hundred bytes.
type xzReader struct {
	r byteReader
	// charge is asked before a dictionary is made.
	charge func(int64) bool
	// block is nil between blocks.
	block *xzBlock
	// check is the kind of checksum in this stream.
	check byte
	// err is how it ended.
	err error
}

const (
	// maxDictionary is what xz -9 asks for.
	maxDictionary = 64 << 20
	// dictionaryCost is how many bytes of a dictionary take as long to clear as one
	// takes to unpack.
	dictionaryCost = 32
)

const (
	xzMagic        = "\xfd7zXZ\x00"
	xzHeaderLength = 12
	xzFooterMagic  = "YZ"
	xzLZMA2        = 0x21
)

var (
	errXZ       = errors.New("its xz container is damaged")
	errXZFilter = errors.New("it uses a filter of xz that is not known here")
	errXZLarge  = fmt.Errorf("it asks for a dictionary of more than %d MiB", maxDictionary>>20)
)

// xzBlock is the block that is being read.
type xzBlock struct {
	data io.Reader
	// packed counts what was read of it, to find the end of its padding.
	packed *counted
	sum    hash.Hash
}

// byteReader is read no further than is asked.
type byteReader interface {
	io.Reader
	io.ByteReader
}

func newXZReader(r io.Reader, charge func(int64) bool) (*xzReader, error) {
	b, ok := r.(byteReader)
	if !ok {
		b = bufio.NewReader(r)
	}
	x := &xzReader{r: b, charge: charge}
	return x, x.streamHeader(nil)
}

func (x *xzReader) Read(b []byte) (n int, err error) {
	if x.err == nil {
		n, x.err = x.read(b)
	}
	return n, x.err
}

func (x *xzReader) read(b []byte) (int, error) {
	for len(b) > 0 {
		if x.block == nil {
			if err := x.nextBlock(); err != nil {
				return 0, err
			}
		}
		n, err := x.block.data.Read(b)
		x.block.sum.Write(b[:n])
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			err = x.endBlock()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// streamHeader reads the header of a stream, of which some was read already.
func (x *xzReader) streamHeader(have []byte) error {
	var h [xzHeaderLength]byte
	if _, err := io.ReadFull(x.r, h[copy(h[:], have):]); err != nil {
		return cutOff(err)
	}
	if string(h[:6]) != xzMagic || h[6] != 0 || h[7] > 15 || crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) {
		return errXZ
	}
	x.check = h[7]
	return nil
}

// cutOff is an error where more was expected.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// nextBlock begins a block, in this stream or the next; io.EOF ends the file.
func (x *xzReader) nextBlock() error {
	for {
		size, err := x.r.ReadByte()
		if err != nil {
			return cutOff(err)
		}
		if size > 0 {
			return x.blockHeader(size)
		}
		if err := x.endStream(); err != nil {
			return err
		}
	}
}

func (x *xzReader) blockHeader(size byte) error {
	h := make([]byte, (int(size)+1)*4)
	h[0] = size
	if _, err := io.ReadFull(x.r, h[1:]); err != nil {
		return cutOff(err)
	}
	end := len(h) - 4
	if crc32.ChecksumIEEE(h[:end]) != binary.LittleEndian.Uint32(h[end:]) {
		return errXZ
	}
	code, err := dictionaryOf(h[1:end])
	if err != nil {
		return err
	}
	dictionary, err := lzma.DecodeDictCap(code)
	switch {
	case err != nil:
		return errXZ
	case dictionary > maxDictionary:
		return errXZLarge
	case !x.charge(dictionary / dictionaryCost):
		return errBudget
	}
	b := &xzBlock{packed: &counted{r: x.r}, sum: xzSum(x.check)}
	b.data, err = lzma.Reader2Config{DictCap: int(max(dictionary, lzma.MinDictCap))}.NewReader2(b.packed)
	x.block = b
	return err
}

// dictionaryOf reads the code of the dictionary's size in a block's header, of
// which nothing but one filter is understood: LZMA2.
func dictionaryOf(h []byte) (byte, error) {
	flags, h := h[0], h[1:]
	if flags&0x03 != 0 {
		return 0, errXZFilter
	}
	for _, sized := range []byte{0x40, 0x80} { // both sizes, which are not needed
		if flags&sized == 0 {
			continue
		}
		_, n := binary.Uvarint(h)
		if n <= 0 {
			return 0, errXZ
		}
		h = h[n:]
	}
	switch {
	case len(h) < 3:
		return 0, errXZ
	case h[0] != xzLZMA2 || h[1] != 1:
		return 0, errXZFilter
	}
	return h[2], nil
}

// endBlock reads the padding and the checksum behind a block.
func (x *xzReader) endBlock() error {
	padding := int(-x.block.packed.n & 3)
	rest := make([]byte, padding+xzSumLength(x.check))
	if _, err := io.ReadFull(x.r, rest); err != nil {
		return cutOff(err)
	}
	own := x.block.sum.Sum(nil)
	x.block = nil
	if len(own) > 0 && string(own) != string(rest[padding:]) {
		return errors.New("its checksum does not fit")
	}
	return nil
}

// endStream reads the index and the footer of a stream, the zero that begins the
// index having been read, and what follows: nothing, or another stream.
func (x *xzReader) endStream() error {
	index := &counted{r: x.r, n: 1}
	records, err := binary.ReadUvarint(index)
	for ; err == nil && records > 0; records-- {
		if _, err = binary.ReadUvarint(index); err == nil {
			_, err = binary.ReadUvarint(index)
		}
	}
	if err != nil {
		return cutOff(err)
	}
	rest := make([]byte, int(-index.n&3)+4+xzHeaderLength)
	if _, err := io.ReadFull(x.r, rest); err != nil {
		return cutOff(err)
	}
	if string(rest[len(rest)-2:]) != xzFooterMagic {
		return errXZ
	}
	return x.nextStream()
}

// nextStream passes over zeros between streams, by four.
func (x *xzReader) nextStream() error {
	for {
		var next [4]byte
		n, err := io.ReadFull(x.r, next[:])
		switch {
		case n == 0 && errors.Is(err, io.EOF):
			return io.EOF
		case err != nil:
			return cutOff(err)
		case next != [4]byte{}:
			return x.streamHeader(next[:])
		}
	}
}

// xzSumLength is how long a checksum of a kind is.
func xzSumLength(check byte) int {
	if check == 0 {
		return 0
	}
	return 4 << ((check - 1) / 3)
}

// xzSum is the checksum of a kind; those that nobody has given a meaning are
// passed over.
func xzSum(check byte) hash.Hash {
	switch check {
	case 1:
		return reversed{crc32.NewIEEE()}
	case 4:
		return reversed{crc64.New(crc64.MakeTable(crc64.ECMA))}
	case 10:
		return sha256.New()
	}
	return unsummed{crc32.NewIEEE()}
}

// reversed gives a checksum with its lowest byte first, as xz has it.
type reversed struct{ hash.Hash }

func (r reversed) Sum(b []byte) []byte {
	sum := r.Hash.Sum(nil)
	for i := len(sum) - 1; i >= 0; i-- {
		b = append(b, sum[i])
	}
	return b
}

// unsummed is no checksum.
type unsummed struct{ hash.Hash }

func (unsummed) Write(b []byte) (int, error) { return len(b), nil }
func (unsummed) Sum(b []byte) []byte         { return b }

// counted counts what is read.
type counted struct {
	r byteReader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}
