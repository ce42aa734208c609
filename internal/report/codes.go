package report

import "github.com/osmoctl/osmoctl/docs"

// Codes is what is known of some codes, or of all.
type Codes struct {
	FormatVersion version    `json:"format_version"`
	Codes         List[Code] `json:"codes"`
}

// Code is one entry of the list of codes.
type Code struct {
	Code    string `json:"code"`
	Kind    string `json:"kind"`
	Section string `json:"section"`
	Meaning string `json:"meaning"`
	Example string `json:"example"`
	Remedy  string `json:"remedy"`
}

// CodesOf makes plain text of entries.
func CodesOf(list []docs.Code) Codes {
	var c Codes
	for _, e := range list {
		c.Codes = append(c.Codes, Code{e.Name, e.Kind, e.Section, docs.Plain(e.Meaning), docs.Plain(e.Example), docs.Plain(e.Remedy)})
	}
	return c
}
