package view_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osmoctl/osmoctl/internal/view"
)

// tty is a terminal: it has the lines that stand there now.
type tty struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (t *tty) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all.Write(b)
}

func (t *tty) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for line := range strings.SplitSeq(t.all.String(), "\n") {
		var cells []rune
		for _, part := range strings.Split(line, "\r") {
			over := []rune(part)
			cells = append(over, cells[min(len(over), len(cells)):]...)
		}
		lines = append(lines, strings.TrimRight(string(cells), " "))
	}
	return strings.Join(lines, "\n")
}

// watch runs what is done while a meter is on a terminal of 60 columns. at waits so many
// milliseconds, and then demands what stands there.
func watch(t *testing.T, do func(m *view.Meter, term *tty, at func(after int, want string))) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		term := &tty{}
		m := (&view.View{Err: term, ErrWidth: 60}).Progress()
		do(m, term, func(after int, want string) {
			t.Helper()
			time.Sleep(time.Duration(after) * time.Millisecond)
			synctest.Wait()
			if got := term.String(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
		m.Finish()
		time.Sleep(time.Minute)
		if got := term.String(); strings.Contains(got[strings.LastIndex(got, "\n")+1:], "ing") {
			t.Errorf("after the end stands %q", got)
		}
	})
}

// What is quick is not shown: not one byte.
func TestMeterPatience(t *testing.T) {
	watch(t, func(m *view.Meter, term *tty, at func(int, string)) {
		m.Say("sealing 2 tokens", 0, 2)
		m.Say("sealing 2 tokens", 2, 2)
		m.Say("committing", 0, 0)
		at(499, "")
		m.Finish()
		m.Say("anything", 0, 0)
		at(1000, "")
		if term.all.Len() > 0 {
			t.Errorf("a terminal was written to: %q", term.all.String())
		}
	})
}

// What takes long is shown, and what it goes over to at once.
func TestMeterPhases(t *testing.T) {
	watch(t, func(m *view.Meter, _ *tty, at func(int, string)) {
		m.Say("committing", 0, 0)
		at(400, "")
		m.Say("pushing to \x1borigin", 0, 0)
		at(101, `pushing to \u{1B}origin`)
		m.Say("sealing 4 tokens", 1, 4)
		at(0, "sealing 4 tokens  25% |████████                           |")
		m.Say("sealing 4 tokens", 2, 4)
		at(0, "sealing 4 tokens  25% |████████                           |")
		at(100, "sealing 4 tokens  25% |████████                           |")
		m.Say("sealing 4 tokens", 3, 4)
		at(0, "sealing 4 tokens  75% |██████████████████████████         |")
		m.Say("sealing 4 tokens", 2, 4)
		at(100, "sealing 4 tokens  75% |██████████████████████████         |")
		m.Say("sealing 4 tokens", 4, 4)
		at(0, "sealing 4 tokens 100% |███████████████████████████████████|")
		m.Say("committing", 0, 0)
		at(0, "committing")
		m.Say("pushing to "+strings.Repeat("far", 30), 0, 0)
		at(0, ("pushing to " + strings.Repeat("far", 30))[:59])
		m.Say("", 0, 0)
		at(1000, "")
		m.Say("committing", 0, 0)
		at(0, "")
		at(500, "committing")
	})
}

// Others who write there, or ask, have lines of their own.
func TestMeterBesideOthers(t *testing.T) {
	watch(t, func(m *view.Meter, term *tty, at func(int, string)) {
		others := m.Beside(term)
		m.Say("pushing to origin", 0, 0)
		at(500, "pushing to origin")
		fmt.Fprintln(others, "warning: x")
		at(0, "warning: x\n")
		at(500, "warning: x\npushing to origin")
		back := m.Aside()
		at(0, "warning: x\n")
		fmt.Fprint(others, "PIN: ")
		m.Say("committing", 0, 0)
		at(10_000, "warning: x\nPIN:")
		second := m.Aside()
		back()
		at(10_000, "warning: x\nPIN:")
		fmt.Fprintln(others)
		second()
		at(499, "warning: x\nPIN:\n")
		at(1, "warning: x\nPIN:\ncommitting")
	})
}

// Each of many who are at work at once is counted.
func TestMeterAtOnce(t *testing.T) {
	watch(t, func(m *view.Meter, _ *tty, at func(int, string)) {
		m.Say("sealing 100 tokens", 0, 100)
		time.Sleep(time.Second)
		var all sync.WaitGroup
		for n := range 100 {
			all.Go(func() { m.Say("sealing 100 tokens", n+1, 100) })
		}
		all.Wait()
		at(0, "sealing 100 tokens 100% |█████████████████████████████████|")
	})
}
