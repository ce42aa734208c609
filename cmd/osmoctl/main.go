// Command osmoctl manages NVIDIA OSMO service accounts from declarations in git.
package main

import (
	"context"
	"os"

	"github.com/osmoctl/osmoctl/internal/cli"
	"github.com/osmoctl/osmoctl/internal/cli/command"
)

func main() {
	os.Exit(cli.Main(context.Background(), command.System(), os.Args[1:]))
}
