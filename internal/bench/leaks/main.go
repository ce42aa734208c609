// Command leaks makes a tree of logs with values in it, to measure a search for
// them with:
//
//	go run ./internal/bench/leaks -megabytes 1000 DIR < VALUES
//	osmoctl token scan DIR
//
// VALUES has one value on each line, which may be real ones: keep DIR to yourself.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/osmoctl/osmoctl/internal/bench"
)

func main() {
	var o bench.LeakOptions
	flag.IntVar(&o.Megabytes, "megabytes", 0, "size of the tree (default 100)")
	flag.Uint64Var(&o.Seed, "seed", 0, "what is drawn at random follows from it (default 0)")
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() != 1 {
		usage()
		os.Exit(2)
	}
	values, err := io.ReadAll(os.Stdin)
	if err == nil {
		o.Values = strings.Fields(string(values))
		err = bench.Leaks(flag.Arg(0), o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "leaks:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: leaks [flags] DIR < VALUES")
	flag.PrintDefaults()
}
