package worktree

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/gitconfig"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/git/rules"
)

// maxRules bounds one file of attributes or ignores, fileSteps what the patterns
// may cost for one path, and matchSteps what they may cost in all. They are written
// by whoever wrote the pull request.
const (
	maxRules   = 1 << 20
	fileSteps  = 2 << 20
	matchSteps = 200 << 20
)

// conversions finds out how git would store files of the work tree. Like git it
// goes by the .gitattributes that lie in the work tree, and by those of the index
// where none does.
type conversions struct {
	draft  *draft
	steps  int // that are left
	stacks map[string]*rules.Attributes
	// unknown says why nothing can be told of any file.
	unknown string
}

func (c *conversions) of(file string) (conversion, error) {
	stack, err := c.stack(path.Dir(file))
	if err != nil {
		return conversion{}, err
	}
	repo := c.draft.repo
	budget := rules.NewBudget(min(c.steps, fileSteps))
	found := conversionOf(repo.Settings(), stack.Of(file, c.draft.fold, budget))
	c.steps -= min(c.steps, fileSteps) - budget.Left()
	switch {
	case c.unknown != "":
		found.unknown = c.unknown
	case budget.Left() == 0:
		found.unknown = "attribute files that take too long to match"
	}
	return found, nil
}

// stack is the attributes that apply to the files of a folder.
func (c *conversions) stack(dir string) (*rules.Attributes, error) {
	if known, ok := c.stacks[dir]; ok {
		return known, nil
	}
	repo := c.draft.repo
	if tree, _ := repo.Settings().Get("attr.tree"); tree != "" || repo.Getenv("GIT_ATTR_SOURCE") != "" {
		c.unknown = "attributes that are read from elsewhere than the work tree (attr.tree, GIT_ATTR_SOURCE)"
	}
	a := rules.NewAttributes()
	for _, file := range outerAttributes(repo) {
		if err := c.addOutside(a, file); err != nil {
			return nil, err
		}
	}
	at := ""
	for _, name := range append([]string{""}, strings.Split(dir, "/")...) {
		if name == "." {
			break
		}
		at = path.Join(at, name)
		data, err := c.draft.ruleFile(path.Join(at, ".gitattributes"))
		if err != nil {
			return nil, err
		}
		c.add(a, at, data)
	}
	err := c.addOutside(a, filepath.Join(repo.CommonDir(), "info", "attributes"))
	c.stacks[dir] = a
	return a, err
}

func (c *conversions) add(a *rules.Attributes, dir string, data []byte) {
	if len(data) > maxRules {
		c.unknown = "attribute files that are too large"
		return
	}
	a.Add(dir, data, dir == "")
}

func (c *conversions) addOutside(a *rules.Attributes, file string) error {
	data, err := readOutside(file)
	if err == nil {
		c.add(a, "", data)
	}
	return err
}

// readOutside reads a file of rules that the user keeps outside the work tree.
func readOutside(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if disk.IsAbsent(err) || errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	return data, err
}

// outerAttributes are the files of the system and the user, the weakest first.
func outerAttributes(repo *git.Repository) []string {
	var files []string
	if !gitconfig.IsTrue(repo.Getenv("GIT_ATTR_NOSYSTEM")) {
		files = append(files, systemAttributes)
	}
	return append(files, userFile(repo, "core.attributesfile", "attributes"))
}

const systemAttributes = "/etc/gitattributes"

// userFile is a file that a setting names, or else the one of that name in the
// user's folder for git.
func userFile(repo *git.Repository, key, name string) string {
	home := repo.Getenv("HOME")
	if file, ok := repo.Settings().Get(key); ok {
		if rest, found := strings.CutPrefix(file, "~/"); found {
			return filepath.Join(home, rest)
		}
		if file != "" && !filepath.IsAbs(file) {
			return filepath.Join(repo.Root(), file)
		}
		return file
	}
	if dir := repo.Getenv("XDG_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "git", name)
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".config", "git", name)
}

// ruleFile reads a .gitattributes or .gitignore of the work tree, given from the
// root, or the index's version where none lies there. Links are not followed.
func (d *draft) ruleFile(file string) ([]byte, error) {
	data, err := d.disk.ReadFile(file)
	switch {
	case err == nil:
		return data, nil
	case errors.Is(err, disk.ErrTooLarge):
		return make([]byte, maxRules+1), nil
	case errors.Is(err, fs.ErrInvalid), errors.Is(err, disk.ErrNotFolder):
		return nil, nil
	case !disk.IsAbsent(err):
		return nil, err
	}
	e, err := d.lookUp(file)
	if err != nil || !object.IsFile(e.mode) || e.id == (object.ID{}) {
		return nil, err
	}
	return d.blob(e.id)
}
