package git

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// versionsOf commits a file of this many lines again and again, one line of it changed.
func (r *repo) versionsOf(name string, lines, times int) (blobs []string) {
	random := rand.New(rand.NewPCG(1, 2))
	text := make([]string, lines)
	for i := range text {
		text[i] = fmt.Sprintf("line %d %d\n", i, random.Uint64())
	}
	for n := range times {
		text[n%lines] = fmt.Sprintf("version %d\n", n)
		r.Commit(fmt.Sprint(n), map[string]string{name: strings.Join(text, "")})
		blobs = append(blobs, r.Git("rev-parse", "HEAD:"+name))
	}
	return blobs
}

// wantRead compares what is read with what git reads.
func (r *repo) wantRead(s *Repository, blobs []string) {
	r.T.Helper()
	for _, hash := range blobs {
		kind, data, err := s.Read(object.MustParseID(hash))
		if err != nil || kind != object.Blob || strings.TrimSuffix(string(data), "\n") != r.Git("cat-file", "-p", hash) {
			r.T.Errorf("%s is read as a %v of %d bytes, %v", hash, kind, len(data), err)
		}
	}
}

// Deltas are applied, whether they name their base by where it is or by its name.
func TestDeltas(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{"offset": "true", "name": "false"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			blobs := r.versionsOf("f", 400, 60)
			r.Git("-c", "repack.useDeltaBaseOffset="+config, "-c", "pack.depth=100", "repack", "-q", "-adf", "--depth=100")
			idx, _ := filepath.Glob(r.Path(".git/objects/pack/*.idx"))
			if listed := r.Git("verify-pack", "-v", idx[0]); !strings.Contains(listed, "chain length = 10:") {
				t.Fatalf("no long chains of deltas to read:\n%s", listed)
			}
			r.wantRead(r.open(""), blobs)
		})
	}
}

// Of many packs, those that are older than what is read are left closed.
func TestNewestPackFirst(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	var all []string
	for n := range 8 {
		r.Commit(fmt.Sprint(n), map[string]string{"f": fmt.Sprint(n)})
		all = append(all, r.Git("rev-parse", "HEAD:f"))
		r.Git("repack", "-q", "-d")
	}
	s := r.open("")
	opened := func() int { return len(s.reader.folders[0].opened) }
	r.wantRead(s, all[7:])
	if opened() != 1 {
		t.Errorf("%d packs were opened for what the newest has", opened())
	}
	r.wantRead(s, all)
	if opened() != 8 {
		t.Errorf("%d packs were opened for what all of them have", opened())
	}
	// What is new since, in a file of its own, is found without a new look at the packs.
	late := r.Git("hash-object", "-w", ".git/HEAD")
	r.wantRead(s, []string{late})
	// A new look keeps the indexes that were read.
	list, err := s.packs.list(s.dir, true)
	r.Check(err)
	for _, p := range list.others {
		if p.knownIndex() == nil {
			t.Errorf("the index of %s is to be read again", p.path)
		}
	}
	// And what a "git gc" has moved is looked for again.
	r.Git("gc", "-q", "--prune=now")
	r.wantRead(s, all)
}

// A byte of a pack that is changed is an error or makes no difference, and never
// another content.
func TestDamagedPack(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	blobs := r.versionsOf("f", 20, 6)
	r.Git("gc", "-q")
	var want [][]byte
	s := r.open("")
	for _, hash := range blobs {
		_, data, err := s.Read(object.MustParseID(hash))
		r.Check(err)
		want = append(want, data)
	}
	pack, _ := filepath.Glob(r.Path(".git/objects/pack/*.pack"))
	data, err := os.ReadFile(pack[0])
	r.Check(err)
	r.Check(os.Chmod(pack[0], 0o644))
	refused := 0
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1 << (i % 8)
		r.Check(os.WriteFile(pack[0], bad, 0o644))
		reader := s.fork()
		for k, hash := range blobs {
			kind, got, err := reader.lookUp(object.MustParseID(hash))
			if err != nil {
				refused++
			} else if kind != object.Blob || !bytes.Equal(got, want[k]) {
				t.Fatalf("byte %d of %d was changed, and another content was read", i, len(data))
			}
		}
		r.Check(reader.close())
	}
	if refused < len(data)/2 {
		t.Errorf("only %d reads were refused", refused)
	}
}
