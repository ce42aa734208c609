package state

import (
	"runtime"
	"sync"
)

// parallel maps in to out on all processors, keeping the order.
func parallel[In, Out any](in []In, f func(In) Out) []Out {
	out := make([]Out, len(in))
	workers := min(runtime.GOMAXPROCS(0), len(in)/64+1)
	chunk := (len(in) + workers - 1) / workers
	var wg sync.WaitGroup
	for start := 0; start < len(in); start += chunk {
		wg.Go(func() {
			for i := start; i < min(start+chunk, len(in)); i++ {
				out[i] = f(in[i])
			}
		})
	}
	wg.Wait()
	return out
}
