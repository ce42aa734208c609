package sign

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// maxSignature bounds a signature's text, in bytes: ten times the largest RSA
// one.
const maxSignature = 64 << 10

// The first lines of signatures.
const (
	beginSSH     = "-----BEGIN SSH SIGNATURE-----"
	endSSH       = "-----END SSH SIGNATURE-----"
	beginOpenPGP = "-----BEGIN PGP SIGNATURE-----"
	endOpenPGP   = "-----END PGP SIGNATURE-----"
	beginX509    = "-----BEGIN SIGNED MESSAGE-----"
)

// A Format is a kind of signature, in the words of git's gpg.format.
type Format string

// The formats.
const (
	SSH     Format = "ssh"
	OpenPGP Format = "openpgp"
)

// formatOf looks at a signature's first line.
func formatOf(signature []byte) (Format, error) {
	if len(signature) > maxSignature {
		return "", bad("it is longer than any real one")
	}
	first, _, _ := bytes.Cut(signature, []byte("\n"))
	switch string(first) {
	case beginSSH:
		return SSH, nil
	case beginOpenPGP:
		return OpenPGP, nil
	case beginX509:
		return "", bad("it is an X.509 signature, which osmoctl cannot check; sign with gpg.format ssh or openpgp")
	}
	return "", bad("it is neither an SSH nor an OpenPGP signature")
}

// cutArmor returns the lines between the first and the last of an armored text.
// Nothing may stand around these two, for nothing would vouch for it; blank
// lines at the end are git's own doing.
func cutArmor(text []byte, begin, end string) ([]string, bool) {
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	last := len(lines) - 1
	if last < 1 || lines[0] != begin || lines[last] != end {
		return nil, false
	}
	return lines[1:last], true
}

// unbase64 decodes lines that have just one way of being written.
func unbase64(lines []string) ([]byte, bool) {
	text := strings.Join(lines, "")
	if strings.ContainsAny(text, "\r\n") {
		return nil, false // which the decoder would pass over
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	return data, err == nil
}
