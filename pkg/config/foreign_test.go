package config

import (
	"strings"
	"testing"
)

// Only what is asked for is read, and only there is anything refused.
func TestForeign(t *testing.T) {
	t.Parallel()
	f := ReadForeign("v.yaml", []byte("a: &x !!str 1\nb:\n  c: [p, \"q\\tr\", ~, {k: v}]\n  d: *x\n  e: &y text\n"))
	v, ok := f.Find("b", "c")
	if !ok || !v.IsList() || len(v.Items()) != 4 {
		t.Fatalf("got %+v, %v", v, ok)
	}
	items := v.Items()
	if items[0].Text() != "p" || items[1].Text() != "q\tr" || !items[2].IsNull() || !items[3].IsMap() || items[3].Kind() != "a map" {
		t.Errorf("got %+v", items)
	}
	if e := f.Entries(items[3]); len(e) != 1 || e[0].Key.Text() != "k" || e[0].Value.Text() != "v" {
		t.Errorf("got %+v", e)
	}
	for _, path := range [][]string{{"z"}, {"b", "z"}, {"b", "c", "p"}, {"a", "z"}} {
		if _, ok := f.Find(path...); ok {
			t.Errorf("something stands at %s", strings.Join(path, "."))
		}
	}
	if list := f.Problems(); len(list) > 0 {
		t.Errorf("%v", list)
	}
	if v, ok := f.Find("b", "e"); !ok || !v.IsText() {
		t.Errorf("got %+v", v)
	}
	if v, ok := f.Find("b", "d"); !ok || !v.IsRefused() {
		t.Errorf("an alias is read: %+v", v)
	}
	f.Fail(items[0], "code", "hint", "not %s", quote("p"))
	var got []string
	for _, p := range f.Problems() {
		got = append(got, p.Error()+" | "+p.Source)
	}
	want := `v.yaml:3:7: not "p" | ` + "\n" + `v.yaml:4:6: aliases are not read | ` + "\n" + `v.yaml:5:6: anchors are not read | `
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// A text inside has its places in the file, with every kind of line end and indent.
func TestForeignInside(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"d: |\n  a: 1\n  b:\n    - c\n":          "v.yaml:4:7",
		"d: |\r\n  a: 1\r\n  b:\r\n    - c\r\n":  "v.yaml:4:7",
		"d: |4-\n\n     \n    b:\n        - c\n": "v.yaml:5:11",
		"d: >\n  {a: 1, b: [c]}\n":               "v.yaml:1:4",
		"d: \"b: [c]\"\n":                        "v.yaml:1:4",
	} {
		f := ReadForeign("v.yaml", []byte(text))
		inner := f.Inside("d")
		if inner == nil {
			t.Errorf("%q has nothing inside", text)
			continue
		}
		v, ok := inner.Find("b")
		if !ok {
			t.Errorf("%q: %v", text, f.Problems())
			continue
		}
		inner.Fail(v.Items()[0], "code", "", "here")
		if list := f.Problems(); len(list) != 1 || list[0].Pos.String() != want {
			t.Errorf("%q: %v, want %s", text, list, want)
		}
	}
	if f := ReadForeign("v.yaml", []byte("d: {a: 1}")); f.Inside("d") != nil || f.Inside("x", "y") != nil {
		t.Error("a map is read as a text")
	}
}
