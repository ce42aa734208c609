package report

import (
	"bytes"
	"encoding/json"
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
