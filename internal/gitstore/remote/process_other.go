//go:build !unix

package remote

import "os/exec"

// detach leaves git as it is where there are no sessions; when the context
// ends, git alone is killed, and its children see their pipes close.
func detach(*exec.Cmd) {}

func killRest(*exec.Cmd) {}
