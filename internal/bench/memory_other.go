//go:build !unix

package bench

import "os"

// PeakMemory is 0: this system does not say what a process held.
func PeakMemory(*os.ProcessState) int64 { return 0 }
