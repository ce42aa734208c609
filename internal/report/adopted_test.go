package report_test

import (
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/search"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// withAdopted is a state with so many adopted tokens, one ended before.
func withAdopted(names ...string) *state.Snapshot {
	tokens := map[string]*state.Token{}
	for _, name := range names {
		tokens[name] = &state.Token{
			Generations: []state.Generation{{Number: 2, Adopted: true, ExpiresAt: 9}},
			Tombstones:  []state.Tombstone{{Generation: 1, Adopted: true, EndedOn: 1, Reason: "r"}},
		}
	}
	return &state.Snapshot{Accounts: map[string]*state.Account{"ci": {Name: "ci", Tokens: tokens}}}
}

// A stranger may be a value that nobody knows, and it is said of which tokens.
func TestStrangersAndUnknownValues(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][]string{
		"this project never issued it": nil,
		"this project never issued it; it may be the value of token/ci/a@2, which was adopted, so that its value is not known":                        {"a"},
		"this project never issued it; it may be the value of one of 2 tokens that were adopted, token/ci/a@2 among them: their values are not known": {"a", "b"},
	} {
		snap := withAdopted(names...)
		v := report.VerdictOn(secret.New([]byte("stranger")), snap, 1)
		if v.Valid || v.User != "" || v.Reason != want {
			t.Errorf("%q: %+v", names, v)
		}
		known := report.Known{Values: report.Verdicts(snap, 1), Unknown: report.FindUnknown(snap)}
		notes := report.ScanOf(&search.Result{}, known).Notes
		if len(known.Values) > 0 || (len(notes) > 0) != (len(names) > 0) || len(notes) > 0 && !strings.Contains(notes[0], "token/ci/a@2") {
			t.Errorf("%q: %+v, notes %q", names, known.Values, notes)
		}
	}
}

// Nobody was ever able to read it through osmoctl, whatever a forged record says of a
// sum of zeros.
func TestExposureOfUnknownValues(t *testing.T) {
	t.Parallel()
	known := &history.Exposure{Readable: map[state.Sum]map[string]bool{{}: {"age1bob": true}}}
	e := report.ExposureOf(known, "bob", []string{"age1bob"}, withAdopted("a"), nil, 1)
	if len(e.Live) != 0 || e.Ended != 0 || e.Elsewhere != 1 {
		t.Errorf("%+v", e)
	}
}
