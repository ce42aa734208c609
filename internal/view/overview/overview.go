// Package overview lays a project out on one page, for people who use no terminal.
//
// # The page
//
// It is one file: page.html with page.css and page.js in it, and the project as data.
// It loads nothing. A Content Security Policy in it allows the one script and the one
// style sheet, by their sums, and forbids all else: other scripts, connections, images,
// frames, forms. It also forbids to make markup of text (Trusted Types): the script puts
// text into the page as text.
//
// What stands at the top, the verdict and the numbers, is written here, so that it is
// there without a script; the lists are made by the script of the data. These hold text
// from elsewhere. Here each goes through [view.EscapeTerminal], so that nothing of it is
// invisible and what is shaped like a secret is masked, and then through html/template, or
// through JSON in which no tag can end.
//
// # Length
//
// What repeats is written once: names of roles and keys, and what a set of roles may do.
// The script shows a hundred rows at a time.
package overview

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	styleText string
	//go:embed page.js
	scriptText string
)

// Show writes an overview to Out: a page of HTML, or JSON.
func Show(v *view.View, o report.Overview, f view.Format) error {
	switch f {
	case view.HTML:
		return writePage(v.Out, o)
	case view.JSON:
		return v.WriteJSON(v.Out, o)
	}
	return view.ErrFormat{Format: f}
}

// content is what page.html is filled with.
type content struct {
	// Policy is the page's Content Security Policy.
	Policy string
	Style  template.CSS
	Script template.JS
	// Data is the project as JSON.
	Data template.JS

	Project, AsOf, Source string
	Grade                 report.Grade
	Verdict               string
	Risks                 string
	Figures               []figure
	// First are the gravest things, for whoever has no script.
	First []report.Attention
	Left  int
	Notes []string
}

// figure is a number at the top, and the list that it leads to.
type figure struct {
	Count, What, Link string
	Grave             bool
}

// maxFirst is how many things are listed without a script.
const maxFirst = 25

func writePage(to io.Writer, o report.Overview) error {
	data, err := encodeData(o)
	if err != nil {
		return err
	}
	c := content{
		Policy: policy(), Style: template.CSS(styleText), Script: template.JS(scriptText), Data: template.JS(data),
		Project: view.EscapeLine(o.AsOf.Project), AsOf: longDate(o.AsOf.Date), Source: source(o.AsOf), Grade: o.Summary.Grade,
		Verdict: verdict(o.Summary), Risks: risks(o.Summary), Figures: figures(o.Summary, o.AsOf.Declarations != ""), Left: max(0, len(o.Attention)-maxFirst),
	}
	for _, a := range o.Attention[:min(len(o.Attention), maxFirst)] {
		a.Subject, a.Message, a.Hint = view.EscapeLine(a.Subject), view.EscapeLine(a.Message), view.EscapeLine(a.Hint)
		c.First = append(c.First, a)
	}
	for _, n := range o.Notes {
		c.Notes = append(c.Notes, view.EscapeLine(n))
	}
	// It is parsed here, since every command would pay for it at its start.
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("read the page's form: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, c); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err = to.Write(out.Bytes())
	return err
}

// policy lets the page's own script and style be, and nothing else.
func policy() string {
	rules := []string{
		"default-src 'none'", "script-src '" + sumOf(scriptText) + "'", "style-src '" + sumOf(styleText) + "'",
		"base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}
	return strings.Join(rules, "; ")
}

// sumOf names a text as a policy does. A reader of HTML sees a CR LF as LF, and so would
// the sum be of: the sources have LF alone.
func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
