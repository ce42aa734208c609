package view

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// count formats a number with commas: 9,750.
func count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// plural counts things: 1 token, 2 tokens.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// day is the UTC day of a time, as OSMO's CLI shows times.
func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}

// moment is a time to the second.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// labels formats labels by key: env=prod, team=platform.
func labels(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for _, key := range model.Names(m) {
		pairs = append(pairs, key+"="+m[key])
	}
	return strings.Join(pairs, ", ")
}

// shortKey abbreviates the ID of a key for people.
func shortKey(id string) string { return model.KeyFingerprint(secret.Mask(id)) }

// keyName is a key by name, where it has one, and abbreviated ID.
func keyName(name, id string) string {
	if name == "" {
		return shortKey(id)
	}
	return name + " (" + shortKey(id) + ")"
}

// shortCommit abbreviates the id of a commit for people.
func shortCommit(id string) string { return id[:min(len(id), 12)] }

// title begins a word with a capital letter: Active.
func title(s string) string {
	s = secret.Mask(s)
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// clip cuts a long text and says by how much.
func clip(s string) string { return clipTo(s, maxText) }

func clipTo(s string, most int) string {
	s = secret.Mask(s) // what is cut in two has no shape
	n := utf8.RuneCountInString(s)
	if n <= most {
		return s
	}
	end := 0
	for range most {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return s[:end] + "… (" + plural(n-most, "character", "characters") + " more)"
}
