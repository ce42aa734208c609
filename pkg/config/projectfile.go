package config

import (
	"io/fs"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// LoadProject reads osmoctl.yaml alone. It is for what has to be known before
// the declarations are read, such as the branch that state is on; the project
// is nil when a problem is an error.
func LoadProject(fsys fs.FS) (*model.Project, diag.List) {
	l := newLoader(fsys, Options{})
	l.loadProject()
	list := l.problems.finish()
	Annotate(fsys, list)
	if list.HasErrors() {
		return nil, list
	}
	return &l.project.Project, list
}
