package report

import "github.com/osmoctl/osmoctl/pkg/model"

// What an answer says to do with the declarations.
const (
	AnswerAdd    = "add"    // write the YAML into a file
	AnswerChange = "change" // give the keys of the YAML to what is declared
	AnswerRemove = "remove" // take lines out
	AnswerKeep   = "keep"   // it is declared already
)

// Answer is the declaration that does what a command of OSMO's own CLI does at once.
// Nothing is changed by it.
type Answer struct {
	FormatVersion version `json:"format_version"`
	// Address is the account or token that was asked about.
	Address model.Address `json:"address"`
	// Do is one of the words above, and Where says it with the place.
	Do    string `json:"do"`
	Where string `json:"where"`
	// File is the file to edit, or to make, from the project directory. Line is where what is
	// declared begins and LastLine where it ends; 0 where that is not known.
	File     string `json:"file"`
	Line     int    `json:"line"`
	LastLine int    `json:"last_line"`
	// YAML is what to write; of what is to be removed it is the lines, as comments.
	YAML string `json:"yaml"`
	// Notes say what else has to be known, and Next the commands that follow.
	Notes List[string] `json:"notes"`
	Next  List[string] `json:"next"`
}
