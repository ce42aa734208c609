package config

import (
	"testing"
	"testing/fstest"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// FuzzLoad feeds manifests: no panic, and every problem has its place.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(fullManifest))
	for _, tt := range badManifests {
		f.Add([]byte(tt.text))
	}
	// Keys are costly to check, so the project file is read once.
	read := newLoader(testProject(fullProject, ""), Options{})
	read.loadProject()
	f.Fuzz(func(t *testing.T, text []byte) {
		fsys := testProject(fullProject, string(text))
		l := newLoader(fsys, Options{Today: benchDay})
		l.project = read.project
		l.loadManifests()
		list := l.problems.finish()
		Annotate(fsys, list)
		checkFuzzed(t, list)
	})
}

// FuzzProject feeds project files.
func FuzzProject(f *testing.F) {
	f.Add([]byte(fullProject))
	for _, tt := range badProjects {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzzLoad(t, testProject(string(text), fullManifest))
	})
}

func fuzzLoad(t *testing.T, fsys fstest.MapFS) {
	t.Helper()
	d, list := Load(fsys, Options{Today: benchDay})
	if (d == nil) != list.HasErrors() {
		t.Errorf("declarations are nil: %v, errors: %v", d == nil, list.HasErrors())
	}
	checkFuzzed(t, list)
}

func checkFuzzed(t *testing.T, list diag.List) {
	t.Helper()
	for _, p := range list {
		if p.Pos.File == "" && p.Code != codeTooManyProblems || p.Summary == "" {
			t.Errorf("%v lacks its file or summary", p)
		}
		if p.Pos.Line > 0 && p.Width < 1 {
			t.Errorf("%v covers nothing", p)
		}
	}
}
