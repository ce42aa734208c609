package parallel_test

import (
	"context"
	"errors"
	"runtime"
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

// The first error ends what is begun, and keeps the rest from being begun.
func TestTry(t *testing.T) {
	t.Parallel()
	var done atomic.Int32
	if err := parallel.Try(t.Context(), 1000, func(context.Context, int) error { done.Add(1); return nil }); err != nil || done.Load() != 1000 {
		t.Errorf("%d of 1000, %v", done.Load(), err)
	}
	broken := errors.New("broken")
	done.Store(0)
	err := parallel.Try(t.Context(), 1000, func(ctx context.Context, i int) error {
		done.Add(1)
		if i == 0 {
			return broken
		}
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, broken) || done.Load() > int32(runtime.GOMAXPROCS(0)) {
		t.Errorf("%d were begun, %v", done.Load(), err)
	}
	over, end := context.WithCancel(t.Context())
	end()
	done.Store(0)
	if err := parallel.Try(over, 1000, func(context.Context, int) error { done.Add(1); return nil }); !errors.Is(err, context.Canceled) || done.Load() > 0 {
		t.Errorf("%d were begun after the end, %v", done.Load(), err)
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
