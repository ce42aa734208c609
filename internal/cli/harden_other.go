//go:build !linux

package cli

import "runtime/debug"

// hardenProcess keeps values out of crash texts.
func hardenProcess() { debug.SetTraceback("none") }
