package view

import (
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Progress shows on Err how far a long step is, as a bar that is removed at the
// end. It is for terminals alone: a log has no use for it. what says what is
// being done, such as "sealing", and then what is done once all of that is: the bar
// stays until finish. update may be called from several goroutines and in any
// order; finish is called once, after the last update.
func (v *View) Progress(total int, what, then string) (update func(done, total int), finish func()) {
	// One more than there is to do, since a full bar takes itself away.
	bar := progressbar.NewOptions(total+1,
		progressbar.OptionSetWriter(v.Err),
		progressbar.OptionSetDescription(EscapeTerminal(what+" "+Count(total))),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionClearOnFinish(),
	)
	var mu sync.Mutex
	furthest, shown := 0, time.Now()
	update = func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		if bar.GetMax() != total+1 {
			bar.ChangeMax(total + 1)
		}
		// Goroutines overtake each other: the bar never runs backwards.
		furthest = max(furthest, done)
		switch {
		case furthest >= total:
			_ = bar.Set(total)
			bar.Describe(EscapeTerminal(then))
		case time.Since(shown) >= 100*time.Millisecond:
			shown = time.Now()
			_ = bar.Set(furthest)
		}
	}
	return update, func() { _ = bar.Finish() }
}
