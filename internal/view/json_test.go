package view

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzMaskJSON requires that a document stays one, with the same shape.
func FuzzMaskJSON(f *testing.F) {
	f.Add("osmo_0123456789abcdefghijklmnopqrstuvABCDEF", `a"b\`)
	f.Add("-----BEGIN PRIVATE KEY-----\nx", "y")
	f.Fuzz(func(t *testing.T, a, b string) {
		in, err := json.Marshal(map[string][]string{"x": {a, b}, "y": {a + b}})
		if err != nil {
			t.Fatal(err)
		}
		var before, after map[string][]string
		if json.Unmarshal(in, &before) != nil || json.Unmarshal(NeutralJSON(in), &after) != nil || len(after["x"]) != 2 || len(after["y"]) != 1 {
			t.Fatalf("%s becomes %s", in, NeutralJSON(in))
		}
		for i, was := range before["x"] {
			if got := after["x"][i]; utf8.RuneCountInString(got) != utf8.RuneCountInString(was) {
				t.Fatalf("%q becomes %q", was, got)
			}
		}
	})
}
