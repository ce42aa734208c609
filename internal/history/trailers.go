package history

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/apply"
)

// Trailers of commits that are about other commits. Those of every apply are
// in package apply.
const (
	// TrailerAccepted names a commit whose findings were accepted by who
	// applied. It may be repeated.
	TrailerAccepted = "Osmoctl-Accepted"
	// TrailerRestored names the commit that state restore went back to.
	TrailerRestored = apply.TrailerRestored
)

// Trailers are what osmoctl wrote at the end of a commit's message.
type Trailers struct {
	Serial  int
	Lineage string
	// Plan is the digest of the plan; a restore has none.
	Plan     string
	Run      string
	Actor    string
	Accepted []string
	Restored string
	// Moved is the commit of the place that state was moved from, where this
	// is the first commit at another.
	Moved string
	// Reason is why generations were revoked before their time.
	Reason string
}

// Message is a commit's message, taken apart.
type Message struct {
	Subject string
	// Body is what stands between the subject and the trailers.
	Body     string
	Trailers Trailers
	// ByOsmoctl says that the trailers are whole: serial, lineage and run,
	// each once.
	ByOsmoctl bool
}

// ParseMessage takes a commit's message apart. Lines of the last paragraph that
// osmoctl does not know are let pass: git adds some of its own.
func ParseMessage(text string) Message {
	subject, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	m := Message{Subject: subject, Body: strings.TrimSpace(rest)}
	last := m.Body
	if i := strings.LastIndex(m.Body, "\n\n"); i >= 0 {
		last = m.Body[i+2:]
	}
	values := trailerLines(last)
	if m.ByOsmoctl = m.Trailers.read(values); m.ByOsmoctl {
		m.Body = strings.TrimSpace(strings.TrimSuffix(m.Body, last))
	}
	return m
}

func trailerLines(paragraph string) map[string][]string {
	values := map[string][]string{}
	for line := range strings.SplitSeq(paragraph, "\n") {
		if key, value, ok := strings.Cut(line, ": "); ok {
			values[key] = append(values[key], strings.TrimSpace(value))
		}
	}
	return values
}

// read takes the values, and says whether they are whole.
func (t *Trailers) read(values map[string][]string) bool {
	whole := true
	for key, to := range map[string]*string{
		apply.TrailerLineage: &t.Lineage, apply.TrailerRun: &t.Run, apply.TrailerPlan: &t.Plan,
		apply.TrailerActor: &t.Actor, TrailerRestored: &t.Restored, apply.TrailerMoved: &t.Moved, apply.TrailerReason: &t.Reason,
	} {
		whole = one(values[key], to) && whole
	}
	var serial string
	whole = one(values[apply.TrailerSerial], &serial) && whole
	// Only the spelling that apply uses: no sign, no leading zero.
	n, err := strconv.Atoi(serial)
	if err != nil || n < 1 || strconv.Itoa(n) != serial {
		return false
	}
	t.Serial, t.Accepted = n, values[TrailerAccepted]
	return whole && t.Lineage != "" && t.Run != ""
}

// one takes a value that may be there once at most.
func one(values []string, to *string) bool {
	if len(values) == 1 {
		*to = values[0]
	}
	return len(values) <= 1
}

// WithAccepted adds to the message of an apply that the findings of these
// commits were accepted.
func WithAccepted(message string, commits []string) string {
	var b strings.Builder
	b.WriteString(strings.TrimRight(message, "\n") + "\n")
	for _, c := range commits {
		b.WriteString(TrailerAccepted + ": " + c + "\n")
	}
	return b.String()
}
