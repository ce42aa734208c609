// Package schemas holds the JSON Schemas of everything that osmoctl reads and
// writes: the files that people edit, the files below state/, and the JSON of
// every reading command.
//
// Each schema is a file of its own, NAME.schema.json, in draft 2020-12, known
// as https://osmoctl.dev/schemas/NAME.schema.json. It refers to no other file,
// so an editor that was given one needs no network; a definition that several
// schemas share has the same content in all of them.
//
// Schemas are strict: a key that they do not name is a mistake. What no schema
// can know, such as whether a role is declared or a date has passed, is left to
// osmoctl validate; but whatever a schema refuses, osmoctl refuses too. The one
// exception is a name that YAML takes for a number or a truth value: osmoctl
// reads it as the text that it is, an editor asks for quotes.
package schemas

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.schema.json
var files embed.FS

const suffix = ".schema.json"

// Names lists the schemas, sorted: "manifest" for manifest.schema.json.
func Names() []string {
	// The directory is part of the program: reading it cannot fail.
	entries, _ := fs.ReadDir(files, ".")
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), suffix)
	}
	// A file that is called like another one and "-" stands before that.
	slices.Sort(names)
	return names
}

// Read returns the text of the schema of this name, and whether there is one.
func Read(name string) ([]byte, bool) {
	b, err := files.ReadFile(name + suffix)
	return b, err == nil
}

// FileName is what the schema is called where it stands in a project.
func FileName(name string) string { return name + suffix }
