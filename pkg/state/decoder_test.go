package state

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	n := newNames()
	for i := range maxNames + 10 {
		text := fmt.Sprintf("%06d", i)
		if got := n.text([]byte(text)); got != text {
			t.Fatalf("%q is read as %q", text, got)
		}
	}
	if len(n.texts) != maxNames {
		t.Errorf("%d names are kept", len(n.texts))
	}
}

// Labels that are spelled alike are one map, and others are what they say, also where a
// value has what ends labels.
func TestLabelsAreShared(t *testing.T) {
	t.Parallel()
	n := newNames()
	read := func(text string) map[string]string {
		r := &reader{b: []byte(text), names: n}
		labels := decodeLabels(r)
		if r.err != nil || r.pos != len(text) {
			t.Fatalf("%s: %v at %d", text, r.err, r.pos)
		}
		return labels
	}
	for text, want := range map[string]map[string]string{
		`{"a": "1"}`: {"a": "1"}, `{"a": "2"}`: {"a": "2"}, `{}`: {}, `{"a": "}"}`: {"a": "}"}, `{"a": "}", "b": "1"}`: {"a": "}", "b": "1"},
	} {
		first, again := read(text), read(text)
		if diff := cmp.Diff(want, first); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
		if diff := cmp.Diff(want, again); diff != "" {
			t.Errorf("%s, again: %s", text, diff)
		}
	}
	if first, again := read(`{"a": "1"}`), read(`{"a": "1"}`); reflect.ValueOf(first).Pointer() != reflect.ValueOf(again).Pointer() {
		t.Error("the same labels are two maps")
	}
}
