package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Days are counted through the ends of months and years and through leap days:
// a rotation is planned on its day and not on the one before, whether that day
// has come or is asked for.
func TestRotationsAroundTheEndsOfMonths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		token, issued, due string
		// expires and retires are those of the new and the old generation.
		expires, retires string
	}{
		{"in=90d every=60d overlap=7d", "2027-12-31", "2028-02-29", "2028-05-29", "2028-03-07"},
		{"in=90d every=60d overlap=7d", "2028-01-01", "2028-03-01", "2028-05-30", "2028-03-08"},
		{"in=90d every=60d overlap=7d", "2026-12-31", "2027-03-01", "2027-05-30", "2027-03-08"},
		{"in=90d every=60d overlap=7d", "2027-11-01", "2027-12-31", "2028-03-30", "2028-01-07"},
		{"in=365d every= overlap=1d", "2028-02-29", "2029-02-27", "2030-02-27", "2029-02-28"},
		{"in=366d every= overlap=1d", "2027-02-28", "2028-02-28", "2029-02-28", "2028-02-29"},
		{"in=365d every= overlap=1d", "2027-02-28", "2028-02-27", "2029-02-26", "2028-02-28"},
		{"in=9d every=1d overlap=0d", "2028-02-28", "2028-02-29", "2028-03-09", ""},
		{"in=9d every=1d overlap=0d", "2027-02-28", "2027-03-01", "2027-03-10", ""},
		{"in=1d every= overlap=0d", "2027-12-31", "2028-01-01", "2028-01-02", ""},
		{"at=2028-02-29 every=31d overlap=5d", "2027-12-30", "2028-01-30", "2028-02-29", "2028-02-04"},
		{"at=2028-02-29 every=31d overlap=5d", "2028-01-28", "2028-02-28", "2028-02-29", "2028-02-29"},
	} {
		t.Run(c.token+" from "+c.issued, func(t *testing.T) {
			t.Parallel()
			project := "guard max_token_lifetime=400d\nrole r1 pool:List@*\naccount a r1\ntoken t " + c.token
			w := applytest.New(t)
			w.Today = applytest.Date(t, c.issued)
			w.Apply(project)
			due := applytest.Date(t, c.due)
			asOf := func(day model.Date) func(*applytest.Options) {
				return func(o *applytest.Options) { o.Today, o.AsOf = day, true }
			}
			if p := w.Plan(project, asOf(due-1)); p.Pending() {
				t.Errorf("the day before: %q", heads(p))
			}
			asked := w.Plan(project, asOf(due))
			w.Today = due
			p := w.Apply(project)
			if d := cmp.Diff(heads(asked), heads(p)); d != "" {
				t.Errorf("(-asked for +on the day): %s", d)
			}
			r := p.Changes[0].Resolved
			if got, want := []string{r.ExpiresAt.String(), retired(w)}, []string{c.expires, c.retires}; !cmp.Equal(got, want) {
				t.Errorf("the new one expires and the old one retires on %q, want %q", got, want)
			}
		})
	}
}

// retired is the day on which the first generation is to go, if it is there.
func retired(w *applytest.World) string {
	if g := w.Token("a", "t").Generation(1); g != nil {
		return g.RevokeAfter.String()
	}
	return ""
}

// A fixed date on a leap day is dead from its first second on.
func TestFixedDateOnALeapDay(t *testing.T) {
	t.Parallel()
	const project = "role r1 pool:List@*\naccount a r1\ntoken t at=2028-02-29"
	w := applytest.New(t)
	w.Today = applytest.Date(t, "2028-01-31")
	w.Apply(project)
	for day, want := range map[string][]string{
		"2028-01-31": {"expires_soon"}, "2028-02-28": {"expires_soon"}, "2028-02-29": {"expired"}, "2028-03-01": {"expired"},
	} {
		p := w.Plan(project, func(o *applytest.Options) { o.Today = applytest.Date(t, day) })
		var got []string
		for _, warning := range p.Warnings {
			if warning.Address != nil && *warning.Address == model.TokenAddress("a", "t") {
				got = append(got, warning.Code)
			}
		}
		if !cmp.Equal(want, got) || p.Pending() {
			t.Errorf("%s: warnings %q, want %q; changes %q", day, got, want, heads(p))
		}
	}
}
