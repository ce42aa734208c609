// Command worst measures a program on the worst projects that anybody has thought
// of, and prints a table:
//
//	go build -o /tmp/osmoctl ./cmd/osmoctl
//	go run ./internal/bench/worst /tmp/osmoctl [CASE...]
//
// Each run is ended after two minutes of processor time. The project of one case is
// made, and kept, with -make DIR.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
)

func main() {
	seconds := flag.Int("seconds", 120, "end each run after so much processor time")
	dir := flag.String("make", "", "make the project of the one case named in this directory, and run nothing")
	flag.Parse()
	if err := run(*dir, *seconds, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "worst:", err)
		os.Exit(1)
	}
}

func run(dir string, seconds int, args []string) error {
	if dir != "" {
		return Make(dir, "osmoctl", *findCase(args[0]))
	}
	if len(args) == 0 {
		return fmt.Errorf("usage: worst PROGRAM [CASE...]")
	}
	fmt.Println("| case | what | CPU | peak memory | outcome |\n| --- | --- | --- | --- | --- |")
	for _, c := range Cases {
		if len(args) > 1 && !slices.Contains(args[1:], c.Name) {
			continue
		}
		dir, err := os.MkdirTemp("", "worst-")
		if err != nil {
			return err
		}
		if err := Make(dir, args[0], c); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		r := Run(args[0], dir, c, seconds)
		fmt.Printf("| `%s` | %s | %.1f s | %d MiB | %s |\n", c.Name, c.What, r.CPU.Seconds(), r.Memory>>20, r.Outcome())
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

func findCase(name string) *Case {
	for i := range Cases {
		if Cases[i].Name == name {
			return &Cases[i]
		}
	}
	return &Case{Name: name, Make: func(*Project) {}}
}
