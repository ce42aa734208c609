//go:build !windows

package gitconfig

const systemFile = "/etc/gitconfig"
