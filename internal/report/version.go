package report

// Version is what is known of this program.
type Version struct {
	FormatVersion version `json:"format_version"`
	Version       string  `json:"version"`
	Commit        string  `json:"commit"`
	Go            string  `json:"go"`
	Platform      string  `json:"platform"`
}
