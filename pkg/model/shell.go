package model

import "strings"

// ShellWord is a text as one word of a shell, for commands that people paste.
// Names and paths come from a pull request, and so does what a shell would make of
// them. A leading ~/ is left for the shell to find.
func ShellWord(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+@%=:,#"
	if s != "" && !strings.ContainsRune("-#=", rune(s[0])) && strings.Trim(s, plain) == "" {
		return s
	}
	if rest, home := strings.CutPrefix(s, "~/"); home && rest != "" {
		return "~/" + ShellWord(rest)
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
