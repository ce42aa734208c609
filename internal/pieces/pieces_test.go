package pieces_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/pieces"
)

// counted is a list that has no elements before they are asked for.
type counted int

func (c counted) Elements() iter.Seq[any] {
	return func(yield func(any) bool) {
		for i := range int(c) {
			if !yield(&item{Name: strings.Repeat("<x>", i), At: map[string]int{"b": i, "a": 0}}) {
				return
			}
		}
	}
}

func (c counted) MarshalJSON() ([]byte, error) {
	list := []any{}
	for e := range c.Elements() {
		list = append(list, e)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it is for whoever writes the whole to escape
	err := e.Encode(list)
	return b.Bytes(), err
}

type item struct {
	Name string         `json:"name"`
	At   map[string]int `json:"at,omitempty"`
	List []string       `json:"list"`
}

type word string

func (w word) MarshalText() ([]byte, error) { return []byte("«" + w + "»"), nil }

type words []word

func (w words) MarshalText() ([]byte, error) { return []byte("words"), nil }

type document struct {
	Version  int `json:"version"`
	Plain    string
	Hidden   string `json:"-"`
	private  int
	Time     time.Time         `json:"time,omitzero"`
	Later    time.Time         `json:"later,omitzero"`
	Pointer  *item             `json:"pointer,omitempty"`
	Absent   *item             `json:"absent"`
	Items    []item            `json:"items"`
	Nil      []item            `json:"nil"`
	None     []item            `json:"none,omitempty"`
	Zero     []item            `json:"zero,omitzero"`
	Empty    []item            `json:"empty"`
	Pointers []*item           `json:"pointers"`
	Bytes    []byte            `json:"bytes"`
	Words    []word            `json:"words"`
	Text     words             `json:"text"`
	Counted  counted           `json:"counted"`
	NoCount  counted           `json:"no_count"`
	Any      any               `json:"any"`
	Map      map[string]string `json:"map,omitempty"`
	Struct   struct{}          `json:"struct,omitempty"`
	Number   float64           `json:"number,omitempty"`
}

// The bytes are those of an encoder that knows nothing of pieces.
func TestWrite(t *testing.T) {
	t.Parallel()
	full := document{
		Version: 1, Plain: "a<b> & \u2028 \xff", Hidden: "x", private: 1, Time: time.Unix(1, 0).UTC(), Pointer: &item{},
		Items: []item{{Name: "<"}, {List: []string{"a", "b"}}}, Empty: []item{}, Pointers: []*item{nil, {Name: "x"}},
		Bytes: []byte("bytes"), Words: []word{"a", "b"}, Text: words{"a"}, Counted: 3, Any: []int{1}, Map: map[string]string{"<": ">"}, Number: 1.5,
	}
	for name, d := range map[string]any{
		"full": full, "pointer": &full, "zero": document{}, "list": counted(4), "no list": counted(0), "slice": []item{{}, {Name: "x"}},
		"empty": []item{}, "nil": []item(nil), "nothing": nil, "nil pointer": (*document)(nil), "hollow": struct{}{}, "text": "x", "embedded": struct {
			item
			X int
		}{}, "quoted": struct {
			X int `json:"x,string"`
		}{7}, "long": counted(500), "time": time.Unix(1, 0).UTC(), "words": words{"x"},
	} {
		for _, html := range []bool{false, true} {
			var got, want bytes.Buffer
			e := json.NewEncoder(&want)
			e.SetEscapeHTML(html)
			e.SetIndent("", "  ")
			if err := e.Encode(d); err != nil {
				t.Fatal(err)
			}
			if err := pieces.Write(&got, d, html); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), got.String()); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

// writes keeps what each call was given.
type writes struct {
	list []string
	fail error
}

func (w *writes) Write(b []byte) (int, error) {
	w.list = append(w.list, string(b))
	return len(b), w.fail
}

// A long document is not held, and each write ends where a piece does.
func TestLongDocument(t *testing.T) {
	t.Parallel()
	var w writes
	if err := pieces.Write(&w, counted(2000), true); err != nil {
		t.Fatal(err)
	}
	if len(w.list) < 10 {
		t.Fatalf("%d writes", len(w.list))
	}
	for _, s := range w.list[:len(w.list)-1] {
		if len(s) > 600<<10 || !strings.HasSuffix(s, "}") {
			t.Errorf("a write of %d bytes ends in %q", len(s), s[len(s)-1:])
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	failed := errors.New("no room")
	w := writes{fail: failed}
	if err := pieces.Write(&w, counted(5000), true); !errors.Is(err, failed) || len(w.list) != 1 {
		t.Errorf("%v after %d writes", err, len(w.list))
	}
	var out bytes.Buffer
	if err := pieces.Write(&out, []any{1, func() {}}, true); err == nil || out.Len() > 0 {
		t.Errorf("%v, %q", err, out.String())
	}
}

func FuzzIndent(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"\\\\\\"x"},[],{}],"c":null,"":"\\\\"}`), "  ")
	f.Add([]byte(`"a\\"`), "")
	f.Add([]byte(`[[[]],{"{}[],:":"{}[],:"}]`), "\t")
	f.Fuzz(func(t *testing.T, text []byte, prefix string) {
		var compact, want bytes.Buffer
		if json.Compact(&compact, text) != nil || json.Indent(&want, compact.Bytes(), prefix, "  ") != nil {
			return
		}
		if got := pieces.AppendIndented(nil, compact.Bytes(), prefix); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is indented as %s", text, got)
		}
	})
}
