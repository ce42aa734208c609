package cli

// What no project can be brought to show: osmoctl's own values always fit.
var (
	FitsBackend = fitsBackend
	Dotenv      = dotenv
	WithToken   = withToken
)

// MaxReason is the longest reason that a revocation takes.
const MaxReason = maxReason
