package view

// VersionInfo is what is known of this program.
type VersionInfo struct {
	Version  string
	Commit   string
	Go       string
	Platform string
}

type versionDocument struct {
	FormatVersion int    `json:"format_version"`
	Version       string `json:"version"`
	Commit        string `json:"commit"`
	Go            string `json:"go"`
	Platform      string `json:"platform"`
}

// Version writes what is known of this program: text or JSON.
func (v *View) Version(info VersionInfo, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.version(info) },
		json: func() any {
			return versionDocument{formatVersion, info.Version, info.Commit, info.Go, info.Platform}
		},
	})
}

func (p *page) version(info VersionInfo) {
	p.line("osmoctl " + info.Version)
	p.optional("commit", info.Commit)
	p.optional("go", info.Go)
	p.optional("platform", info.Platform)
}
