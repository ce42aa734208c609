package rules

import "strings"

// Ignores are the ignore files that apply to a folder, the weakest first.
type Ignores struct{ files []ignoreFile }

type ignoreFile struct {
	dir      string
	patterns []pattern
}

// With returns the rules with a file added that is stronger than all before. dir
// is its folder, from the root.
func (g Ignores) With(dir string, data []byte) Ignores {
	file := ignoreFile{dir: dir}
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line = trimSpaces(line); line != "" && line[0] != '#' {
			file.patterns = append(file.patterns, parsePattern(line))
		}
	}
	return Ignores{append(g.files[:len(g.files):len(g.files)], file)}
}

// trimSpaces cuts spaces off the end, but not one behind a backslash.
func trimSpaces(line string) string {
	end := len(line)
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ' ':
			end = min(end, i)
			continue
		case '\\':
			i++
		}
		end = len(line)
	}
	return line[:end]
}

// Match tells whether a path, given from the root, is ignored. What lies in an
// ignored folder is ignored too, which is for the caller to know.
func (g Ignores) Match(path string, isFolder, fold bool, budget *Budget) bool {
	m := matcher{fold, budget}
	for i := len(g.files) - 1; i >= 0; i-- {
		patterns := g.files[i].patterns
		for j := len(patterns) - 1; j >= 0; j-- {
			if m.matches(patterns[j], g.files[i].dir, path, isFolder) {
				return !patterns[j].negated
			}
		}
	}
	return false
}
