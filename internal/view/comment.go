package view

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Comment is what a document in Markdown is for: the one comment on a pull request
// that each run writes anew.
type Comment struct {
	// Report is the command whose document it is; "" is one that nobody looks for.
	Report string
	// Project is the project's folder in its repository, "" at the top: a repository
	// needs no name on its own pull requests, and its folder has another in every clone.
	Project string
	// Limit is how many bytes the document may have, or [MarkdownLimit] for 0. Bytes
	// are at least as many as whatever a forge counts.
	Limit int
}

const (
	// MarkdownLimit is what a comment on GitHub holds, less some room for what a
	// workflow puts round it.
	MarkdownLimit = 65_536 - 2_000
	// MinMarkdownLimit has room for head and foot, and for the titles of all sections.
	MinMarkdownLimit = 8_192
)

func (c Comment) limit() int {
	if c.Limit == 0 {
		return MarkdownLimit
	}
	return c.Limit
}

// marker is the first line: a comment of HTML, which nobody sees, and another one for
// every project. It holds letters, digits and harmless signs alone.
func (c Comment) marker() string {
	if c.Report == "" {
		return ""
	}
	return "<!-- osmoctl " + c.Report + " " + markerPath(c.Project) + " -->\n"
}

// maxMarkerPath bounds the path in a marker. A longer one is named by its digest.
const maxMarkerPath = 200

// markerPath is a path whose signs are escaped as in addresses. Two dashes would end
// the comment for some readers of Markdown.
func markerPath(path string) string {
	if path == "" {
		return "."
	}
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._/", c) >= 0 || c == '-' && i > 0 && path[i-1] != '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() > maxMarkerPath || secret.Mask(path) != path {
		sum := sha256.Sum256([]byte(path))
		return "~" + hex.EncodeToString(sum[:])
	}
	return b.String()
}

// maxProject is how many characters of a project's path a heading has, and maxNaming
// what marker and heading may take for it, in bytes: what is not seen is written as
// ten characters.
const (
	maxProject = 100
	maxNaming  = maxProject*len(`\u{10FFFF}`) + maxMarkerPath + 100
)

// spans are a title with the project.
func (c Comment) spans(t Heading) []Span {
	line := []Span{Say(Plain, t.What)}
	if c.Project != "" {
		line = append(line, Say(Plain, " in "), Quote(ClipTo(c.Project, maxProject)))
	}
	if t.Verdict != "" {
		line = append(line, Say(Plain, ": "+t.Verdict))
	}
	return line
}
