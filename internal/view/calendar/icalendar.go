package calendar

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// encodeCalendar is an iCalendar object (RFC 5545): one event of a whole day for each
// entry. A day of a calendar has no zone, and here it is one of UTC.
//
// What is overdue stands on today, since nobody looks at last week: its summary
// says since when. Whoever subscribes to the calendar sees it move along until
// somebody acts.
func encodeCalendar(e report.Expiring) []byte {
	var c icalendar
	c.line("BEGIN", "VCALENDAR")
	c.line("VERSION", "2.0")
	c.line("PRODID", "-//osmoctl//expiring//EN")
	c.line("CALSCALE", "GREGORIAN")
	for _, u := range e.List {
		c.event(e, u)
	}
	if len(e.List) == 0 {
		c.utc()
	}
	c.line("END", "VCALENDAR")
	return c.Bytes()
}

// icalendar collects content lines.
type icalendar struct{ bytes.Buffer }

func (c *icalendar) event(e report.Expiring, u plan.Upcoming) {
	c.line("BEGIN", "VEVENT")
	c.line("UID", eventID(e.Lineage, u))
	c.line("DTSTAMP", e.Now.UTC().Format("20060102T150405Z"))
	c.line("SEQUENCE", strconv.Itoa(e.Serial))
	c.line("DTSTART;VALUE=DATE", max(u.Date, e.Today).Time().Format("20060102"))
	c.line("SUMMARY", icalendarText(summaryOf(e, u)))
	c.line("DESCRIPTION", icalendarText(eventAdvice[u.Event]))
	c.line("TRANSP", "TRANSPARENT")
	c.line("END", "VEVENT")
}

func summaryOf(e report.Expiring, u plan.Upcoming) string {
	text := dueWords(e, u) + ": " + u.Address.String()
	if e.Overdue(u) {
		text += " (since " + u.Date.String() + ")"
	}
	return text
}

var eventAdvice = map[plan.Event]string{
	plan.EventRotate: "From 00:00 UTC of this day on, the next osmoctl apply issues a new value. Whoever uses the token has to take it up while the old value still works.",
	plan.EventRevoke: "A newer value replaced this one. From 00:00 UTC of this day on, the next osmoctl apply revokes it.",
	plan.EventExpire: "The value is dead from 00:00 UTC of this day on. Where a rotation is overdue, osmoctl apply issues a new one; where expires_at is fixed, declare a later date or remove the token.",
}

// utc is a zone that no event refers to: a calendar must have a component, and
// nothing is due.
func (c *icalendar) utc() {
	for _, line := range [][2]string{
		{"BEGIN", "VTIMEZONE"},
		{"TZID", "UTC"},
		{"BEGIN", "STANDARD"},
		{"DTSTART", "19700101T000000"},
		{"TZOFFSETFROM", "+0000"},
		{"TZOFFSETTO", "+0000"},
		{"END", "STANDARD"},
		{"END", "VTIMEZONE"},
	} {
		c.line(line[0], line[1])
	}
}

// eventID names an event for ever. Its date is no part of it: where a rotation
// moves, or was done and the next one comes, a calendar that is imported again
// moves the event that it has instead of adding another. Nor can a name be read
// from it, and two projects have different ones.
func eventID(lineage string, u plan.Upcoming) string {
	sum := sha256.Sum256([]byte(lineage + "\n" + u.Address.String() + "\n" + string(u.Event)))
	id := sum[:16]
	id[6] = id[6]&0x0F | 0x80 // version 8 of RFC 9562: made in a way of our own
	id[8] = id[8]&0x3F | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// icalendarEscapes are those of RFC 5545, 3.3.11. No line end is left to be
// escaped: EscapeTerminal made it visible.
var icalendarEscapes = strings.NewReplacer(`\`, `\\`, `;`, `\;`, `,`, `\,`)

// icalendarText makes text fit for a value of type TEXT.
func icalendarText(s string) string { return icalendarEscapes.Replace(view.EscapeTerminal(s)) }

// icalendarWidth is the longest line in octets, its end left out.
const icalendarWidth = 75

// line writes one content line, folded between characters.
func (c *icalendar) line(name, value string) {
	width := 0
	for line := name + ":" + value; line != ""; {
		_, size := utf8.DecodeRuneInString(line)
		if width+size > icalendarWidth {
			c.WriteString("\r\n ")
			width = 1
		}
		c.WriteString(line[:size])
		line, width = line[size:], width+size
	}
	c.WriteString("\r\n")
}
