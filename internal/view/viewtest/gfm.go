package viewtest

import (
	"bytes"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	rawhtml "github.com/yuin/goldmark/renderer/html"
)

// Render makes HTML of Markdown, raw HTML let through: what a text smuggles in
// has to be seen.
type Render func(t testing.TB, markdown string) string

// Renderers are programs of others that know GitHub's Markdown. cmark-gfm is what
// GitHub itself goes by; it is not on every machine.
func Renderers() map[string]Render {
	all := map[string]Render{"goldmark": byGoldmark}
	if program, err := exec.LookPath("cmark-gfm"); err == nil {
		all["cmark-gfm"] = byProgram(program, "--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink", "-e", "tasklist", "-e", "footnotes")
	}
	return all
}

func byGoldmark(t testing.TB, markdown string) string {
	t.Helper()
	var out bytes.Buffer
	g := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList), goldmark.WithRendererOptions(rawhtml.WithUnsafe()))
	if err := g.Convert([]byte(markdown), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func byProgram(program string, args ...string) Render {
	return func(t testing.TB, markdown string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Stdin = strings.NewReader(markdown)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
}

var (
	codeElement = regexp.MustCompile(`<code>([^<]*)</code>`)
	element     = regexp.MustCompile(`<(/?)([a-z0-9]+)([^>]*)>`)
	// marker is what comments are found again by.
	marker = regexp.MustCompile(`^<!-- osmoctl [a-z]+ [A-Za-z0-9._/%~-]+ -->\n`)
)

// Skeleton is a rendered document without what its code spans say.
func Skeleton(html string) string { return codeElement.ReplaceAllString(html, "<code></code>") }

// ours are the elements that our documents are made of, and for each those that may
// stand round it at once.
var ours = map[string][]string{
	"h3": {""}, "h4": {""}, "details": {""}, "summary": {"details"},
	"p": {"", "li"}, "ul": {"", "details", "li"}, "li": {"ul"},
	"code": {"h3", "p", "li"}, "strong": {"h3", "p", "li"},
}

// CheckElements requires of a document without what its code spans say that it has our
// elements alone, without attributes, each in its place and closed in it, and that no
// other word of it means anything.
func CheckElements(t testing.TB, what, skeleton string) {
	t.Helper()
	skeleton = marker.ReplaceAllString(skeleton, "")
	open := []string{""}
	for _, found := range element.FindAllStringSubmatch(skeleton, -1) {
		name, round := found[2], open[len(open)-1]
		switch {
		case found[3] != "" || ours[name] == nil:
			t.Errorf("%s has the element %s", what, found[0])
		case found[1] == "" && slices.Contains(ours[name], round):
			open = append(open, name)
		case found[1] != "" && name == round:
			open = open[:len(open)-1]
		default:
			t.Errorf("%s has %s within <%s>", what, found[0], round)
			return
		}
	}
	if len(open) > 1 {
		t.Errorf("%s leaves %q open", what, open[1:])
	}
	if said := strings.Trim(element.ReplaceAllString(skeleton, ""), " \n"); strings.ContainsAny(said, "@#<>[]!`|\\~_/") {
		t.Errorf("%s says outside of code: %q", what, said)
	}
}
