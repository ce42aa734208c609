package view

import "github.com/osmoctl/osmoctl/internal/report"

// Version writes what is known of this program: text or JSON.
func (v *View) Version(info report.Version, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.version(info) },
		json: info,
	})
}

func (p *page) version(info report.Version) {
	p.line("osmoctl " + info.Version)
	p.optional("commit", info.Commit)
	p.optional("go", info.Go)
	p.optional("platform", info.Platform)
}
