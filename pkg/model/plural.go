package model

import "strconv"

// Plural counts things in words: 1 change, 2 changes.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
