package view

import (
	"bytes"
	"errors"
	"io"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Plan writes a plan: text, JSON or Markdown.
func (v *View) Plan(p *plan.Plan, f Format) error {
	if f == JSON {
		return v.planJSON(p)
	}
	return v.showDocument(f, planDocument(p, v.Paste))
}

func (v *View) planJSON(p *plan.Plan) error { return WritePlanJSON(v.Out, p) }

// WritePlanJSON writes a plan as JSON, both as it is shown and as a plan file holds
// it: people and runners read those as well. It is written piece by piece, for a
// plan may be large.
func WritePlanJSON(to io.Writer, p *plan.Plan) error {
	w := &neutralWriter{to: to}
	err := p.WriteJSON(w)
	if err == nil {
		err = w.flush()
	}
	switch {
	case w.failed != nil:
		return w.failed
	case err != nil:
		return errors.New("this plan cannot be written as JSON")
	}
	return nil
}

// neutralWriter spells JSON as neutralJSON does. What it is given ends between two
// items, never within a string.
type neutralWriter struct {
	to     io.Writer
	held   bytes.Buffer
	failed error
}

// enoughJSON is how much is held back before it is written.
const enoughJSON = 64 << 10

func (w *neutralWriter) Write(b []byte) (int, error) {
	w.held.Write(b)
	if w.held.Len() < enoughJSON {
		return len(b), nil
	}
	return len(b), w.flush()
}

func (w *neutralWriter) flush() error {
	if w.failed == nil {
		_, w.failed = w.to.Write(neutralJSON(w.held.Bytes()))
	}
	w.held.Reset()
	return w.failed
}

type appliedDocument struct {
	FormatVersion int `json:"format_version"`
	// Commit is empty where there was nothing to do.
	Commit  string           `json:"commit"`
	Serial  int              `json:"serial"`
	Digest  string           `json:"digest"`
	Summary plan.Summary     `json:"summary"`
	Issued  []issuedDocument `json:"issued"`
	// Revoked are the generations that were revoked, by a date or for a leak.
	Revoked  []model.Address `json:"revoked"`
	Risks    []plan.Risk     `json:"risks"`
	Warnings []plan.Warning  `json:"warnings"`
}

type issuedDocument struct {
	Address   model.Address `json:"address"`
	Path      string        `json:"path"`
	ExpiresAt model.Date    `json:"expires_at"`
	// SHA256 of the value, in hex.
	SHA256 string `json:"sha256"`
}

// Applied writes what applying a plan did: text, JSON or Markdown.
func (v *View) Applied(p *plan.Plan, r *apply.Result, f Format) error {
	if f == JSON {
		return v.printJSON(v.Out, appliedDocumentOf(p, r))
	}
	return v.showDocument(f, appliedReport(p, r))
}

func appliedDocumentOf(p *plan.Plan, r *apply.Result) appliedDocument {
	out := appliedDocument{
		formatVersion, r.Commit, r.Serial, p.Digest, p.Summary,
		make([]issuedDocument, len(r.Issued)), revoked(p), orEmpty(p.Risks), orEmpty(p.Warnings),
	}
	for i, g := range r.Issued {
		out.Issued[i] = issuedDocument{g.Address, g.Path, g.ExpiresAt, g.Value.String()}
	}
	return out
}

func revoked(p *plan.Plan) []model.Address {
	list := []model.Address{}
	for i := range p.Changes {
		if p.Changes[i].Action == plan.Revoke {
			list = append(list, p.Changes[i].Address)
		}
	}
	return list
}
