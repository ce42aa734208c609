package report

// How a check came out.
const (
	CheckOK      = "ok"
	CheckWarning = "warning"
	CheckProblem = "problem"
	CheckSkipped = "skipped"
)

// Check is one thing that was looked at.
type Check struct {
	// Area is what it is about, Name which check it is.
	Area string `json:"area"`
	Name string `json:"check"`
	// Status is one of the words above. Message says what was found, Remedy what to do;
	// that may be empty.
	Status  string `json:"status"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

// Checkup is everything that was looked at.
type Checkup struct {
	FormatVersion version     `json:"format_version"`
	Problems      int         `json:"problems"`
	Warnings      int         `json:"warnings"`
	Checks        List[Check] `json:"checks"`
}

// CheckupOf counts what checks found.
func CheckupOf(checks []Check) Checkup {
	c := Checkup{Checks: checks}
	for _, check := range checks {
		switch check.Status {
		case CheckProblem:
			c.Problems++
		case CheckWarning:
			c.Warnings++
		}
	}
	return c
}
