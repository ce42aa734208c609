package view

import (
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Progress shows on Err how far a long step is, as a bar that is removed at the
// end. It is for terminals alone: a log has no use for it. what says what is
// being done, such as "sealing tokens". update may be called from several
// goroutines and in any order; finish is called once, after the last update.
func (v *View) Progress(total int, what string) (update func(done, total int), finish func()) {
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(v.Err),
		progressbar.OptionSetDescription(EscapeTerminal(what)),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionClearOnFinish(),
	)
	var mu sync.Mutex
	furthest := 0
	update = func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		if bar.GetMax() != total {
			bar.ChangeMax(total)
		}
		// Goroutines overtake each other: the bar never runs backwards.
		if done > furthest {
			furthest = done
			_ = bar.Set(min(done, total))
		}
	}
	return update, func() { _ = bar.Finish() }
}
