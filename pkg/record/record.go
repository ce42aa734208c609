// Package record is the message of a commit that osmoctl makes: who changed the
// state, from which plan, and what became of it. History, the log and the next
// apply go by it, so there is one way to write it and one to read it.
//
//	osmoctl: 2 create, 1 rotate (serial 3)
//
//	create account/ci
//	…
//
//	Osmoctl-Serial: 3
//	Osmoctl-Lineage: 071d9ae1ddbf5efd33f0d5d7b564911f
//	Osmoctl-Plan: sha256:83ace57c…
//	Osmoctl-Run: ffc2e6026f0797a1
//	Osmoctl-Actor: alice@example.com
//
// The last paragraph is of trailers, as git has them. Those of other programs,
// such as Signed-off-by, may stand between them and are let pass.
//
// A message is believed as a whole or not at all: [Parse] gives the trailers of
// one that has serial, lineage and run, and none of osmoctl's trailers twice that
// may stand there once. Of any other it gives the subject, so that a reader who
// asks no further believes nothing. What a message says can be forged by who may
// push: it is package history that holds it against the state.
package record

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Message is the message of a commit.
type Message struct {
	// Subject is the first line.
	Subject string
	// Changes are the lines below it: an action and an address each, or a
	// sentence about what has no address.
	Changes []string

	// Serial and Lineage are those of the state that the commit brings. The
	// serial is at least 1 in the message of a commit that osmoctl made, and 0 in
	// that of any other.
	Serial  int
	Lineage string
	// Plan is the digest of the plan; a restore has none.
	Plan string
	// Run names the run that made the commit.
	Run string
	// Actor is who the changes were made for.
	Actor string
	// Reason is why generations were revoked before their time.
	Reason string
	// Restored is the commit whose state a restore brought back.
	Restored string
	// Moved is the commit of the place that state was moved from, where this is
	// the first at another. It is one of the commit's parents.
	Moved string
	// Declarations is the commit that the declarations were read from, where
	// state has a branch of its own.
	Declarations string
	// Accepted are commits whose findings were accepted with this one.
	Accepted []string
}

const (
	keySerial   = "Osmoctl-Serial"
	keyAccepted = "Osmoctl-Accepted"
)

// trailer is one that stands in a message at most once.
type trailer struct {
	key   string
	value *string
	// always says that it is written even where it is empty.
	always bool
}

// trailers are those between the serial and what was accepted, in the order in
// which they are written.
func (m *Message) trailers() []trailer {
	return []trailer{
		{"Osmoctl-Lineage", &m.Lineage, true},
		{"Osmoctl-Plan", &m.Plan, false},
		{"Osmoctl-Run", &m.Run, true},
		{"Osmoctl-Actor", &m.Actor, true},
		{"Osmoctl-Reason", &m.Reason, false},
		{"Osmoctl-Restored", &m.Restored, false},
		{"Osmoctl-Moved", &m.Moved, false},
		{"Osmoctl-Declarations", &m.Declarations, false},
	}
}

// ByOsmoctl tells whether the message says that osmoctl made the commit.
func (m Message) ByOsmoctl() bool { return m.Serial > 0 }

// String is the text that git keeps. Each field makes one line, with any
// content, so no trailer can be forged through another, and what looks like a
// secret is masked, since a commit is there for ever.
func (m Message) String() string {
	var b strings.Builder
	b.WriteString(oneLine(m.Subject) + "\n\n")
	for _, change := range m.Changes {
		b.WriteString(oneLine(change) + "\n")
	}
	b.WriteString("\n" + keySerial + ": " + strconv.Itoa(m.Serial) + "\n")
	for _, t := range m.trailers() {
		if value := oneLine(*t.value); value != "" || t.always {
			b.WriteString(t.key + ": " + value + "\n")
		}
	}
	for _, commit := range m.Accepted {
		b.WriteString(keyAccepted + ": " + oneLine(commit) + "\n")
	}
	return b.String()
}

// Parse reads a commit's message. Of one that osmoctl did not make, or that does
// not say so as [Message.String] does, nothing but the subject is returned.
// Writing what was read and reading it again gives the same.
func Parse(text string) Message {
	subject, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	body, last := "", strings.TrimSpace(rest)
	if i := strings.LastIndex(last, "\n\n"); i >= 0 {
		body, last = last[:i], last[i+2:]
	}
	m := Message{Subject: oneLine(subject)}
	if m.Subject == "" || !m.readTrailers(last) {
		return Message{Subject: subject}
	}
	for line := range strings.SplitSeq(body, "\n") {
		if line = oneLine(line); line != "" {
			m.Changes = append(m.Changes, line)
		}
	}
	return m
}

// readTrailers reads the last paragraph, and tells whether it is whole.
func (m *Message) readTrailers(paragraph string) bool {
	values := map[string][]string{}
	for line := range strings.SplitSeq(paragraph, "\n") {
		if key, value, ok := strings.Cut(line, ": "); ok {
			values[key] = append(values[key], oneLine(value))
		}
	}
	for _, t := range m.trailers() {
		switch list := values[t.key]; {
		case len(list) > 1:
			return false
		case len(list) == 1:
			*t.value = list[0]
		}
	}
	serial := values[keySerial]
	if len(serial) != 1 {
		return false
	}
	// Only the spelling that String uses: no sign, no leading zero.
	n, err := strconv.Atoi(serial[0])
	if err != nil || n < 1 || strconv.Itoa(n) != serial[0] {
		return false
	}
	m.Serial = n
	for _, commit := range values[keyAccepted] {
		if commit != "" {
			m.Accepted = append(m.Accepted, commit)
		}
	}
	return m.Lineage != "" && m.Run != ""
}

// oneLine makes a space of what could end a line, and of every other row of
// spaces and control characters.
func oneLine(s string) string {
	s = secret.Mask(s)
	if isOneLine(s) {
		return s
	}
	s = strings.Join(strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }), " ")
	// Once more: a line break may have kept a secret from being seen.
	return secret.Mask(s)
}

// isOneLine tells of most texts, which are plain words with one space between them,
// that there is nothing to do.
func isOneLine(s string) bool {
	space := true
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~', c == ' ' && space:
			return false
		default:
			space = c == ' '
		}
	}
	return !space || s == ""
}
