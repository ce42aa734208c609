package main

import (
	"maps"
	"strings"
	"testing"
)

const baseline = `# comment

pkg/state BenchmarkDecode 3 1000
internal/cli BenchmarkParse/all 100 50
`

const printed = `goos: linux
pkg: github.com/osmoctl/osmoctl/pkg/state
cpu: AMD EPYC
BenchmarkDecode-2   	       3	 189031 ns/op	  116504 B/op	    1100 allocs/op
BenchmarkOther-2    	       3	      3 ns/op
PASS
ok  	github.com/osmoctl/osmoctl/pkg/state	0.006s
pkg: github.com/osmoctl/osmoctl/internal/cli
BenchmarkParse/all-2 	     100	 189031 ns/op	 12.5 MB/s	  116504 B/op	      40 allocs/op
`

func read(t *testing.T) []entry {
	t.Helper()
	list, err := parseBaseline(baseline)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	return list
}

func TestCount(t *testing.T) {
	t.Parallel()
	got := map[string]int{}
	if err := count(got, []byte(printed)); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"pkg/state BenchmarkDecode": 1100, "internal/cli BenchmarkParse/all": 40}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A tenth more is let pass, one more than that is not, and a benchmark that is gone
// is not taken for one that allocates nothing.
func TestCompare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		counted map[string]int
		says    string
	}{
		"same":  {map[string]int{"pkg/state BenchmarkDecode": 1100, "internal/cli BenchmarkParse/all": 40}, ""},
		"grown": {map[string]int{"pkg/state BenchmarkDecode": 1101, "internal/cli BenchmarkParse/all": 40}, "pkg/state BenchmarkDecode: 1101 allocations, was 1000"},
		"gone":  {map[string]int{"pkg/state BenchmarkDecode": 1000}, "internal/cli BenchmarkParse/all: 0 allocations, was 50: not run"},
	} {
		err := compare(read(t), c.counted)
		if (err == nil) != (c.says == "") || err != nil && !(strings.Contains(err.Error(), c.says) && strings.Contains(err.Error(), "-update")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	got, err := rewrite(baseline, map[string]int{"pkg/state BenchmarkDecode": 7, "internal/cli BenchmarkParse/all": 8})
	want := "# comment\n\npkg/state BenchmarkDecode 3 7\ninternal/cli BenchmarkParse/all 100 8\n"
	if err != nil || got != want {
		t.Errorf("%v, %q", err, got)
	}
	if _, err := rewrite(baseline, nil); err == nil {
		t.Error("what was not run was written")
	}
}

func TestNoBaseline(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"pkg/state", "pkg/state BenchmarkDecode 3", "pkg/state BenchmarkDecode 0 7", "pkg/state BenchmarkDecode x 7"} {
		if list, err := parseBaseline(text); err == nil {
			t.Errorf("%q is read as %v", text, list)
		}
	}
}
