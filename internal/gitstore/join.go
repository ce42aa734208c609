package gitstore

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/git/packindex"
	"github.com/osmoctl/osmoctl/internal/gitstore/pack"
	"github.com/osmoctl/osmoctl/internal/pattern"
)

// An apply a day would leave as many packs as days, so a small commit takes the small
// packs before it along: its own pack holds their objects too, and they go once it
// stands. As in an odometer, a pack is taken when it is no larger than what there is to
// write with it, so that n commits leave some log n packs, and an object is written
// log n times in its life.

const (
	// smallCommit is up to how many changes a commit is small.
	smallCommit = 500
	// fullPack is how many objects a pack has at most for others to join it.
	fullPack = 4096
)

// smallPack is a pack of ours that may be joined with others.
type smallPack struct {
	path    string // without ending
	objects int
}

// join adds to a pack the objects of those that are to be joined with it, the newest
// first, and returns them: they can be removed once the new one is stored.
func (p packFolder) join(b *pack.Builder, objects *git.Objects) []string {
	var joined []string
	for _, other := range chooseJoined(p.smallPacks(), b.Len()) {
		// What cannot be read is not for us to repair, nor a reason not to commit.
		if p.addAll(b, other, objects) == nil {
			joined = append(joined, other.path)
		}
	}
	return joined
}

// chooseJoined takes packs, the smallest first, as long as none is larger than what is
// taken already, and the sum is not a full pack.
func chooseJoined(packs []smallPack, added int) []smallPack {
	slices.SortStableFunc(packs, func(a, b smallPack) int { return cmp.Compare(a.objects, b.objects) })
	sum := added
	for i, other := range packs {
		if other.objects >= 2*sum || sum+other.objects > fullPack {
			return packs[:i]
		}
		sum += other.objects
	}
	return packs
}

func (p packFolder) addAll(b *pack.Builder, from smallPack, objects *git.Objects) error {
	data, err := os.ReadFile(from.path + ".idx")
	if err != nil {
		return err
	}
	index, err := packindex.Parse(data)
	if err != nil {
		return err
	}
	type held struct {
		kind object.Kind
		data []byte
	}
	// All or none: half of a pack would be written for nothing.
	var all []held
	for _, name := range index.InOrder() {
		kind, data, err := objects.Read(name)
		if err != nil {
			return err
		}
		all = append(all, held{kind, data})
	}
	for _, o := range all {
		b.Add(o.kind, o.data)
	}
	return nil
}

var packName = pattern.Lazy(`^pack-[0-9a-f]{40}$`)

// listed are the packs that were noted as small, by their paths, the oldest first.
func (p packFolder) listed() (paths []string) {
	list, _ := os.ReadFile(p.list) // What it does not name stays until git joins it.
	for line := range strings.Lines(string(list)) {
		if name := strings.TrimSuffix(line, "\n"); packName().MatchString(name) {
			paths = append(paths, filepath.Join(p.path, name))
		}
	}
	return paths
}

// smallPacks are the listed ones that are still there, the newest first. Git may have
// joined some into one of its own, which is then git's; and one that somebody keeps, or
// that git's index of several packs may name, is left alone.
func (p packFolder) smallPacks() (packs []smallPack) {
	several, _ := os.Stat(filepath.Join(p.path, "multi-pack-index"))
	for _, path := range slices.Backward(p.listed()) {
		info, err := os.Stat(path + ".idx")
		if err != nil || disk.Exists(path+".keep") || several != nil && !info.ModTime().After(several.ModTime()) {
			continue
		}
		packs = append(packs, smallPack{path, packindex.CountIn(info.Size())})
	}
	return packs
}

// clearHalves ends removals that were cut short: without an index git does not see a
// pack, and never removes it.
func (p packFolder) clearHalves() {
	for _, path := range p.listed() {
		if !disk.Exists(path+".idx") && disk.Exists(path+".pack") {
			_ = p.files.remove(path + ".pack")
		}
	}
}

// note puts a pack on the list of small ones. What is not on it is for git to join, so
// it is not flushed, and no reason to fail.
func (p packFolder) note(path string) {
	var names strings.Builder
	for _, other := range slices.Backward(p.smallPacks()) {
		if other.path != path {
			names.WriteString(filepath.Base(other.path) + "\n")
		}
	}
	_ = disk.Memorize(p.list, []byte(names.String()+filepath.Base(path)+"\n"))
}

// drop removes packs whose objects are in another one. The index goes first: with it
// the pack is gone for git, which finds the objects in the other. One that is in use,
// where such a file cannot be removed, stays, and is joined again.
func (p packFolder) drop(packs []string) {
	for _, path := range packs {
		if p.files.remove(path+".idx") == nil {
			_ = p.files.remove(path + ".pack")
		}
	}
}
