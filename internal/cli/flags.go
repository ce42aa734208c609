package cli

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// flags are the scope as it would be typed, but for --due-only.
func (s scope) flags() (line []string) {
	line = append(line, addressFlags("--target", s.Target)...)
	return append(line, addressFlags("--replace", s.Replace)...)
}

func addressFlags(flag string, list []model.Address) (line []string) {
	for _, a := range list {
		line = append(line, flag+" "+model.ShellWord(a.String()))
	}
	return line
}

// flags are the allowances as they would be typed.
func (a allowances) flags() (line []string) {
	add := func(flag string, given bool, value any) {
		if given {
			line = append(line, strings.TrimSpace(flag+" "+fmt.Sprint(value)))
		}
	}
	number := func(flag string, n *int) {
		if n != nil {
			add(flag, true, *n)
		}
	}
	add("--allow-empty", a.AllowEmpty, "")
	number("--allow-deletes", a.AllowDeletes)
	line = append(line, addressFlags("--allow-delete", a.AllowDelete)...)
	number("--allow-rotations", a.AllowRotations)
	number("--allow-new-readers", a.AllowNewReaders)
	number("--allow-risks", a.AllowRisks)
	add("--allow-lifetime", a.AllowLifetime != 0, a.AllowLifetime)
	add("--allow-state-move", a.AllowStateMove != "", model.ShellWord(a.AllowStateMove))
	return append(line, addressFlags("--allow", a.Allow)...)
}
