package cli

import "github.com/osmoctl/osmoctl/pkg/model"

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
