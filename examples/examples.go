// Package examples holds complete projects: each directory is one, with an
// osmoctl.yaml, manifests and a README that says what it shows. They are read,
// checked against the schemas and planned by tests, so they are always what
// osmoctl takes.
//
// The public keys in them were made for the purpose and their private halves
// were thrown away.
//
// The project "quickstart" is also what osmoctl init begins with, see [Starter].
package examples

import (
	"bytes"
	"embed"
	"io/fs"
	"strings"
)

//go:embed all:quickstart all:backend-operator all:monitoring all:ml-teams all:osmo-server
var trees embed.FS

// DemoRecipient is the public key that stands in the quickstart where a
// project has its first operator's.
const DemoRecipient = "age1e5kjsyam63czmpzpcxpwmryahgrzp7ktn2ggndqqgqjv356qp5qsn9penr"

// starter is the example that a new project is made of.
const starter = "quickstart"

// Names lists the examples, sorted.
func Names() []string {
	// The directory is part of the program: reading it cannot fail.
	entries, _ := fs.ReadDir(trees, ".")
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// Open returns the project of this name, rooted at its directory. The error is
// [fs.ErrNotExist] where there is none.
func Open(name string) (fs.FS, error) {
	if _, err := fs.Stat(trees, name); err != nil {
		return nil, err
	}
	return fs.Sub(trees, name)
}

// File is one file of a new project.
type File struct {
	// Path is relative to the project directory, with slashes.
	Path string
	Data []byte
}

// Starter returns the files of a new project whose tokens the public key
// recipient can read, sorted by path. Their first lines point editors at
// schemas/NAME.schema.json below the project directory, which the caller puts
// there too; the schemas are those that [StarterSchemas] names.
func Starter(recipient string) []File {
	var files []File
	// Reading what is part of the program cannot fail.
	_ = fs.WalkDir(trees, starter, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "README.md" {
			return err
		}
		data, err := trees.ReadFile(path)
		path = strings.TrimPrefix(path, starter+"/")
		files = append(files, File{path, personal(path, data, recipient)})
		return err
	})
	return files
}

// StarterSchemas lists the schemas that the files of [Starter] refer to.
func StarterSchemas() []string { return []string{"manifest", "project"} }

// personal makes a file of the example one of a project of its own: the key of
// its operator, and the way to schemas that lie in the project.
func personal(path string, data []byte, recipient string) []byte {
	up := strings.Repeat("../", strings.Count(path, "/"))
	data = bytes.ReplaceAll(data, []byte("$schema=../../"+up), []byte("$schema="+up))
	return bytes.ReplaceAll(data, []byte(DemoRecipient), []byte(recipient))
}
