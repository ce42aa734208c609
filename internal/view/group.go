package view

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Group collects the elements with one key, groups and elements in the order in
// which they are met.
func Group[T any](list []T, key func(T) string) [][]T {
	index := map[string]int{}
	var out [][]T
	for _, e := range list {
		k := key(e)
		n, known := index[k]
		if !known {
			n = len(out)
			index[k], out = n, append(out, nil)
		}
		out[n] = append(out[n], e)
	}
	return out
}

// Subjects names the addresses of a group.
func Subjects[T any](group []T, address func(T) model.Address) []Span {
	list := make([]model.Address, len(group))
	for i, e := range group {
		list[i] = address(e)
	}
	return []Span{QuoteAs(Strong, ListAddresses(list))}
}

// ListAddresses lists the first addresses and counts the others.
func ListAddresses(list []model.Address) string {
	names := make([]string, 0, MaxNames)
	for _, a := range list[:min(len(list), MaxNames)] {
		names = append(names, a.String())
	}
	words := strings.Join(names, ", ")
	if rest := len(list) - len(names); rest > 0 {
		words += " and " + Count(rest) + " more"
	}
	return words
}
