package view

import "github.com/osmoctl/osmoctl/internal/report"

// Version writes what is known of this program: text or JSON.
func (v *View) Version(info report.Version, f Format) error {
	return v.Show(f, Form{
		Text: func(p *Page) {
			p.Line("osmoctl " + info.Version)
			p.Optional("commit", info.Commit)
			p.Optional("go", info.Go)
			p.Optional("platform", info.Platform)
		},
		JSON: info,
	})
}
