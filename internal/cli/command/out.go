package command

import (
	"bytes"
	"context"

	"github.com/osmoctl/osmoctl/internal/delivery"
	"github.com/osmoctl/osmoctl/internal/view"
)

// CheckOut refuses a file for a result, before anything is read for it. Without a path,
// and with "-", the result goes to stdout.
func (e *Env) CheckOut(path string) error {
	if path == "" || delivery.IsStdout(path) {
		return nil
	}
	return delivery.Document{Path: e.Abs(path)}.Check()
}

// ShowIn shows a result on stdout, or in the file that [Env.CheckOut] let pass, where it
// appears whole or not at all. size is how many bytes the file has, 0 for stdout.
func (e *Env) ShowIn(ctx context.Context, path string, show func(*view.View) error) (size int, err error) {
	v := e.View()
	if path == "" || delivery.IsStdout(path) {
		return 0, show(v)
	}
	var text bytes.Buffer
	v.Out, v.Color, v.Width = &text, false, 0
	if err := show(v); err != nil {
		return 0, err
	}
	return text.Len(), delivery.Document{Path: e.Abs(path)}.Write(ctx, text.Bytes())
}
