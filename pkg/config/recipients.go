package config

import (
	"cmp"
	"errors"
	"fmt"
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
	// broken is set where the section could not be read to its end.
	broken  bool
	suggest *suggester
	sets    map[string]readerSet
}

// group is one declared name.
type group struct {
	key *node
	// keys stand under the name itself, members are names it refers to.
	keys    []model.Recipient
	members []*node
	// readers is every key that the name stands for, once, sorted by ID;
	// meaningful when done.
	readers []model.Recipient
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

func (r *reader) recipients(n *node) *recipients {
	s := &recipients{groups: map[string]*group{}, sets: map[string]readerSet{}}
	before := r.errors
	entries := r.entries(n, `"recipients"`)
	collisions := collisions{}
	for _, e := range entries {
		s.groups[e.key.value] = &group{key: e.key}
		if r.recipientName(e.key) {
			r.collide(collisions, e.key)
		}
	}
	r.readGroups(s, entries)
	names := model.Names(s.groups)
	s.suggest = newSuggester(names)
	for _, name := range names {
		r.resolve(s, name, nil)
	}
	s.broken = r.broken || r.errors > before
	return s
}

// recipientName reports whether the key may name recipients. A name that reads
// like a key would be taken for one in a review.
func (r *reader) recipientName(key *node) bool {
	if seal.IsPrivateKey(key.value) {
		r.privateKey(key)
		return false
	}
	if looksLikeKey(key.value) {
		r.fail(key, codeBadName, "write NAME: KEY", "a recipient's name cannot look like a key")
		return false
	}
	return r.name(key, model.CheckRecipientName)
}

func looksLikeKey(s string) bool {
	return strings.HasPrefix(s, "age1") || strings.HasPrefix(s, "ssh-") || strings.ContainsAny(s, " \t") || seal.IsPrivateKey(s)
}

func (r *reader) readGroups(s *recipients, entries []entry) {
	owners := map[string]*node{}
	if len(entries) > maxRecipients {
		r.fail(entries[maxRecipients].key, codeTooManyRecipients, "", "there are more than %d recipients", maxRecipients)
		entries = entries[:maxRecipients]
	}
	for _, e := range entries {
		g := s.groups[e.key.value]
		for _, item := range r.members(e) {
			if s.groups[item.value] != nil || !looksLikeKey(item.value) {
				g.members = append(g.members, item)
			} else if key, ok := r.publicKey(item, owners); ok {
				key.Name = e.key.value
				g.keys = append(g.keys, key)
			}
		}
	}
}

// members returns what stands behind a name: one text or a list of them.
func (r *reader) members(e entry) []*node {
	switch {
	case e.value.kind == scalarNode && e.value.value != "":
		return []*node{e.value}
	case e.value.kind == listNode:
		r.nonEmpty(field(e), quoted(e.key.value), "name a key or another recipient, or delete the name")
		return r.scalars(e.value, quoted(e.key.value))
	case e.value.kind != badNode:
		r.fail(e.value, codeWrongKind, "", "%s must be a public key, a name, or a list of them", quoted(e.key.value))
	}
	return nil
}

// publicKey reads a key and reports one that stands elsewhere already; owners
// holds the place of every key so far.
func (r *reader) publicKey(n *node, owners map[string]*node) (key model.Recipient, ok bool) {
	if len(owners) == maxRecipients {
		r.fail(n, codeTooManyRecipients, "", "there are more than %d public keys", maxRecipients)
		return key, false
	}
	key, err := seal.ParseRecipient(n.value)
	switch {
	case errors.Is(err, seal.ErrPrivateKey):
		r.privateKey(n)
		return key, false
	case err != nil:
		r.fail(n, codeBadRecipient, "", "%v", err)
		return key, false
	case key.Kind == model.RecipientSSHRSA:
		r.warn(n, codeWeakRecipient, "prefer an age1... or ssh-ed25519 key", "ssh-rsa keys are weaker than the others")
	}
	if first := owners[key.Key]; first != nil {
		r.failTwice(n, codeRepeatedRecipient, "give the key one name and refer to that", "this key is declared twice",
			r.pos(first), "the first one")
		return key, false
	}
	owners[key.Key] = n
	return key, true
}

// privateKey reports a private key without repeating it.
func (r *reader) privateKey(n *node) {
	r.fail(n, codePrivateKey, "put its public key here; make a new pair, since this one must count as known", "this is a private key")
}

// resolve works out which keys a name stands for. path holds the names that led
// here, for the message about a cycle.
func (r *reader) resolve(s *recipients, name string, path []string) []model.Recipient {
	g := s.groups[name]
	if g.done {
		return g.readers
	}
	g.visiting = true
	path = append(path, name)
	readers := slices.Clone(g.keys)
	for _, member := range g.members {
		readers = append(readers, r.resolveMember(s, member, path)...)
	}
	g.readers, g.visiting, g.done = distinct(readers), false, true
	return g.readers
}

func (r *reader) resolveMember(s *recipients, member *node, path []string) []model.Recipient {
	next := s.groups[member.value]
	switch {
	case next == nil:
		r.add(s.unknown(r.pos(member), member))
	case next.visiting:
		r.fail(member, codeRecipientCycle, "take one of the names out", "recipients go in a circle: %s", cycle(path, member.value))
	default:
		return r.resolve(s, member.value, path)
	}
	return nil
}

// maxCycle bounds the names of a cycle that are written out.
const maxCycle = 8

func cycle(path []string, name string) string {
	circle := append(slices.Clone(path[slices.Index(path, name):]), name)
	if len(circle) > maxCycle {
		circle = append(append(circle[:maxCycle-1:maxCycle-1], "..."), name)
	}
	return strings.Join(circle, " -> ")
}

// distinct sorts keys by ID and leaves each once.
func distinct(list []model.Recipient) []model.Recipient {
	slices.SortFunc(list, func(a, b model.Recipient) int { return cmp.Compare(a.ID(), b.ID()) })
	return slices.CompactFunc(list, func(a, b model.Recipient) bool { return a.Key == b.Key })
}

// resolved is the model's form.
func (s *recipients) resolved() map[string][]model.Recipient {
	if len(s.groups) == 0 {
		return nil
	}
	m := make(map[string][]model.Recipient, len(s.groups))
	for name, g := range s.groups {
		m[name] = g.readers
	}
	return m
}

// unknown is the problem of a name that is not declared.
func (s *recipients) unknown(pos diag.Position, n *node) diag.Diagnostic {
	switch {
	case seal.IsPrivateKey(n.value):
		return diagnosticAt(pos, n, codePrivateKey, "this is a private key",
			"name a recipient here; make a new pair, since this one must count as known")
	case looksLikeKey(n.value):
		return diagnosticAt(pos, n, codeUnknownRecipient, "a key stands where a name belongs",
			"declare the key under recipients in "+ProjectFile+" and write its name here")
	}
	hint := s.suggest.hint(n.value)
	if hint == "" {
		hint = "declare it under recipients in " + ProjectFile
	}
	return diagnosticAt(pos, n, codeUnknownRecipient, "there is no recipient "+quoted(n.value), hint)
}

// known reports whether all of the names are declared, and adds a problem for
// each that is not.
func (s *recipients) known(p *problems, file string, names []*node) bool {
	all := true
	for _, n := range names {
		if s.groups[n.value] != nil {
			continue
		}
		all = false
		if !s.broken && !p.full(diag.Error) {
			p.add(s.unknown(diag.Position{File: file, Line: int(n.line), Column: int(n.column)}, n))
		}
	}
	return all
}

// readers resolves a list of declared names, and says what is wrong with the
// result. Both are remembered: thousands of tokens name the same recipients.
func (s *recipients) readers(names []string) ([]model.Recipient, *setProblem) {
	id := strings.Join(names, "\x00")
	set, ok := s.sets[id]
	if !ok {
		set = s.newSet(names)
		s.sets[id] = set
	}
	return set.readers, set.problem
}

func (s *recipients) newSet(names []string) readerSet {
	var all []model.Recipient
	for _, name := range names {
		all = append(all, s.groups[name].readers...)
	}
	all = distinct(all)
	if s.broken {
		return readerSet{readers: all}
	}
	if problem := s.checkSet(all); problem != nil {
		return readerSet{problem: problem}
	}
	return readerSet{readers: all}
}

func (s *recipients) checkSet(readers []model.Recipient) *setProblem {
	switch {
	case len(readers) > maxReaders:
		return &setProblem{
			codeTooManyRecipients, fmt.Sprintf("these are %d keys, and a token is sealed to at most %d", len(readers), maxReaders),
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
