package config

import "testing"

// A value is read as YAML 1.2 and JSON read it, wherever it stands.
func TestPairsOfEscapes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"\ud83d\ude80"`:                 "🚀",
		`"x \uD83D\uDE80\ud83d\ude80 y"`: "x 🚀🚀 y",
		`"\\\ud83d\ude80"`:               `\🚀`,
		`"\\ud83d\\ude80 \ud83d\ude80"`:  `\ud83d\ude80 🚀`,
		`'\ud83d\ude80'`:                 `\ud83d\ude80`,
		`\ud83d\ude80`:                   `\ud83d\ude80`,
		`"\uD83D\ude80" # \ud83d\ude80`:  "🚀",
		`"\U0001f680"`:                   "🚀",
		"🚀":                              "🚀",
	} {
		r := &reader{file: "x.yaml"}
		root, flaw := r.parse("before: 1\nk: " + text + "\n")
		if flaw != nil || len(r.list) > 0 {
			t.Errorf("%s: %v %v", text, flaw, r.list)
			continue
		}
		if got := root.items[3].value; got != want {
			t.Errorf("%s reads %q, want %q", text, got, want)
		}
	}
}

// What follows a pair keeps its place.
func TestPairsKeepPlaces(t *testing.T) {
	t.Parallel()
	r := &reader{file: "x.yaml"}
	root, flaw := r.parse(`{"a": "\ud83d\ude80", "b": 1}`)
	if flaw != nil || root == nil {
		t.Fatal(flaw)
	}
	if key := root.items[2]; key.value != "b" || key.column != 23 {
		t.Errorf("%q stands in column %d", key.value, key.column)
	}
}

func FuzzDialect(f *testing.F) {
	f.Add([]byte("%YAML 1.2\n---\na: \"\\ud83d\\ude80\"\n"))
	f.Add([]byte("a: \"\\\\ud83d\\ude80 \\ue83d\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		readable, _, flaw := translate(data)
		if flaw == nil && len(readable) != len(data) {
			t.Errorf("%d bytes became %d", len(data), len(readable))
		}
		r := &reader{file: "x.yaml"}
		_, _ = r.parse(string(data))
	})
}
