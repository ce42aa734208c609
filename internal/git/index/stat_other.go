//go:build !linux && !darwin

package index

import "io/fs"

// StatOf returns nothing where git's idea of a file's status is not known, so
// that git looks at the content once and then remembers it itself.
func StatOf(fs.FileInfo) Stat { return Stat{} }
