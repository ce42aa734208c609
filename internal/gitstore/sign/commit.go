package sign

import (
	"bytes"
)

// Headers that hold a signature, in repositories of either kind of hash.
var signatureHeaders = [][]byte{[]byte("gpgsig "), []byte("gpgsig-sha256 ")}

// split takes a commit object apart: into what was signed, which is everything
// but the signature's header, and the signature, unfolded.
func split(raw []byte) (payload, signature []byte, err error) {
	headers, body := raw, []byte(nil)
	if end := bytes.Index(raw, []byte("\n\n")); end >= 0 {
		headers, body = raw[:end+1], raw[end+1:]
	}
	found, folded := 0, false
	for line := range bytes.Lines(headers) {
		text, starts := cutHeader(line)
		folded = starts || folded && line[0] == ' '
		switch {
		case starts:
			found++
			signature = append(signature, text...)
		case folded:
			signature = append(signature, line[1:]...)
		default:
			payload = append(payload, line...)
		}
	}
	switch {
	case found == 0:
		return nil, nil, ErrUnsigned
	case found > 1:
		return nil, nil, bad("there are %d of them, and one is allowed", found)
	}
	return append(payload, body...), signature, nil
}

// cutHeader returns the beginning of a signature where a line has one.
func cutHeader(line []byte) ([]byte, bool) {
	for _, name := range signatureHeaders {
		if text, ok := bytes.CutPrefix(line, name); ok {
			return text, true
		}
	}
	return nil, false
}
