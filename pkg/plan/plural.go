package plan

import "strconv"

// plural counts: 1 change, 2 changes.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// Words counts the changes in words: "2 create, 1 rotate", or "settings" where
// there is no change of an object.
func (s Summary) Words() string {
	out := ""
	for _, part := range []struct {
		n    int
		word Action
	}{{s.Create, Create}, {s.Update, Update}, {s.Rotate, Rotate}, {s.Revoke, Revoke}, {s.Delete, Delete}, {s.Reseal, Reseal}, {s.Adopt, Adopt}, {s.Forget, Forget}} {
		if part.n == 0 {
			continue
		}
		if out != "" {
			out += ", "
		}
		out += strconv.Itoa(part.n) + " " + string(part.word)
	}
	if out == "" {
		return "settings"
	}
	return out
}
