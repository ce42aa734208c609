// Package parallel spreads work over the processors: the reading of files, the search of
// what is written, the encoding of a state. Each piece of it must be independent of the
// others, and results are kept in the order of what they are of, so that nothing depends on
// which was done first.
package parallel

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// most is how many pieces a goroutine takes at once: each may be as little as an account.
const most = 64

// Each calls do for every index below n, on as many goroutines as there are processors, and
// returns when all is done. What is not worth a goroutine stays on the caller's.
func Each(n int, do func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	part := max(1, min(most, n/(4*workers)))
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for end := int(next.Add(int64(part))); end-part < n; end = int(next.Add(int64(part))) {
				for i := end - part; i < min(end, n); i++ {
					do(i)
				}
			}
		})
	}
	group.Wait()
}

// Try is Each for what may fail: with the first error nothing more is begun, ctx is over for
// what is under way, and that error is returned.
func Try(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() error {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err := do(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// Map returns what f makes of each, in order.
func Map[In, Out any](in []In, f func(In) Out) []Out {
	out := make([]Out, len(in))
	Each(len(in), func(i int) { out[i] = f(in[i]) })
	return out
}

// Index returns the index of the first of which is is true, or -1. It asks of all.
func Index[In any](in []In, is func(In) bool) int { return slices.Index(Map(in, is), true) }
