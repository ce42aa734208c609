package gitstore

import (
	"github.com/go-git/go-git/v5/plumbing"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Absent returns those objects, by their full hashes, that the clone has not got.
func (s *Store) Absent(objects []string) ([]string, error) {
	r := s.objects.fork()
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

// Partial says that the clone is a partial one, which gets contents when git has a
// use for them. It is looked up anew: a fetch can make a clone one.
func (s *Store) Partial() (bool, error) {
	repo := s.repo
	var err error
	repo.config, err = repo.configuration(s.opts.Env)
	return err == nil && repo.promisor() != "", err
}
