// Package sarif writes SARIF 2.1.0, in which tools that look at code exchange what
// they found. It has the parts of the standard that osmoctl's results need, under the
// standard's names, and makes text and file names harmless for what shows them.
package sarif

import (
	"net/url"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// The parts of a log. The names are the standard's.
type (
	Log struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []Run  `json:"runs"`
	}
	Run struct {
		Tool        Tool         `json:"tool"`
		Invocations []Invocation `json:"invocations,omitzero"`
		ColumnKind  string       `json:"columnKind"`
		Results     []Result     `json:"results"`
	}
	Invocation struct {
		Successful    bool           `json:"executionSuccessful"`
		Notifications []Notification `json:"toolExecutionNotifications,omitzero"`
	}
	Notification struct {
		Level   string  `json:"level"`
		Message Message `json:"message"`
	}
	Tool struct {
		Driver Driver `json:"driver"`
	}
	Driver struct {
		Name           string `json:"name"`
		InformationURI string `json:"informationUri"`
		Rules          []Rule `json:"rules"`
	}
	Rule struct {
		ID    string   `json:"id"`
		Short *Message `json:"shortDescription,omitempty"`
	}
	Result struct {
		RuleID           string     `json:"ruleId,omitzero"`
		Level            string     `json:"level"`
		Message          Message    `json:"message"`
		Locations        []Location `json:"locations,omitzero"`
		RelatedLocations []Location `json:"relatedLocations,omitzero"`
		// Suppressions are there where the result is not to be reported.
		Suppressions []Suppression `json:"suppressions,omitzero"`
	}
	Suppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	Message struct {
		Text string `json:"text"`
	}
	Location struct {
		ID       int      `json:"id,omitzero"`
		Physical Physical `json:"physicalLocation"`
		Message  *Message `json:"message,omitempty"`
	}
	Physical struct {
		Artifact Artifact `json:"artifactLocation"`
		Region   *Region  `json:"region,omitempty"`
	}
	Artifact struct {
		URI string `json:"uri"`
	}
	Region struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitzero"`
		EndColumn   int `json:"endColumn,omitzero"`
	}
)

const (
	schema         = "https://json.schemastore.org/sarif-2.1.0.json"
	version        = "2.1.0"
	informationURI = "https://github.com/osmoctl/osmoctl"
)

// Of is the log of one run: what was found, by which rules, and how the run ended.
func Of(rules []Rule, results []Result, invocations ...Invocation) Log {
	return Log{Schema: schema, Version: version, Runs: []Run{{
		Tool:        Tool{Driver{Name: "osmoctl", InformationURI: informationURI, Rules: rules}},
		ColumnKind:  "unicodeCodePoints",
		Results:     results,
		Invocations: invocations,
	}}}
}

// brackets are what embedded links are made of, also in messages of plain
// text: [text](address). Section 3.11.6 of the standard says how to write the
// characters themselves.
var brackets = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`)

// Say is a message of these lines. They are escaped as for a terminal,
// since viewers show them, and hold no link.
func Say(lines ...string) Message {
	for i, line := range lines {
		lines[i] = brackets.Replace(view.EscapeTerminal(line))
	}
	return Message{strings.Join(lines, "\n")}
}

// ArtifactOf names a file, whatever its name: as a relative reference that can
// neither be taken for another scheme nor for another host.
func ArtifactOf(name string) Artifact {
	if strings.HasPrefix(name, "/") {
		name = "/" + strings.TrimLeft(name, "/")
	}
	return Artifact{(&url.URL{Path: secret.Mask(name)}).String()}
}
