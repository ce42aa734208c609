//go:build !linux

package main

import "fmt"

func (l *lab) fullDisk() error {
	fmt.Fprintf(l.out, "%-8s skipped: it needs a small file system of its own, which is made on Linux only\n", "fulldisk")
	return nil
}
