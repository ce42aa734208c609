// Command osmoctl manages NVIDIA OSMO service accounts from declarations in git.
package main

import (
	"context"
	"os"

	"github.com/osmoctl/osmoctl/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), cli.System(), os.Args[1:]))
}
