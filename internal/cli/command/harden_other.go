//go:build !linux

package command

import "runtime/debug"

// Harden keeps values out of crash texts.
func Harden() { debug.SetTraceback("none") }
