package gitstore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/gitstore/pack"
)

// Resolve finds the commit that a revision means: a branch, tag, remote branch,
// HEAD or @, a full or shortened hash, any of them followed by ~N, ^N or
// ^{commit}. Other forms, and names of nothing, are ErrUnknownRevision. A name
// that several references answer to, with different commits, is
// [ErrAmbiguousRevision]: git takes the tag then, and who may push a tag named
// origin/main must not choose what somebody else's command looks at.
func (s *Store) Resolve(rev string) (string, error) {
	base, steps := rev, ""
	if i := strings.IndexAny(rev, "~^"); i >= 0 {
		base, steps = rev[:i], rev[i:]
	}
	at, err := s.resolveBase(base)
	if err == nil {
		at, err = s.peel(at)
	}
	for err == nil && steps != "" {
		at, steps, err = s.step(at, steps)
	}
	if err != nil {
		return "", fmt.Errorf("revision %q: %w", rev, err)
	}
	return at.hash(), nil
}

// ResolveBranch finds the commit at the tip of a branch: refs/remotes/… or
// refs/heads/… by its short name, any reference by its full one, or a commit by its
// whole hash. A tag of that name is not looked at: anybody who may push one could
// put another commit in the branch's place. A name that both kinds of branches
// answer to, with different commits, is ErrAmbiguousRevision.
func (s *Store) ResolveBranch(name string) (string, error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("branch %q: %w", name, err) }
	if object, err := parseID(name); err == nil && name != "" {
		if object, err = s.peel(object); err != nil {
			return fail(err)
		}
		return object.hash(), nil
	}
	if checkRefName(name) != nil {
		return fail(ErrUnknownRevision)
	}
	full := []string{"refs/remotes/" + name, "refs/heads/" + name}
	if strings.HasPrefix(name, "refs/") {
		full = []string{name}
	}
	var found id
	var first string
	for _, ref := range full {
		at, err := s.readRef(ref)
		switch {
		case err != nil:
			return fail(err)
		case at == (id{}):
		case found == (id{}):
			found, first = at, ref
		case at != found:
			return fail(fmt.Errorf("%w: it is %s and also %s; write the one that you mean in full", ErrAmbiguousRevision, first, ref))
		}
	}
	if found == (id{}) {
		return fail(ErrUnknownRevision)
	}
	found, err := s.peel(found)
	if err != nil {
		return fail(err)
	}
	return found.hash(), nil
}

func (s *Store) resolveBase(base string) (id, error) {
	if base == "@" {
		base = "HEAD"
	}
	if full, err := parseID(base); err == nil && base != "" {
		return full, nil
	}
	if checkRefName(base) != nil {
		return id{}, ErrUnknownRevision
	}
	var found id
	var first string
	for _, name := range candidates(base) {
		at, err := s.resolveRef(name)
		switch {
		case err != nil:
			return at, err
		case at == (id{}):
		case found == (id{}):
			found, first = at, name
		case at != found:
			return id{}, fmt.Errorf("%w: it is %s and also %s; write the one that you mean in full", ErrAmbiguousRevision, first, name)
		}
		if name == base {
			break // Written in full, it is meant.
		}
	}
	if found != (id{}) {
		return found, nil
	}
	return s.resolveShort(base)
}

// candidates are the references that a short name may mean, in git's order.
func candidates(base string) []string {
	names := []string{
		"refs/" + base, "refs/tags/" + base, "refs/heads/" + base,
		"refs/remotes/" + base, "refs/remotes/" + base + "/HEAD",
	}
	if base == "HEAD" || base == "ORIG_HEAD" || strings.HasPrefix(base, "refs/") {
		names = append([]string{base}, names...)
	}
	return names
}

func (s *Store) resolveRef(name string) (id, error) {
	if name != "HEAD" {
		return s.readRef(name)
	}
	head, err := s.Head()
	if err != nil {
		return id{}, err
	}
	if head.Unborn {
		return id{}, fmt.Errorf("%w: %s has no commit yet", ErrUnknownRevision, head.Branch)
	}
	return parseID(head.Commit)
}

// resolveShort finds the one commit whose hash begins like this.
func (s *Store) resolveShort(prefix string) (id, error) {
	const shortest = 4
	even := prefix[:len(prefix)&^1]
	start, err := hex.DecodeString(even)
	if err != nil || len(prefix) < shortest || len(prefix) > 40 {
		return id{}, ErrUnknownRevision
	}
	all, err := s.objects.withPrefix(start)
	if err != nil {
		return id{}, err
	}
	var commits []id
	for _, object := range all {
		if !strings.HasPrefix(object.String(), strings.ToLower(prefix)) {
			continue
		}
		if _, err := s.peel(object); err == nil {
			commits = append(commits, object)
		}
	}
	switch len(commits) {
	case 0:
		return id{}, ErrUnknownRevision
	case 1:
		return commits[0], nil
	}
	return id{}, fmt.Errorf("%w: more than one commit begins with it", ErrUnknownRevision)
}

// peel follows annotated tags to the commit.
func (s *Store) peel(object id) (id, error) {
	for range 10 {
		kind, data, err := s.objects.read(object)
		switch {
		case err != nil:
			return id{}, err
		case kind == pack.Commit:
			return object, nil
		case kind != pack.Tag:
			return id{}, fmt.Errorf("%w: it is a %s, not a commit", ErrUnknownRevision, kind)
		}
		line, _, _ := strings.Cut(string(data), "\n")
		if object, err = parseRefLine(strings.TrimPrefix(line, "object ")); err != nil {
			return id{}, err
		}
	}
	return id{}, errors.New("its tags lead to one another in a circle")
}

// step takes one ~N, ^N or ^{…} off steps and goes there.
func (s *Store) step(at id, steps string) (id, string, error) {
	for _, same := range []string{"^{commit}", "^{}", "^0"} {
		if rest, ok := strings.CutPrefix(steps, same); ok {
			return at, rest, nil
		}
	}
	op, rest := steps[0], steps[1:]
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	n, err := 1, error(nil)
	if digits > 0 {
		n, err = strconv.Atoi(rest[:digits])
	}
	if err != nil || digits == 0 && rest != "" && !strings.ContainsRune("~^", rune(rest[0])) {
		return id{}, "", fmt.Errorf("%w: %s is not understood here", ErrUnknownRevision, steps)
	}
	if op == '^' {
		at, err = s.parent(at, n)
		return at, rest[digits:], err
	}
	for ; n > 0 && err == nil; n-- {
		at, err = s.parent(at, 1)
	}
	return at, rest[digits:], err
}

func (s *Store) parent(at id, n int) (id, error) {
	c, err := readCommit(s.objects, at)
	if err != nil {
		return id{}, err
	}
	if n < 1 || n > len(c.Parents) {
		return id{}, fmt.Errorf("%w: %s has no parent number %d", ErrUnknownRevision, at, n)
	}
	return parseID(c.Parents[n-1])
}
