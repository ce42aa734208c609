package pieces

import (
	"bytes"
	"encoding/json"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// batch is how many elements of a list are encoded by one goroutine at a time.
const batch = 16

// list encodes the elements a batch at a time on all processors, and writes the batches
// in their order. There are as many batches in memory as there are encoders.
func (w *writer) list(elements iter.Seq[any], prefix string) {
	encoders := runtime.GOMAXPROCS(0) + 1
	idle, busy := make(chan *encoder, encoders), make(chan *encoder, encoders)
	for range encoders {
		idle <- newEncoder(w.escapeHTML)
	}
	var failed atomic.Bool
	var writing sync.WaitGroup
	open := byte('[')
	writing.Go(func() {
		for e := range busy {
			err := <-e.done
			if len(e.out) > 0 {
				e.out[0], open = open, ','
			}
			w.add(e.out, err)
			failed.Store(w.err != nil)
			idle <- e
		}
	})
	for part := range batches(elements) {
		if failed.Load() {
			break
		}
		e := <-idle
		go func() { e.done <- e.elements(part, prefix) }()
		busy <- e
	}
	close(busy)
	writing.Wait()
	if open == '[' {
		w.text("[]")
		return
	}
	w.text("\n" + prefix + "]")
}

func batches(elements iter.Seq[any]) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		var part []any
		for e := range elements {
			if part = append(part, e); len(part) == batch {
				if !yield(part) {
					return
				}
				part = nil
			}
		}
		if len(part) > 0 {
			yield(part)
		}
	}
}

// encoder encodes pieces, one after the other, into memory that it uses again.
type encoder struct {
	out     []byte
	compact bytes.Buffer
	json    *json.Encoder // into compact
	done    chan error
}

func newEncoder(escapeHTML bool) *encoder {
	e := &encoder{done: make(chan error, 1)}
	e.json = json.NewEncoder(&e.compact)
	e.json.SetEscapeHTML(escapeHTML)
	return e
}

// elements encodes some elements of a list, with a comma before each.
func (e *encoder) elements(list []any, prefix string) error {
	e.out = e.out[:0]
	for _, v := range list {
		e.out = append(e.out, ",\n"+prefix+indent...)
		if err := e.encode(v, prefix+indent); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) encode(v any, prefix string) error {
	e.compact.Reset()
	if err := e.json.Encode(v); err != nil {
		return err
	}
	e.out = appendIndented(e.out, bytes.TrimSuffix(e.compact.Bytes(), []byte("\n")), prefix)
	return nil
}
