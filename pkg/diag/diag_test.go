package diag

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		from []string
		want string
	}{
		{"rols", []string{"roles", "labels"}, "roles"},
		{"roels", []string{"roles"}, "roles"},
		{"Roles", []string{"roles"}, "roles"},
		{"descripion", []string{"description"}, "description"},
		{"expiers_at", []string{"expires_at", "expires_in"}, "expires_at"},
		{"expires_on", []string{"expires_at", "expires_in"}, "expires_in"},
		{"roles", []string{"roles"}, ""},
		{"xyz", []string{"roles", "labels"}, ""},
		{"a", []string{"b"}, "b"},
		{"a", []string{"bc"}, ""},
		{"", []string{"", "abcd"}, ""},
		{"name", nil, ""},
		{"cat", []string{"bat", "hat"}, "bat"},
		{"catalogues", []string{"catalog", "catalogue"}, "catalogue"},
	} {
		if got := Nearest(c.name, c.from); got != c.want {
			t.Errorf("%q among %q: %q, want %q", c.name, c.from, got, c.want)
		}
	}
}

// The bounded distance is the plain one wherever that is within the bound.
func FuzzDistance(f *testing.F) {
	f.Add("roles", "roels")
	f.Add("", "abc")
	f.Add("ab", "ba")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 20 || len(b) > 20 {
			return
		}
		want := plain(a, b)
		for limit := range 6 {
			if got := distance(a, b, limit); got <= limit && got != want || want <= limit && got != want {
				t.Errorf("%q and %q within %d: %d, want %d", a, b, limit, got, want)
			}
		}
	})
}

// plain is the textbook's optimal string alignment, with the whole table.
func plain(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

func at(file string, line, column int, code string) Diagnostic {
	return Diagnostic{Code: code, Summary: code, Pos: Position{File: file, Line: line, Column: column}}
}

func TestSort(t *testing.T) {
	t.Parallel()
	want := List{
		at("", 0, 0, "z"), at("a", 0, 0, "z"), at("a", 2, 1, "a"), at("a", 2, 1, "b"),
		at("a", 2, 10, "a"), at("a", 10, 1, "a"), at("b", 1, 1, "a"),
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		got := slices.Clone(want)
		r.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		got.Sort()
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	}
}

// Equal places and codes keep the order in which they were found.
func TestSortIsStable(t *testing.T) {
	t.Parallel()
	l := List{{Code: "a", Summary: "first"}, {Code: "a", Summary: "second"}}
	l.Sort()
	if l[0].Summary != "first" {
		t.Error("the order of equals changed")
	}
}

func TestListErr(t *testing.T) {
	t.Parallel()
	warning := Diagnostic{Severity: Warning, Summary: "odd"}
	first, second := at("f.yaml", 3, 5, "wrong"), at("", 0, 0, "worse")
	for _, c := range []struct {
		list List
		want string
	}{
		{nil, ""},
		{List{warning}, ""},
		{List{first}, "f.yaml:3:5: wrong"},
		{List{warning, first, second}, "f.yaml:3:5: wrong (and 1 more)"},
		{List{second, warning, first, first}, "worse (and 2 more)"},
	} {
		err := c.list.Err()
		if c.want == "" {
			if err != nil || c.list.HasErrors() {
				t.Errorf("%v: %v", c.list, err)
			}
			continue
		}
		var back List
		if err == nil || err.Error() != c.want || !errors.As(fmt.Errorf("wrapped: %w", err), &back) || len(back) != len(c.list) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if got := (List{}).Error(); got != "no problems" {
		t.Error(got)
	}
}

func TestListParts(t *testing.T) {
	t.Parallel()
	var l List
	l.Add(Diagnostic{Code: "a"}, Diagnostic{Code: "b", Severity: Warning})
	l.Add(Diagnostic{Code: "c"})
	if len(l) != 3 || len(l.Errors()) != 2 || len(l.Warnings()) != 1 || l.Warnings()[0].Code != "b" || l.Errors()[1].Code != "c" {
		t.Errorf("%v", l)
	}
}

func TestPositionText(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]Position{
		"": {}, "f": {File: "f"}, "f:3": {File: "f", Line: 3}, "f:3:5": {File: "f", Line: 3, Column: 5},
	} {
		if p.String() != want {
			t.Errorf("%q, want %q", p, want)
		}
	}
	if Error.String() != "error" || Warning.String() != "warning" {
		t.Error("severities are confused")
	}
}

// TestBounded holds that a cut list says how much is missing.
func TestBounded(t *testing.T) {
	t.Parallel()
	var l List
	for i := range 1500 {
		l.Add(Diagnostic{Severity: Severity(i % 2), Code: "c", Summary: "s", Pos: Position{File: "f", Line: i}})
	}
	got := l.Bounded()
	if len(got) != 1001 || len(got.Errors()) != 751 || got[1000].Summary != "and 500 more problems" {
		t.Errorf("%d problems, %d errors, last %v", len(got), len(got.Errors()), got[len(got)-1])
	}
}

// A run's budget for hints ends, long names cost nothing, and nobody has to have
// a budget.
func TestHints(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	if got := Nearest(long+"a", []string{long + "b", long}); got != "" {
		t.Errorf("a name of a mebibyte is near %d bytes", len(got))
	}
	var none *Hints
	if none.Nearest("roels", []string{"roles"}) != "" || new(Hints).Nearest("roels", []string{"roles"}) != "" {
		t.Error("no budget gives hints")
	}
	h := NewHints()
	names := make([]string, hintBudget/10)
	for i := range names {
		names[i] = fmt.Sprintf("r%06d", i)
	}
	for i := range 20 {
		if got := h.Nearest("r000010x", names) != ""; got != (i < 10) {
			t.Errorf("question %d: answered %v", i, got)
		}
	}
}
