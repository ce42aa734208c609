package plan

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
)

// JSON is the published form of the plan: indented, with a newline at the end,
// and the same bytes for the same plan.
func (p *Plan) JSON() ([]byte, error) {
	var b bytes.Buffer
	err := p.WriteJSON(&b)
	return b.Bytes(), err
}

const indent = "  "

// WriteJSON writes what JSON returns, one item of a list at a time: a plan may be
// large, and its text is many times larger. No write ends within a character.
func (p *Plan) WriteJSON(to io.Writer) error {
	w := jsonWriter{to: to}
	w.write("{")
	first := true
	for field, value := range reflect.ValueOf(p).Elem().Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || omits(options, value) {
			continue
		}
		if !first {
			w.write(",")
		}
		first = false
		w.write("\n" + indent + `"` + name + `": `)
		if value.Kind() == reflect.Slice && value.Len() > 0 {
			w.list(value)
		} else {
			w.value(value, indent)
		}
	}
	w.write("\n}\n")
	return w.err
}

// omits reports whether the options of a field's tag leave a value out.
func omits(options string, value reflect.Value) bool {
	switch options {
	case "omitzero":
		return value.IsZero()
	case "omitempty":
		return value.Kind() == reflect.Pointer && value.IsNil() || value.Kind() == reflect.Slice && value.Len() == 0
	}
	return false
}

// jsonWriter writes pieces until one fails.
type jsonWriter struct {
	to  io.Writer
	err error
}

func (w *jsonWriter) write(s string) { w.bytes([]byte(s)) }

func (w *jsonWriter) bytes(b []byte) {
	if w.err == nil {
		_, w.err = w.to.Write(b)
	}
}

func (w *jsonWriter) value(v reflect.Value, prefix string) {
	b, err := json.MarshalIndent(v.Interface(), prefix, indent)
	if w.err == nil {
		w.err = err
	}
	w.bytes(b)
}

func (w *jsonWriter) list(v reflect.Value) {
	for i := range v.Len() {
		if i == 0 {
			w.write("[\n" + indent + indent)
		} else {
			w.write(",\n" + indent + indent)
		}
		w.value(v.Index(i), indent+indent)
	}
	w.write("\n" + indent + "]")
}
