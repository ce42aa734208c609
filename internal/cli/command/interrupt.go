package command

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/osmoctl/osmoctl/internal/workspace"
)

// TakeSignals returns a context that the first SIGINT or SIGTERM ends: work
// stops between two steps. A second one ends the process at once, which every
// step survives. [Env.HandOver] ends that.
func (e *Env) TakeSignals(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	paging := new(atomic.Int64)
	e.paging = paging
	signals, finished := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer close(finished)
		for s := range signals {
			switch {
			case s == os.Interrupt && time.Now().UnixNano() < paging.Load():
				// It is meant for the pager, which got it too.
			case ctx.Err() == nil:
				cancel(workspace.ErrInterrupted)
			default:
				os.Exit(ExitInterrupted)
			}
		}
	}()
	e.handOver = sync.OnceValue(func() error {
		signal.Stop(signals) // nothing is sent from here on
		close(signals)
		<-finished
		defer cancel(nil)
		return context.Cause(ctx)
	})
	return ctx
}

// HandOver gives the signals back to the system, for good, ends the context of
// [Env.TakeSignals], and returns why it had ended before, if it had.
func (e *Env) HandOver() error { return e.handOver() }

// UntilInterrupted waits for read, or for ctx to end: a person who is asked for
// something can leave with one Ctrl-C. What read is waiting for is then left to
// the end of the process.
func UntilInterrupted[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
