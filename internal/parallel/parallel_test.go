package parallel_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/osmoctl/osmoctl/internal/parallel"
)

// Everything is done once, however much there is.
func TestEach(t *testing.T) {
	t.Parallel()
	for n := range 1000 {
		done := make([]atomic.Int32, n)
		parallel.Each(n, func(i int) { done[i].Add(1) })
		for i := range done {
			if got := done[i].Load(); got != 1 {
				t.Fatalf("of %d, %d was done %d times", n, i, got)
			}
		}
	}
}

func TestMap(t *testing.T) {
	t.Parallel()
	in := make([]int, 1234)
	for i := range in {
		in[i] = i
	}
	for i, got := range parallel.Map(in, func(n int) int { return 2 * n }) {
		if got != 2*i {
			t.Fatalf("of %d came %d", i, got)
		}
	}
	if got := parallel.Map([]int(nil), func(int) string { return "" }); len(got) > 0 {
		t.Errorf("of nothing came %q", got)
	}
}

// The first is found, whoever finds another before.
func TestIndex(t *testing.T) {
	t.Parallel()
	in := make([]bool, 1000)
	if got := parallel.Index(in, func(is bool) bool { return is }); got != -1 {
		t.Fatalf("there is none, and %d was found", got)
	}
	for i := len(in) - 1; i >= 0; i -= 7 {
		in[i] = true
		if got, want := parallel.Index(in, func(is bool) bool { return is }), slices.Index(in, true); got != want {
			t.Fatalf("%d was found, and the first is %d", got, want)
		}
	}
}
