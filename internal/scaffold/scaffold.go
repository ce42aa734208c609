// Package scaffold is what init writes: the files of a new project, the pre-commit
// hook of a clone, and the pipelines of a forge. It overwrites nothing. What any repository may have
// already is left as it is, and named; anything else in the way is an error before
// anything is made.
package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/osmoctl/osmoctl/examples"
	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/schemas"
)

// Files are the files of a new project, by path.
func Files(recipient model.Recipient) map[string][]byte {
	files := map[string][]byte{
		".gitattributes": []byte(gitattributes),
		"CODEOWNERS":     []byte(codeowners),
	}
	for _, name := range examples.StarterSchemas() {
		files["schemas/"+name+".schema.json"], _ = schemas.Read(name)
	}
	for _, f := range examples.Starter(recipient.Key) {
		files[f.Path] = f.Data
	}
	return files
}

const gitattributes = `# State is written by osmoctl byte for byte: git must not touch its line ends.
state/** -text
*.age binary
`

const codeowners = `# State is written by osmoctl apply alone. Let those who run it approve any
# change to it that a pull request makes:
# /state/ @your-organisation/platform

# An approval lets one plan through a guardrail. Let those approve it who set the
# guardrails, or a pull request could lift them by itself:
# /approvals.yaml @your-organisation/platform
# /osmoctl.yaml @your-organisation/platform
`

// conventions are files that any repository may have already.
var conventions = []string{".gitattributes", "CODEOWNERS"}

// FindKept returns the files that are in dir already and are left alone, sorted.
func FindKept(dir string) (kept []string) {
	for _, path := range conventions {
		if disk.Exists(filepath.Join(dir, path)) {
			kept = append(kept, path)
		}
	}
	return kept
}

// Check refuses a directory that a project cannot be made in.
func Check(dir string) error {
	if disk.Exists(filepath.Join(dir, config.ProjectFile)) {
		return fmt.Errorf("%s is a project already: it has an %s", dir, config.ProjectFile)
	}
	for _, path := range model.Names(Files(model.Recipient{})) {
		if whole := filepath.Join(dir, path); disk.Exists(whole) && !slices.Contains(conventions, path) {
			return diag.Hinted(fmt.Errorf("%s exists already", whole), "choose an empty directory")
		}
	}
	return nil
}

// Write writes files, by their paths below dir.
func Write(dir string, files map[string][]byte) error {
	for _, path := range model.Names(files) {
		whole := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(whole), 0o777); err != nil {
			return err
		}
		if err := writeNew(whole, files[path], 0o666); err != nil {
			return err
		}
	}
	return nil
}

// writeNew writes a file that must not exist.
func writeNew(path string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
