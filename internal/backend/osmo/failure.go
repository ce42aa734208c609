package osmo

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// failure is a call that was not done. Its path has no query, where descriptions
// stand, and its words are clean.
type failure struct {
	method, path string
	// status is 0 where there was no answer.
	status int
	words  string
	is     verdict
	// sent says that the server may have seen it.
	sent bool
	// hint says what to do, where that does not follow from the rest.
	hint string
	// cause is that of a context that ended.
	cause error
}

// reads reports whether the call changes nothing, so that there is nothing to know
// about what became of it.
func (f *failure) reads() bool { return f.method == http.MethodGet }

func (f *failure) Error() string {
	text := f.method + " " + f.path
	if class := f.class(); class != nil && f.sent {
		text += ": " + class.Error()
	}
	if f.status != 0 {
		text += ": " + strconv.Itoa(f.status)
		if name := http.StatusText(f.status); name != "" {
			text += " " + name
		}
	}
	if f.words != "" {
		text += ": " + f.words
	}
	return text
}

// class is nil for what was given up before it was sent, and for a read that nothing
// is known about: both are neither.
func (f *failure) class() error {
	switch f.is {
	case refused, absent, readOnly:
		return apply.ErrRefused
	case unknown, taken:
		if !f.reads() {
			return apply.ErrUnknown
		}
	}
	return nil
}

func (f *failure) Unwrap() []error {
	var out []error
	for _, err := range []error{f.class(), f.cause} {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}

const (
	gatewayHint = "the server's gateway wants a login: check that the address is that of OSMO's API, and that the token may pass"
	helmHint    = "roles of this server belong in its Helm values: osmoctl export helm-values writes them"
)

// hints say what to do about an answer, by its status.
var hints = map[int]string{
	http.StatusUnauthorized:   "check the token that osmoctl logs in with: it may have been deleted, or have expired",
	http.StatusForbidden:      "osmoctl needs the token of a user with a role that allows *:*; no narrower role reaches user administration",
	http.StatusGatewayTimeout: "the gateway gave up after a minute while the server may go on: run the command again",
}

// hinted adds what to do, where that is known.
func (f *failure) hinted() error {
	switch {
	case f.hint != "":
		return diag.Hinted(f, f.hint)
	case f.is == readOnly:
		return diag.Hinted(f, helmHint)
	case f.path == exchangePath && f.is == refused && f.status == http.StatusBadRequest:
		return diag.Hinted(f, hints[http.StatusUnauthorized])
	case f.status >= 300 && f.status < 400:
		return diag.Hinted(f, gatewayHint)
	case hints[f.status] != "":
		return diag.Hinted(f, hints[f.status])
	}
	return f
}

// refusal is a call that is not made: what it would ask for cannot be.
type refusal string

func (r refusal) Error() string { return string(r) }

func (refusal) Unwrap() error { return apply.ErrRefused }

// refuse says why nothing is sent.
func refuse(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// verdictOf is the verdict that an error of a call carries.
func verdictOf(err error) verdict {
	var f *failure
	if errors.As(err, &f) {
		return f.is
	}
	return unknown
}
