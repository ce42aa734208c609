// Package gitconfig reads git's configuration the way git does.
//
// A setting is looked up in the system's file, the user's, the repository's,
// the work tree's and the environment, in this order, and the last one holds.
// Files may include others, outright or on a condition. A condition that is not
// known here counts as not met, as it does for git; since a newer git may know it
// and read the file, [Config.Doubtful] tells whether a setting could be another.
//
// Each setting remembers the [Level] it came from, because some of them, like
// safe.directory, must not be believed when the repository itself says them.
// Nothing is ever written, and no value chooses a program to run.
package gitconfig

import (
	"strconv"
	"strings"
)

// A Level says where a setting stands.
type Level uint8

// The levels, in the order in which they are read.
const (
	System Level = iota
	Global
	Local
	Worktree
	Command
)

// A Config is what all files together say.
type Config struct {
	settings []placed
	doubts   []Doubt
}

type placed struct {
	Setting
	level  Level
	origin string // the file, "" for the environment
}

// A Doubt is an include on a condition that is not known here.
type Doubt struct {
	// Condition is what stands between the quotes, File where it stands, and
	// Target the file that would be included, which exists.
	Condition, File, Target string

	after int // how many settings were read before it
}

// Canonical puts section and key into lower case and leaves the subsection.
func Canonical(key string) string {
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	if first < 0 {
		return strings.ToLower(key)
	}
	return strings.ToLower(key[:first]) + key[first:last] + strings.ToLower(key[last:])
}

// Get returns the last value of a key, given in canonical form.
func (c *Config) Get(key string) (string, bool) {
	for i := len(c.settings) - 1; i >= 0; i-- {
		if c.settings[i].Key == key {
			return c.settings[i].Value, true
		}
	}
	return "", false
}

// Trusted returns the last value of a key that the system's files, the user's or
// the environment give: not one of the repository's.
func (c *Config) Trusted(key string) (string, bool) {
	values := c.All(key, System, Global, Command)
	if len(values) == 0 {
		return "", false
	}
	return values[len(values)-1], true
}

// Doubtful returns an include on an unknown condition that could change what a
// key is: one that no later value of the key overrides.
func (c *Config) Doubtful(key string) (Doubt, bool) {
	if len(c.doubts) == 0 {
		return Doubt{}, false
	}
	d := c.doubts[len(c.doubts)-1]
	for _, s := range c.settings[d.after:] {
		if s.Key == key {
			return Doubt{}, false
		}
	}
	return d, true
}

// All returns every value of a key in order, from the levels given.
func (c *Config) All(key string, levels ...Level) []string {
	var values []string
	for _, s := range c.settings {
		if s.Key == key && contains(levels, s.level) {
			values = append(values, s.Value)
		}
	}
	return values
}

// Keys returns the distinct keys of a section at the levels given.
func (c *Config) Keys(section string, levels ...Level) []string {
	var keys []string
	seen := map[string]bool{}
	for _, s := range c.settings {
		if strings.HasPrefix(s.Key, section+".") && contains(levels, s.level) && !seen[s.Key] {
			seen[s.Key] = true
			keys = append(keys, s.Key)
		}
	}
	return keys
}

// Bool returns the last value of a key as git understands booleans, or
// otherwise where it is not set or is no boolean.
func (c *Config) Bool(key string, otherwise bool) bool {
	for i := len(c.settings) - 1; i >= 0; i-- {
		s := c.settings[i]
		switch {
		case s.Key != key:
		case s.Bare || IsTrue(s.Value):
			return true
		case isFalse(s.Value):
			return false
		default:
			return otherwise
		}
	}
	return otherwise
}

func contains(levels []Level, level Level) bool {
	for _, l := range levels {
		if l == level {
			return true
		}
	}
	return len(levels) == 0
}

// IsTrue tells whether git takes a word for true.
func IsTrue(value string) bool {
	switch strings.ToLower(value) {
	case "true", "yes", "on":
		return true
	}
	n, err := strconv.Atoi(value)
	return err == nil && n != 0
}

func isFalse(value string) bool {
	switch strings.ToLower(value) {
	case "false", "no", "off", "", "0":
		return true
	}
	return false
}
