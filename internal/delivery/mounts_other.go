//go:build !linux

package delivery

// otherNames are none: mounts of directories are Linux's.
func otherNames(string) []string { return nil }
