package seal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"filippo.io/age"
)

// Together prepares identities for opening many files: a plugin is run once for
// all files that no identity before it opens, so that a device is asked for its
// PIN once, and not with every file. Identities that ask nothing come first, as
// in [Open].
//
// The result is used in the place of ids, for these files and no others. A
// plugin that fails is not run again: its error is the answer for every file that
// nothing else opens. wipe forgets the file keys.
func Together(ctx context.Context, files [][]byte, ids []age.Identity) (prepared []age.Identity, wipe func()) {
	prepared = quietFirst(ids)
	last := lastPlugin(prepared)
	if last < 0 {
		return prepared, func() {}
	}
	pending := stanzasOf(files)
	var rings []*keyring
	for i, id := range prepared[:last+1] {
		p, isPlugin := id.(*pluginIdentity)
		if !isPlugin {
			pending = findUnopened(id, pending)
			continue
		}
		ring := newKeyring(ctx, p, pending)
		rings, prepared[i] = append(rings, ring), ring
		pending = findUnopened(ring, pending)
	}
	return prepared, func() {
		for _, r := range rings {
			r.wipe()
		}
	}
}

func lastPlugin(ids []age.Identity) int {
	last := -1
	for i, id := range ids {
		if _, is := id.(*pluginIdentity); is {
			last = i
		}
	}
	return last
}

// stanzasOf are the recipients' stanzas of each file. One that has no header of
// ours is left out: opening it says what is wrong.
func stanzasOf(files [][]byte) (list [][]*age.Stanza) {
	for _, f := range files {
		reader := &headerReader{}
		if _, _, _ = decrypt(f, reader); reader.called && reader.err == nil {
			list = append(list, reader.stanzas)
		}
	}
	return list
}

// findUnopened finds the files that an identity does not open.
func findUnopened(id age.Identity, files [][]*age.Stanza) (left [][]*age.Stanza) {
	for _, f := range files {
		fileKey, err := id.Unwrap(f)
		if err != nil || len(fileKey) != fileKeySize {
			left = append(left, f)
		}
		clear(fileKey)
	}
	return left
}

// keyring is the identity of the files that a plugin has opened.
type keyring struct {
	keys map[[sha256.Size]byte][]byte
	// err is the answer for any other, where the plugin failed.
	err error
}

func newKeyring(ctx context.Context, p *pluginIdentity, files [][]*age.Stanza) *keyring {
	r := &keyring{keys: map[[sha256.Size]byte][]byte{}}
	if len(files) == 0 {
		return r
	}
	keys, err := p.unwrapAll(ctx, files)
	r.err = err
	for i, k := range keys {
		if len(k) == fileKeySize {
			r.keys[sumOf(files[i])] = k
		}
	}
	return r
}

// Unwrap implements [age.Identity]. The key is a copy, since whoever gets it may
// wipe it.
func (r *keyring) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if k, known := r.keys[sumOf(stanzas)]; known {
		return append([]byte{}, k...), nil
	}
	if r.err != nil {
		return nil, r.err
	}
	return nil, age.ErrIncorrectIdentity
}

func (r *keyring) wipe() {
	for _, k := range r.keys {
		clear(k)
	}
	clear(r.keys)
}

// sumOf tells headers apart.
func sumOf(stanzas []*age.Stanza) [sha256.Size]byte {
	h := sha256.New()
	write := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	for _, s := range stanzas {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s.Args))))
		write([]byte(s.Type))
		for _, a := range s.Args {
			write([]byte(a))
		}
		write(s.Body)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
