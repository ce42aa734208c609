// Package kube makes manifests of Kubernetes Secrets.
//
// A [Secret] is checked by Kubernetes's own rules before a byte of it is
// written: [Secret.Check] says which rule a name, label or key breaks, so that
// nobody learns it from a cluster. What passes is accepted by kubectl and by
// the API server; where this package is stricter than they are, its
// documentation says so.
//
// # The manifest
//
// [Secret.YAML] and [Secret.JSON] write the same object. Every string is quoted
// and escaped, whatever it holds: no text can end its line or become another
// key, and none is read as a boolean, number or date by a reader of any YAML
// version. Values stand in base64 under data, so any byte may be in them. Keys
// are sorted and nothing depends on the time: the same Secret gives the same
// bytes. The YAML begins with a document separator, so that several manifests
// may be written one after the other.
//
// The bytes of a manifest are as secret as the values in it: both methods
// return a [secret.Value], to be wiped by whoever delivers it.
package kube

import (
	"encoding/base64"
	"maps"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Opaque is the type of a Secret whose content Kubernetes makes nothing of.
const Opaque = "Opaque"

// Secret is a Secret of the API version v1.
type Secret struct {
	Name string
	// Namespace is left out of the manifest where it is empty: whoever
	// applies it then decides.
	Namespace string
	// Type is Opaque, or another that has no rules of its own.
	Type        string
	Labels      map[string]string
	Annotations map[string]string
	// Data are the values by key. They stay the caller's to wipe.
	Data map[string]secret.Value
}

// YAML writes the manifest. The error is [Secret.Check]'s.
func (s Secret) YAML() (secret.Value, error) {
	return s.write(func(w *writer) {
		w.text("---\n")
		w.yaml("", s.fields())
	})
}

// JSON writes the manifest, indented, with a line feed at its end. The error is
// [Secret.Check]'s.
func (s Secret) JSON() (secret.Value, error) {
	return s.write(func(w *writer) {
		w.json("", s.fields())
		w.text("\n")
	})
}

func (s Secret) write(write func(*writer)) (secret.Value, error) {
	if err := s.Check(); err != nil {
		return secret.Value{}, err
	}
	// The first pass only counts, so that the buffer never grows and leaves
	// no copy behind.
	counter := &writer{}
	write(counter)
	w := &writer{buf: make([]byte, 0, counter.n)}
	write(w)
	return secret.New(w.buf), nil
}

// field is a key with what stands under it: one of text, value and fields.
type field struct {
	key    string
	text   string
	value  *secret.Value
	fields []field
}

// fields is the object in the order in which people read it.
func (s Secret) fields() []field {
	metadata := []field{{key: "name", text: s.Name}}
	if s.Namespace != "" {
		metadata = append(metadata, field{key: "namespace", text: s.Namespace})
	}
	if len(s.Labels) > 0 {
		metadata = append(metadata, field{key: "labels", fields: texts(s.Labels)})
	}
	if len(s.Annotations) > 0 {
		metadata = append(metadata, field{key: "annotations", fields: texts(s.Annotations)})
	}
	return []field{
		{key: "apiVersion", text: "v1"},
		{key: "kind", text: "Secret"},
		{key: "metadata", fields: metadata},
		{key: "type", text: s.Type},
		{key: "data", fields: values(s.Data)},
	}
}

func texts(m map[string]string) (fields []field) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		fields = append(fields, field{key: key, text: m[key]})
	}
	return fields
}

func values(m map[string]secret.Value) (fields []field) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		value := m[key]
		fields = append(fields, field{key: key, value: &value})
	}
	return fields
}

// writer appends to buf, or counts where there is none.
type writer struct {
	buf []byte
	n   int
}

func (w *writer) text(s string) {
	w.n += len(s)
	if w.buf != nil {
		w.buf = append(w.buf, s...)
	}
}

func (w *writer) yaml(indent string, fields []field) {
	for _, f := range fields {
		w.text(indent)
		w.key(f.key)
		if f.fields != nil {
			w.text(":\n")
			w.yaml(indent+"  ", f.fields)
			continue
		}
		w.text(": ")
		w.scalar(f)
		w.text("\n")
	}
}

// key leaves the object's own keys as people know them.
func (w *writer) key(key string) {
	if slices.Contains(plainKeys, key) {
		w.text(key)
		return
	}
	w.quote(key)
}

var plainKeys = []string{"apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "type", "data"}

func (w *writer) json(indent string, fields []field) {
	w.text("{")
	for i, f := range fields {
		if i > 0 {
			w.text(",")
		}
		w.text("\n" + indent + "  ")
		w.quote(f.key)
		w.text(": ")
		if f.fields != nil {
			w.json(indent+"  ", f.fields)
			continue
		}
		w.scalar(f)
	}
	w.text("\n" + indent + "}")
}

func (w *writer) scalar(f field) {
	if f.value != nil {
		w.base64(*f.value)
		return
	}
	w.quote(f.text)
}

func (w *writer) base64(v secret.Value) {
	w.text(`"`)
	w.n += base64.StdEncoding.EncodedLen(v.Len())
	if w.buf != nil {
		_ = v.Use(func(b []byte) error {
			w.buf = base64.StdEncoding.AppendEncode(w.buf, b)
			return nil
		})
	}
	w.text(`"`)
}

// quote writes a string in double quotes, with escapes that JSON and every
// version of YAML read alike. Above U+FFFF they have none in common, and both
// take the character as it is.
func (w *writer) quote(s string) {
	w.text(`"`)
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.text(`\` + string(r))
		case ' ' <= r && r <= '~', r > 0xffff:
			w.text(string(r))
		default:
			w.text(`\u` + hex4(r))
		}
	}
	w.text(`"`)
}

func hex4(r rune) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15]})
}
