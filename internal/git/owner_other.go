//go:build !unix

package git

// ownedByUs trusts the file system where files have no user number.
func ownedByUs(string, func(string) string) (bool, error) { return true, nil }
