package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Meter shows on Err what is being done, and how much of it is, on one line that is taken
// away again. What others write, and a question that others ask, stand on lines of their
// own. Its methods may be called from several goroutines.
type Meter struct {
	mu    sync.Mutex
	to    io.Writer
	width int
	// doing is empty while nothing is done that is worth a line.
	doing       string
	done, total int
	// aside counts those who have the terminal for themselves.
	aside    int
	finished bool
	// due shows the line; it is nil while it is shown, or nothing is to be.
	due *time.Timer
	// shown is the width of the line that stands there, 0 where none does, and at is when
	// it was written.
	shown int
	at    time.Time
}

// Work that ends within meterPatience is not shown: it would flicker by, and a person does
// not wonder yet. A count is written once in meterPause.
const meterPatience, meterPause = 500 * time.Millisecond, 100 * time.Millisecond

// maxBar is the width of a bar, and barRoom that of what stands round it.
const maxBar, barRoom = 40, len(" 100% ||")

// Progress begins a meter, which shows nothing yet. It is for terminals alone: a log has
// no use for it.
func (v *View) Progress() *Meter {
	width := v.ErrWidth
	if width == 0 {
		width = maxBar + barRoom
	}
	// A line that fills the last column would become two, and one alone be taken away.
	return &Meter{to: v.Err, width: width - 1}
}

// Say says what is being done, and how many of how many are; both are 0 where nothing is
// counted. Nothing is done where doing is empty. Whoever is overtaken changes nothing: a
// bar never runs backwards.
func (m *Meter) Say(doing string, done, total int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	doing = EscapeTerminal(doing)
	same := doing == m.doing && total == m.total
	if m.finished || same && done <= m.done {
		return
	}
	m.doing, m.done, m.total = doing, done, total
	switch {
	case doing == "":
		m.clear()
	case m.shown == 0:
		m.await()
	case !same || done == total || time.Since(m.at) >= meterPause:
		m.write()
	}
}

// Aside takes the line away until back is called: meanwhile somebody else has the
// terminal, and may ask a person there.
func (m *Meter) Aside() (back func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.aside++
	m.clear()
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.aside--
		m.await()
	}
}

// Beside is a writer to the same terminal: what it is given stands on lines of its own.
func (m *Meter) Beside(w io.Writer) io.Writer { return besideMeter{m, w} }

type besideMeter struct {
	meter *Meter
	to    io.Writer
}

func (b besideMeter) Write(p []byte) (int, error) {
	b.meter.mu.Lock()
	defer b.meter.mu.Unlock()
	b.meter.clear()
	defer b.meter.await()
	return b.to.Write(p)
}

// Finish takes the line away for good.
func (m *Meter) Finish() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
	m.finished = true
}

// await shows the line in a while, where something is being done and nobody is asked.
func (m *Meter) await() {
	if m.due != nil || m.doing == "" || m.aside > 0 || m.finished {
		return
	}
	var due *time.Timer
	due = time.AfterFunc(meterPatience, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.due == due { // Else it came too late to be stopped.
			m.due = nil
			m.write()
		}
	})
	m.due = due
}

// clear takes away what stands there, and what was to be shown.
func (m *Meter) clear() {
	if m.due != nil {
		m.due.Stop()
		m.due = nil
	}
	if m.shown > 0 {
		fmt.Fprint(m.to, "\r"+strings.Repeat(" ", m.shown)+"\r")
		m.shown = 0
	}
}

func (m *Meter) write() {
	line := m.line()
	width := DisplayWidth(line)
	fmt.Fprint(m.to, "\r"+line+strings.Repeat(" ", max(0, m.shown-width)))
	m.shown, m.at = max(m.shown, width), time.Now()
}

// line is what is being done, and a bar where something is counted and there is room.
func (m *Meter) line() string {
	room := min(maxBar, m.width-DisplayWidth(m.doing)-barRoom)
	if m.total == 0 || room < 1 {
		line := []rune(m.doing)
		for DisplayWidth(string(line)) > m.width {
			line = line[:len(line)-1]
		}
		return string(line)
	}
	full := room * m.done / m.total
	return fmt.Sprintf("%s %3d%% |%s%s|", m.doing, 100*m.done/m.total, strings.Repeat("█", full), strings.Repeat(" ", room-full))
}
