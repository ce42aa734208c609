package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// The compact form of the accounts in one folder is what a reader may keep of it, to read
// it again in a fifth of the time: no text that stands in several places is there twice,
// numbers are short, and nothing has to be inflated or parsed. It is no file of state, has
// no version, and is not believed: [Decoder.AddCompact] computes what the files of the
// accounts are, so that the digest of meta.json is over what is in it.
//
//	texts     their number, their lengths, and all of them
//	lists     their number, and of each its length and the texts
//	labels    their number, and of each the number of labels, and keys and values as texts
//	accounts  their number, and the fields of each, as fields.go goes through them
//
// A number is a varint, in zigzag where it may be negative. Where a list or labels stand,
// 0 is none, and other numbers count from 1.

// CompactFolders are the folders with accounts, relative to state/, in the compact form.
func (s *Snapshot) CompactFolders() iter.Seq2[string, []byte] {
	return func(yield func(folder string, data []byte) bool) {
		for i, names := range s.accountFolders() {
			if len(names) > 0 && !yield(accountsDir+folderNames[i], s.compact(names)) {
				return
			}
		}
	}
}

func (s *Snapshot) compact(names []string) []byte {
	w := &compactWriter{texts: map[string]int{}, lists: map[string]int{}, labels: map[string]int{}}
	w.length(len(names), 0)
	slices.SortFunc(names, compareInPaths)
	for _, name := range names {
		accountFields(w, s.Accounts[name])
	}
	head := binary.AppendUvarint(nil, uint64(len(w.texts)))
	head = append(append(head, w.textLengths...), w.allTexts...)
	head = append(binary.AppendUvarint(head, uint64(len(w.lists))), w.allLists...)
	head = append(binary.AppendUvarint(head, uint64(len(w.labels))), w.allLabels...)
	return append(head, w.body...)
}

type compactWriter struct {
	stocked stock // nothing is taken of it
	body    []byte
	// texts, lists and labels have the numbers of those that were written, the latter two
	// by what is written of them.
	texts, lists, labels                       map[string]int
	textLengths, allTexts, allLists, allLabels []byte
	scratch                                    []byte
}

func (w *compactWriter) stock() *stock { return &w.stocked }

func (w *compactWriter) number(n *int) { w.body = binary.AppendVarint(w.body, int64(*n)) }

func (w *compactWriter) index(n int) { w.body = binary.AppendUvarint(w.body, uint64(n)) }

func (w *compactWriter) length(n, _ int) int {
	w.index(n)
	return n
}

func (w *compactWriter) flag(f *bool) {
	w.body = append(w.body, 0)
	if *f {
		w.body[len(w.body)-1] = 1
	}
}

func (w *compactWriter) time(t *time.Time) { w.body = binary.AppendVarint(w.body, t.Unix()) }

func (w *compactWriter) sum(s *Sum) { w.body = append(w.body, s[:]...) }

func (w *compactWriter) text(s *string) { w.index(w.numberOf(*s)) }

func (w *compactWriter) numberOf(s string) int {
	n, written := w.texts[s]
	if !written {
		n = len(w.texts)
		w.texts[s] = n
		w.textLengths = binary.AppendUvarint(w.textLengths, uint64(len(s)))
		w.allTexts = append(w.allTexts, s...)
	}
	return n
}

func (w *compactWriter) list(list *[]string) {
	if *list == nil {
		w.index(0)
		return
	}
	w.scratch = binary.AppendUvarint(w.scratch[:0], uint64(len(*list)))
	for _, s := range *list {
		w.scratch = binary.AppendUvarint(w.scratch, uint64(w.numberOf(s)))
	}
	w.index(1 + w.once(w.lists, &w.allLists))
}

func (w *compactWriter) labelSet(labels *map[string]string) {
	if *labels == nil {
		w.index(0)
		return
	}
	w.scratch = binary.AppendUvarint(w.scratch[:0], uint64(len(*labels)))
	for _, key := range model.Names(*labels) {
		w.scratch = binary.AppendUvarint(w.scratch, uint64(w.numberOf(key)))
		w.scratch = binary.AppendUvarint(w.scratch, uint64(w.numberOf((*labels)[key])))
	}
	w.index(1 + w.once(w.labels, &w.allLabels))
}

// once is the number of what is in scratch, which it adds where it is new.
func (w *compactWriter) once(written map[string]int, all *[]byte) int {
	n, known := written[string(w.scratch)]
	if !known {
		n = len(written)
		written[string(w.scratch)] = n
		*all = append(*all, w.scratch...)
	}
	return n
}

// Extent is how much a reader of git had to read of a folder.
type Extent struct {
	// Entries are files and folders, Bytes those of the JSON files.
	Entries, Bytes int
}

// AddCompact is [Decoder.Add] for all files of a folder of accounts, from the compact form
// that [Snapshot.CompactFolders] made of a state that was sound and had this very folder:
// that the ciphertexts are there which the accounts name is not looked at again. With an
// error, nothing was added.
func (d *Decoder) AddCompact(folder string, data []byte) (Extent, error) {
	w := d.takeWorker()
	accounts, err := w.compact.read(data)
	extent, sums := Extent{Entries: len(accounts)}, make([]Sum, len(accounts))
	for i, a := range accounts {
		if err == nil {
			err = checkAccount(a)
		}
		if err == nil && (accountsDir+folderNames[accountFolder(a.Name)] != folder || i > 0 && compareInPaths(accounts[i-1].Name, a.Name) >= 0) {
			err = fmt.Errorf("account %q does not belong there", a.Name)
		}
		if err != nil {
			break
		}
		w.again = appendAccount(w.again[:0], a)
		sums[i] = SumOf(w.again)
		extent.Entries++
		extent.Bytes += len(w.again)
		for range a.sealed() {
			extent.Entries++
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = append(d.idle, w)
	if err != nil {
		return Extent{}, err
	}
	d.any = true
	for i, a := range accounts {
		d.snap.Accounts[a.Name], d.snap.accountSums[a.Name] = a, sums[i]
	}
	return extent, nil
}

// compactReader reads one folder after the other. The first error sticks; every method is
// safe to call after it.
type compactReader struct {
	stocked stock
	data    []byte
	err     error
	texts   []string
	lists   [][]string
	labels  []map[string]string
}

func (r *compactReader) stock() *stock { return &r.stocked }

var errCompact = errors.New("not a compact form of accounts")

func (r *compactReader) read(data []byte) ([]*Account, error) {
	r.data, r.err = data, nil
	r.readTexts()
	r.lists = make([][]string, r.length(0, 1))
	for i := range r.lists {
		r.lists[i] = take(&r.stocked.strings, r.length(0, 1))
		for j := range r.lists[i] {
			r.text(&r.lists[i][j])
		}
	}
	r.labels = make([]map[string]string, r.length(0, 1))
	for i := range r.labels {
		r.labels[i] = map[string]string{}
		for range r.length(0, 2) {
			var key, value string
			r.text(&key)
			r.text(&value)
			r.labels[i][key] = value
		}
	}
	accounts := make([]*Account, r.length(0, 8))
	for i := range accounts {
		accounts[i] = &take(&r.stocked.accounts, 1)[0]
		accountFields(r, accounts[i])
	}
	if len(r.data) > 0 {
		r.fail()
	}
	return accounts, r.err
}

func (r *compactReader) fail() { r.err, r.data = errCompact, nil }

func (r *compactReader) readTexts() {
	lengths, all := make([]int, r.length(0, 1)), 0
	for i := range lengths {
		lengths[i] = r.length(0, 1)
		all += lengths[i]
	}
	if all > len(r.data) {
		r.fail()
	}
	if r.err != nil {
		return
	}
	if !utf8.Valid(r.data[:all]) {
		r.fail() // Encoded, it would look as another text does.
		return
	}
	text := string(r.data[:all])
	r.data = r.data[all:]
	r.texts = make([]string, len(lengths))
	for i, n := range lengths {
		r.texts[i], text = text[:n], text[n:]
	}
}

func (r *compactReader) length(_, least int) int {
	if n := r.index(); n*least <= len(r.data) {
		return n
	}
	r.fail()
	return 0
}

// index is a number that is not negative.
func (r *compactReader) index() int {
	v, size := binary.Uvarint(r.data)
	if size <= 0 || v > math.MaxInt32 {
		r.fail()
		return 0
	}
	r.data = r.data[size:]
	return int(v)
}

func (r *compactReader) number(n *int) {
	v, size := binary.Varint(r.data)
	if size <= 0 {
		r.fail()
		return
	}
	*n, r.data = int(v), r.data[size:]
}

func (r *compactReader) flag(f *bool) { *f = r.index() == 1 }

func (r *compactReader) time(t *time.Time) {
	var seconds int
	r.number(&seconds)
	*t = time.Unix(int64(seconds), 0).UTC()
}

func (r *compactReader) sum(s *Sum) {
	if len(r.data) < len(s) {
		r.fail()
		return
	}
	r.data = r.data[copy(s[:], r.data):]
}

func (r *compactReader) text(s *string) {
	if i := r.index(); i < len(r.texts) {
		*s = r.texts[i]
		return
	}
	r.fail()
}

func (r *compactReader) list(list *[]string) {
	switch i := r.index(); {
	case i > len(r.lists):
		r.fail()
	case i > 0:
		*list = r.lists[i-1]
	}
}

func (r *compactReader) labelSet(labels *map[string]string) {
	switch i := r.index(); {
	case i > len(r.labels):
		r.fail()
	case i > 0:
		*labels = r.labels[i-1]
	}
}
