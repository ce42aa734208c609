//go:build !unix

package delivery

import (
	"io/fs"
	"os"
)

const openNoTerminal = 0

func openDescriptor(_ int, path string) (*os.File, error) {
	return nil, &TargetError{path + " is no file on this system", "name a file, or - for stdout"}
}

func pathOf(*os.File) (string, bool) { return "", false }

func countLinks(fs.FileInfo) int { return 1 }
