package workspace

import (
	"errors"
	"strings"
	"unicode"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// actor is who a change is made for: by name in state, as author in git.
type actor struct {
	name      string
	signature git.Signature
}

const fallbackEmail = "osmoctl@localhost"

// findActor tells who acts: the one named, else GIT_AUTHOR_NAME and
// GIT_AUTHOR_EMAIL, else git's configuration, else the CI's actor, else osmoctl
// itself.
func (w *Workspace) findActor(named string) (actor, error) {
	now, err := w.outside.Now()
	if err != nil {
		return actor{}, err
	}
	s := git.Signature{Name: w.getenv("GIT_AUTHOR_NAME"), Email: w.getenv("GIT_AUTHOR_EMAIL"), When: now}
	if configured, ok := w.repo.Identity(); ok {
		s.Name, s.Email = firstGiven(s.Name, configured.Name), firstGiven(s.Email, configured.Email)
	}
	s.Name = firstGiven(named, s.Name, w.getenv("GITHUB_ACTOR"), w.getenv("GITLAB_USER_LOGIN"), "osmoctl")
	s.Email = firstGiven(s.Email, w.getenv("GITLAB_USER_EMAIL"), fallbackEmail)

	forges := func(r rune) bool { return r == '<' || r == '>' || !unicode.IsPrint(r) }
	if strings.ContainsFunc(s.Name, forges) || strings.ContainsFunc(s.Email, forges) {
		return actor{}, errors.New("the name or e-mail of the one who applies has a line break, < or > in it, which could forge a commit's trailers: set --actor")
	}
	if len(secret.Shapes(s.Name))+len(secret.Shapes(s.Email)) > 0 {
		return actor{}, diag.Hinted(errors.New("the name or e-mail of the one who applies holds what looks like a secret, and it would be recorded for ever"),
			"consider it leaked; set --actor, or git's user.name and user.email")
	}
	name := s.Email
	if named != "" || name == fallbackEmail {
		name = s.Name
	}
	return actor{name, s}, nil
}

// firstGiven is the first of values that is more than blanks, without those around
// it.
func firstGiven(values ...string) string {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}
