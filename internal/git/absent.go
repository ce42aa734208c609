package git

import (
	"github.com/go-git/go-git/v5/plumbing"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Absent returns those objects, by their full hashes, that the clone has not got.
func (o *Objects) Absent(objects []string) ([]string, error) {
	r := o.fork()
	defer r.close()
	if err := r.reopen(); err != nil {
		return nil, err
	}
	var absent []string
	for _, hash := range objects {
		name, err := object.ParseID(hash)
		if err != nil {
			return nil, err
		}
		if !r.has(name) {
			absent = append(absent, hash)
		}
	}
	return absent, nil
}

// has looks for an object and does not read it.
func (r *reader) has(name object.ID) bool {
	for _, store := range r.stores {
		if store.HasEncodedObject(plumbing.Hash(name)) == nil {
			return true
		}
	}
	return false
}
