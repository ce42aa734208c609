package calendar

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

func calendarOf(t *testing.T, e report.Expiring) []byte {
	t.Helper()
	s := viewtest.New()
	viewtest.Must(t, Show(&s.View, e, view.Calendar))
	return s.Stdout.Bytes()
}

// parsed reads a calendar with a library that knows nothing of this one.
func parsed(t *testing.T, text []byte) []*ics.VEvent {
	t.Helper()
	c, err := ics.ParseCalendar(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return c.Events()
}

func property(t *testing.T, e *ics.VEvent, name ics.ComponentProperty) string {
	t.Helper()
	p := e.GetProperty(name)
	if p == nil {
		t.Fatalf("the event has no %s", name)
	}
	return p.Value
}

// wellFormed holds a calendar against what RFC 5545 asks of its lines.
func wellFormed(t *testing.T, text []byte) {
	t.Helper()
	lines := strings.Split(string(text), "\r\n")
	if lines[len(lines)-1] != "" {
		t.Error("the last line has no end")
	}
	for _, line := range lines {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n\x00\x1b") || !utf8.ValidString(line) {
			t.Errorf("not a line: %q", line)
		}
	}
}

func TestCalendarIsReadByOthers(t *testing.T) {
	t.Parallel()
	e := viewtest.Expiring(t)
	text := calendarOf(t, e)
	wellFormed(t, text)
	events := parsed(t, text)
	if len(events) != len(e.List) {
		t.Fatalf("%d events of %d", len(events), len(e.List))
	}
	for i, event := range events {
		u := e.List[i]
		if got := property(t, event, ics.ComponentPropertySummary); !strings.Contains(got, u.Address.String()) || strings.Contains(got, "since") != (u.Date < e.Today) {
			t.Errorf("%+v has the summary %q", u, got)
		}
		start, err := event.GetAllDayStartAt()
		if want := max(u.Date, e.Today).Time(); err != nil || start.Format(time.DateOnly) != want.Format(time.DateOnly) {
			t.Errorf("%+v begins on %s, %v", u, start, err)
		}
		if stamp, err := event.GetDtStampTime(); err != nil || !stamp.Equal(e.Now) {
			t.Errorf("the stamp is %s, %v", stamp, err)
		}
		if got := property(t, event, ics.ComponentPropertyTransp); got != "TRANSPARENT" {
			t.Errorf("it takes time: %s", got)
		}
	}
}

// Whatever an address holds comes out of the calendar as a terminal shows it.
func TestCalendarTextIsEscapedAndFolded(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"plain", `a\b;c,d:e"f`, "a\nEND:VEVENT\r\nb", "\x1b[31m\x00\xff", strings.Repeat("日本", 60), strings.Repeat("é", 38), strings.Repeat("x", 75), `\n`, strings.Repeat(`\`, 80),
	} {
		e := viewtest.Expiring(t)
		e.List = []plan.Upcoming{{Address: model.TokenAddress("a", name), Event: plan.EventRotate, Date: e.Today}}
		text := calendarOf(t, e)
		wellFormed(t, text)
		events := parsed(t, text)
		if len(events) != 1 {
			t.Fatalf("%q makes %d events", name, len(events))
		}
		if got, want := property(t, events[0], ics.ComponentPropertySummary), view.EscapeTerminal(summaryOf(e, e.List[0])); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// An event is known again when its date moves, and by nothing else.
func TestCalendarIdentities(t *testing.T) {
	t.Parallel()
	a := model.TokenAddress("a", "t")
	base := plan.Upcoming{Address: a, Event: plan.EventRotate, Date: 20_000}
	moved := base
	moved.Date++
	id := eventID("lineage", base)
	if eventID("lineage", moved) != id {
		t.Error("another date makes another event")
	}
	others := map[string]bool{id: true}
	for _, other := range []string{
		eventID("another", base),
		eventID("lineage", plan.Upcoming{Address: a.At(1), Event: plan.EventRotate}),
		eventID("lineage", plan.Upcoming{Address: a, Event: plan.EventExpire}),
		eventID("lineage", plan.Upcoming{Address: model.TokenAddress("a", "u"), Event: plan.EventRotate}),
	} {
		if others[other] || len(other) != 36 {
			t.Errorf("%s is the identity of two events", other)
		}
		others[other] = true
	}
}
