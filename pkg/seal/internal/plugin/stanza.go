package plugin

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
)

// A stanza is "-> TYPE ARGS..." and a body in unpadded base64, in lines of 64
// characters of which the last is shorter, even if that makes it empty.
const (
	arrow     = "->"
	lineBytes = 48
)

var encoding = base64.RawStdEncoding.Strict()

var errMalformed = errors.New("it sent something that is not of age's plugin protocol")

func encode(s *age.Stanza) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(arrow)
	for _, word := range append([]string{s.Type}, s.Args...) {
		if !isWord(word) {
			return nil, errors.New("the file's header holds what cannot be sent to a plugin")
		}
		b.WriteByte(' ')
		b.WriteString(word)
	}
	b.WriteByte('\n')
	body := s.Body
	for len(body) >= lineBytes {
		b.WriteString(encoding.EncodeToString(body[:lineBytes]) + "\n")
		body = body[lineBytes:]
	}
	b.WriteString(encoding.EncodeToString(body) + "\n")
	return b.Bytes(), nil
}

// decode reads one stanza. The error is errMalformed or the reader's.
func decode(r *bufio.Reader) (*age.Stanza, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	words := strings.Split(line, " ")
	if len(words) < 2 || words[0] != arrow {
		return nil, errMalformed
	}
	for _, word := range words[1:] {
		if !isWord(word) {
			return nil, errMalformed
		}
	}
	body, err := decodeBody(r)
	if err != nil {
		return nil, err
	}
	return &age.Stanza{Type: words[1], Args: words[2:], Body: body}, nil
}

func decodeBody(r *bufio.Reader) ([]byte, error) {
	var body []byte
	for {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		// The decoder would skip a CR and so accept two spellings.
		b, err := encoding.DecodeString(line)
		if err != nil || len(b) > lineBytes || strings.ContainsRune(line, '\r') {
			return nil, errMalformed
		}
		body = append(body, b...)
		if len(b) < lineBytes {
			return body, nil
		}
	}
}

func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read: %w", err)
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// isWord reports whether s is of printable characters without blanks.
func isWord(s string) bool {
	for i := range len(s) {
		if s[i] < 33 || s[i] > 126 {
			return false
		}
	}
	return s != ""
}
