// Package token knows the form of the tokens that osmoctl issues itself.
//
// A token is 43 characters of [A-Za-z0-9_]: the prefix "osmo_", 32 random
// characters of base62, and a checksum of six more over those 37. The random
// part carries 190 bits, so its SHA-256 may be published; the whole has a
// length that OSMO accepts, and a double click selects all of it.
//
// Prefix and checksum add no secrecy and take none. They are there for
// scanners: whoever finds a token in a log can tell, offline and without false
// alarms, that it is one.
//
// Values from an OSMO server have another form and are none of this package's
// business.
package token

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

const (
	// Prefix begins every token.
	Prefix = "osmo_"
	// Length of a token in bytes.
	Length = BodyLength + ChecksumLength
	// BodyLength is the part that the checksum covers: prefix and random
	// characters.
	BodyLength = len(Prefix) + randomLength
	// ChecksumLength is the part after it.
	ChecksumLength = 6

	randomLength = 32
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// maxByte is the largest multiple of 62 in a byte. Bytes at or above it are
// thrown away: taken modulo 62 they would make the first eight characters of
// the alphabet more likely than the others.
const maxByte = 256 - 256%len(alphabet)

// maxReads bounds the reads from a source of randomness. Of 48 bytes 46 are
// expected to serve, so a second read is rare and a tenth means that the source
// is broken.
const maxReads = 10

// ErrSource is returned by [Generate] when the source of randomness keeps
// returning bytes that cannot be used.
var ErrSource = errors.New("the source of random numbers is broken: it repeats itself")

// Generate makes a token from rand, which in production is crypto/rand.Reader.
// The error wraps the reader's, or is [ErrSource].
func Generate(rand io.Reader) (secret.Value, error) {
	t := make([]byte, Length)
	copy(t, Prefix)
	if err := fill(t[len(Prefix):BodyLength], rand); err != nil {
		clear(t)
		return secret.Value{}, err
	}
	sum := Checksum(t[:BodyLength])
	copy(t[BodyLength:], sum[:])
	return secret.New(t), nil
}

// fill sets every byte of dst to a random character of the alphabet, all of
// them equally likely.
func fill(dst []byte, rand io.Reader) error {
	pool := make([]byte, 48)
	defer clear(pool)
	n := 0
	for range maxReads {
		if _, err := io.ReadFull(rand, pool); err != nil {
			return fmt.Errorf("read random numbers: %w", err)
		}
		for _, b := range pool {
			if n < len(dst) && int(b) < maxByte {
				dst[n] = alphabet[int(b)%len(alphabet)]
				n++
			}
		}
		if n == len(dst) {
			return nil
		}
	}
	return ErrSource
}

// Checksum is the CRC-32 (IEEE) of body in base62, most significant digit
// first, padded with "0". For a token, body is its first [BodyLength] bytes.
func Checksum(body []byte) [ChecksumLength]byte {
	var sum [ChecksumLength]byte
	crc := crc32.ChecksumIEEE(body)
	for i := len(sum) - 1; i >= 0; i-- {
		sum[i] = alphabet[crc%uint32(len(alphabet))]
		crc /= uint32(len(alphabet))
	}
	return sum
}

// Valid reports whether b is a token by its form: prefix, characters and
// checksum. It says nothing about whether the token was ever issued.
func Valid(b []byte) bool {
	if len(b) != Length || string(b[:len(Prefix)]) != Prefix {
		return false
	}
	for _, c := range b[len(Prefix):] {
		if !inAlphabet(c) {
			return false
		}
	}
	return Checksum(b[:BodyLength]) == [ChecksumLength]byte(b[BodyLength:])
}

func inAlphabet(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
