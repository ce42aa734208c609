package state

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// Files may come in any order and from several goroutines, and their bytes may be used for
// the next: what was decoded is no part of them.
func TestDecoderInAnyOrder(t *testing.T) {
	t.Parallel()
	want, changes := everything(t).Finish()
	files := filesOf(changes)
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		d := NewDecoder()
		var group sync.WaitGroup
		for part := range slices.Chunk(files, len(files)/3+1) {
			group.Go(func() {
				var data []byte
				for _, f := range part {
					data = append(data[:0], f.Data...)
					f.Data = data
					d.Add(f)
				}
				clear(data)
			})
		}
		group.Wait()
		got, problems := d.Snapshot()
		if problems != nil {
			t.Fatal(problems)
		}
		if diff := equal(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

// The memory of names is bounded, and what it has no room for is read all the same.
func TestNamesAreBounded(t *testing.T) {
	t.Parallel()
	n := names{}
	for i := range maxNames + 10 {
		text := fmt.Sprintf("%06d", i)
		if got := n.of([]byte(text)); got != text {
			t.Fatalf("%q is read as %q", text, got)
		}
	}
	if len(n) != maxNames {
		t.Errorf("%d names are kept", len(n))
	}
}
