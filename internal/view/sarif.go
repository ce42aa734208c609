package view

import (
	"net/url"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// The parts of SARIF 2.1.0 that a list of problems or finds needs. The names are the
// standard's.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations,omitzero"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitzero"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID string `json:"id"`
	}
	sarifResult struct {
		RuleID           string          `json:"ruleId,omitzero"`
		Level            string          `json:"level"`
		Message          sarifMessage    `json:"message"`
		Locations        []sarifLocation `json:"locations,omitzero"`
		RelatedLocations []sarifLocation `json:"relatedLocations,omitzero"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		ID       int           `json:"id,omitzero"`
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifMessage `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitzero"`
		EndColumn   int `json:"endColumn,omitzero"`
	}
)

const (
	sarifSchema    = "https://json.schemastore.org/sarif-2.1.0.json"
	sarifVersion   = "2.1.0"
	informationURI = "https://github.com/osmoctl/osmoctl"
)

// sarifBrackets are what embedded links are made of, also in messages of plain
// text: [text](address). Section 3.11.6 of the standard says how to write the
// characters themselves.
var sarifBrackets = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`)

// sarifSays is a message of these lines. They are escaped as for a terminal,
// since viewers show them, and hold no link.
func sarifSays(lines ...string) sarifMessage {
	for i, line := range lines {
		lines[i] = sarifBrackets.Replace(EscapeTerminal(line))
	}
	return sarifMessage{strings.Join(lines, "\n")}
}

// sarifFile names a file, whatever its name: as a relative reference that can
// neither be taken for another scheme nor for another host.
func sarifFile(name string) sarifArtifact {
	if strings.HasPrefix(name, "/") {
		name = "/" + strings.TrimLeft(name, "/")
	}
	return sarifArtifact{(&url.URL{Path: secret.Mask(name)}).String()}
}
