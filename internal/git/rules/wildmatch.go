package rules

import "strings"

// Budget bounds what matching may cost: whoever writes a pattern also chooses how
// often it is tried again. The zero value is spent; see [NewBudget].
type Budget struct{ steps int }

// NewBudget lets patterns take this many steps in all.
func NewBudget(steps int) *Budget { return &Budget{steps} }

// Left is how many steps are left. Where it is none, a match was given up, and
// answers may be wrong.
func (b *Budget) Left() int { return max(b.steps, 0) }

func (b *Budget) step() bool {
	b.steps--
	return b.steps > 0
}

// wild matches as git's wildmatch does, quirks included. What was tried once is
// remembered, so that a pattern costs at most its length times the text's.
type wild struct {
	pattern, text string
	// names says that "*" and "?" stay within a name.
	names, fold bool
	budget      *Budget
	// failed has a bit for each pair of places that did not fit.
	failed []uint64
}

func (w *wild) match() bool { return w.from(0, 0) }

// from matches what is left of both. A "**" that begins the pattern counts as the
// beginning of a name, wherever it stood before.
func (w *wild) from(p, t int) bool {
	at := p*(len(w.text)+1) + t
	if w.failed != nil && w.failed[at/64]&(1<<(at%64)) != 0 || !w.budget.step() {
		return false
	}
	if w.try(p, t) {
		return true
	}
	if w.failed == nil {
		words := (len(w.pattern)+1)*(len(w.text)+1)/64 + 1
		w.budget.steps -= words // Clearing memory takes time as well.
		w.failed = make([]uint64, words)
	}
	w.failed[at/64] |= 1 << (at % 64)
	return false
}

func (w *wild) try(start, t int) bool {
	for p := start; p < len(w.pattern); {
		if w.pattern[p] == '*' {
			return w.star(start, p, t)
		}
		if t == len(w.text) || !w.budget.step() {
			return false
		}
		n, ok := w.one(p, w.text[t])
		if !ok {
			return false
		}
		p, t = p+n, t+1
	}
	return t == len(w.text)
}

// one matches one byte of the text, and says how much of the pattern that took.
func (w *wild) one(p int, c byte) (int, bool) {
	switch w.pattern[p] {
	case '?':
		return 1, !w.names || c != '/'
	case '[':
		return w.class(p, c)
	case '\\':
		if p+1 == len(w.pattern) {
			return 1, false
		}
		return 2, w.same(w.pattern[p+1], c)
	}
	return 1, w.same(w.pattern[p], c)
}

func (w *wild) same(a, b byte) bool {
	return a == b || w.fold && lower(a) == lower(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// star matches from a star on, which stands at p.
func (w *wild) star(start, p, t int) bool {
	first := p
	for p < len(w.pattern) && w.pattern[p] == '*' {
		p++
	}
	slashes := !w.names
	if rest := w.pattern[p:]; w.names && p-first > 1 && (first == start || w.pattern[first-1] == '/') &&
		(rest == "" || rest[0] == '/' || strings.HasPrefix(rest, `\/`)) {
		if rest != "" && rest[0] == '/' && w.from(p+1, t) {
			return true
		}
		slashes = true
	}
	for ; ; t++ {
		if w.from(p, t) {
			return true
		}
		if t == len(w.text) || !slashes && w.text[t] == '/' {
			return false
		}
	}
}

// class matches a set like [a-z], [!x] or [[:digit:]].
func (w *wild) class(start int, c byte) (n int, ok bool) {
	p := start + 1
	negated := p < len(w.pattern) && (w.pattern[p] == '!' || w.pattern[p] == '^')
	if negated {
		p++
	}
	matched := false
	for first := p; ; first = -1 {
		if p >= len(w.pattern) {
			return 0, false
		}
		if w.pattern[p] == ']' && p != first {
			break
		}
		size, hit := w.element(p, c)
		if size == 0 {
			return 0, false
		}
		matched = matched || hit
		p += size
	}
	if matched == negated || w.names && c == '/' {
		return 0, false
	}
	return p + 1 - start, true
}

// element is a byte, a range or a named class of a set; size 0 means that the
// pattern is broken.
func (w *wild) element(p int, c byte) (size int, hit bool) {
	if rest := w.pattern[p:]; strings.HasPrefix(rest, "[:") {
		if end := strings.IndexByte(rest, ']'); end > 2 && rest[end-1] == ':' {
			hit, known := isClass(rest[2:end-1], c, w.fold)
			if !known {
				return 0, false
			}
			return end + 1, hit
		}
	}
	low, n := w.literal(p)
	if n == 0 {
		return 0, false
	}
	next := p + n
	if next+1 >= len(w.pattern) || w.pattern[next] != '-' || w.pattern[next+1] == ']' {
		return n, low == c || w.fold && lower(low) == lower(c)
	}
	high, m := w.literal(next + 1)
	if m == 0 {
		return 0, false
	}
	// Of a range that runs backwards, git still takes the first end.
	hit = low == c || low <= c && c <= high
	if w.fold {
		hit = hit || low <= lower(c) && lower(c) <= high || low <= upper(c) && upper(c) <= high
	}
	return n + 1 + m, hit
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}

// literal reads a byte of a set, behind a backslash or not.
func (w *wild) literal(p int) (c byte, size int) {
	if w.pattern[p] != '\\' {
		return w.pattern[p], 1
	}
	if p+1 >= len(w.pattern) {
		return 0, 0
	}
	return w.pattern[p+1], 2
}

func isClass(name string, c byte, fold bool) (hit, known bool) {
	isUpper, isLower := 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z'
	digit, graph := '0' <= c && c <= '9', '!' <= c && c <= '~'
	letter := isUpper || isLower
	switch name {
	case "alnum":
		return letter || digit, true
	case "alpha":
		return letter, true
	case "blank":
		return c == ' ' || c == '\t', true
	case "cntrl":
		return c < ' ' || c == 0x7f, true
	case "digit":
		return digit, true
	case "graph":
		return graph, true
	case "lower":
		return isLower || fold && isUpper, true
	case "print":
		return graph || c == ' ', true
	case "punct":
		return graph && !letter && !digit, true
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r', true
	case "upper":
		return isUpper || fold && isLower, true
	case "xdigit":
		return digit || 'a' <= lower(c) && lower(c) <= 'f', true
	}
	return false, false
}

// Glob tells whether a pattern of git's fits a whole path: "*" and "?" stay within
// one name, "**" as a whole name spans any number of them.
func Glob(pattern, path string, fold bool, budget *Budget) bool {
	w := wild{pattern: pattern, text: path, names: true, fold: fold, budget: budget}
	return w.match()
}
