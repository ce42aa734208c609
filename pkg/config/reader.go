package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// reader reads the nodes of one file and collects what is wrong with them. Its
// methods take nil for an absent value and return the zero value for one that
// is absent or wrong, so that reading goes on to the next problem.
type reader struct {
	file string
	// nodes is where what is parsed goes; nil is memory of its own.
	nodes *nodeMemory
	problems
	// broken is set once a part of the file was refused whose content others
	// may refer to.
	broken bool
	// labels are those that were read, by how they are spelled.
	labels map[string]map[string]string
}

func (r *reader) pos(n *node) diag.Position {
	return diag.Position{File: r.file, Line: int(n.line), Column: int(n.column)}
}

// fail reports an error at n, unless n was reported already.
func (r *reader) fail(n *node, code, hint, format string, args ...any) {
	r.report(diag.Error, n, code, hint, format, args...)
}

// warn reports a warning at n.
func (r *reader) warn(n *node, code, hint, format string, args ...any) {
	r.report(diag.Warning, n, code, hint, format, args...)
}

func (r *reader) report(s diag.Severity, n *node, code, hint, format string, args ...any) {
	if r.full(s) {
		r.dropped++
		return
	}
	r.add(diag.Diagnostic{
		Severity: s, Code: code, Hint: hint, Summary: fmt.Sprintf(format, args...),
		Pos: r.pos(n), Width: width(n),
	})
}

// failNear reports an error at n whose hint may name something near.
func (r *reader) failNear(n *node, hint nearHint, code, format string, args ...any) {
	before := len(r.list)
	r.fail(n, code, "", format, args...)
	if len(r.list) == before {
		return
	}
	if r.near == nil {
		r.near = map[int]nearHint{}
	}
	r.near[before] = hint
}

// failTwice reports an error at n that is also about the place other.
func (r *reader) failTwice(n *node, code, hint, summary string, other diag.Position, message string) {
	r.add(diag.Diagnostic{
		Code: code, Summary: summary, Hint: hint,
		Pos: r.pos(n), Width: width(n), Related: secondPlace(other, "%s", message),
	})
}

// width is the number of characters that n covers on its line where that can
// be told from its value; [Annotate] measures the rest in the text.
func width(n *node) int {
	if n.kind != scalarNode || !n.plain {
		return 0
	}
	return utf8.RuneCountInString(n.value)
}

// quote shows a value as messages do.
func quote(s string) string { return strconv.Quote(beginning(s)) }

// maxQuoted bounds what a message repeats of a value, which may be as long as its
// file, and may be repeated in a thousand messages. It is more than presentable
// lets through, so that no secret is cut where the cut could be seen.
const maxQuoted = 4 * maxSummary

func beginning(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	return strings.ToValidUTF8(s[:maxQuoted], "")
}

// keys are the names that a map may hold; their order is that of the fields.
type keys []string

// maxFields is above the length of every keys; a test holds it.
const maxFields = 16

// field is one entry of a map; both are nil where the key is absent.
type field struct{ key, value *node }

func (f field) isSet() bool { return f.key != nil }

type fields [maxFields]field

// fields sorts the entries of the map n by the known keys. It reports keys that
// are unknown, repeated or without a value; the value of the last kind is
// unusable rather than absent, so that nobody asks for it again.
func (r *reader) fields(n *node, what string, known keys) (f fields, ok bool) {
	if !r.is(n, mapNode, what) {
		return f, false
	}
	for i := 0; i+1 < len(n.items); i += 2 {
		key, value := &n.items[i], &n.items[i+1]
		index, ok := r.findField(key, what, known)
		if !ok {
			continue
		}
		if first := f[index].key; first != nil {
			r.failDuplicate(key, first)
			continue
		}
		f[index] = field{key, r.refuseNull(key, value)}
	}
	return f, true
}

// findField finds the key among the known ones.
func (r *reader) findField(key *node, what string, known keys) (int, bool) {
	if !r.isKey(key) {
		return 0, false
	}
	for i, name := range known {
		if key.value == name {
			return i, true
		}
	}
	if r.full(diag.Error) {
		r.dropped++
	} else {
		r.failNear(key, nearHint{key.value, known, keyPlace(key.value, known)}, codeUnknownKey, "%s has no key %s", what, quote(key.value))
	}
	return 0, false
}

// entry is one name of a map and what stands behind it.
type entry struct{ key, value *node }

// entries returns the entries of a map whose keys are names, each name once.
func (r *reader) entries(n *node, what string) []entry {
	if n == nil || !r.is(n, mapNode, what) {
		return nil
	}
	list := make([]entry, 0, len(n.items)/2)
	seen := nameIndex{}
	for i := 0; i+1 < len(n.items); i += 2 {
		key := &n.items[i]
		if !r.isKey(key) {
			continue
		}
		if first := seen.add(key); first != nil {
			r.failDuplicate(key, first)
			continue
		}
		list = append(list, entry{key, r.refuseNull(key, &n.items[i+1])})
	}
	return list
}

// nameIndex finds repeated keys: by looking through a few, by a map where there
// are many.
type nameIndex struct {
	few  []*node
	many map[string]*node
}

const fewNames = 8

// add takes the key in and returns the one of the same name that came before.
func (x *nameIndex) add(key *node) *node {
	if x.many != nil {
		first := x.many[key.value]
		if first == nil {
			x.many[key.value] = key
		}
		return first
	}
	for _, first := range x.few {
		if first.value == key.value {
			return first
		}
	}
	x.few = append(x.few, key)
	if len(x.few) > fewNames {
		x.many = make(map[string]*node, 2*len(x.few))
		for _, k := range x.few {
			x.many[k.value] = k
		}
	}
	return nil
}

func (r *reader) failDuplicate(key, first *node) {
	if r.full(diag.Error) {
		r.dropped++
		return
	}
	r.failTwice(key, codeDuplicateKey, "keep one of the two", "the key "+quote(key.value)+" is repeated",
		r.pos(first), "the first one")
}

// refuseNull returns the value, or an unusable one where it is null.
func (r *reader) refuseNull(key, value *node) *node {
	if !value.isNull() {
		return value
	}
	at := value
	if value.value == "" {
		at = key
	}
	r.broken = true
	r.fail(at, codeNullValue, "give it a value, or delete the key", "the key %s has no value", quote(key.value))
	return &unusable
}

// isKey reports whether key is text, as every key must be.
func (r *reader) isKey(key *node) bool {
	switch {
	case key.kind == badNode:
	case key.kind != scalarNode:
		r.fail(key, codeWrongKind, "", "a key must be text, not %s", key.kind)
	case key.isMergeKey():
		r.broken = true
		r.fail(key, codeMergeKey, "write the keys out", "merge keys are not read")
	case key.isNull():
		r.fail(key, codeNullValue, "give the key a name", "a key is missing")
	default:
		return true
	}
	return false
}

// is reports whether n is of the kind k; what names the value for the message.
func (r *reader) is(n *node, k kind, what string) bool {
	if n.kind == k {
		return true
	}
	if n.kind != badNode {
		r.broken = true
		hint := ""
		if k == listNode && n.kind == scalarNode && n.value != "" {
			hint = "write [" + quote(n.value) + "]"
		}
		r.fail(n, codeWrongKind, hint, "%s must be %s, not %s", what, k, n.kind)
	}
	return false
}

// items returns the items of a list that are neither null nor refused.
func (r *reader) items(n *node, what string) []*node {
	if n == nil || !r.is(n, listNode, what) {
		return nil
	}
	list := make([]*node, 0, len(n.items))
	for i := range n.items {
		item := &n.items[i]
		switch {
		case item.kind == badNode:
		case item.isNull():
			r.fail(item, codeNullValue, "delete the item, or quote it where the word is meant", "an item of %s is empty", what)
		default:
			list = append(list, item)
		}
	}
	return list
}

// scalars returns the items of a list of texts, each once.
func (r *reader) scalars(n *node, what string) []*node {
	items := r.items(n, what)
	list := items[:0]
	seen := nameIndex{}
	for _, item := range items {
		if item.kind != scalarNode && !r.is(item, scalarNode, "an item of "+what) {
			continue
		}
		if item.value == "" {
			r.fail(item, codeEmptyText, "delete the item", "an item of %s is empty", what)
			continue
		}
		if first := seen.add(item); first != nil {
			r.failTwice(item, codeRepeatedItem, "delete one of the two", quote(item.value)+" is repeated in "+what,
				r.pos(first), "the first one")
			continue
		}
		list = append(list, item)
	}
	return list
}

// texts is scalars by value. It is nil only for a list that is absent or wrong.
func (r *reader) texts(n *node, what string) []string {
	if n == nil || n.kind != listNode {
		r.items(n, what)
		return nil
	}
	return values(r.scalars(n, what))
}

func values(nodes []*node) []string {
	list := make([]string, len(nodes))
	for i, n := range nodes {
		list[i] = n.value
	}
	return list
}

// refuseEmpty reports a list that is written and holds nothing.
func (r *reader) refuseEmpty(f field, what, hint string) {
	if f.isSet() && f.value.kind == listNode && len(f.value.items) == 0 {
		r.fail(f.value, codeEmptyList, hint, "%s is empty", what)
	}
}

// text reads a scalar as its source text.
func (r *reader) text(n *node, what string) string {
	if n == nil || !r.is(n, scalarNode, what) {
		return ""
	}
	return n.value
}

// word reads a text that may not be empty.
func (r *reader) word(n *node, what string) string {
	s := r.text(n, what)
	if s == "" && n != nil && n.kind == scalarNode {
		r.fail(n, codeEmptyText, "give it a value, or delete the key", "%s is empty", what)
	}
	return s
}

// truth reads true or false.
func (r *reader) truth(n *node, what string) (value, ok bool) {
	if n == nil || !r.is(n, scalarNode, what) {
		return false, false
	}
	if n.plain && (n.value == "true" || n.value == "false") {
		return n.value == "true", true
	}
	r.fail(n, codeWrongKind, "write true or false, without quotes", "%s must be true or false", what)
	return false, false
}

// number reads a decimal number of at least low and at most high.
func (r *reader) number(n *node, what string, low, high int) (int, bool) {
	if n == nil || !r.is(n, scalarNode, what) {
		return 0, false
	}
	value, err := strconv.Atoi(n.value)
	switch {
	case !n.plain, !isDecimal(n.value):
		r.fail(n, codeWrongKind, "write plain digits, without quotes", "%s must be a whole number", what)
	case err != nil, value < low, value > high:
		r.fail(n, codeBadNumber, "", "%s must be a number from %d to %d", what, low, high)
	default:
		return value, true
	}
	return 0, false
}

// isDecimal reports whether s is a whole number in its one spelling.
func isDecimal(s string) bool {
	if len(s) > 1 && s[0] == '-' {
		s = s[1:]
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s == "0" || len(s) > 0 && s[0] != '0'
}

// days reads a duration of at least low days.
func (r *reader) days(n *node, what string, low model.Days) (model.Days, bool) {
	if n == nil || !r.is(n, scalarNode, what) {
		return 0, false
	}
	days, err := model.ParseDays(n.value)
	switch {
	case err != nil:
		r.fail(n, codeBadDuration, "write a number of days, such as 90d", "%s: %v", what, err)
	case days < low:
		r.fail(n, codeBadDuration, "", "%s must be at least %s", what, low)
	default:
		return days, true
	}
	return 0, false
}

// date reads a day.
func (r *reader) date(n *node, what string) model.Date {
	if n == nil || !r.is(n, scalarNode, what) {
		return 0
	}
	date, err := model.ParseDate(n.value)
	if err != nil {
		r.fail(n, codeBadDate, "write a UTC date, such as 2027-01-31", "%s: %v", what, err)
	}
	return date
}

// checkName reports whether the key is a name that check accepts.
func (r *reader) checkName(key *node, check func(string) error) bool {
	err := check(key.value)
	if err != nil {
		r.fail(key, codeBadName, "", "the name %s cannot be used: %v", quote(key.value), err)
	}
	return err == nil
}
