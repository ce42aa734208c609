package history

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/apply/backendtest"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// unreachable is a store whose commits of a kind do not come through.
type unreachable struct {
	apply.Store
	kind string
}

func (s unreachable) Commit(ctx context.Context, changes []state.Change, message string) (string, error) {
	if strings.HasPrefix(message, "osmoctl: "+s.kind) {
		return "", errors.New("the remote cannot be reached")
	}
	return s.Store.Commit(ctx, changes, message)
}

// Every commit of a run on a server is one that osmoctl makes: reservations,
// burned numbers, take-overs and confirmations with it.
func TestRunsOnAServer(t *testing.T) {
	t.Parallel()
	w, server := applytest.New(t), &backendtest.Server{}
	execute := func(declarations string, spoil func(*apply.Run, *backendtest.Session)) error {
		want := applytest.Declare(t, declarations)
		session := server.Session("osmoctl")
		r := w.Run(want)
		r.Backend = session
		spoil(r, session)
		if _, err := r.TakeOver(t.Context(), w.State()); err != nil {
			t.Fatal(err)
		}
		_, err := r.Apply(t.Context(), w.PlanFor(want), w.State())
		return err
	}
	losing := func(name string) func(*apply.Run, *backendtest.Session) {
		return func(_ *apply.Run, s *backendtest.Session) {
			s.Fault = func(call string) backendtest.Fault {
				if call == "create "+name {
					return backendtest.NoReply
				}
				return backendtest.None
			}
		}
	}
	undisturbed := func(*apply.Run, *backendtest.Session) {}

	if err := execute(firstDeclarations, losing("svc/t")); err != nil {
		t.Fatal(err)
	}
	w.Pass(60)
	if err := execute(firstDeclarations, func(r *apply.Run, _ *backendtest.Session) { r.Store = unreachable{r.Store, "1 rotate"} }); err == nil {
		t.Fatal("a publish that did not come through was passed over")
	}
	for _, declarations := range []string{firstDeclarations, lastDeclarations} {
		if err := execute(declarations, undisturbed); err != nil {
			t.Fatal(err)
		}
		w.Pass(10)
	}

	r := newRepo(t)
	f := files{}
	var subjects []string
	for _, c := range w.Store.Commits {
		for _, change := range c.Changes {
			if delete(f, change.Path); !change.Delete {
				f[change.Path] = string(change.Data)
			}
		}
		subject, _, _ := strings.Cut(c.Message, " (serial")
		subjects = append(subjects, strings.TrimPrefix(subject, "osmoctl: "))
		r.commit(c.Message, f)
	}
	want := []string{
		"reserve", "6 create", "1 create", "confirm what is gone", // svc/t got another number
		"reserve", "take over from run run-1", "reserve", "1 rotate", // it was confirmed later
		"1 update, 1 revoke, 1 delete", "confirm what is gone",
	}
	if !slices.Equal(subjects, want) {
		t.Errorf("the commits are %q", subjects)
	}
	if report := r.check(Options{Full: true}); len(report.Findings) > 0 {
		t.Errorf("%+v", report.Findings)
	}
}
