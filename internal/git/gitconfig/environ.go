package gitconfig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxCounted bounds GIT_CONFIG_COUNT: no environment holds more.
const maxCounted = 10000

// environment reads GIT_CONFIG_COUNT with its numbered pairs, and what "git -c"
// hands on to the programs it runs.
func (r *reader) environment() error {
	n := 0
	if text := r.src.Env("GIT_CONFIG_COUNT"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 0 || n > maxCounted {
			return errors.New("GIT_CONFIG_COUNT is not a number of settings")
		}
	}
	for i := range n {
		name := "GIT_CONFIG_KEY_" + strconv.Itoa(i)
		key, ok := canonical(r.src.Env(name))
		if !ok {
			return fmt.Errorf("%s names no setting, and GIT_CONFIG_COUNT says that it does", name)
		}
		value := r.src.Env("GIT_CONFIG_VALUE_" + strconv.Itoa(i))
		if err := r.setting(placed{Setting{Key: key, Value: value}, Command, ""}); err != nil {
			return err
		}
	}
	settings, err := parseParameters(r.src.Env("GIT_CONFIG_PARAMETERS"))
	for i := 0; i < len(settings) && err == nil; i++ {
		err = r.setting(placed{settings[i], Command, ""})
	}
	return err
}

// canonical is [Canonical] of a key that can be one.
func canonical(key string) (string, bool) {
	key = Canonical(key)
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	ok := first > 0 && last < len(key)-1 && !strings.Contains(key, "\n")
	return key, ok
}

var errParameters = errors.New("GIT_CONFIG_PARAMETERS is not in the form that git gives it; run: unset GIT_CONFIG_PARAMETERS")

// parseParameters reads the list that git makes of its -c options: 'key'='value',
// 'key'= for a key without a value, and 'key=value' from an older git.
func parseParameters(text string) ([]Setting, error) {
	var out []Setting
	for text = strings.TrimLeft(text, " \t\n"); text != ""; text = strings.TrimLeft(text, " \t\n") {
		key, rest, ok := unquoteShell(text)
		if !ok {
			return nil, errParameters
		}
		s := Setting{Key: key}
		switch {
		case endsWord(rest):
			value := false
			s.Key, s.Value, value = strings.Cut(key, "=")
			s.Key, s.Bare = strings.TrimSpace(s.Key), !value
		case rest[0] == '=' && endsWord(rest[1:]):
			s.Bare, rest = true, rest[1:]
		case rest[0] == '=':
			if s.Value, rest, ok = unquoteShell(rest[1:]); !ok || !endsWord(rest) {
				return nil, errParameters
			}
		default:
			return nil, errParameters
		}
		if s.Key, ok = canonical(s.Key); !ok {
			return nil, errParameters
		}
		out, text = append(out, s), rest
	}
	return out, nil
}

func endsWord(rest string) bool { return rest == "" || strings.ContainsRune(" \t\n", rune(rest[0])) }

// unquoteShell reads one word in single quotes, in which git writes a quote and an
// exclamation mark outside of them, behind a backslash.
func unquoteShell(text string) (word, rest string, ok bool) {
	var out strings.Builder
	for {
		if text, ok = strings.CutPrefix(text, "'"); !ok {
			return "", "", false
		}
		inside, after, closed := strings.Cut(text, "'")
		if !closed {
			return "", "", false
		}
		out.WriteString(inside)
		if !strings.HasPrefix(after, `\'`) && !strings.HasPrefix(after, `\!`) || len(after) < 3 || after[2] != '\'' {
			return out.String(), after, true
		}
		out.WriteByte(after[1])
		text = after[2:]
	}
}
