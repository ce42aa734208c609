package model

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxNameLength bounds every name, in bytes. OSMO sets no limit for users and
// tokens and drops roles above 256 bytes at its gateway; a path has room for
// 255 in all.
const MaxNameLength = 128

// CheckAccountName applies OSMO's pattern for user ids,
// ^[a-zA-Z0-9]([a-zA-Z0-9_.@-]*[a-zA-Z0-9])?$, and the limits that paths set.
func CheckAccountName(name string) error {
	return checkName(name, "an account name", "_.@-", false)
}

// CheckTokenName applies OSMO's pattern for token names,
// ^[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$, and the limits that paths set.
func CheckTokenName(name string) error {
	return checkName(name, "a token name", "_-", true)
}

// CheckRoleName applies [A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?. OSMO's API has
// no rule for role names at all; its gateway and our paths need one.
func CheckRoleName(name string) error {
	return checkName(name, "a role name", "_.-", false)
}

// CheckRecipientName applies the rule of role names to the names in
// osmoctl.yaml's recipients.
func CheckRecipientName(name string) error {
	return checkName(name, "a recipient name", "_.-", false)
}

func checkName(name, what, inner string, letterFirst bool) error {
	switch {
	case name == "":
		return fmt.Errorf("%s cannot be empty", what)
	case len(name) > MaxNameLength:
		return fmt.Errorf("%s has at most %d bytes, this one has %d", what, MaxNameLength, len(name))
	case letterFirst && !isLetter(name[0]):
		return fmt.Errorf("%s begins with a letter", what)
	case !isLetter(name[0]) && !isDigit(name[0]):
		return fmt.Errorf("%s begins with a letter or digit", what)
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte(inner, c) < 0 {
			return fmt.Errorf("%s holds only letters, digits and %s", what, spell(inner))
		}
	}
	if last := name[len(name)-1]; !isLetter(last) && !isDigit(last) {
		return fmt.Errorf("%s ends with a letter or digit", what)
	}
	if isDeviceName(name) {
		return errors.New("this name is a device on Windows, where the repository could then not be checked out")
	}
	return nil
}

// spell lists the characters of set for people: "_", "." and "-".
func spell(set string) string {
	var b strings.Builder
	for i := range len(set) {
		switch {
		case i == 0:
		case i == len(set)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(set[i : i+1]))
	}
	return b.String()
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// isDeviceName reports whether Windows takes name, whatever follows its first
// dot, for a device.
func isDeviceName(name string) bool {
	base, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (base[:3] == "com" || base[:3] == "lpt") && isDigit(base[3]) && base[3] != '0'
}

// ServerName is the name that a generation of token carries on the server: the
// token's own for generation 1, NAME-gN after.
func ServerName(token string, generation int) string {
	if generation == 1 {
		return token
	}
	return token + "-g" + strconv.Itoa(generation)
}

// GenerationNamed is the generation of an account's token that a server name stands for
// by its form. It may be the first of a token of just that name, too.
func GenerationNamed(account, name string) Address {
	if token, generation, ok := SplitServerName(name); ok {
		return TokenAddress(account, token).At(generation)
	}
	return TokenAddress(account, name).At(1)
}

// SplitServerName undoes [ServerName] for generations above 1: it reports the
// token and the generation that name would be the server name of.
func SplitServerName(name string) (token string, generation int, ok bool) {
	i := strings.LastIndex(name, "-g")
	if i < 1 {
		return "", 0, false
	}
	n, err := strconv.Atoi(name[i+2:])
	if err != nil || n < 2 || strconv.Itoa(n) != name[i+2:] {
		return "", 0, false
	}
	return name[:i], n, true
}
