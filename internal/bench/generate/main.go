// Command generate makes a project of any size, to measure osmoctl with:
//
//	go run ./internal/bench/generate -accounts 10000 DIR
//	cd DIR && git init && git add . && git commit -m Start && osmoctl apply
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/osmoctl/osmoctl/internal/bench"
)

func main() {
	var o bench.Options
	flag.IntVar(&o.Accounts, "accounts", 0, "number of service accounts (default 100)")
	flag.IntVar(&o.Tokens, "tokens", 0, "number of tokens of each account (default 1)")
	flag.IntVar(&o.Files, "files", 0, "number of files with accounts (default one for every 100)")
	flag.IntVar(&o.Recipients, "recipients", 0, "number of public keys (default 4)")
	flag.IntVar(&o.Roles, "roles", 0, "number of declared roles (default 20)")
	flag.Uint64Var(&o.Seed, "seed", 0, "what is drawn at random follows from it (default 0)")
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() != 1 {
		usage()
		os.Exit(2)
	}
	if err := bench.Generate(flag.Arg(0), o); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: generate [flags] DIR")
	flag.PrintDefaults()
}
