package gitstore

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/packindex"
)

// A pack that git's index of several packs names, its multi-pack-index, is not removed.
// Once it was, "git fsck" and "git multi-pack-index verify" would fail, and git would not
// find an object that another of the named packs has as well: it looks for what the index
// has where the index says, and in packs that are not named. To remove that index too, as
// "git repack -d" does, would take from git what somebody has set up, for the sake of a few
// small packs, which git joins by itself in its time.

// sharedIndexes tell which packs git's indexes of several packs name.
type sharedIndexes struct {
	// named are the names of the packs' own indexes.
	named []string
	// until is when the last one was written that is not read here: it is damaged, of another
	// version, or a chain of several. It may name whatever is not newer.
	until time.Time
	// locked says that git is writing one.
	locked bool
}

// readSharedIndexes looks at what the folder has now.
func (p packFolder) readSharedIndexes() sharedIndexes {
	path := filepath.Join(p.path, packindex.MultiName)
	s := sharedIndexes{locked: disk.Exists(path + ".lock")}
	s.addUnread(path + ".d")
	if err := s.read(path); err != nil {
		s.addUnread(path)
	}
	return s
}

func (s *sharedIndexes) read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	index, err := packindex.OpenMulti(file, info.Size())
	if err != nil {
		return err
	}
	s.named = index.Packs()
	return nil
}

func (s *sharedIndexes) addUnread(path string) {
	if info, err := os.Stat(path); err == nil && info.ModTime().After(s.until) {
		s.until = info.ModTime()
	}
}

// mayName says whether a pack, by its own index, is to be left alone.
func (s sharedIndexes) mayName(index fs.FileInfo) bool {
	_, named := slices.BinarySearch(s.named, index.Name())
	return s.locked || named || !index.ModTime().After(s.until)
}
