package gitstore

import (
	"os"
	"path/filepath"
	"strings"
)

// NoteRun remembers which run of this clone may have reserved names on a server, so
// that a later run knows it for one of its own, and, since it holds the lock, for one
// that is dead. It is a courtesy: what is lost of it is waited for instead.
func (s *Store) NoteRun(run string) {
	path := own(s.repo.CommonDir(), "run")
	if os.MkdirAll(filepath.Dir(path), 0o777) == nil {
		_ = os.WriteFile(path, []byte(run+"\n"), 0o666)
	}
}

// LastRun is the run that was remembered last, "" where none was.
func (s *Store) LastRun() string {
	text, err := os.ReadFile(own(s.repo.CommonDir(), "run"))
	if err != nil || len(text) > 100 {
		return ""
	}
	return strings.TrimSpace(string(text))
}
