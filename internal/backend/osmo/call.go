package osmo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/osmoctl/osmoctl/internal/wait"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// call is one request to make, and what its answer must be.
type call struct {
	method string
	// path is escaped already; query is not shown in errors.
	path  string
	query url.Values
	body  []byte
	// once says that it must not be sent a second time.
	once bool
	// open says that it needs no login.
	open bool
	// accept reads the body of a 200; an error says that it is of another shape.
	accept func(body []byte) error
}

const (
	tries = 3
	// longestPause bounds what a server can ask for by Retry-After.
	longestPause = 30 * time.Second

	maxRead  = 32 << 20
	maxReply = 64 << 10
)

// do makes a call, more than once where that is allowed and helps.
func (b *Backend) do(ctx context.Context, c call) error {
	doubtful, renewed := false, false
	for try := 1; ; try++ {
		f, pause := b.attempt(ctx, c)
		switch {
		case f == nil:
			return nil
		case f.status == http.StatusUnauthorized && !c.open && !c.once && !renewed && b.User == "":
			// Whoever checks the JWT stands before the server, so nothing was done.
			renewed, try = true, try-1
			continue
		case doubtful && (f.is == refused || f.is == readOnly):
			f.is = unknown
		}
		doubtful = doubtful || f.is == unknown
		if c.once || try == tries || pause < 0 || f.cause != nil && ctx.Err() != nil {
			return f.hinted()
		}
		if err := wait.For(ctx, max(pause, b.Pause<<(try-1))); err != nil {
			f.cause = err
			return f
		}
	}
}

// attempt makes a call once. The pause is negative where another attempt would not
// help, and else the least that the server asks for.
func (b *Backend) attempt(ctx context.Context, c call) (*failure, time.Duration) {
	f := &failure{method: c.method, path: c.path, is: -1}
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		f.words, f.cause = "it was given up before it was sent", err
		return f, -1
	}
	header := http.Header{}
	if !c.open {
		used, err := b.authorize(ctx, header)
		if err != nil {
			return notSent(ctx, f, err), -1
		}
		defer func() {
			if f.status == http.StatusUnauthorized {
				b.login.drop(used)
			}
		}()
	}
	pause := b.send(ctx, c, header, f)
	if f.is == done {
		return nil, 0
	}
	return f, pause
}

// notSent is a call that was not made since the login failed.
func notSent(ctx context.Context, f *failure, err error) *failure {
	f.words = "it was not sent: " + err.Error()
	if hint := diag.Hint(err); hint != "" {
		f.hint = hint
	}
	if f.cause = ctx.Err(); f.cause == nil {
		f.is = refused
	}
	return f
}

// send writes a request and judges its answer.
func (b *Backend) send(ctx context.Context, c call, header http.Header, f *failure) (pause time.Duration) {
	limited, cancel := context.WithTimeout(ctx, b.Timeout)
	defer cancel()
	var connected atomic.Bool
	limited = httptrace.WithClientTrace(limited, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	r, err := b.newRequest(limited, c, header)
	if err != nil {
		f.words, f.is = "this cannot be sent", refused
		return -1
	}
	f.sent = true
	answer, err := b.client.Do(r)
	if err != nil {
		var where *url.Error
		if errors.As(err, &where) {
			err = where.Err // The whole of it repeats the query.
		}
		f.words, f.is, f.cause = b.guard.clean(err.Error()), unknown, ctx.Err()
		switch {
		case limited.Err() != nil && f.cause == nil:
			f.words = "there was no answer within " + b.Timeout.String()
		case b.dials && !connected.Load() && f.cause == nil:
			f.is, f.sent, f.words = refused, false, "there is no connection: "+f.words
		}
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	limit := maxReply
	if f.status = answer.StatusCode; c.method == http.MethodGet && f.status == http.StatusOK {
		limit = maxRead
	}
	body, err := readBody(answer, limit)
	defer clear(body)
	if err != nil {
		f.words, f.is, f.cause = err.Error(), unknown, ctx.Err()
		return 0
	}
	return b.weigh(c, answer, body, f)
}

// errCut and errLarge are answers that did not come whole.
var (
	errCut   = errors.New("the answer is cut short")
	errLarge = errors.New("the answer is too large")
)

// roomToRead is enough for a token, however it comes, to be read without growing the
// buffer: a grown one leaves a copy behind.
const roomToRead = 2 * bytes.MinRead

// readBody reads a whole body, which the caller clears.
func readBody(answer *http.Response, limit int) ([]byte, error) {
	if answer.ContentLength > int64(limit) {
		return nil, errLarge
	}
	buffer := bytes.NewBuffer(make([]byte, 0, max(answer.ContentLength, 0)+roomToRead))
	_, err := buffer.ReadFrom(io.LimitReader(answer.Body, int64(limit)+1))
	switch {
	case err != nil:
		clear(buffer.Bytes())
		return nil, errCut
	case buffer.Len() > limit:
		return nil, errLarge
	}
	return buffer.Bytes(), nil
}

// weigh judges an answer that came whole.
func (b *Backend) weigh(c call, answer *http.Response, body []byte, f *failure) (pause time.Duration) {
	if f.status == http.StatusOK {
		if c.accept(body) == nil {
			f.is = done
			return 0
		}
		f.words, f.is = "the answer is not of the form that OSMO's have", unknown
		return 0
	}
	code, words := readFault(answer.Header.Get("Content-Type"), body)
	f.is, f.words = judge(f.status, code, words), b.guard.clean(words)
	switch {
	case f.is == readOnly:
		b.fixed.Store(true)
	case f.status >= 300 && f.status < 400:
		f.words = "the gateway wants a login"
	}
	switch {
	case f.status == http.StatusTooManyRequests, f.status == http.StatusServiceUnavailable:
		return readRetryAfter(answer.Header.Get("Retry-After"))
	case f.status >= 500, f.is == unknown && f.status == http.StatusBadRequest:
		return 0
	}
	return -1
}

// readRetryAfter is how long the server wants to be left alone; negative where that
// is longer than anybody waits. A date is not taken: it hangs on two clocks.
func readRetryAfter(text string) time.Duration {
	seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	switch pause := time.Duration(seconds) * time.Second; {
	case err != nil:
		return 0
	case pause > longestPause:
		return -1
	default:
		return pause
	}
}

func (b *Backend) newRequest(ctx context.Context, c call, header http.Header) (*http.Request, error) {
	target := b.URL + c.path
	if len(c.query) > 0 {
		target += "?" + c.query.Encode()
	}
	var body io.Reader
	if c.body != nil {
		body = bytes.NewReader(c.body)
		header.Set("Content-Type", "application/json")
	}
	r, err := http.NewRequestWithContext(ctx, c.method, target, body)
	if err != nil {
		return nil, err
	}
	header.Set("Accept", "application/json")
	header.Set("User-Agent", "osmoctl")
	r.Header = header
	return r, nil
}
