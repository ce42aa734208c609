package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// maxNamed is how many of a crowd a message names.
const maxNamed = 3

// nameFew names the first of a list and counts the others.
func nameFew(list []string) string {
	if len(list) <= maxNamed {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:maxNamed], ", "), len(list)-maxNamed)
}

func listOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}

// memberSet tells quickly what is in a list that is asked about many times. Most
// lists are short, and of the long ones most are sorted. It is a value, since one
// is made for each of many thousands of tokens.
type memberSet struct {
	list   []string
	sorted bool
}

func members(list []string) memberSet {
	if len(list) <= 8 {
		return memberSet{list, false}
	}
	if !slices.IsSorted(list) {
		list = model.Set(list)
	}
	return memberSet{list, true}
}

func (m memberSet) has(s string) bool {
	if m.sorted {
		_, found := slices.BinarySearch(m.list, s)
		return found
	}
	return slices.Contains(m.list, s)
}

// missesAny reports whether any of list is no member.
func (m memberSet) missesAny(list []string) bool {
	for _, s := range list {
		if !m.has(s) {
			return true
		}
	}
	return false
}

func intersect(a, b []string) []string {
	if slices.Equal(a, b) {
		return a
	}
	in := members(b)
	if !in.missesAny(a) {
		return a
	}
	both := make([]string, 0, len(a))
	for _, s := range a {
		if in.has(s) {
			both = append(both, s)
		}
	}
	return both
}

func minus(a, b []string) (out []string) {
	in := members(b)
	for _, s := range a {
		if !in.has(s) {
			out = append(out, s)
		}
	}
	return out
}

// missing are the names that have has and want lacks, sorted.
func missing[H, W any](have map[string]H, want map[string]W) (names []string) {
	for name := range have {
		if _, wanted := want[name]; !wanted {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func union[V any](a, b map[string]V) map[string]bool {
	out := make(map[string]bool, len(a)+len(b))
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	return out
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
