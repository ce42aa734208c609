package view

import (
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Meter shows on Err how far a long step is, and what is done after it, as a bar that is
// removed at the end. Its methods may be called from several goroutines.
type Meter struct {
	mu          sync.Mutex
	bar         *progressbar.ProgressBar
	doing, then string
	furthest    int
	shown       time.Time
	finished    bool
}

// barRoom is what stands beside the bar: what is done, and how much of it.
const barRoom, maxBar = 45, 40

// Progress begins a meter. It is for terminals alone: a log has no use for it. doing says
// what is being done, such as "sealing", and then what is done once all of that is: the
// bar stays until [Meter.Finish].
func (v *View) Progress(total int, doing, then string) *Meter {
	m := &Meter{doing: doing + " " + Count(total), then: then, shown: time.Now()}
	width := maxBar
	if v.ErrWidth > 0 {
		width = max(1, min(maxBar, v.ErrWidth-barRoom))
	}
	// One more than there is to do, since a full bar takes itself away.
	m.bar = progressbar.NewOptions(total+1,
		progressbar.OptionSetWriter(v.Err),
		progressbar.OptionSetWidth(width),
		progressbar.OptionSetDescription(EscapeTerminal(m.doing)),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionClearOnFinish(),
	)
	return m
}

// Update says how much is done. Whoever is overtaken changes nothing: the bar never runs
// backwards.
func (m *Meter) Update(done, total int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.finished {
		return
	}
	if m.bar.GetMax() != total+1 {
		m.bar.ChangeMax(total + 1)
	}
	m.furthest = max(m.furthest, done)
	switch {
	case m.furthest >= total:
		_ = m.bar.Set(total)
		m.bar.Describe(EscapeTerminal(m.then))
	case time.Since(m.shown) >= 100*time.Millisecond:
		m.shown = time.Now()
		_ = m.bar.Set(m.furthest)
		m.bar.Describe(EscapeTerminal(m.doing))
	}
}

// Say says what is being done now.
func (m *Meter) Say(doing string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.finished {
		m.bar.Describe(EscapeTerminal(doing))
	}
}

// Finish takes the bar away.
func (m *Meter) Finish() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finished = true
	_ = m.bar.Finish()
}
