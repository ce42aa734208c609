package pieces

import "bytes"

// appendIndented appends JSON as [json.Indent] does. What it is given was just encoded,
// so it is valid and has no blanks between its parts, and is not checked again: that is
// most of the time that json.Indent takes.
func appendIndented(to, compact []byte, prefix string) []byte {
	depth := 0
	newline := func() {
		to = append(append(to, '\n'), prefix...)
		for range depth {
			to = append(to, indent...)
		}
	}
	for i := 0; i < len(compact); {
		switch c := compact[i]; c {
		case '"':
			end := i + stringLen(compact[i:])
			to = append(to, compact[i:end]...)
			i = end
			continue
		case '{', '[':
			to = append(to, c)
			if closes := compact[i+1]; closes == '}' || closes == ']' {
				to = append(to, closes)
				i += 2
				continue
			}
			depth++
			newline()
		case '}', ']':
			depth--
			newline()
			to = append(to, c)
		case ',':
			to = append(to, c)
			newline()
		case ':':
			to = append(to, ':', ' ')
		default:
			to = append(to, c)
		}
		i++
	}
	return to
}

// stringLen is the length of the string that begins text, with its quotes.
func stringLen(text []byte) int {
	for at := 1; ; at++ {
		at += bytes.IndexByte(text[at:], '"')
		before := at - 1
		for text[before] == '\\' {
			before--
		}
		if (at-before)%2 == 1 {
			return at + 1
		}
	}
}
