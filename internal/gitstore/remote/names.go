package remote

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// checkRemoteName lets no name through that could be an option, a path, or a
// URL.
func checkRemoteName(name string) error {
	bad := strings.ContainsFunc(name, func(c rune) bool {
		return c != '.' && c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
	if bad || !refPart(name) {
		return fmt.Errorf("%q is not the name of a remote; use one that \"git remote\" lists, not its address", name)
	}
	return nil
}

// checkBranch holds a short branch name against git's rules, so that it can
// become an argument and a path.
func checkBranch(name string) error {
	bad := strings.HasSuffix(name, ".") || strings.Contains(name, "@{") || strings.ContainsFunc(name, func(c rune) bool {
		return c <= ' ' || c == 0x7f || strings.ContainsRune(`~^:?*[\`, c)
	})
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || !refPart(part)
	}
	if bad {
		return fmt.Errorf("%q is not a name that a branch can have", name)
	}
	return nil
}

func refPart(part string) bool {
	return part != "" && part[0] != '.' && part[0] != '-' && !strings.Contains(part, "..") && !strings.HasSuffix(part, ".lock")
}

// checkHash demands the full name of an object.
func checkHash(text string) error {
	id, err := object.ParseID(text)
	if err == nil && id.IsZero() {
		err = fmt.Errorf("%q is not the full hash of an object", text)
	}
	return err
}

const branches = "refs/heads/"
