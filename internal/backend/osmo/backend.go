package osmo

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Options says which server to talk to, and as whom. Nothing else is looked at: no
// environment, but for the proxies of net/http, no flags and no files.
type Options struct {
	// URL is the server's address as [model.ParseServerURL] returns it.
	URL string
	// Token is the personal access token to log in with. It stays the caller's to
	// wipe, after [Backend.Close].
	Token secret.Value
	// User, instead of a token, is who to say that we are, in the header
	// x-osmo-user. Only a core service without its gateway believes it, so the
	// address must be a loopback one.
	User string
	// Mode is where osmoctl.yaml says that the server keeps its roles, or empty.
	Mode model.Mode

	// Transport carries the requests; nil stands for one of our own. It must not
	// repeat a request that was sent.
	Transport http.RoundTripper
	// Timeout is how long one request may take; 0 stands for 75 s, above the 60 s
	// after which OSMO's gateway gives up by itself.
	Timeout time.Duration
	// Pause is how long to wait before a call is repeated for the first time; it
	// doubles. 0 stands for 500 ms.
	Pause time.Duration
	// Clock tells the time with a monotonic reading; nil stands for [time.Now].
	Clock func() time.Time
}

const (
	defaultTimeout = 75 * time.Second
	defaultPause   = 500 * time.Millisecond
	// requestsAtOnce is what a real server answers fastest: eight at a time take
	// it longer for all of them.
	requestsAtOnce = 4
)

// Backend talks to one server. Make one with [Open]; its methods may be called from
// any number of goroutines.
type Backend struct {
	// Options are those that it was opened with, with what was left out filled in.
	// They are to be read only.
	Options
	client *http.Client
	// dials says that the transport is ours, and tells when it has a connection.
	dials bool
	slots chan struct{}
	login login
	guard guard
	// fixed says that the server has shown that it takes no roles.
	fixed atomic.Bool
	names names
}

// names are those that a new token cannot have, by user.
type names struct {
	mu sync.Mutex
	// listed are those that the last Observe saw, used those of calls that
	// were made.
	listed, used map[[2]string]bool
}

// Open makes a backend. It opens no connection. The error says what is wrong with
// the options, and repeats no credential.
func Open(o Options) (*Backend, error) {
	if err := check(o); err != nil {
		return nil, err
	}
	b := &Backend{Options: o, slots: make(chan struct{}, requestsAtOnce)}
	if b.Timeout == 0 {
		b.Timeout = defaultTimeout
	}
	if b.Pause == 0 {
		b.Pause = defaultPause
	}
	if b.Clock == nil {
		b.Clock = time.Now
	}
	if b.Transport == nil {
		b.Transport, b.dials = newTransport(), true
	}
	b.client = &http.Client{Transport: b.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	b.login.turn = make(chan struct{}, 1)
	b.guard.detector = secret.NewDetector(o.Token)
	b.names.used = map[[2]string]bool{}
	return b, nil
}

// newTransport is one that never sends a request again by itself: HTTP/1.1 repeats
// only reads, and what was not written at all. Nothing is compressed, so that the
// length of an answer is known, and no copy of it is left in a decompressor.
func newTransport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Scheme != "https" {
				return nil, nil
			}
			return http.ProxyFromEnvironment(r)
		},
		Protocols: &protocols, DisableCompression: true, MaxConnsPerHost: requestsAtOnce, MaxIdleConnsPerHost: requestsAtOnce,
		IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 15 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
}

func check(o Options) error {
	canonical, err := model.ParseServerURL(o.URL)
	switch {
	case err != nil:
		return err
	case canonical != o.URL:
		return fmt.Errorf("the address of the server is not in its canonical form, %s", canonical)
	}
	given := false
	tokenErr := o.Token.Use(func(value []byte) error {
		given = len(value) > 0
		if len(value) > maxCredential || strings.ContainsFunc(string(value), func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '"' || c == '\\' }) {
			return errors.New("what was given as the token for the server cannot be one: a token is one word of plain characters")
		}
		return nil
	})
	switch {
	case tokenErr != nil:
		return tokenErr
	case given == (o.User != ""):
		return errors.New("the server needs either a token or the name of a user")
	case given:
		return nil
	case !model.IsLoopbackServer(o.URL):
		return errors.New("only a server on a loopback address can be told who we are without a token: its gateway would not believe it")
	}
	if err := model.CheckAccountName(o.User); err != nil {
		return fmt.Errorf("the user to be on the server: %w", err)
	}
	return nil
}

// maxCredential bounds a personal access token, of which the server takes 43 or 64
// characters.
const maxCredential = 512

// Server is true.
func (*Backend) Server() bool { return true }

// Close forgets the JWT and what was kept to recognise secret values, and closes
// idle connections. The backend must not be used afterwards.
func (b *Backend) Close() {
	b.client.CloseIdleConnections()
	b.login.mu.Lock()
	defer b.login.mu.Unlock()
	b.login.jwt.Wipe()
	b.login.until = time.Time{}
	b.guard.mu.Lock()
	defer b.guard.mu.Unlock()
	b.guard.detector.Wipe()
}
