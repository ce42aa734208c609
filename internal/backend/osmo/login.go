package osmo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/osmoctl/osmoctl/internal/wait"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

const (
	exchangePath = "/api/auth/jwt/access_token"

	// usualLife is that of OSMO's JWTs, where one does not say; longestLife is
	// as long as we believe one.
	usualLife   = 300 * time.Second
	longestLife = time.Hour
	// renewal is how long before its end a JWT is renewed, at most: longer than
	// what lies between our looking at it and the gateway's.
	renewal = time.Minute
)

// login is the JWT in use. It is renewed by whoever needs it first, one at a time.
type login struct {
	// turn is held by whoever renews it: others wait, and can give up.
	turn chan struct{}

	mu    sync.Mutex
	jwt   secret.Value
	user  string
	until time.Time
	// number tells one JWT from the next.
	number int
}

// current is the JWT, unless it has to be renewed.
func (l *login) current(now time.Time) (v secret.Value, number int, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.jwt, l.number, now.Before(l.until)
}

// drop makes sure that this JWT is not used again.
func (l *login) drop(number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.number == number {
		l.until = time.Time{}
	}
}

// authorize puts who we are into a header, and returns the number of the JWT.
func (b *Backend) authorize(ctx context.Context, header http.Header) (int, error) {
	if b.User != "" {
		header.Set("x-osmo-user", b.User)
		return 0, nil
	}
	v, number, err := b.jwt(ctx)
	if err != nil {
		return 0, err
	}
	return number, v.Use(func(jwt []byte) error {
		header.Set("Authorization", "Bearer "+string(jwt))
		return nil
	})
}

// identify is the user that the server takes us for.
func (b *Backend) identify(ctx context.Context) (string, error) {
	if b.User != "" {
		return b.User, nil
	}
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if _, _, err := b.jwt(ctx); err != nil {
		return "", err
	}
	b.login.mu.Lock()
	defer b.login.mu.Unlock()
	return b.login.user, nil
}

// jwt is one that will still be valid when it arrives. The caller has a slot, which
// the exchange uses.
func (b *Backend) jwt(ctx context.Context) (secret.Value, int, error) {
	if v, number, fresh := b.login.current(b.Clock()); fresh {
		return v, number, nil
	}
	select {
	case b.login.turn <- struct{}{}:
		defer func() { <-b.login.turn }()
	case <-ctx.Done():
		return secret.Value{}, 0, ctx.Err()
	}
	if v, number, fresh := b.login.current(b.Clock()); fresh {
		return v, number, nil
	}
	for try := 1; ; try++ {
		began := b.Clock()
		jwt, pass, f, pause := b.exchange(ctx)
		if f == nil {
			b.guard.add(jwt)
			return jwt, b.login.replace(jwt, pass, began), nil
		}
		if try == tries || pause < 0 || ctx.Err() != nil {
			return secret.Value{}, 0, f.hinted()
		}
		if err := wait.For(ctx, max(pause, b.Pause<<(try-1))); err != nil {
			return secret.Value{}, 0, err
		}
	}
}

// replace takes a JWT that was asked for at this time, and returns its number. The
// one before is not wiped: somebody may be sending it.
func (l *login) replace(jwt secret.Value, p pass, asked time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	life := time.Duration(p.Expires-p.Issued) * time.Second
	if p.Issued <= 0 || p.Expires <= p.Issued || p.Expires-p.Issued > int64(longestLife/time.Second) {
		life = usualLife
	}
	l.jwt, l.user, l.until = jwt, p.User, asked.Add(life-min(renewal, life/2))
	l.number++
	return l.number
}

// exchange gives the token for a JWT, once.
func (b *Backend) exchange(ctx context.Context) (jwt secret.Value, p pass, f *failure, pause time.Duration) {
	body := []byte(`{"token":"`)
	body = append(make([]byte, 0, len(body)+maxCredential+2), body...)
	defer func() { clear(body[:cap(body)]) }()
	_ = b.Token.Use(func(value []byte) error {
		body = append(append(body, value...), `"}`...)
		return nil
	})
	c := call{method: http.MethodPost, path: exchangePath, body: body, accept: func(reply []byte) (err error) {
		jwt, p, err = readJWT(reply)
		return err
	}}
	f = &failure{method: c.method, path: c.path, is: -1}
	if pause = b.send(ctx, c, http.Header{}, f); f.is == done {
		return jwt, p, nil, 0
	}
	return secret.Value{}, pass{}, f, pause
}

// pass is what a JWT says. It is not verified: that is for those to do who let us in
// by it.
type pass struct {
	User    string `json:"unique_name"`
	Issued  int64  `json:"iat"`
	Expires int64  `json:"exp"`
}

// readJWT reads the answer to an exchange.
func readJWT(reply []byte) (secret.Value, pass, error) {
	var answer struct {
		Token json.RawMessage `json:"token"`
	}
	defer func() { clear(answer.Token) }()
	if json.Unmarshal(reply, &answer) != nil {
		return secret.Value{}, pass{}, errShape
	}
	text, quoted := bytes.CutPrefix(answer.Token, []byte{'"'})
	text, closed := bytes.CutSuffix(text, []byte{'"'})
	parts := bytes.Split(text, []byte{'.'})
	if !quoted || !closed || len(parts) != 3 || !consistsOf(text, ".") {
		return secret.Value{}, pass{}, errShape
	}
	payload := make([]byte, base64.RawURLEncoding.DecodedLen(len(parts[1])))
	defer clear(payload)
	var p pass
	if n, err := base64.RawURLEncoding.Decode(payload, parts[1]); err != nil || json.Unmarshal(payload[:n], &p) != nil || !isName(p.User) {
		return secret.Value{}, pass{}, errShape
	}
	return secret.New(bytes.Clone(text)), p, nil
}
