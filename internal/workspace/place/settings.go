package place

import (
	"errors"
	"io/fs"

	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// HeadsPrefix is what the full names of branches begin with.
const HeadsPrefix = "refs/heads/"

// TrackingRef is what the clone remembers of a remote's branch under.
func TrackingRef(remote, branch string) string { return "refs/remotes/" + remote + "/" + branch }

// SettingsAt reads nothing but the project file: state is to be found also
// where a manifest is broken, or where there is no project file yet.
func (f *Finder) SettingsAt(commit string) (model.Git, error) {
	if commit == "" {
		return model.Git{}, nil
	}
	files, err := f.repo.FS(commit, config.ProjectFile)
	if err != nil {
		return model.Git{}, err
	}
	return ReadSettings(files)
}

func ReadSettings(files fs.FS) (model.Git, error) {
	if _, err := fs.Stat(files, config.ProjectFile); errors.Is(err, fs.ErrNotExist) {
		return model.Git{}, nil
	}
	file, problems := config.LoadProject(files)
	if err := problems.Err(); err != nil {
		return model.Git{}, err
	}
	return file.Git, nil
}
