package osmotest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Fault is what goes wrong with one request. The zero value is nothing.
type Fault struct {
	// Do is what becomes of the request, Answer what is said about it.
	Do     Do
	Answer Answer
	// Delay is how long the answer takes.
	Delay time.Duration
	// RetryAfter is a header of a 429, in seconds.
	RetryAfter int
	// Text stands in the answer where it has any words of its own.
	Text string
}

// Do is what becomes of a request.
type Do int

// What becomes of it.
const (
	Now   Do = iota // it is done, as always
	Never           // it is not done
	Late            // it is done once the server is told to [Server.Land]
)

// Answer is what is said about a request.
type Answer int

// The answers.
const (
	Own          Answer = iota // the server's own; where nothing was done, a 500
	Reset                      // none: the connection ends
	Cut                        // its own, or a 200, cut in the middle
	Database                   // 400 DATABASE
	Internal                   // 500
	TooMany                    // 429
	Unavailable                // 503
	Redirect                   // 302 to a page
	Page                       // 200 with a page of HTML
	Timeout                    // 504 with a page of HTML
	Unauthorized               // 401 of the gateway
	Forbidden                  // 403 of the authorization
	Echo                       // 422 that repeats the request, header and all
	Taken                      // 400 USER: the name is there already
)

const page = "<!DOCTYPE html>\n<html><body><h1>%s</h1>%s</body></html>\n"

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, leave := s.enter(r)
	defer leave()
	if fault.Delay > 0 {
		select {
		case <-time.After(fault.Delay):
		case <-r.Context().Done():
		}
	}
	own := httptest.NewRecorder()
	q, err := readRequest(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	switch fault.Do {
	case Now:
		s.handle(own, q)
	case Late:
		s.late = append(s.late, func() { s.handle(httptest.NewRecorder(), q) })
		fallthrough
	case Never:
		if fault.Answer == Own {
			fault.Answer = Internal
		}
	}
	s.mu.Unlock()
	fault.answer(w, q, own)
}

// enter counts a request and asks what goes wrong with it.
func (s *Server) enter(r *http.Request) (fault Fault, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Requests++
	s.counts.underway++
	s.counts.AtOnce = max(s.counts.AtOnce, s.counts.underway)
	s.counts.Calls[callName(r)]++
	if s.fault != nil {
		f := s.fault
		s.mu.Unlock()
		fault = f(r)
		s.mu.Lock()
	}
	fault.Delay += s.options.Latency
	return fault, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.counts.underway--
	}
}

func (f Fault) answer(w http.ResponseWriter, q *request, own *httptest.ResponseRecorder) {
	status, kind, body := 0, "application/json", ""
	switch f.Answer {
	case Own:
		status, kind, body = own.Code, own.Header().Get("Content-Type"), own.Body.String()
		for _, name := range []string{"Allow", "Location"} {
			if value := own.Header().Get(name); value != "" {
				w.Header().Set(name, value)
			}
		}
	case Reset:
		panic(http.ErrAbortHandler)
	case Cut:
		cut(w, own)
	case Database:
		status, body = http.StatusBadRequest, asJSON(fail("Error during executing command "+f.Text+": connection pool is closed", "DATABASE"))
	case Internal:
		status, body = http.StatusInternalServerError, asJSON(map[string]any{"message": "Internal server error: " + f.Text})
	case TooMany:
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		status, kind, body = http.StatusTooManyRequests, "text/plain", "local_rate_limited"+f.Text
	case Unavailable:
		status, kind, body = http.StatusServiceUnavailable, "text/plain", "upstream connect error or disconnect/reset before headers"+f.Text
	case Redirect:
		w.Header().Set("Location", "/oauth2/start?rd=%2F")
		status, kind, body = http.StatusFound, "text/html", fmt.Sprintf(page, "Found", f.Text)
	case Page:
		status, kind, body = http.StatusOK, "text/html", fmt.Sprintf(page, "Welcome", f.Text)
	case Timeout:
		status, kind, body = http.StatusGatewayTimeout, "text/html", fmt.Sprintf(page, "504", f.Text)
	case Unauthorized:
		status, kind, body = http.StatusUnauthorized, "text/plain", "Jwt is expired"+f.Text
	case Forbidden:
		status, kind, body = http.StatusForbidden, "text/plain", "access denied"+f.Text
	case Echo:
		input := map[string]any{"query": q.query, "headers": q.header, "body": string(q.body)}
		status, body = http.StatusUnprocessableEntity, asJSON(detail("missing", []any{"query", f.Text}, "Field required"+f.Text, input))
	case Taken:
		status, body = http.StatusBadRequest, asJSON(fail("Token name "+q.last()+" already exists.", "USER"))
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// cut writes half of an answer that says how long the whole is.
func cut(w http.ResponseWriter, own *httptest.ResponseRecorder) {
	body := own.Body.Bytes()
	if len(body) < 2 {
		body = []byte("null")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(own.Code)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
