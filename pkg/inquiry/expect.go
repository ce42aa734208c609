package inquiry

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Surprise is an expectation that does not hold.
type Surprise struct {
	// Place is where it is expected.
	Place    diag.Position `json:"place"`
	Subject  string        `json:"subject"`
	Question string        `json:"question"`
	// Expected is whether it was to be allowed.
	Expected bool      `json:"expected"`
	Answers  []Verdict `json:"answers"`
}

// Check holds expectations against a moment. What is to be allowed has to be allowed on
// every server that the project may be for, and what is to be refused has to be refused
// on every one. The problems are those of subjects and questions that make no sense.
func (m *Moment) Check(list []model.Expectation) (passed int, failed []Surprise, problems diag.List) {
	for _, e := range list {
		subject, err := m.Find(e.Subject)
		if err != nil {
			problems.Add(diag.Diagnostic{Code: "bad_subject", Summary: err.Error(), Hint: diag.Hint(err), Pos: e.SubjectAt})
			continue
		}
		what, on, _ := strings.Cut(e.Question, " ")
		question, err := m.Read(what, strings.TrimSpace(on))
		if err != nil {
			problems.Add(diag.Diagnostic{Code: "bad_question", Summary: err.Error(), Hint: diag.Hint(err), Pos: e.Origin})
			continue
		}
		answer := m.Can(subject, question)
		wrong := answer.Parts[:0:0]
		for _, v := range answer.Parts {
			if v.Allowed != e.Allowed && (e.Allowed || len(question.Asks) == 1) {
				wrong = append(wrong, v)
			}
		}
		if !e.Allowed && len(question.Asks) > 1 && answer.Allowed {
			wrong = answer.Parts
		}
		if len(wrong) == 0 {
			passed++
			continue
		}
		failed = append(failed, Surprise{e.Origin, e.Subject, e.Question, e.Allowed, wrong})
	}
	return passed, failed, problems
}
