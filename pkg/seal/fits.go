package seal

import "strings"

// Fits reports whether the stanzas of a header can be those of the recipients
// with these IDs: as many of each kind as there are keys of it. The ID of a long
// key does not tell its kind, and a plugin may write any number of stanzas of
// any kind, so with such keys it is the rest that has to suffice.
//
// It is a comparison of a file with a record and proves nothing about keys: most
// kinds of stanza name none.
func (h Header) Fits(ids []string) bool {
	left := map[string]int{}
	for _, s := range h.Stanzas {
		left[s]++
	}
	unknown, rest := 0, len(h.Stanzas)
	for _, id := range ids {
		kind := stanzaKind(id)
		if kind == "" {
			unknown++
			continue
		}
		left[kind]--
		rest--
		if left[kind] < 0 {
			return false
		}
	}
	return rest == 0 && unknown == 0 || unknown > 0 && rest >= unknown
}

// stanzaKind is the type of the stanza that a key's kind is sealed with; "" where
// the ID does not say it.
func stanzaKind(id string) string {
	switch {
	case strings.HasPrefix(id, "ssh-ed25519 "):
		return "ssh-ed25519"
	case strings.HasPrefix(id, "ssh-rsa "):
		return "ssh-rsa"
	case !strings.HasPrefix(id, "age1"):
		return ""
	}
	switch id[:strings.LastIndexByte(id, '1')] {
	case "age":
		return "X25519"
	case "age1tag":
		return "p256tag"
	}
	return ""
}
