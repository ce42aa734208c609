package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// actor is who a change is made for: by name in state, as author in git.
type actor struct {
	name      string
	signature gitstore.Signature
	err       error
}

// actor settles who acts: --actor, else GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL,
// else git's configuration, else the CI's actor, else osmoctl itself.
func (e *Env) actor(flag string, store *gitstore.Store) actor {
	now, err := e.now()
	if err != nil {
		return actor{err: err}
	}
	s := e.signature(flag, store)
	s.When = now
	if unsafeName(s.Name) || unsafeName(s.Email) {
		return actor{err: errors.New("the name or e-mail of the one who applies has a line break, < or > in it, which could forge a commit's trailers: set --actor")}
	}
	if len(secret.Shapes(s.Name))+len(secret.Shapes(s.Email)) > 0 {
		return actor{err: diag.Hinted(errors.New("the name or e-mail of the one who applies holds what looks like a secret, and it would be recorded for ever"),
			"consider it leaked; set --actor, or git's user.name and user.email")}
	}
	name := s.Email
	if flag != "" || name == "" || name == fallbackEmail {
		name = s.Name
	}
	return actor{name: name, signature: s}
}

const fallbackEmail = "osmoctl@localhost"

func (e *Env) signature(flag string, store *gitstore.Store) gitstore.Signature {
	s := gitstore.Signature{Name: e.Getenv("GIT_AUTHOR_NAME"), Email: e.Getenv("GIT_AUTHOR_EMAIL")}
	if configured, ok := store.Identity(); ok {
		s.Name, s.Email = or(s.Name, configured.Name), or(s.Email, configured.Email)
	}
	s.Name = or(flag, s.Name, e.Getenv("GITHUB_ACTOR"), e.Getenv("GITLAB_USER_LOGIN"), "osmoctl")
	s.Email = or(s.Email, e.Getenv("GITLAB_USER_EMAIL"), fallbackEmail)
	return s
}

func unsafeName(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r == '<' || r == '>' || !unicode.IsPrint(r) })
}

// or returns the first of values that is not empty.
func or(values ...string) string {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}

// holder is what the lock file says to whoever waits for it.
func (e *Env) holder() gitstore.Holder {
	host, _ := os.Hostname()
	return gitstore.Holder{
		Who:   or(e.Getenv("GITHUB_ACTOR"), e.Getenv("GITLAB_USER_LOGIN"), e.Getenv("USER")),
		Where: fmt.Sprintf("%s, process %d", host, os.Getpid()),
		Run:   or(e.Getenv("GITHUB_RUN_ID"), e.Getenv("CI_JOB_URL")),
		Since: e.Now(),
	}
}
