package overview

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// data is the project as page.js reads it. Days are numbers, counted from 1970-01-01, and
// 0 is none; what repeats is an index into texts.
type data struct {
	Today int `json:"today"`
	Until int `json:"until"`
	// Texts are role names, persons and reasons.
	Texts     report.List[string]       `json:"texts"`
	Keys      report.List[keyRow]       `json:"keys"`
	Tokens    report.List[tokenRow]     `json:"tokens"`
	Services  report.List[string]       `json:"services"`
	Pools     report.List[string]       `json:"pools"`
	Groups    report.List[groupRow]     `json:"groups"`
	Subjects  report.List[[2]any]       `json:"subjects"`
	Attention report.List[attentionRow] `json:"attention"`
	Changes   report.List[changeRow]    `json:"changes"`
}

type keyRow struct {
	Name     string `json:"name"`
	Short    string `json:"short"`
	Key      string `json:"key"`
	Declared bool   `json:"declared"`
	Reads    int    `json:"reads"`
	Formerly int    `json:"formerly"`
}

type tokenRow struct {
	Account     string               `json:"a"`
	Name        string               `json:"n"`
	Description int                  `json:"d"`
	Status      string               `json:"s"`
	Roles       report.List[int]     `json:"r"`
	Rotates     int                  `json:"o,omitzero"`
	RenamedTo   string               `json:"m,omitzero"`
	Spans       report.List[spanRow] `json:"g"`
	Ends        report.List[endRow]  `json:"e,omitzero"`
}

type spanRow struct {
	Number  int              `json:"n"`
	Status  string           `json:"s"`
	Adopted bool             `json:"u,omitzero"`
	Issued  int              `json:"i"`
	By      int              `json:"b"`
	Expires int              `json:"x"`
	Revoked int              `json:"v,omitzero"`
	Roles   report.List[int] `json:"r"`
	Keys    report.List[int] `json:"k"`
	Former  report.List[int] `json:"f,omitzero"`
}

type endRow struct {
	Number int `json:"n"`
	On     int `json:"o"`
	Reason int `json:"w"`
}

// groupRow has a weight for each service and each pool, one digit each.
type groupRow struct {
	Roles    report.List[int]    `json:"r"`
	Where    string              `json:"w"`
	Weight   int                 `json:"h"`
	Services string              `json:"s"`
	Pools    string              `json:"p"`
	Steps    report.List[string] `json:"t"`
}

type attentionRow struct {
	Grade   string `json:"g"`
	Kind    string `json:"k"`
	Code    string `json:"c,omitzero"`
	Subject string `json:"s"`
	Message string `json:"m"`
	Date    int    `json:"d,omitzero"`
	Hint    string `json:"h"`
}

type changeRow struct {
	Commit  string              `json:"c"`
	When    string              `json:"w"`
	Who     string              `json:"b"`
	Serial  int                 `json:"s,omitzero"`
	Summary string              `json:"m"`
	Reason  string              `json:"r,omitzero"`
	Changes report.List[string] `json:"l"`
	Left    int                 `json:"n,omitzero"`
	Foreign bool                `json:"f,omitzero"`
}

// maxChanges is how many changes of one commit the page lists. The first apply of a large
// project has thousands.
const maxChanges = 100

// encoder collects the texts that repeat.
type encoder struct {
	data
	known map[string]int
	keys  map[string]int
}

// encodeData is the project as JSON, in which < > & and what a terminal should not get are
// escaped: no tag can end in it, and no runner finds a command.
func encodeData(o report.Overview) ([]byte, error) {
	e := encoder{known: map[string]int{}, keys: map[string]int{}}
	e.Today, e.Until = int(o.AsOf.Date), int(o.Summary.Until)
	for i, k := range o.Keys {
		e.keys[k.Key] = i
		e.Keys = append(e.Keys, keyRow{clean(k.Name), clean(view.ShortKey(k.Key)), clean(k.Key), k.Declared, k.Reads, k.Formerly})
	}
	for i := range o.Tokens {
		e.Tokens = append(e.Tokens, e.token(&o.Tokens[i]))
	}
	e.access(o.Access)
	for _, a := range o.Attention {
		e.Attention = append(e.Attention, attentionRow{
			string(a.Grade), clean(a.Kind), clean(a.Code), clean(a.Subject), clean(a.Message), int(a.Date), clean(a.Hint),
		})
	}
	for i := range o.Changes {
		e.Changes = append(e.Changes, changeOf(&o.Changes[i]))
	}
	text, err := json.Marshal(e.data)
	if err != nil {
		return nil, fmt.Errorf("write the page's data: %w", err)
	}
	return view.NeutralJSON(text), nil
}

func (e *encoder) text(s string) int {
	i, known := e.known[s]
	if !known {
		i = len(e.Texts)
		e.known[s], e.Texts = i, append(e.Texts, clean(s))
	}
	return i
}

func (e *encoder) texts(list []string) []int {
	out := make([]int, len(list))
	for i, s := range list {
		out[i] = e.text(s)
	}
	return out
}

func (e *encoder) keyList(list []string) []int {
	out := make([]int, len(list))
	for i, id := range list {
		out[i] = e.keys[id]
	}
	return out
}

func (e *encoder) token(t *report.Lifeline) tokenRow {
	row := tokenRow{
		Account: clean(t.UserName), Name: clean(t.TokenName), Description: e.text(t.Description), Status: clean(t.Status),
		Roles: e.texts(t.Roles), Rotates: int(t.NextRotation), RenamedTo: clean(t.RenamedTo),
	}
	for i := range t.Generations {
		g := &t.Generations[i]
		row.Spans = append(row.Spans, spanRow{
			g.Generation, clean(g.Status), g.Adopted, int(model.DateOf(g.IssuedAt)), e.text(g.IssuedBy), int(g.ExpiresAt), int(g.RevokeAfter),
			e.texts(g.Roles), e.keyList(g.Keys), e.keyList(g.FormerKeys),
		})
	}
	for _, g := range t.Ended {
		row.Ends = append(row.Ends, endRow{g.Generation, int(g.EndedOn), e.text(g.Reason)})
	}
	return row
}

func (e *encoder) access(a report.AccessGroups) {
	for _, s := range a.Services {
		e.Services = append(e.Services, clean(s))
	}
	for _, p := range a.Pools {
		e.Pools = append(e.Pools, clean(p))
	}
	for i := range a.Groups {
		g := &a.Groups[i]
		row := groupRow{Roles: e.texts(g.Roles), Where: report.ServerWords(g.Server), Weight: int(g.Weight), Services: digits(g.Services), Pools: digits(g.Pools)}
		for _, s := range g.Steps {
			row.Steps = append(row.Steps, clean(stepWords(s)))
		}
		e.Groups = append(e.Groups, row)
		for _, s := range g.Subjects {
			e.Subjects = append(e.Subjects, [2]any{clean(s), i})
		}
	}
}

func digits[T ~uint8](weights []T) string {
	var b strings.Builder
	for _, w := range weights {
		b.WriteByte('0' + byte(w))
	}
	return b.String()
}

// stepWords say what a subject does to become an administrator, and what lets it.
func stepWords(s inquiry.Step) string {
	words := s.Does
	if s.By != nil {
		words += ", by " + s.By.Words() + ": " + string(s.By.Effect) + " " + s.By.Action
		if s.By.Resource != "" {
			words += " on " + s.By.Resource
		}
	}
	return words
}

func changeOf(c *report.LogEntry) changeRow {
	row := changeRow{
		Commit: clean(view.ShortCommit(c.Commit)), When: view.Moment(c.When), Who: clean(cmp.Or(c.Actor, c.Author)), Serial: c.Serial,
		Summary: clean(c.Summary), Reason: clean(c.Reason), Foreign: !c.ByOsmoctl,
	}
	for _, line := range c.Changes[:min(len(c.Changes), maxChanges)] {
		row.Changes = append(row.Changes, clean(line))
	}
	row.Left = len(c.Changes) - len(row.Changes)
	return row
}

// clean makes text from elsewhere visible, and masks what is shaped like a secret. That no
// runner finds a command in it is seen to in the whole of the data, whose meaning stays.
func clean(s string) string { return view.EscapeTerminal(s) }
