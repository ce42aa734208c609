package scan

// The classes of characters, as bits.
const (
	inBase64 = 1 << iota // of either alphabet
	inWord               // [A-Za-z0-9_-]: what values consist of
	inHex
)

var classes = func() (c [256]uint8) {
	for i := range c {
		switch b := byte(i); {
		case '0' <= b && b <= '9', 'a' <= b && b <= 'f', 'A' <= b && b <= 'F':
			c[i] = inBase64 | inWord | inHex
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', b == '-', b == '_':
			c[i] = inBase64 | inWord
		case b == '+', b == '/':
			c[i] = inBase64
		}
	}
	return c
}()

func isBase64(c byte) bool { return classes[c]&inBase64 != 0 }
func isWord(c byte) bool   { return classes[c]&inWord != 0 }
func isHex(c byte) bool    { return classes[c]&inHex != 0 }

// notBase64 marks bytes without a value in sextets.
const notBase64 = 0xff

// sextets are the values of the characters of both alphabets.
var sextets = func() (v [256]uint8) {
	for i := range v {
		v[i] = notBase64
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for i := range len(letters) {
		v[letters[i]] = uint8(i)
	}
	v['+'], v['-'], v['/'], v['_'] = 62, 62, 63, 63
	return v
}()

// quads are the values of characters at each place of a group of four; the top
// bit marks those without one.
var quads = func() (q [4][256]uint32) {
	for place := range q {
		for c := range q[place] {
			q[place][c] = uint32(sextets[c]) << (18 - 6*place)
			if sextets[c] == notBase64 {
				q[place][c] = 1 << 31
			}
		}
	}
	return q
}()
