package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/osmoctl/osmoctl/internal/backend/local"
	"github.com/osmoctl/osmoctl/internal/backend/osmo"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/wait"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The variables by which an operator lets osmoctl talk to a server.
const (
	URLVariable   = "OSMO_URL"
	TokenVariable = "OSMO_TOKEN"
	UserVariable  = "OSMO_USER"
)

// Access is how whoever runs osmoctl lets it talk to a server. A project says which
// server is its own; only one that both name is talked to, so that a file of the
// repository alone sends a credential nowhere.
type Access struct {
	// URL is the address that the operator names.
	URL string
	// Token is the credential. It is the caller's to wipe.
	Token secret.Value
	// User is who to be on a loopback server that believes what it is told.
	User string
}

// grants says why these do not reach the server of a project; nil is that they do.
func (a Access) grants(server string) error {
	named, err := model.ParseServerURL(a.URL)
	next := fmt.Sprintf("set %s=%s, and %s or --token-file", URLVariable, server, TokenVariable)
	switch {
	case a.URL == "":
		return diag.Hinted(fmt.Errorf("tokens of this project are issued by the OSMO server %s, and %s does not name it", server, URLVariable), next)
	case err != nil:
		return diag.Hinted(fmt.Errorf("%s: %w", URLVariable, err), next)
	case named != server:
		return diag.Hinted(fmt.Errorf("osmoctl.yaml names the server %s, and %s another, %s: nothing is sent to either", server, URLVariable, named),
			"find out which is right before you change one of them")
	case a.Token.Len() == 0 && a.User == "":
		return diag.Hinted(fmt.Errorf("there is no credential for the OSMO server %s", server), "set "+TokenVariable+", or give --token-file")
	}
	return nil
}

// openBackend opens what issues the tokens of a project.
func (w *Workspace) openBackend(project model.Project) (apply.Backend, error) {
	b := project.Backend
	if b.Kind != model.BackendOSMO {
		return local.Backend{}, nil
	}
	if w.server != nil && w.server.URL == b.URL {
		return w.server, nil
	}
	if err := w.outside.Access.grants(b.URL); err != nil {
		return nil, err
	}
	user := w.outside.Access.User
	if w.outside.Access.Token.Len() > 0 {
		user = ""
	}
	opened, err := osmo.Open(osmo.Options{URL: b.URL, Token: w.outside.Access.Token, User: user, Mode: project.Server.Mode})
	if err != nil {
		return nil, err
	}
	w.closeServer()
	w.server = opened
	return opened, nil
}

func (w *Workspace) closeServer() {
	if w.server != nil {
		w.server.Close()
	}
}

// observe looks at the server of a project: at its roles and users, and at the tokens
// of the accounts that are declared or applied. Without a server it sees nothing.
func (w *Workspace) observe(ctx context.Context, backend apply.Backend, want *model.Declarations, have *state.Snapshot) (model.Observed, error) {
	if !backend.Server() {
		return model.Observed{}, nil
	}
	users := have.AccountNames()
	if want != nil {
		users = append(users, model.Names(want.Accounts)...)
	}
	u := have.Underway()
	for _, a := range slices.Concat(u.Create, u.Remove) {
		users = append(users, plan.Bearer(a).Name)
	}
	return w.observeUsers(ctx, backend, model.Set(users))
}

func (w *Workspace) observeUsers(ctx context.Context, backend apply.Backend, users []string) (model.Observed, error) {
	w.detailf("looking at the server: roles, users, and the tokens of %s", model.Plural(len(users), "account", "accounts"))
	w.say("looking at the server")
	seen, err := backend.Observe(ctx, users)
	if err != nil {
		return seen, fmt.Errorf("look at the server: %w", err)
	}
	return seen, nil
}

// looks decides whether to look at a server: as it was asked for, and where nobody says,
// if project and operator both name it.
func (w *Workspace) looks(asked *bool, server model.Backend) (bool, error) {
	switch {
	case server.Kind != model.BackendOSMO && asked != nil && *asked:
		return false, &ArgumentError{errors.New("--refresh looks at an OSMO server, and osmoctl.yaml names none")}
	case server.Kind != model.BackendOSMO, asked != nil && !*asked:
		return false, nil
	}
	reach := w.outside.Access.grants(server.URL)
	if asked == nil {
		return reach == nil, nil
	}
	return true, reach
}

// refresh looks at the server for a plan, if it is asked to, or nobody says and it can.
// What it did not look at, it says.
func (w *Workspace) refresh(ctx context.Context, asked *bool, project model.Project, want *model.Declarations, have *state.Snapshot) (seen model.Observed, notices []plan.Notice, err error) {
	server := project.Backend
	look, err := w.looks(asked, server)
	switch {
	case err != nil || server.Kind != model.BackendOSMO:
		return seen, nil, err
	case !look:
		return seen, []plan.Notice{{
			Code: "server_not_looked_at", Message: "the server was not looked at: what was changed there by hand is not in this plan",
			Hint: fmt.Sprintf("%s=%s osmoctl plan --refresh --token-file FILE", URLVariable, server.URL),
		}}, nil
	}
	backend, err := w.openBackend(project)
	if err != nil {
		return seen, nil, err
	}
	seen, err = w.observe(ctx, backend, want, have)
	return seen, nil, err
}

// checkServer refuses a run on a server that could not be kept apart from others.
func (l *ledger) checkServer(backend apply.Backend, t *Terms, server string) error {
	if !backend.Server() {
		return nil
	}
	if l.remote == nil && !t.SingleWriter {
		return &ArgumentError{diag.Hinted(errors.New("osmoctl.yaml has no git.push, so no other clone sees what this run reserves on the server, and two could issue the same token"),
			"set git.push, or give --single-writer where no other clone ever applies")}
	}
	if l.w.getenv("OSMOCTL_NOW") != "" && !model.IsLoopbackServer(server) {
		return errors.New("OSMOCTL_NOW is for tests: nothing is applied with it where the server is not a loopback address")
	}
	return nil
}

// heartbeat is how long a run is respected that has reserved numbers and says nothing:
// publishing comes more often. To burn its numbers sooner would harm nobody, and only
// cost it its work.
const heartbeat = 5 * time.Minute

// pollReserved is how often another run is looked for while waiting for it.
const pollReserved = 3 * time.Second

// respect deals with what another run has reserved: it is waited for while it may be at
// work, and burned where it is not, or somebody says so. errLostRace is that the state
// is another now.
func (l *ledger) respect(ctx context.Context, b base, p *planned, t *Terms, r Request) error {
	run, reserved := apply.ReservedBy(p.have)
	if !reserved || run == l.w.run {
		if t.TakeOver != "" {
			l.w.notef("Run %s has nothing reserved any more.", t.TakeOver)
		}
		return nil
	}
	last, err := l.lastOf(ctx, b, run)
	if err != nil {
		return err
	}
	now, err := l.w.outside.Now()
	if err != nil {
		return err
	}
	age := now.Sub(last.when).Round(time.Second)
	switch {
	case t.TakeOver == run:
		l.w.notef("Taking over from run %s of %s, as --take-over says.", run, last.actor)
	case l.w.store.LastRun() == run:
		l.w.notef("Run %s of this clone was interrupted: what it reserved and did not publish is given up.", run)
	case age >= heartbeat || age < -heartbeat:
		l.w.notef("Run %s of %s has not been heard of for %s: what it reserved and did not publish is given up.", run, last.actor, age)
	case time.Now().Before(l.w.patience):
		l.w.detailf("run %s of %s is at work on the server; waiting", run, last.actor)
		l.w.say("waiting for run " + run + " of " + last.actor)
		if err := wait.For(ctx, min(pollReserved, time.Until(l.w.patience))); err != nil {
			return context.Cause(ctx)
		}
		return errLostRace
	default:
		return stale(diag.Hinted(fmt.Errorf("run %s of %s is at work on the server: it last wrote %s ago", run, last.actor, age),
			fmt.Sprintf("wait for it with --lock-timeout, or, if it is dead, osmoctl apply --take-over %s; after %s of silence that is done by itself", run, heartbeat)))
	}
	taking, err := l.prepare(b, p, r)
	if err != nil {
		return err
	}
	taking.Accepted = nil
	if _, err := taking.TakeOver(ctx, p.have); err != nil {
		return err
	}
	return errLostRace
}

// heard is what is known of another run.
type heard struct {
	actor string
	when  time.Time
}

// lastOf finds the newest commit of a run.
func (l *ledger) lastOf(ctx context.Context, b base, run string) (last heard, err error) {
	err = l.walkCommits(ctx, b, func(c git.Commit, m record.Message) (found bool) {
		if m.Run == run {
			last = heard{m.Actor, c.Committer.When}
		}
		return m.Run == run
	})
	if last.actor == "" {
		last.actor = "somebody"
	}
	return last, err
}

// explainPartial makes of a run on a server that did not come to its end what the caller
// has to know: whether another run took over, or the branch went elsewhere.
func explainPartial(err error) error {
	var partial *apply.PartialError
	if errors.As(err, &partial) && errors.Is(partial.Cause, errLostRace) {
		partial.Cause = stale(errors.New("another run has changed the state meanwhile, so what was not published was given up"))
	}
	return err
}

// IsForeign reports that nothing but things of others stood in a run's way.
func IsForeign(err error) bool {
	var partial *apply.PartialError
	return errors.As(err, &partial) && len(partial.Failed) > 0 && !slices.ContainsFunc(partial.Failed, func(f apply.Failure) bool { return !errors.Is(f.Err, apply.ErrForeign) })
}

// Look looks at the server of a project: at its roles and users, and at the tokens of
// the users that takes accepts. An [*ArgumentError] is that the project has no server.
func (w *Workspace) Look(ctx context.Context, project model.Project, takes func(id string, u model.ObservedUser) bool) (model.Observed, error) {
	if project.Backend.Kind != model.BackendOSMO {
		return model.Observed{}, &ArgumentError{diag.Hinted(errors.New("this looks at an OSMO server, and osmoctl.yaml names none"),
			"set backend: {kind: osmo, url: https://...}")}
	}
	backend, err := w.openBackend(project)
	if err != nil {
		return model.Observed{}, err
	}
	seen, err := w.observeUsers(ctx, backend, nil)
	if err != nil {
		return seen, err
	}
	var chosen []string
	for _, id := range model.Names(seen.Users) {
		if takes(id, seen.Users[id]) {
			chosen = append(chosen, id)
		}
	}
	if len(chosen) == 0 {
		return seen, nil
	}
	return w.observeUsers(ctx, backend, chosen)
}
