package view

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// grouped collects the elements with one key, groups and elements in the order in
// which they are met.
func grouped[T any](list []T, key func(T) string) [][]T {
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

// subjects names the addresses of a group.
func subjects[T any](group []T, address func(T) model.Address) []span {
	list := make([]model.Address, len(group))
	for i, e := range group {
		list[i] = address(e)
	}
	return []span{quoteAs(strong, addresses(list))}
}

// addresses lists the first addresses and counts the others.
func addresses(list []model.Address) string {
	names := make([]string, 0, maxNames)
	for _, a := range list[:min(len(list), maxNames)] {
		names = append(names, a.String())
	}
	words := strings.Join(names, ", ")
	if rest := len(list) - len(names); rest > 0 {
		words += " and " + count(rest) + " more"
	}
	return words
}
