package model

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the sort of thing that an [Address] names. Kinds are ordered as a
// plan creates them; deletions go backwards.
type Kind uint8

// The kinds of thing there are.
const (
	KindRole Kind = iota + 1
	KindAccount
	KindToken
)

// String returns the first segment of an address of this kind.
func (k Kind) String() string {
	switch k {
	case KindRole:
		return "role"
	case KindAccount:
		return "account"
	case KindToken:
		return "token"
	}
	return "unknown"
}

// Address names one object: role/NAME, account/NAME, token/ACCOUNT/NAME, or one
// generation of a token, token/ACCOUNT/NAME@2. It is comparable, so it serves as
// a map key.
type Address struct {
	Kind Kind
	// Account is set for tokens only.
	Account string
	Name    string
	// Generation is 0 for the token itself.
	Generation int
}

// RoleAddress is role/NAME.
func RoleAddress(name string) Address { return Address{Kind: KindRole, Name: name} }

// AccountAddress is account/NAME.
func AccountAddress(name string) Address { return Address{Kind: KindAccount, Name: name} }

// TokenAddress is token/ACCOUNT/NAME.
func TokenAddress(account, name string) Address {
	return Address{Kind: KindToken, Account: account, Name: name}
}

// At is the address of one generation of the token a.
func (a Address) At(generation int) Address {
	a.Generation = generation
	return a
}

// Token is the address of the token that the generation a belongs to.
func (a Address) Token() Address { return a.At(0) }

// String formats the address; [ParseAddress] reads it back.
func (a Address) String() string {
	switch {
	case a.Kind != KindToken:
		return a.Kind.String() + "/" + a.Name
	case a.Generation == 0:
		return "token/" + a.Account + "/" + a.Name
	}
	return "token/" + a.Account + "/" + a.Name + "@" + strconv.Itoa(a.Generation)
}

// Compare orders addresses by kind (role, account, token), then by name, then
// by generation.
func (a Address) Compare(b Address) int {
	if a.Kind != b.Kind {
		return int(a.Kind) - int(b.Kind)
	}
	if c := strings.Compare(a.Account, b.Account); c != 0 {
		return c
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return a.Generation - b.Generation
}

// MarshalText writes the address as [Address.String] does.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (a *Address) UnmarshalText(b []byte) error {
	v, err := ParseAddress(string(b))
	if err == nil {
		*a = v
	}
	return err
}

// ParseAddress reads an address. The error says what an address looks like.
func ParseAddress(s string) (Address, error) {
	kind, rest, _ := strings.Cut(s, "/")
	var a Address
	var err error
	switch kind {
	case "role":
		a = RoleAddress(rest)
		err = CheckRoleName(rest)
	case "account":
		a = AccountAddress(rest)
		err = CheckAccountName(rest)
	case "token":
		account, name, found := strings.Cut(rest, "/")
		name, generation, numbered := strings.Cut(name, "@")
		if !found {
			return Address{}, fmt.Errorf("address %q lacks a token name: write token/ACCOUNT/NAME", s)
		}
		a = TokenAddress(account, name)
		if err = CheckAccountName(account); err == nil {
			err = CheckTokenName(name)
		}
		if numbered && err == nil {
			a.Generation, err = parseGeneration(generation)
		}
	default:
		return Address{}, fmt.Errorf("%q is not an address: write role/NAME, account/NAME, token/ACCOUNT/NAME or token/ACCOUNT/NAME@GENERATION", s)
	}
	if err != nil {
		return Address{}, fmt.Errorf("address %q: %w", s, err)
	}
	return a, nil
}

// ReadAddress reads what people type: an address, or for a token ACCOUNT/TOKEN
// and ACCOUNT/TOKEN@GENERATION. The words role, account and token always begin an
// address, so the tokens of an account of that name have the long spelling alone.
// A name by itself is refused: an account and a role may share it.
func ReadAddress(s string) (Address, error) {
	kind, rest, found := strings.Cut(s, "/")
	long := kind == "role" || kind == "account" || kind == "token"
	switch {
	case kind == "token" && found && !strings.Contains(rest, "/"):
		return Address{}, fmt.Errorf("%q lacks the account or the token: write ACCOUNT/TOKEN, or token/ACCOUNT/TOKEN", s)
	case !found && !long && CheckAccountName(s) == nil:
		return Address{}, fmt.Errorf("%q may be an account or a role: write account/%s, role/%s, or %s/TOKEN for a token of the account", s, s, s, s)
	case found && !long && !strings.Contains(rest, "/"):
		return ParseAddress("token/" + s)
	}
	return ParseAddress(s)
}

// ReadTokenAddress reads the address of a token or of a generation, in either
// spelling.
func ReadTokenAddress(s string) (Address, error) {
	if !strings.Contains(s, "/") {
		return Address{}, fmt.Errorf("%q does not name a token: write ACCOUNT/TOKEN", s)
	}
	a, err := ReadAddress(s)
	if err == nil && a.Kind != KindToken {
		return Address{}, fmt.Errorf("%q names %s %s, and a token is wanted: write ACCOUNT/TOKEN", s, withArticle(a.Kind), a.Name)
	}
	return a, err
}

func withArticle(k Kind) string {
	if k == KindAccount {
		return "the account"
	}
	return "the role"
}

func parseGeneration(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || strconv.Itoa(n) != s {
		return 0, fmt.Errorf("generation %q is not a positive number", s)
	}
	return n, nil
}

// HeirAddress is the address of the token that took the place of another, by the
// name that state has for it: that of a token of the same account, or an account's
// and a token's with a slash between.
func HeirAddress(old Address, renamedTo string) Address {
	if account, token, other := strings.Cut(renamedTo, "/"); other {
		return TokenAddress(account, token)
	}
	return TokenAddress(old.Account, renamedTo)
}
