// Package pieces writes a JSON document piece by piece.
//
// An encoder of encoding/json holds all of a document, compact and then indented,
// before it writes the first byte. What state holds may be hundreds of megabytes in
// JSON. So here the fields of a document and the elements of its lists are encoded one
// by one, and written as soon as there is enough. The bytes are those that an encoder
// writes that indents with two blanks.
package pieces

import (
	"bytes"
	"encoding"
	"encoding/json"
	"io"
	"iter"
	"reflect"
	"strings"
)

// A List is encoded by its elements. It need not have them before they are asked for, and
// what it yielded must not change afterwards.
type List interface{ Elements() iter.Seq[any] }

// enough is how much is held back before it is written.
const enough = 64 << 10

const indent = "  "

// Write writes a document, with a newline at the end. Where escapeHTML is not set <, >
// and & stand for themselves. Each write ends between two pieces, never within a string.
// An error may come after a part was written.
func Write(to io.Writer, document any, escapeHTML bool) error {
	w := &writer{to: to, escapeHTML: escapeHTML, encoder: newEncoder(escapeHTML)}
	w.document(document)
	w.text("\n")
	w.flush()
	return w.err
}

// writer writes pieces until one fails.
type writer struct {
	to         io.Writer
	held       bytes.Buffer
	escapeHTML bool
	encoder    *encoder
	err        error
}

// document takes apart a list, or a struct with the lists that are its fields.
func (w *writer) document(document any) {
	v := reflect.Indirect(reflect.ValueOf(document))
	if elements := elementsOf(v); elements != nil {
		w.list(elements, "")
	} else if isPlainStruct(v) {
		w.fields(v)
	} else {
		w.value(document, "")
	}
}

func (w *writer) fields(v reflect.Value) {
	open := "{\n"
	for field, value := range v.Fields() {
		name, options := nameOf(field)
		if name == "" || omits(options, value) {
			continue
		}
		w.text(open + indent + `"` + name + `": `)
		open = ",\n"
		if elements := elementsOf(value); elements != nil {
			w.list(elements, indent)
		} else {
			w.value(value.Interface(), indent)
		}
	}
	if open == "{\n" {
		w.text("{}")
		return
	}
	w.text("\n}")
}

func (w *writer) text(s string) { w.add([]byte(s), nil) }

func (w *writer) value(v any, prefix string) {
	w.encoder.out = w.encoder.out[:0]
	err := w.encoder.encode(v, prefix)
	w.add(w.encoder.out, err)
}

// add writes what was encoded, as soon as there is enough of it.
func (w *writer) add(encoded []byte, err error) {
	if w.err == nil {
		w.err = err
	}
	w.held.Write(encoded)
	if w.held.Len() >= enough {
		w.flush()
	}
}

func (w *writer) flush() {
	if w.err == nil {
		_, w.err = w.to.Write(w.held.Bytes())
	}
	w.held.Reset()
}

// elementsOf are those of a list, nil where v is none that can be taken apart.
func elementsOf(v reflect.Value) iter.Seq[any] {
	if !v.IsValid() {
		return nil
	}
	if list, ok := v.Interface().(List); ok {
		return list.Elements()
	}
	if v.Kind() != reflect.Slice || v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 || speaksForItself(v.Type()) {
		return nil
	}
	return func(yield func(any) bool) {
		for i := range v.Len() {
			if !yield(v.Index(i).Addr().Interface()) {
				return
			}
		}
	}
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// speaksForItself reports whether values of a type have a JSON form of their own.
func speaksForItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshaler) || p.Implements(textMarshaler)
}

// isPlainStruct reports whether v is a struct that [writer.fields] knows how to take
// apart.
func isPlainStruct(v reflect.Value) bool {
	if v.Kind() != reflect.Struct || speaksForItself(v.Type()) {
		return false
	}
	for field := range v.Type().Fields() {
		_, options := nameOf(field)
		if field.Anonymous || options != "" && options != "omitzero" && options != "omitempty" {
			return false
		}
	}
	return true
}

// nameOf is what a field is called in JSON, "" where it has no place there, and the
// options of its tag.
func nameOf(field reflect.StructField) (name, options string) {
	tag := field.Tag.Get("json")
	if !field.IsExported() || tag == "-" {
		return "", ""
	}
	name, options, _ = strings.Cut(tag, ",")
	if name == "" {
		name = field.Name
	}
	return name, options
}

// omits reports whether the options of a field's tag leave a value out.
func omits(options string, v reflect.Value) bool {
	switch options {
	case "omitzero":
		if z, ok := v.Interface().(interface{ IsZero() bool }); ok && !(v.Kind() == reflect.Pointer && v.IsNil()) {
			return z.IsZero()
		}
		return v.IsZero()
	case "omitempty":
		switch v.Kind() {
		case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
			return v.Len() == 0
		case reflect.Struct:
			return false
		}
		return v.IsZero()
	}
	return false
}
