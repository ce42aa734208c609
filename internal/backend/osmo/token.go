package osmo

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// maxRequestLine is what every proxy takes of a request's first line. Description
// and roles stand in it.
const maxRequestLine = 8000

// CreateToken sends one request, or none: a name that the last Observe listed, or that
// was created by this backend before, is refused here, since the server must not
// meet a duplicate.
func (b *Backend) CreateToken(ctx context.Context, t apply.NewToken) (secret.Value, error) {
	c, err := newCreate(t)
	if err != nil {
		return secret.Value{}, err
	}
	if err := ctx.Err(); err != nil {
		return secret.Value{}, err
	}
	key := [2]string{t.Generation.Account, t.Name}
	if !b.names.take(key) {
		return secret.Value{}, refuse("user %s has a token %s already", key[0], key[1])
	}
	var value secret.Value
	c.accept = func(body []byte) (err error) {
		value, err = readValue(body)
		return err
	}
	if err := b.do(ctx, c); err != nil {
		var f *failure
		if errors.As(err, &f) && !f.sent {
			b.names.free(key)
		}
		return secret.Value{}, err
	}
	b.guard.add(value)
	return value, nil
}

// take takes a name, unless it is taken.
func (n *names) take(key [2]string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listed[key] || n.used[key] {
		return false
	}
	n.used[key] = true
	return true
}

// free gives a name back that no request has used.
func (n *names) free(key [2]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.used, key)
}

// newCreate is the request, or what is wrong with it. What OSMO cannot store is
// refused here: a database error would cost others their requests.
func newCreate(t apply.NewToken) (call, error) {
	user, description := t.Generation.Account, t.Description
	if t.Mark != (model.Mark{}) {
		description = t.Mark.On(description)
	}
	switch err := model.CheckAccountName(user); {
	case err != nil:
		return call{}, refuse("%s", err)
	case !model.IsReachable(t.Name) || !consistsOf(t.Name, ""):
		return call{}, refuse("the server takes no token of such a name")
	case len(t.Roles) == 0:
		return call{}, refuse("a token without roles would get all those of its user")
	case t.ExpiresAt == 0:
		return call{}, refuse("a token needs a date on which it expires")
	case strings.ContainsFunc(description, unicode.IsControl):
		return call{}, refuse("the description of a token cannot hold control characters")
	}
	c := call{method: http.MethodPost, path: tokenPath(user) + "/" + t.Name, once: true, query: url.Values{
		"expires_at": {t.ExpiresAt.String()}, "description": {description}, "roles": model.Set(t.Roles),
	}}
	if n := len(c.method) + len(c.path) + len(c.query.Encode()) + len("  ? HTTP/1.1"); n > maxRequestLine {
		return call{}, refuse("description and roles make a request of %d bytes, and proxies before a server take %d: shorten the description, or give the token fewer roles", n, maxRequestLine)
	}
	return c, nil
}

func tokenPath(user string) string { return userPath + user + "/access_token" }

// EndToken lists the user's tokens and deletes the one that is ours.
func (b *Backend) EndToken(ctx context.Context, t apply.OldToken) error {
	if !model.IsReachable(t.User) || !model.IsReachable(t.Name) {
		return refuse("there is no token of such a name")
	}
	tokens, _, err := b.readTokens(ctx, t.User)
	if err != nil {
		return err
	}
	token, there := tokens[t.Name]
	ours := token.Mark.Lineage == t.Lineage
	if token.Mark == (model.Mark{}) {
		ours = t.Adopted
	}
	if !there || !ours {
		return nil
	}
	return b.remove(ctx, call{path: tokenPath(t.User) + "/" + t.Name})
}
