package osmo

import (
	"net/http"
	"regexp"

	"github.com/osmoctl/osmoctl/internal/pattern"
)

// verdict is what an answer says about what was asked for.
type verdict int

const (
	// unknown: it may have been done, or may be done later.
	unknown verdict = iota
	// taken is unknown of a name that is there already: looking at what is there
	// may decide it.
	taken
	// done: it was done.
	done
	// refused: it was not, and will not be.
	refused
	// absent is refused since something it names is not there.
	absent
	// readOnly is refused since the server takes its roles from a file.
	readOnly
)

// row is one kind of answer.
type row struct {
	status int
	// code is the error_code of OSMO's errors; words are what the message must
	// match. Both are looked at only where they are set.
	code  string
	words func() *regexp.Regexp
	is    verdict
}

const (
	userError = "USER"
	ok        = http.StatusOK
	bad       = http.StatusBadRequest
)

// verdicts are all kinds of answers that are not unknown, and those that could be
// taken for others; the first that matches holds. Not found is 400 to OSMO, with the
// same code as every other fault, so only its words tell them apart.
var verdicts = []row{
	{ok, "", nil, done},

	{http.StatusUnprocessableEntity, "", nil, refused},
	{http.StatusUnauthorized, "", nil, refused},
	{http.StatusForbidden, "", nil, refused},
	{http.StatusNotFound, "", nil, refused},
	{http.StatusMethodNotAllowed, "", nil, refused},
	{http.StatusConflict, userError, pattern.Lazy(`^Configs are managed by ConfigMap `), readOnly},
	{http.StatusConflict, "", nil, refused},
	{http.StatusTooManyRequests, "", nil, refused},

	// The server repeats an insert that failed, and may say this of its own row.
	{bad, userError, pattern.Lazy(`^Token name .* already exists\.$`), taken},
	{bad, userError, pattern.Lazy(`^User .* already exists$`), taken},

	{bad, userError, pattern.Lazy(`^User .* not found$`), absent},
	{bad, userError, pattern.Lazy(`^Role .* does not exist\.?$`), absent},
	{bad, userError, pattern.Lazy(`^Access token .* does not exist\.$`), absent},

	{bad, userError, pattern.Lazy(`^User ID must not be empty$`), refused},
	{bad, userError, pattern.Lazy(`^User does not have all the requested roles\. Token creation failed\.$`), refused},
	{bad, userError, pattern.Lazy(`^At least one role must be specified for the access token\.$`), refused},
	{bad, userError, pattern.Lazy(`^Expiration date must be past the current date \(`), refused},
	{bad, userError, pattern.Lazy(`^Access token expiration date cannot be more than .* from now$`), refused},
	{bad, userError, pattern.Lazy(`^Access token has invalid length [0-9]+$`), refused},
	{bad, userError, pattern.Lazy(`^Access Token is invalid$`), refused},
	{bad, userError, pattern.Lazy(`^Access Token has expired$`), refused},
	{bad, userError, pattern.Lazy(`(?s)^Username .* must match regex `), refused},
	{bad, userError, pattern.Lazy(`(?s)^Token name .* must match regex `), refused},
	{bad, userError, pattern.Lazy(`(?s)^Invalid action format: .*\. Expected format: `), refused},
}

// judge is the verdict on an answer that came whole.
func judge(status int, code, message string) verdict {
	for _, r := range verdicts {
		if r.status == status && (r.code == "" || r.code == code) && (r.words == nil || r.words().MatchString(message)) {
			return r.is
		}
	}
	return unknown
}
