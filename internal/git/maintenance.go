package git

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/gitconfig"
)

// Clutter is what git has not joined yet: objects in files of their own, about, and packs.
type Clutter struct{ Loose, Packs int }

// What git itself takes for too much, unless gc.auto and gc.autoPackLimit say otherwise.
const (
	defaultAuto      = 6700
	defaultPackLimit = 50
)

// MaintenanceDue counts as git does before it maintains a repository by itself, and says
// whether that is due. It never is where gc.auto is 0: somebody sees to it otherwise.
func (r *Repository) MaintenanceDue() (c Clutter, due bool, err error) {
	auto := intSetting(r.config, "gc.auto", defaultAuto)
	if auto <= 0 {
		return c, false, nil
	}
	// Names are spread evenly, so one folder of 256 tells of all.
	one, err := os.ReadDir(filepath.Join(r.Objects.dir, "17"))
	if err != nil && !disk.IsAbsent(err) {
		return c, false, err
	}
	packs, err := os.ReadDir(filepath.Join(r.Objects.dir, "pack"))
	if err != nil && !disk.IsAbsent(err) {
		return c, false, err
	}
	c.Loose = len(one) * 256
	for _, e := range packs {
		if name, ok := strings.CutSuffix(e.Name(), ".pack"); ok && !disk.Exists(filepath.Join(r.Objects.dir, "pack", name+".keep")) {
			c.Packs++
		}
	}
	limit := intSetting(r.config, "gc.autopacklimit", defaultPackLimit)
	return c, len(one) > (auto+255)/256 || limit > 0 && c.Packs > limit, nil
}

// intSetting reads a number, of which git knows those that end in k, m and g as well.
func intSetting(config *gitconfig.Config, key string, otherwise int) int {
	text, ok := config.Get(key)
	if !ok {
		return otherwise
	}
	unit := 1
	if i := strings.IndexByte("kmg", strings.ToLower(text + " ")[max(0, len(text)-1)]); i >= 0 {
		text, unit = text[:len(text)-1], 1<<(10*(i+1))
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return otherwise
	}
	return n * unit
}
