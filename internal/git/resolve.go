package git

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Resolve finds the commit that a revision means: a branch, tag, remote branch,
// HEAD or @, a full or shortened hash, any of them followed by ~N, ^N or
// ^{commit}. Other forms, and names of nothing, are ErrUnknownRevision. A name
// that several references answer to, with different commits, is
// [ErrAmbiguousRevision]: git takes the tag then, and who may push a tag named
// origin/main must not choose what somebody else's command looks at.
func (r *Repository) Resolve(rev string) (string, error) {
	base, steps := rev, ""
	if i := strings.IndexAny(rev, "~^"); i >= 0 {
		base, steps = rev[:i], rev[i:]
	}
	at, err := r.resolveBase(base)
	if err == nil {
		at, err = r.peel(at)
	}
	for err == nil && steps != "" {
		at, steps, err = r.step(at, steps)
	}
	if err != nil {
		return "", fmt.Errorf("revision %q: %w", rev, err)
	}
	return at.Hash(), nil
}

// ResolveBranch finds the commit at the tip of a branch: refs/remotes/… or
// refs/heads/… by its short name, any reference by its full one, or a commit by its
// whole hash. A tag of that name is not looked at: anybody who may push one could
// put another commit in the branch's place. A name that both kinds of branches
// answer to, with different commits, is ErrAmbiguousRevision.
func (r *Repository) ResolveBranch(name string) (string, error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("branch %q: %w", name, err) }
	if commit, err := object.ParseID(name); err == nil && name != "" {
		if commit, err = r.peel(commit); err != nil {
			return fail(err)
		}
		return commit.Hash(), nil
	}
	if CheckRefName(name) != nil {
		return fail(ErrUnknownRevision)
	}
	full := []string{"refs/remotes/" + name, "refs/heads/" + name}
	if strings.HasPrefix(name, "refs/") {
		full = []string{name}
	}
	var found object.ID
	var first string
	for _, ref := range full {
		at, err := r.RefID(ref)
		switch {
		case err != nil:
			return fail(err)
		case at == (object.ID{}):
		case found == (object.ID{}):
			found, first = at, ref
		case at != found:
			return fail(fmt.Errorf("%w: it is %s and also %s; write the one that you mean in full", ErrAmbiguousRevision, first, ref))
		}
	}
	if found == (object.ID{}) {
		return fail(ErrUnknownRevision)
	}
	found, err := r.peel(found)
	if err != nil {
		return fail(err)
	}
	return found.Hash(), nil
}

func (r *Repository) resolveBase(base string) (object.ID, error) {
	if base == "@" {
		base = "HEAD"
	}
	if full, err := object.ParseID(base); err == nil && base != "" {
		return full, nil
	}
	if CheckRefName(base) != nil {
		return object.ID{}, ErrUnknownRevision
	}
	var found object.ID
	var first string
	for _, name := range candidates(base) {
		at, err := r.resolveRef(name)
		switch {
		case err != nil:
			return at, err
		case at == (object.ID{}):
		case found == (object.ID{}):
			found, first = at, name
		case at != found:
			return object.ID{}, fmt.Errorf("%w: it is %s and also %s; write the one that you mean in full", ErrAmbiguousRevision, first, name)
		}
		if name == base {
			break // Written in full, it is meant.
		}
	}
	if found != (object.ID{}) {
		return found, nil
	}
	return r.resolveShort(base)
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

func (r Refs) resolveRef(name string) (object.ID, error) {
	if name != "HEAD" {
		return r.RefID(name)
	}
	head, err := r.Head()
	if err != nil {
		return object.ID{}, err
	}
	if head.Unborn {
		return object.ID{}, fmt.Errorf("%w: %s has no commit yet", ErrUnknownRevision, head.Branch)
	}
	return object.ParseID(head.Commit)
}

// resolveShort finds the one commit whose hash begins like this.
func (o *Objects) resolveShort(prefix string) (object.ID, error) {
	const shortest = 4
	even := prefix[:len(prefix)&^1]
	start, err := hex.DecodeString(even)
	if err != nil || len(prefix) < shortest || len(prefix) > 40 {
		return object.ID{}, ErrUnknownRevision
	}
	all, err := o.withPrefix(start)
	if err != nil {
		return object.ID{}, err
	}
	var commits []object.ID
	for _, name := range all {
		if !strings.HasPrefix(name.String(), strings.ToLower(prefix)) {
			continue
		}
		if _, err := o.peel(name); err == nil {
			commits = append(commits, name)
		}
	}
	switch len(commits) {
	case 0:
		return object.ID{}, ErrUnknownRevision
	case 1:
		return commits[0], nil
	}
	return object.ID{}, fmt.Errorf("%w: more than one commit begins with it", ErrUnknownRevision)
}

// peel follows annotated tags to the commit.
func (o *Objects) peel(name object.ID) (object.ID, error) {
	for range 10 {
		kind, data, err := o.Read(name)
		switch {
		case err != nil:
			return object.ID{}, err
		case kind == object.Commit:
			return name, nil
		case kind != object.Tag:
			return object.ID{}, fmt.Errorf("%w: it is a %s, not a commit", ErrUnknownRevision, kind)
		}
		line, _, _ := strings.Cut(string(data), "\n")
		if name, err = parseRefLine(strings.TrimPrefix(line, "object ")); err != nil {
			return object.ID{}, err
		}
	}
	return object.ID{}, errors.New("its tags lead to one another in a circle")
}

// step takes one ~N, ^N or ^{…} off steps and goes there.
func (o *Objects) step(at object.ID, steps string) (object.ID, string, error) {
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
		return object.ID{}, "", fmt.Errorf("%w: %s is not understood here", ErrUnknownRevision, steps)
	}
	if op == '^' {
		at, err = o.parent(at, n)
		return at, rest[digits:], err
	}
	for ; n > 0 && err == nil; n-- {
		at, err = o.parent(at, 1)
	}
	return at, rest[digits:], err
}

func (o *Objects) parent(at object.ID, n int) (object.ID, error) {
	c, err := readCommit(o, at)
	if err != nil {
		return object.ID{}, err
	}
	if n < 1 || n > len(c.Parents) {
		return object.ID{}, fmt.Errorf("%w: %s has no parent number %d", ErrUnknownRevision, at, n)
	}
	return object.ParseID(c.Parents[n-1])
}
