package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Grade is how much something wants somebody's attention.
type Grade string

// The grades, the gravest first.
const (
	// GradeAct is late or broken: somebody has to do something.
	GradeAct Grade = "act"
	// GradeLook is a risk: somebody has to have looked at it once.
	GradeLook Grade = "look"
	// GradeKnow is what comes by itself.
	GradeKnow Grade = "know"
	// GradeNone is that of a project in which there is nothing of the kind.
	GradeNone Grade = "none"
)

// gradeOrder is that in which things stand.
var gradeOrder = map[Grade]int{GradeAct: 0, GradeLook: 1, GradeKnow: 2}

// Attention is something risky, overdue or to come.
type Attention struct {
	Grade Grade `json:"grade"`
	// Kind is what it is, for programs.
	Kind string `json:"kind"`
	// Code is that of a finding of lint.
	Code string `json:"code,omitzero"`
	// Subject is an address, or a place in a file; "" is the project.
	Subject string     `json:"subject"`
	Message string     `json:"message"`
	Date    model.Date `json:"date,omitzero"`
	// Hint says what to do next.
	Hint string `json:"hint"`
}

// attentionOf is all that wants attention, by grade; within one by kind of trouble, and
// there by date.
func attentionOf(f OverviewFacts, o Overview, due Expiring) []Attention {
	var list []Attention
	for _, d := range f.Doubts {
		list = append(list, Attention{Grade: GradeAct, Kind: "history", Message: d, Hint: "osmoctl state verify --history"})
	}
	for _, u := range due.List {
		list = append(list, dueAttention(due, u))
	}
	list = append(list, withoutValue(o.Tokens)...)
	list = append(list, administrators(o.Access, o.Summary)...)
	for _, k := range o.Keys {
		if !k.Declared && k.Reads > 0 {
			list = append(list, Attention{
				Grade: GradeLook, Kind: "removed_reader", Subject: cmp.Or(k.Name, model.KeyFingerprint(k.Key)),
				Message: fmt.Sprintf("a key that is not declared any more still reads %s", model.Plural(k.Reads, "live value", "live values")),
				Hint:    "osmoctl plan",
			})
		}
	}
	for i := range f.Findings {
		list = append(list, findingAttention(&f.Findings[i]))
	}
	slices.SortStableFunc(list, func(a, b Attention) int { return gradeOrder[a.Grade] - gradeOrder[b.Grade] })
	return list
}

// dueAttention is one date of the calendar. Whatever is late is done by an apply, but for
// a fixed date, which is for people to move.
func dueAttention(e Expiring, u plan.Upcoming) Attention {
	a := Attention{Grade: GradeKnow, Kind: string(u.Event), Subject: u.Address.String(), Date: u.Date, Message: dueMessages[u.Event]}
	if e.Late(u) {
		a.Grade, a.Kind, a.Message, a.Hint = GradeAct, a.Kind+"_overdue", lateMessages[u.Event], "osmoctl apply --due-only"
		if u.Event == plan.EventExpire {
			a.Hint = "apply, where its rotation is due; else declare a later date, or remove the token"
		}
	}
	return a
}

var dueMessages = map[plan.Event]string{
	plan.EventRotate: "a rotation is due",
	plan.EventRevoke: "a replaced value is revoked",
	plan.EventExpire: "the value expires and is not renewed by itself",
}

var lateMessages = map[plan.Event]string{
	plan.EventRotate: "a rotation is overdue",
	plan.EventRevoke: "the revocation of a replaced value is overdue",
	plan.EventExpire: "the value expired and was not renewed",
}

// withoutValue names tokens that nobody can use: the last value was revoked, and no apply
// has issued another.
func withoutValue(tokens []Lifeline) (list []Attention) {
	for i := range tokens {
		if t := &tokens[i]; len(t.Generations) == 0 {
			list = append(list, Attention{
				Grade: GradeAct, Kind: "no_value", Subject: t.Address.String(),
				Message: "no value of it lives", Hint: "osmoctl apply",
			})
		}
	}
	return list
}

// administrators names the accounts that are one at once. How many become one by a step
// is said in one line: in OSMO's own roles that is nearly everybody.
func administrators(a AccessGroups, s Summary) (list []Attention) {
	named := map[string]bool{}
	for _, g := range a.Groups {
		for _, subject := range g.Subjects {
			address, err := model.ParseAddress(subject)
			if g.Weight != access.Administrator || err != nil || address.Kind != model.KindAccount || named[subject] {
				continue
			}
			named[subject] = true
			list = append(list, Attention{Grade: GradeLook, Kind: "administrator", Subject: subject, Message: "is an administrator", Hint: "osmoctl access show " + subject})
		}
	}
	step := Attention{Grade: GradeLook, Kind: "administrator_by_step", Hint: "osmoctl access who --administrator --at state"}
	switch {
	case s.EverybodyByStep:
		step.Message = "everybody who logs in becomes an administrator by one request"
	case s.ByStep > 0:
		step.Message = fmt.Sprintf("%s an administrator by one request", model.Plural(s.ByStep, "account becomes", "accounts become"))
	default:
		return list
	}
	return append(list, step)
}

// findingAttention is a finding of lint. An error is what gives or refuses more than it says.
func findingAttention(d *diag.Diagnostic) Attention {
	a := Attention{Grade: GradeKnow, Kind: "finding", Code: d.Code, Message: d.Summary, Hint: d.Hint}
	if d.Severity == diag.Error {
		a.Grade = GradeLook
	}
	if d.Pos.File != "" {
		a.Subject = d.Pos.String()
	}
	return a
}
