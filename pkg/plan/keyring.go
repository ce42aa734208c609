package plan

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// keyring names keys, and remembers what lists of recipients come to: thousands of
// tokens share a list, and the ID of a long key takes its time.
type keyring struct {
	// names maps the IDs of keys to the names they last stood under.
	names map[string]string
	ids   map[*model.Recipient][]string
	shown map[*model.Recipient][]Reader
}

func newKeyring(applied state.Settings) *keyring {
	return (&keyring{names: applied.KeyNames()}).fork()
}

// fork is a keyring of the same names that remembers by itself, for one who plans at the same
// time.
func (k *keyring) fork() *keyring {
	return &keyring{k.names, map[*model.Recipient][]string{}, map[*model.Recipient][]Reader{}}
}

// idsOf are the IDs of recipients, in their order.
func (k *keyring) idsOf(list []model.Recipient) []string {
	if len(list) == 0 {
		return nil
	}
	if ids := k.ids[&list[0]]; len(ids) == len(list) {
		return ids
	}
	ids := model.IDs(list)
	k.ids[&list[0]] = ids
	return ids
}

// readersOf shows recipients.
func (k *keyring) readersOf(list []model.Recipient) []Reader {
	if len(list) == 0 {
		return []Reader{}
	}
	if out := k.shown[&list[0]]; len(out) == len(list) {
		return out
	}
	out := make([]Reader, len(list))
	for i, id := range k.idsOf(list) {
		out[i] = Reader{Name: list[i].Name, Key: id}
	}
	k.shown[&list[0]] = out
	return out
}

// matches compares what is declared, sorted, with what is recorded.
func (k *keyring) matches(want []model.Recipient, have []string) bool {
	return slices.Equal(k.idsOf(want), have)
}

// findLost are the keys that a value is sealed to and should not be.
func (k *keyring) findLost(want []model.Recipient, have []string) []string {
	return minus(have, k.idsOf(want))
}

// object shows a declared token.
func (k *keyring) object(t *model.Token) *Object {
	o := specObject(t.TokenSpec)
	o.Requested = max(1, t.Generation)
	o.Readers = k.readersOf(t.Readers)
	return o
}

// compare says which keys begin and cease to read what was sealed, or granted, to
// the IDs have.
func (k *keyring) compare(a model.Address, want []model.Recipient, have []string) Readers {
	r := Readers{Token: a, Gained: []Reader{}, Lost: []Reader{}}
	known := members(have)
	for i, id := range k.idsOf(want) {
		if !known.has(id) {
			r.Gained = append(r.Gained, Reader{Name: want[i].Name, Key: id})
		}
	}
	for _, id := range k.findLost(want, have) {
		r.Lost = append(r.Lost, Reader{Name: k.names[id], Key: id})
	}
	return r
}

// keyName says which recipient a key is.
func keyName(id string, names map[string]string) string {
	return "recipient " + model.KeyName(names[id], id)
}
