//go:build !unix

package disk

const openNonblock = 0
