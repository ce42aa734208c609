// Package wait is how osmoctl lets time pass: nothing sleeps without listening to
// its context, so that an interrupt ends whatever waits.
package wait

import (
	"context"
	"time"
)

// For waits so long. Where the context ends first it returns at once, with the
// error of the context; [context.Cause] says why.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
