package report

import "runtime/debug"

// Version is what is known of this program.
type Version struct {
	FormatVersion version `json:"format_version"`
	Version       string  `json:"version"`
	// Commit and Date are those of the commit that it was built from, empty where the
	// build had no repository, as that of go install MODULE@VERSION.
	Commit string `json:"commit"`
	Date   string `json:"date"`
	// Modified says that its sources were not those of the commit alone.
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// NewVersion takes what the Go toolchain recorded in a program when it built it: the version from
// a tag, and commit and date from the repository. No flag of the build has to name them, so a
// build by anybody says the same. Go and Platform are left to the caller.
func NewVersion(info *debug.BuildInfo) Version {
	v := Version{Version: info.Main.Version}
	if v.Version == "" || v.Version == "(devel)" {
		v.Version = "devel"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Date = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
