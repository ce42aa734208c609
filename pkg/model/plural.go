package model

import "strconv"

// Plural counts things in words: 1 change, 2 changes.
func Plural(n int, one, many string) string {
	return strconv.Itoa(n) + " " + Noun(n, one, many)
}

// Noun is what so many things are called: change for 1, changes for 2.
func Noun(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
