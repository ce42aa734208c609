package config

import (
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// span is a duration and where it was declared.
type span struct {
	// key is the key as messages show it.
	key  string
	days model.Days
	// at is where it stands in the file being read; nil where it was taken
	// from the project's defaults.
	at *node
	// pos is where it stands, whatever the file.
	pos diag.Position
	// set is true where the span was declared, bad where the declaration was
	// refused: nothing more is said about it then.
	set, bad bool
}

// inherit returns the span as a token takes it from the defaults.
func (s span) inherit() span {
	s.at = nil
	return s
}

// rhythm is how long a token lives and how it rotates.
type rhythm struct {
	in, every, overlap span
}

// fill takes from the defaults what the token leaves out.
func (t *rhythm) fill(defaults rhythm) {
	if !t.every.set {
		t.every = defaults.every.inherit()
	}
	if !t.overlap.set {
		t.overlap = defaults.overlap.inherit()
	}
}

// rotation is the model's form. An overlap that nobody declared is
// model.DefaultOverlap, as far as there is room for it.
func (t *rhythm) rotation() model.Rotation {
	overlap := t.overlap.days
	if !t.overlap.set {
		overlap = model.DefaultOverlap
		for _, limit := range []span{t.every, t.in} {
			if limit.days > 0 {
				overlap = min(overlap, limit.days-1)
			}
		}
	}
	return model.Rotation{Every: t.every.days, Overlap: overlap}
}

func (r *reader) readSpan(f field, key string, low model.Days) span {
	if !f.isSet() {
		return span{key: key}
	}
	days, ok := r.days(f.value, key, low)
	return span{key: key, days: days, at: f.value, pos: r.pos(f.value), set: true, bad: !ok}
}

const (
	rotateEvery = iota
	rotateOverlap
)

var rotateKeys = keys{"every", "overlap"}

func (r *reader) readRotation(t *rhythm, n *node) {
	if n == nil {
		return
	}
	f, ok := r.fields(n, `"rotate"`, rotateKeys)
	if !ok {
		return
	}
	t.every = r.readSpan(f[rotateEvery], `"every"`, 1)
	t.overlap = r.readSpan(f[rotateOverlap], `"overlap"`, 0)
}

// checkRhythm reports spans that do not fit into one another: a token is
// replaced before it expires, and an old one is gone before the next becomes
// old.
func (r *reader) checkRhythm(t rhythm) {
	r.mustFit(t.every, t.in, codeRotateTooLong)
	r.mustFit(t.overlap, t.every, codeOverlapTooLong)
	if t.overlap.days < t.every.days || !t.every.set {
		r.mustFit(t.overlap, t.in, codeOverlapTooLong)
	}
}

// mustFit reports a span that is not below another one, at the one of them that
// the file holds. Two defaults that do not fit were reported in their own file.
func (r *reader) mustFit(inner, outer span, code string) {
	if !inner.set || !outer.set || inner.bad || outer.bad || inner.days < outer.days {
		return
	}
	at, hint := inner.at, "declare less than "+outer.days.String()
	if at == nil {
		at, hint = outer.at, "the default in "+ProjectFile+" does not fit here: declare "+inner.key+" of its own for this token"
	}
	if at == nil {
		return
	}
	r.fail(at, code, hint, "%s of %s is not below %s of %s", inner.key, inner.days, outer.key, outer.days)
}

// checkLifetime reports a lifetime above the limit.
func (r *reader) checkLifetime(in span, limit model.Days) {
	if in.at != nil && in.days > limit {
		r.fail(in.at, codeExpiryLimit, limitHint, "a lifetime of %s is beyond the limit of %s", in.days, limit)
	}
}

const limitHint = "shorten it, or raise guardrails.max_token_lifetime if the server allows more"
