//go:build !linux

package delivery

import (
	"os"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

func create(root *os.Root, name string, value secret.Value) error { return link(root, name, value) }
