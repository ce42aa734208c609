package config

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// benchProject is a project of so many accounts with a token each, in so many
// files.
func benchProject(accounts, files int) fstest.MapFS {
	fsys := fstest.MapFS{
		ProjectFile:            &fstest.MapFile{Data: []byte(projectYAML)},
		"manifests/roles.yaml": &fstest.MapFile{Data: []byte(benchRoles(50))},
	}
	for f := range files {
		var b strings.Builder
		b.WriteString("service_accounts:\n")
		for i := f * accounts / files; i < (f+1)*accounts/files; i++ {
			fmt.Fprintf(&b, `  svc-%05d:
    description: Service account number %[1]d of the platform
    labels: {team: platform, tier: gold}
    roles: [osmo-backend, team-%02[2]d]
    tokens:
      main:
        description: The token of %[1]d
        expires_in: 90d
        rotate: {every: 60d, overlap: 7d}
`, i, i%50)
		}
		fsys[fmt.Sprintf("manifests/team-%05d.yaml", f)] = &fstest.MapFile{Data: []byte(b.String())}
	}
	return fsys
}

func benchRoles(n int) string {
	var b strings.Builder
	b.WriteString("roles:\n")
	for i := range n {
		fmt.Fprintf(&b, "  team-%02d:\n    policies:\n      - actions: [\"workflow:*\"]\n        resources: [pool/team-%[1]d]\n", i)
	}
	return b.String()
}

func BenchmarkLoad(b *testing.B) {
	for _, files := range []int{100, 10_000 - 1} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			fsys := benchProject(10_000, files)
			b.SetBytes(size(fsys))
			b.ReportAllocs()
			for b.Loop() {
				if d, list := Load(fsys, Options{Today: benchDay}); d == nil {
					b.Fatal(list)
				}
			}
		})
	}
}

var benchDay, _ = model.ParseDate("2026-11-23")

func size(fsys fstest.MapFS) (n int64) {
	for _, f := range fsys {
		n += int64(len(f.Data))
	}
	return n
}

const projectYAML = `version: 1
recipients:
  alice: age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj
defaults:
  recipients: [alice]
  token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}
`

// BenchmarkHostile reads one file of the largest size that was made to be slow.
func BenchmarkHostile(b *testing.B) {
	fill := func(head, unit, tail string) []byte {
		return []byte(head + strings.Repeat(unit, (MaxFileSize-len(head)-len(tail))/len(unit)) + tail)
	}
	for name, data := range map[string][]byte{
		"items":    fill("roles:\n", "- a\n", ""),
		"nulls":    fill("roles:\n", "a:\n", ""),
		"one line": fill("roles: [", "{a: b},", "]"),
		"tags":     fill("roles: [", "! a,", "]"),
		"brackets": fill("roles: ", "[", ""),
		"quote":    fill("roles: \"", "\\x41", ""),
	} {
		b.Run(name, func(b *testing.B) {
			fsys := testProject(projectYAML, string(data))
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				Load(fsys, Options{Today: benchDay})
			}
		})
	}
}
