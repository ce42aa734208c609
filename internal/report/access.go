package report

import (
	"github.com/osmoctl/osmoctl/pkg/inquiry"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// AccessCan answers a question about a subject.
type AccessCan struct {
	FormatVersion version `json:"format_version"`
	// At is what was looked at: work, state, or a revision.
	At       string `json:"at"`
	Question string `json:"question"`
	inquiry.Answer
}

// AccessList is every action, and where a subject can use it.
type AccessList struct {
	FormatVersion version          `json:"format_version"`
	At            string           `json:"at"`
	Subject       string           `json:"subject"`
	Roles         List[string]     `json:"roles"`
	Actions       []inquiry.Answer `json:"actions"`
}

// AccessWords is what can be asked.
type AccessWords struct {
	FormatVersion version  `json:"format_version"`
	Actions       []string `json:"actions"`
	Tasks         []string `json:"tasks"`
}

// AccessWho lists who can do something.
type AccessWho struct {
	FormatVersion version              `json:"format_version"`
	At            string               `json:"at"`
	Question      string               `json:"question"`
	Holders       List[inquiry.Holder] `json:"holders"`
}

// AccessAdministrators lists who is an administrator, and by which steps.
type AccessAdministrators struct {
	FormatVersion  version                     `json:"format_version"`
	At             string                      `json:"at"`
	Administrators List[inquiry.Administrator] `json:"administrators"`
}

// AccessShow is all that a subject can do.
type AccessShow struct {
	FormatVersion version `json:"format_version"`
	At            string  `json:"at"`
	inquiry.Report
}

// AccessMatrix is all subjects by services and pools.
type AccessMatrix struct {
	FormatVersion version `json:"format_version"`
	At            string  `json:"at"`
	inquiry.Matrix
}

// AccessDiff is what subjects gain and lose between two moments.
type AccessDiff struct {
	FormatVersion version                  `json:"format_version"`
	From          string                   `json:"from"`
	To            string                   `json:"to"`
	Differences   List[inquiry.Difference] `json:"differences"`
}

// AccessTest is what came of a table of expected answers.
type AccessTest struct {
	FormatVersion version                `json:"format_version"`
	At            string                 `json:"at"`
	Passed        int                    `json:"passed"`
	Failed        List[inquiry.Surprise] `json:"failed"`
}

// ServerWords names the server that an answer is true of, "" for all.
func ServerWords(s model.Server) string {
	if s == (model.Server{}) {
		return ""
	}
	if s.Mode == model.ModeConfigMap {
		return "in ConfigMap mode"
	}
	return "with roles in the database"
}
