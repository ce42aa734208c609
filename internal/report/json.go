package report

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
)

// version marks a document of this program with the version of its format: in JSON
// it is that number, so that no document can be written without it.
type version struct{}

// MarshalJSON writes the version of the documents of this package.
func (version) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

// List is a list whose JSON form is [] where there is nothing, and never null.
type List[T any] []T

// MarshalJSON writes the elements.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return encode([]T(l))
}

// Elements are pointers to the elements.
func (l List[T]) Elements() iter.Seq[any] {
	return func(yield func(any) bool) {
		for i := range l {
			if !yield(&l[i]) {
				return
			}
		}
	}
}

// Each is a list that is made while it is read: a state has so many tokens that all that
// is reported of them is not held at once. Its JSON form is that of a [List]; nil is
// absent.
type Each[T any] iter.Seq[T]

// EachOf is a list that is there.
func EachOf[T any](list []T) Each[T] { return Each[T](slices.Values(list)) }

// All are the elements, none of nil.
func (e Each[T]) All() iter.Seq[T] {
	if e == nil {
		return func(func(T) bool) {}
	}
	return iter.Seq[T](e)
}

// Elements are pointers to the elements.
func (e Each[T]) Elements() iter.Seq[any] {
	return func(yield func(any) bool) {
		for element := range e.All() {
			if !yield(&element) {
				return
			}
		}
	}
}

// MarshalJSON writes the elements.
func (e Each[T]) MarshalJSON() ([]byte, error) { return List[T](slices.Collect(e.All())).MarshalJSON() }

// encode writes a part of a document. Unlike [json.Marshal] it spells <, > and &
// as themselves, as whoever writes the whole document does.
func encode(document any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(document)
	return b.Bytes(), err
}

// orEmpty makes JSON say [] where there is nothing.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
