package git

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// ID names what a path, relative to the project, holds at a commit: two commits
// have the same file or folder there exactly where the names are equal. "" says
// that there is nothing.
func (r *Repository) ID(commit, name string) (string, error) {
	entry, err := r.Entry(commit, name)
	return entry.ID.Hash(), err
}

// A Difference is a file that two commits do not have alike.
type Difference struct {
	// Path is relative to the project.
	Path string
	// Before and After name the content; "" where there is no such file.
	Before, After string
	// BeforeMode and AfterMode are git's modes; 0 where there is no such file.
	BeforeMode, AfterMode uint32
}

// Differences lists the files below dir, relative to the project, in which two
// commits differ, sorted by path. Folders that are the same are not looked into,
// so it costs what differs. The commit "" has no files.
func (r *Repository) Differences(ctx context.Context, before, after, dir string) ([]Difference, error) {
	from, err := r.Entry(before, dir)
	if err != nil {
		return nil, err
	}
	to, err := r.Entry(after, dir)
	if err != nil {
		return nil, err
	}
	c := &treeComparison{repo: r}
	err = c.compare(ctx, path.Clean(dir), from, to)
	slices.SortFunc(c.found, func(a, b Difference) int { return strings.Compare(a.Path, b.Path) })
	return c.found, err
}

type treeComparison struct {
	repo  *Repository
	found []Difference
}

func (c *treeComparison) compare(ctx context.Context, name string, before, after object.Entry) error {
	if before.ID == after.ID && before.Mode == after.Mode {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.add(name, before, after)
	if strings.Count(name, "/") >= maxDepth {
		return errors.New(name + ": there are deeper folders than osmoctl reads")
	}
	if len(c.found) > c.repo.maxFiles {
		return &TooMuchError{Path: name, Files: c.repo.maxFiles}
	}
	old, err := c.repo.Below(before)
	if err != nil {
		return err
	}
	now, err := c.repo.Below(after)
	if err != nil {
		return err
	}
	for below := range union(now, old) {
		if err := c.compare(ctx, object.Child(name, below), old[below], now[below]); err != nil {
			return err
		}
	}
	return nil
}

// add notes a path at which at least one side has something else than a folder.
func (c *treeComparison) add(name string, before, after object.Entry) {
	d := Difference{Path: name}
	if before.Mode != 0 && !before.IsTree() {
		d.Before, d.BeforeMode = before.ID.Hash(), before.Mode
	}
	if after.Mode != 0 && !after.IsTree() {
		d.After, d.AfterMode = after.ID.Hash(), after.Mode
	}
	if d.BeforeMode != 0 || d.AfterMode != 0 {
		c.found = append(c.found, d)
	}
}

// Same reports whether the paths, relative to the project, have the same
// content in two commits. Only object names are compared.
func (r *Repository) Same(a, b string, paths ...string) (bool, error) {
	for _, p := range paths {
		before, err := r.Entry(a, p)
		if err != nil {
			return false, err
		}
		after, err := r.Entry(b, p)
		if err != nil || before != after {
			return false, err
		}
	}
	return true, nil
}

// Entry finds a path, relative to the project, in a commit, without its name; the
// zero entry where there is nothing.
func (r *Repository) Entry(commit, name string) (object.Entry, error) {
	if commit == "" {
		return object.Entry{}, nil
	}
	c, err := r.Commit(commit)
	if err != nil {
		return object.Entry{}, err
	}
	at := path.Clean(r.InRoot(name))
	if at == "." {
		at = "" // the project, which is the whole repository
	}
	entry, err := r.Find(object.MustParseID(c.Tree), at)
	entry.Name = ""
	return entry, err
}

func union(a, b map[string]object.Entry) map[string]bool {
	names := make(map[string]bool, len(a)+len(b))
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	return names
}

// Below lists a folder by its names. What is no folder has none.
func (o *Objects) Below(e object.Entry) (map[string]object.Entry, error) {
	if !e.IsTree() {
		return nil, nil
	}
	entries, err := readTree(o, e.ID)
	below := make(map[string]object.Entry, len(entries))
	for _, e := range entries {
		below[e.Name] = e
	}
	return below, err
}

// DifferBeside names something outside of dir, relative to the project, in which two
// commits differ, wherever in the repository it lies; "" if they are alike there.
// Only names of objects are compared.
func (r *Repository) DifferBeside(before, after, dir string) (string, error) {
	old, err := r.Commit(before)
	if err != nil {
		return "", err
	}
	now, err := r.Commit(after)
	if err != nil {
		return "", err
	}
	return r.differBeside(object.MustParseID(old.Tree), object.MustParseID(now.Tree), strings.Split(r.InRoot(dir), "/"))
}

// differBeside goes down two trees along the way.
func (r *Repository) differBeside(before, after object.ID, way []string) (string, error) {
	if before == after || len(way) == 0 {
		return "", nil
	}
	old, err := r.Below(object.Entry{Mode: object.ModeTree, ID: before})
	if err != nil {
		return "", err
	}
	now, err := r.Below(object.Entry{Mode: object.ModeTree, ID: after})
	if err != nil {
		return "", err
	}
	for name := range union(old, now) {
		if a, b := old[name], now[name]; name != way[0] && (a.ID != b.ID || a.Mode != b.Mode) {
			return name, nil
		}
	}
	a, b := old[way[0]], now[way[0]]
	if !a.IsTree() || !b.IsTree() {
		return "", nil
	}
	return r.differBeside(a.ID, b.ID, way[1:])
}
