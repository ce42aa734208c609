package config

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

const (
	// maxRecipients bounds the names, and the keys, that a project declares.
	maxRecipients = 1000
	// maxReaders bounds the keys that one token is sealed to. Each costs
	// about a hundred bytes of every ciphertext.
	maxReaders = 99
	// maxReaderSets bounds the number of different lists of recipients.
	maxReaderSets = 10_000
)

// recipients is the recipients section of the project file.
type recipients struct {
	groups map[string]*group
	// names are those of groups, sorted.
	names []string
	// keys is every key of the section, sorted by ID; a keySet refers to them.
	keys []model.Recipient
	// broken is set where the section could not be read to its end.
	broken bool
	sets   map[string]readerSet
	hints  *diag.Hints
}

// keySet is a set of keys by their index in recipients.keys. A name may stand for
// names that stand for names, each for a thousand keys: sets of bits are joined
// without ever being longer than all keys together, and come out sorted.
type keySet [(maxRecipients + 63) / 64]uint64

func (s *keySet) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s *keySet) join(t *keySet) {
	for i := range s {
		s[i] |= t[i]
	}
}

func (s *keySet) size() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// expand writes out a set that is no larger than maxReaders; a larger one can be
// sealed to by nothing.
func (s *recipients) expand(set *keySet) []model.Recipient {
	n := set.size()
	if n > maxReaders {
		return nil
	}
	list := make([]model.Recipient, 0, n)
	for i := range s.keys {
		if set[i/64]&(1<<(i%64)) != 0 {
			list = append(list, s.keys[i])
		}
	}
	return list
}

// group is one declared name.
type group struct {
	key *node
	// keys stand under the name itself, members are names it refers to.
	keys    []model.Recipient
	members []*node
	// set is every key that the name stands for; meaningful when done.
	set keySet
	// visiting is set while the name is on the path that is being resolved.
	visiting, done bool
}

// readerSet is what a list of names resolves to.
type readerSet struct {
	readers []model.Recipient
	problem *setProblem
}

// setProblem is what is wrong with a set of recipients as a whole.
type setProblem struct{ code, summary, hint string }

// recipientReader reads the recipients section.
type recipientReader struct {
	*reader
	section *recipients
	// owners holds the place of every key so far, by who can read with it.
	owners map[string]*node
}

func readRecipients(in *reader, n *node) *recipients {
	s := &recipients{groups: map[string]*group{}, sets: map[string]readerSet{}, hints: in.hints}
	r := recipientReader{in, s, map[string]*node{}}
	before := r.errors
	entries := r.entries(n, `"recipients"`)
	collisions := collisions{}
	for _, e := range entries {
		s.groups[e.key.value] = &group{key: e.key}
		if r.checkRecipientName(e.key) {
			r.collide(collisions, e.key)
		}
	}
	r.readGroups(entries)
	s.index()
	for _, name := range s.names {
		r.resolve(name, nil)
	}
	r.checkSizes()
	s.broken = r.broken || r.errors > before
	return s
}

// index gives every key its place in the order of IDs.
func (s *recipients) index() {
	s.names = model.Names(s.groups)
	for _, name := range s.names {
		s.keys = append(s.keys, s.groups[name].keys...)
	}
	slices.SortFunc(s.keys, func(a, b model.Recipient) int { return cmp.Compare(a.ID(), b.ID()) })
	for i, key := range s.keys {
		s.groups[key.Name].set.add(i)
	}
}

// checkSizes reports names that stand for more keys than anything is sealed to.
func (r *recipientReader) checkSizes() {
	for _, name := range r.section.names {
		if g := r.section.groups[name]; g.set.size() > maxReaders {
			r.fail(g.key, codeTooManyRecipients, "name fewer, or make several names of it",
				"%s stands for %d keys, and a token is sealed to at most %d", quote(name), g.set.size(), maxReaders)
		}
	}
}

// checkRecipientName reports whether the key may name recipients. A name that reads
// like a key would be taken for one in a review.
func (r *recipientReader) checkRecipientName(key *node) bool {
	if seal.IsPrivateKey(key.value) {
		r.refusePrivateKey(key)
		return false
	}
	if looksLikeKey(key.value) {
		r.fail(key, codeBadName, "write NAME: KEY", "a recipient's name cannot look like a key")
		return false
	}
	return r.checkName(key, model.CheckRecipientName)
}

func looksLikeKey(s string) bool {
	return strings.HasPrefix(s, "age1") || strings.HasPrefix(s, "ssh-") || strings.ContainsAny(s, " \t") || seal.IsPrivateKey(s)
}

func (r *recipientReader) readGroups(entries []entry) {
	if len(entries) > maxRecipients {
		r.fail(entries[maxRecipients].key, codeTooManyRecipients, "", "there are more than %d recipients", maxRecipients)
		entries = entries[:maxRecipients]
	}
	for _, e := range entries {
		g := r.section.groups[e.key.value]
		for _, item := range r.readMembers(e) {
			if r.section.groups[item.value] != nil || !looksLikeKey(item.value) {
				g.members = append(g.members, item)
			} else if key, ok := r.readKey(item); ok {
				key.Name = e.key.value
				g.keys = append(g.keys, key)
			}
		}
	}
}

// readMembers returns what stands behind a name: one text or a list of them.
func (r *recipientReader) readMembers(e entry) []*node {
	switch {
	case e.value.kind == scalarNode && e.value.value != "":
		return []*node{e.value}
	case e.value.kind == listNode:
		r.refuseEmpty(field(e), quote(e.key.value), "name a key or another recipient, or delete the name")
		return r.scalars(e.value, quote(e.key.value))
	case e.value.kind != badNode:
		r.fail(e.value, codeWrongKind, "", "%s must be a public key, a name, or a list of them", quote(e.key.value))
	}
	return nil
}

// readKey reads a key and reports one that stands elsewhere already, in whatever
// form.
func (r *recipientReader) readKey(n *node) (key model.Recipient, ok bool) {
	if len(r.owners) == maxRecipients {
		r.fail(n, codeTooManyRecipients, "", "there are more than %d public keys", maxRecipients)
		return key, false
	}
	key, err := seal.ParseRecipient(n.value)
	switch {
	case errors.Is(err, seal.ErrPrivateKey):
		r.refusePrivateKey(n)
		return key, false
	case err != nil:
		r.fail(n, codeBadRecipient, "", "%v", err)
		return key, false
	case key.Kind == model.RecipientSSHRSA:
		r.warn(n, codeWeakRecipient, "prefer an age1... or ssh-ed25519 key", "ssh-rsa keys are weaker than the others")
	}
	reader := seal.Reader(key)
	if first := r.owners[reader]; first != nil {
		what := "this key is declared twice"
		if first.value != n.value {
			what = "this key is another form of one that is declared: the same secret opens both"
		}
		r.failTwice(n, codeRepeatedRecipient, "give the key one name and refer to that", what, r.pos(first), "the first one")
		return key, false
	}
	r.owners[reader] = n
	return key, true
}

// refusePrivateKey reports a private key without repeating it.
func (r *recipientReader) refusePrivateKey(n *node) {
	r.fail(n, codePrivateKey, "put its public key here; make a new pair, since this one must count as known", "this is a private key")
}

// resolve works out which keys a name stands for. path holds the names that led
// here, for the message about a cycle.
func (r *recipientReader) resolve(name string, path []string) *keySet {
	g := r.section.groups[name]
	if g.done {
		return &g.set
	}
	g.visiting = true
	path = append(path, name)
	for _, member := range g.members {
		if keys := r.resolveMember(member, path); keys != nil {
			g.set.join(keys)
		}
	}
	g.visiting, g.done = false, true
	return &g.set
}

func (r *recipientReader) resolveMember(member *node, path []string) *keySet {
	next := r.section.groups[member.value]
	switch {
	case next == nil:
		r.add(r.section.describeUnknown(r.pos(member), member))
	case next.visiting:
		r.fail(member, codeRecipientCycle, "take one of the names out", "recipients go in a circle: %s", describeCycle(path, member.value))
	default:
		return r.resolve(member.value, path)
	}
	return nil
}

// maxCycle bounds the names of a cycle that are written out.
const maxCycle = 8

func describeCycle(path []string, name string) string {
	names := path[slices.Index(path, name):]
	var circle []string
	for _, name := range names[:min(len(names), maxCycle-1)] {
		circle = append(circle, beginning(name))
	}
	if len(names) >= maxCycle {
		circle = append(circle, "...")
	}
	return strings.Join(append(circle, beginning(name)), " -> ")
}

// readRecipientNames reads a list of names. Each stands for a key at least, so more
// than a value can be sealed to are a mistake.
func (r *reader) readRecipientNames(n *node) []*node {
	if n != nil && n.kind == listNode && len(n.items) > maxReaders {
		r.fail(n, codeTooManyRecipients, "name fewer recipients, or declare a name for several of them in "+ProjectFile,
			"these are %d recipients, and a token is sealed to at most %d keys", len(n.items), maxReaders)
		return nil
	}
	return r.scalars(n, `"recipients"`)
}

// toModel is the model's form.
func (s *recipients) toModel() map[string][]model.Recipient {
	if len(s.groups) == 0 {
		return nil
	}
	m := make(map[string][]model.Recipient, len(s.groups))
	for name, g := range s.groups {
		m[name] = s.expand(&g.set)
	}
	return m
}

// describeUnknown is the problem of a name that is not declared.
func (s *recipients) describeUnknown(pos diag.Position, n *node) diag.Diagnostic {
	switch {
	case seal.IsPrivateKey(n.value):
		return diagnosticAt(pos, n, codePrivateKey, "this is a private key",
			"name a recipient here; make a new pair, since this one must count as known")
	case looksLikeKey(n.value):
		return diagnosticAt(pos, n, codeUnknownRecipient, "a key stands where a name belongs",
			"declare the key under recipients in "+ProjectFile+" and write its name here")
	}
	hint := nearHint{n.value, s.names, "declare it under recipients in " + ProjectFile}.text(s.hints)
	return diagnosticAt(pos, n, codeUnknownRecipient, "there is no recipient "+quote(n.value), hint)
}

// checkDeclared reports whether all of the names are declared, and adds a problem for
// each that is not.
func (s *recipients) checkDeclared(p *problems, file string, names []*node) bool {
	all := true
	for _, n := range names {
		if s.groups[n.value] != nil {
			continue
		}
		all = false
		if !s.broken && !p.full(diag.Error) {
			p.add(s.describeUnknown(diag.Position{File: file, Line: int(n.line), Column: int(n.column)}, n))
		}
	}
	return all
}

// findReaders finds the keys of a list of declared names, and says what is wrong
// with the result. Both are remembered: thousands of tokens name the same recipients.
func (s *recipients) findReaders(names []string) ([]model.Recipient, *setProblem) {
	id := strings.Join(names, "\x00")
	set, ok := s.sets[id]
	if !ok {
		set = s.newSet(names)
		s.sets[id] = set
	}
	return set.readers, set.problem
}

func (s *recipients) newSet(names []string) readerSet {
	var all keySet
	for _, name := range names {
		all.join(&s.groups[name].set)
	}
	readers := s.expand(&all)
	if s.broken {
		return readerSet{readers: readers}
	}
	if problem := s.checkSet(all.size(), readers); problem != nil {
		return readerSet{problem: problem}
	}
	return readerSet{readers: readers}
}

func (s *recipients) checkSet(size int, readers []model.Recipient) *setProblem {
	switch {
	case size > maxReaders:
		return &setProblem{
			codeTooManyRecipients, fmt.Sprintf("these are %d keys, and a token is sealed to at most %d", size, maxReaders),
			"name fewer recipients",
		}
	case len(s.sets) >= maxReaderSets:
		return &setProblem{
			codeTooManyRecipients, fmt.Sprintf("there are more than %d different lists of recipients", maxReaderSets),
			"declare the lists as names in " + ProjectFile,
		}
	}
	if err := seal.CheckMix(readers); err != nil {
		return &setProblem{codeRecipientMix, err.Error(), "name recipients of one sort"}
	}
	return nil
}
