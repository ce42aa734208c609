package workspace

import (
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// Level says how much a [Notice] matters.
type Level uint8

const (
	// Warning is about something that may not be as it should.
	Warning Level = iota
	// Note says what happened.
	Note
	// Detail says how something was done.
	Detail
)

// Notice is something to be said that does not change the outcome.
type Notice struct {
	Level Level
	// Text is one sentence, not escaped.
	Text string
	// Problems are the warnings about declarations that were read; there is no
	// Text then.
	Problems diag.List
}

func (w *Workspace) warnf(format string, args ...any) {
	w.outside.Notify(Notice{Level: Warning, Text: fmt.Sprintf(format, args...)})
}

func (w *Workspace) notef(format string, args ...any) {
	w.outside.Notify(Notice{Level: Note, Text: fmt.Sprintf(format, args...)})
}

func (w *Workspace) detailf(format string, args ...any) {
	w.outside.Notify(Notice{Level: Detail, Text: fmt.Sprintf(format, args...)})
}

// say says what is being done, "" where somebody else has the terminal.
func (w *Workspace) say(doing string) {
	if w.phase != nil {
		w.phase(doing, 0, 0)
	}
}
