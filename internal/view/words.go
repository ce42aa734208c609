package view

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Count formats a number with commas: 9,750.
func Count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Plural counts things as [Count] formats the number: 1 token, 9,750 tokens.
func Plural(n int, one, many string) string {
	return Count(n) + " " + model.Noun(n, one, many)
}

// Size is a number of bytes in the unit that suits it.
func Size(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if n >= unit.size {
			return strconv.FormatFloat(float64(n)/float64(unit.size), 'f', 1, 64) + " " + unit.name
		}
	}
	return Plural(int(n), "byte", "bytes")
}

// Day is the UTC day of a time, as OSMO's CLI shows times.
func Day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}

// Moment is a time to the second.
func Moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// JoinLabels formats labels by key: env=prod, team=platform.
func JoinLabels(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for _, key := range model.Names(m) {
		pairs = append(pairs, key+"="+m[key])
	}
	return strings.Join(pairs, ", ")
}

// ShortKey abbreviates the ID of a key for people.
func ShortKey(id string) string { return model.KeyFingerprint(secret.Mask(id)) }

// KeyName is a key by name, where it has one, and abbreviated ID.
func KeyName(name, id string) string { return model.KeyName(name, secret.Mask(id)) }

// ShortCommit abbreviates the id of a commit for people.
func ShortCommit(id string) string { return id[:min(len(id), 12)] }

// Title begins a word with a capital letter: Active.
func Title(s string) string {
	s = secret.Mask(s)
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Clip cuts a long text and says by how much.
func Clip(s string) string { return ClipTo(s, MaxText) }

// ClipTo cuts a text of more than that many characters.
func ClipTo(s string, most int) string {
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
	return s[:end] + "… (" + Plural(n-most, "character", "characters") + " more)"
}
