// Package config reads a project directory: osmoctl.yaml, the manifests below it and
// approvals.yaml become the declarations of package model.
//
// # Strictness
//
// What a reviewer sees in a pull request must be what is read, so YAML is
// narrowed to scalars, lists and maps: no anchors, aliases, tags, merge keys,
// nulls or second documents, and no character that a diff does not show. Every
// key is known or refused, and stands once. Where text is meant, a scalar is
// taken by its source text, so that no, 010 and 2027-01-01 are what they look
// like. Sizes, depth and the number of files are bounded before anything is
// parsed.
//
// # Steps
//
// [Load] reads the project file, whose defaults and recipients the manifests
// refer to; lists and reads the manifests; then, file by file and several at a
// time, checks the text, parses it, and turns it into roles and accounts. What
// depends on one file alone is checked there. Ordinary YAML is parsed by a small
// parser of this package, ten times as fast as the library; whatever that is not
// certain about, mistakes included, is left to the library. The results are merged in the
// order of their paths, where names that clash and references that lead
// nowhere come to light. Nothing depends on which file was ready first.
//
// # Problems
//
// Every problem is reported in one pass, with its place, and the walk goes on:
// a value that was refused is never asked for again, and a reference is not
// called undeclared when the file that may declare it could not be read. Texts
// that quote a file are masked where they are shaped like a secret.
//
// The package is pure: it reads an [fs.FS] and nothing else, and takes the date
// as an argument.
package config

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/osmoctl/osmoctl/internal/parallel"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

const (
	// ProjectFile is the name of the project file, which makes its directory
	// a project directory.
	ProjectFile = "osmoctl.yaml"
	// ManifestDir is the directory of the manifests, below the project
	// directory.
	ManifestDir = "manifests"
	// ApprovalsFile is the name of the file that lets single plans through
	// guardrails. It is a file of its own so that git hosts can ask others to
	// review it.
	ApprovalsFile = "approvals.yaml"
)

// Paths are the files and the directory that declarations are read from, below the
// project directory.
func Paths() []string { return []string{ProjectFile, ManifestDir, ApprovalsFile} }

// Options of [Load].
type Options struct {
	// Today is the UTC day that limits on a fixed expiry are counted from.
	// The zero Date leaves them unchecked.
	Today model.Date
	// Limits bound what is declared; the zero Limits are the defaults.
	Limits model.Limits
	// PassEmpty passes over manifests of no byte, such as the one that a shell has
	// just made for what the command is about to print.
	PassEmpty bool
}

// Load reads osmoctl.yaml, manifests/** (.yaml, .yml) and approvals.yaml, where there
// is one, from fsys, whose root is the project directory, and returns the declarations
// with defaults filled in. Every problem is reported in one pass, sorted by place, at most 1,000 of
// them; the declarations are nil when any of them is an error.
func Load(fsys fs.FS, opts Options) (*model.Declarations, diag.List) {
	l := newLoader(fsys, opts)
	l.loadProject()
	l.loadManifests()
	approvals := l.loadApprovals()
	list := l.problems.finish()
	Annotate(fsys, list)
	if list.HasErrors() {
		return nil, list
	}
	return &model.Declarations{
		Project: l.project.Project, Roles: l.merged.roles, Accounts: l.merged.accounts, Approvals: approvals, Suppressions: l.merged.suppressions,
	}, list
}

// LoadManifest reads one manifest by itself, for what it says of roles and of who holds
// them: what stands in other files, such as keys and defaults of tokens, is not missed.
// The declarations are nil when a problem is an error.
func LoadManifest(fsys fs.FS, name string, opts Options) (*model.Declarations, diag.List) {
	l := newLoader(fsys, opts)
	l.project = &project{unknown: true}
	l.merged = newMerger(l.project, &l.problems, l.opts.Limits)
	l.merged.incomplete = true
	if text, err := readFile(fsys, name); err != nil {
		l.problems.add(fileProblem(name, err))
	} else {
		l.merged.add(l.decode([]file{{name, text}})[0])
	}
	list := l.problems.finish()
	Annotate(fsys, list)
	if list.HasErrors() {
		return nil, list
	}
	return &model.Declarations{Roles: l.merged.roles, Accounts: l.merged.accounts}, list
}

// loader is the state of one Load.
type loader struct {
	fsys     fs.FS
	opts     Options
	problems problems
	project  *project
	merged   *merger
	// nodes are the memory of what is parsed of each file of a wave.
	nodes []nodeMemory
}

func newLoader(fsys fs.FS, opts Options) *loader {
	opts.Limits = opts.Limits.OrDefault()
	return &loader{fsys: fsys, opts: opts, problems: problems{hints: diag.NewHints()}}
}

func (l *loader) loadProject() {
	r := &projectReader{reader{file: ProjectFile, problems: problems{hints: l.problems.hints}}}
	text, err := readFile(l.fsys, ProjectFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.add(diag.Diagnostic{
			Code: codeMissingProject, Summary: "there is no " + ProjectFile + " here", Pos: diag.Position{File: ProjectFile},
			Hint: "run osmoctl init to make a project, or -C DIR to name one",
		})
	case err != nil:
		r.add(fileProblem(ProjectFile, err))
	default:
		l.project = r.read(r.root(text))
		r.checkLeaks(text)
	}
	if l.project == nil {
		l.project = &project{unknown: true}
	}
	l.problems.merge(&r.problems)
}

// root parses the file and reports what keeps it from being read.
func (r *reader) root(text string) *node {
	root, flaw := r.parse(text)
	switch {
	case flaw != nil:
		r.broken = true
		r.add(flaw.diagnostic(r.file))
	case root == nil:
		r.add(diag.Diagnostic{
			Code: codeEmptyFile, Summary: "the file declares nothing", Pos: diag.Position{File: r.file},
			Hint: emptyHint(r.file),
		})
	}
	return root
}

func emptyHint(name string) string {
	switch name {
	case ProjectFile:
		return `begin with "version: 1"`
	case ApprovalsFile:
		return "delete it: there is nothing to approve"
	}
	return "add roles or service_accounts, or delete the file"
}

// A wave is the manifests that are decoded between two looks at the number of
// problems: enough to keep every processor busy, few enough that a project that
// is wrong everywhere takes neither the time nor the memory for problems that
// nobody will see.
const (
	waveFiles = 256
	waveSize  = 2 << 20 // bytes
)

// countWave returns how many of the files make the next wave.
func countWave(files []file) int {
	size := 0
	for i, f := range files[:min(len(files), waveFiles)] {
		if size += len(f.text); size > waveSize {
			return i + 1
		}
	}
	return min(len(files), waveFiles)
}

func (l *loader) loadManifests() {
	before := l.problems.errors
	names := listManifests(l.fsys, l.opts.Limits, &l.problems)
	if len(names) == 0 && l.problems.errors == before {
		l.problems.add(diag.Diagnostic{
			Severity: diag.Warning, Code: codeNoManifests, Summary: "the project declares nothing",
			Pos: diag.Position{File: ManifestDir}, Hint: "declare roles and service_accounts in " + ManifestDir + "/NAME.yaml",
		})
	}
	files, complete := readManifests(l.fsys, names, l.opts.Limits, &l.problems)
	if l.opts.PassEmpty {
		files = slices.DeleteFunc(files, func(f file) bool { return len(f.text) == 0 })
	}
	l.merged = newMerger(l.project, &l.problems, l.opts.Limits)
	l.merged.incomplete = !complete || l.problems.errors > before
	for len(files) > 0 && l.problems.errors < maxProblems && !l.merged.stopped {
		n := countWave(files)
		for _, m := range l.decode(files[:n]) {
			if !l.merged.stopped {
				l.merged.add(m)
			}
		}
		files = files[n:]
	}
	l.merged.check()
}

// decode reads the files, several at a time, and returns them in their order. What was parsed
// of them is there until the next call.
func (l *loader) decode(files []file) []*manifest {
	list := make([]*manifest, len(files))
	l.nodes = append(l.nodes, make([]nodeMemory, max(0, len(files)-len(l.nodes)))...)
	parallel.Each(len(files), func(i int) {
		m := &manifest{reader: reader{file: files[i].name, nodes: &l.nodes[i]}, project: l.project, today: l.opts.Today, limits: l.opts.Limits}
		root := m.root(files[i].text)
		m.read(root)
		m.checkLeaks(files[i].text)
		m.suppressions = readSuppressions(files[i].name, files[i].text, root)
		list[i] = m
	})
	return list
}
