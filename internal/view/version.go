package view

import "github.com/osmoctl/osmoctl/internal/report"

// Version writes what is known of this program: text or JSON.
func (v *View) Version(info report.Version, f Format) error {
	return v.Show(f, Form{
		Text: func(p *Page) {
			p.Line("osmoctl " + info.Version)
			commit := info.Commit
			if info.Modified {
				commit += ", and changes that are in no commit"
			}
			p.Optional("commit", commit)
			p.Optional("date", info.Date)
			p.Optional("go", info.Go)
			p.Optional("platform", info.Platform)
		},
		JSON: info,
	})
}
