package gitstore

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

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
	// largestJoined is how many bytes a pack may have to be joined. Ours have fewer; one
	// with large objects, of other people's files, is not worth writing again.
	largestJoined = 4 << 20
)

// smallPack is a pack that may be joined with others.
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

var packName = pattern.Lazy(`^pack-[0-9a-f]{40}\.idx$`)

// smallPacks are those that may be joined, the newest first, whoever made them: a fetch
// leaves one too. What somebody keeps, what a partial clone was promised, and what git
// has made more of than a pack and its index, is left alone, and so is what git's index of
// several packs names.
func (p packFolder) smallPacks() (packs []smallPack) {
	shared := p.readSharedIndexes()
	entries, err := os.ReadDir(p.path)
	if err != nil || shared.locked {
		return nil // What is not joined now is joined later.
	}
	files := map[string]int{} // by the name without ending
	for _, e := range entries {
		name, _, _ := strings.Cut(e.Name(), ".")
		files[name]++
	}
	type dated struct {
		smallPack
		when time.Time
	}
	var found []dated
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".idx")
		if !packName().MatchString(e.Name()) || files[name] != 2 {
			continue
		}
		path := filepath.Join(p.path, name)
		index, err := e.Info()
		packed, packErr := os.Stat(path + ".pack")
		if err != nil || packErr != nil || packed.Size() > largestJoined || shared.mayName(index) {
			continue
		}
		found = append(found, dated{smallPack{path, packindex.CountIn(index.Size())}, index.ModTime()})
	}
	slices.SortStableFunc(found, func(a, b dated) int { return b.when.Compare(a.when) })
	for _, f := range found {
		packs = append(packs, f.smallPack)
	}
	return packs
}

// drop removes packs whose objects are in another one. The index goes first: with it
// the pack is gone for git, which finds the objects in the other. One that is in use,
// where such a file cannot be removed, stays, and is joined again; so does one that git
// has put into its index of several packs since it was chosen.
func (p packFolder) drop(packs []string) {
	if len(packs) == 0 {
		return
	}
	shared := p.readSharedIndexes()
	packs = slices.DeleteFunc(packs, func(path string) bool {
		index, err := os.Stat(path + ".idx")
		return err == nil && shared.mayName(index)
	})
	var names strings.Builder
	for _, path := range packs {
		names.WriteString(filepath.Base(path) + ".idx\n")
	}
	// It is for tidiness alone, so it is not flushed, and no reason to fail.
	_ = disk.Memorize(p.dropped, []byte(names.String()))
	for _, path := range packs {
		if p.files.remove(path+".idx") == nil {
			_ = p.files.remove(path + ".pack")
		}
	}
}

// clearHalves ends removals that were cut short: git does not see a pack without an
// index, and never removes it.
func (p packFolder) clearHalves() {
	list, _ := os.ReadFile(p.dropped)
	for line := range strings.Lines(string(list)) {
		index := strings.TrimSuffix(line, "\n")
		packed := filepath.Join(p.path, strings.TrimSuffix(index, ".idx")+".pack")
		if packName().MatchString(index) && disk.Exists(packed) && !disk.Exists(filepath.Join(p.path, index)) {
			_ = p.files.remove(packed)
		}
	}
}
