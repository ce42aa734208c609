package applytest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Declare reads declarations in the short form of tests, one line each. Words
// that a line leaves out take the defaults named here.
//
//	recipients ops=alice,bob rec=carol     groups of keys; default: ops=alice
//	guard max_deletes=3/20% min_recipients=2
//	git push=origin
//	backend owns=account/a*                an OSMO server instead of none
//	osmo version=6.3 mode=configmap        default: mode=database; mode= leaves it open
//	role NAME ACTION@RESOURCE -ACTION@RESOURCE ext=a,b was=old text=description
//	account NAME ROLE,ROLE protect label=k:v was=old text=description
//	  token NAME roles=a,b in=90d at=2027-01-01 every=60d overlap=7d to=ops gen=2 was=old text=description
//
// A minus makes a Deny. A token without words inherits its account's roles,
// lives 90 days, rotates every 60 with an overlap of 7, and is sealed to ops; at
// leaves out lifetime and rhythm, and "every=" leaves out the rhythm. The key of
// alice is "age1alice". Positions are lines of the text.
func Declare(tb testing.TB, text string) *model.Declarations {
	tb.Helper()
	r := &declaring{tb: tb, keys: map[string][]string{"ops": {"alice"}}, out: &model.Declarations{
		Project: model.Project{Version: 1, Backend: model.Backend{Kind: model.BackendLocal}, Server: model.Server{Mode: model.ModeDatabase}},
		Roles:   map[string]*model.Role{}, Accounts: map[string]*model.Account{},
	}}
	for i, line := range strings.Split(text, "\n") {
		if words := strings.Fields(line); len(words) > 0 {
			r.at = diag.Position{File: "manifests/test.yaml", Line: i + 1, Column: 1}
			r.line(words[0], words[1:])
		}
	}
	return r.finish()
}

type declaring struct {
	tb      testing.TB
	out     *model.Declarations
	keys    map[string][]string
	account *model.Account
	at      diag.Position
}

func (r *declaring) line(kind string, words []string) {
	r.tb.Helper()
	switch kind {
	case "recipients":
		r.keys = map[string][]string{}
		for _, w := range words {
			name, list, _ := strings.Cut(w, "=")
			r.keys[name] = strings.Split(list, ",")
		}
	case "guard":
		for _, w := range words {
			key, value, _ := strings.Cut(w, "=")
			r.guard(key, value)
		}
	case "git":
		r.out.Project.Git.Push = strings.TrimPrefix(words[0], "push=")
	case "backend":
		r.out.Project.Backend = model.Backend{Kind: model.BackendOSMO, URL: "https://osmo.example.com"}
		for _, w := range words {
			r.out.Project.Backend.Owns = list(strings.TrimPrefix(w, "owns="))
		}
	case "osmo":
		for _, w := range words {
			switch key, value, _ := strings.Cut(w, "="); key {
			case "version":
				r.out.Project.Server.Version = value
			case "mode":
				r.out.Project.Server.Mode = model.Mode(value)
			default:
				r.unknown(w)
			}
		}
	case "role":
		r.role(words[0], words[1:])
	case "account":
		r.declareAccount(words[0], words[1:])
	case "token":
		r.token(words[0], words[1:])
	default:
		r.tb.Fatalf("line %d: no declaration begins with %q", r.at.Line, kind)
	}
}

func (r *declaring) guard(key, value string) {
	g := &r.out.Project.Guardrails
	switch key {
	case "max_token_lifetime":
		g.MaxTokenLifetime = r.days(value)
	case "require_token_roles":
		required := value == "true"
		g.RequireTokenRoles = &required
	case "account_name":
		g.AccountName = value
	case "min_recipients":
		g.MinRecipients = r.number(value)
	case "required_recipients":
		g.RequiredRecipients = strings.Split(value, ",")
	case "max_new_readers":
		n := r.number(value)
		g.MaxNewReaders = &n
	case "max_administrators":
		n := r.number(value)
		g.MaxAdministrators = &n
	case "max_deletes":
		g.MaxDeletes = r.limit(value)
	case "max_rotations":
		g.MaxRotations = r.limit(value)
	default:
		r.tb.Fatalf("line %d: no guardrail %q", r.at.Line, key)
	}
}

// limit reads 3, 20% or 3/20%.
func (r *declaring) limit(s string) *model.Limit {
	l := &model.Limit{}
	for part := range strings.SplitSeq(s, "/") {
		n := r.number(strings.TrimSuffix(part, "%"))
		if strings.HasSuffix(part, "%") {
			l.Percent = &n
		} else {
			l.Count = &n
		}
	}
	return l
}

func (r *declaring) role(name string, words []string) {
	role := &model.Role{Name: name, SyncMode: model.SyncImport, Origin: r.at}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		switch {
		case w == "external":
			role.External = true
		case !ok:
			role.Policies = append(role.Policies, policy(w))
		case key == "ext":
			role.ExternalRoles = list(value)
		case key == "was":
			role.Previously = list(value)
		case key == "text":
			role.Description = value
		default:
			r.unknown(w)
		}
	}
	r.out.Roles[name] = role
}

// policy reads ACTION,ACTION@RESOURCE,RESOURCE, a Deny where a minus leads.
func policy(word string) model.Policy {
	p := model.Policy{Effect: model.Allow}
	if rest, deny := strings.CutPrefix(word, "-"); deny {
		p.Effect, word = model.Deny, rest
	}
	actions, resources, _ := strings.Cut(word, "@")
	p.Actions, p.Resources = list(actions), list(resources)
	return p
}

func (r *declaring) declareAccount(name string, words []string) {
	a := &model.Account{Name: name, Roles: []string{}, Tokens: map[string]*model.Token{}, Origin: r.at}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		switch {
		case w == "protect":
			a.Protect = true
		case !ok:
			a.Roles = model.Set(list(w))
		case key == "was":
			a.Previously = list(value)
		case key == "text":
			a.Description = value
		case key == "label":
			k, v, _ := strings.Cut(value, ":")
			if a.Labels == nil {
				a.Labels = map[string]string{}
			}
			a.Labels[k] = v
		default:
			r.unknown(w)
		}
	}
	r.account = a
	r.out.Accounts[name] = a
}

func (r *declaring) token(name string, words []string) {
	if r.account == nil {
		r.tb.Fatalf("line %d: token %s stands before any account", r.at.Line, name)
	}
	t := &model.Token{
		Account: r.account.Name, Name: name, Origin: r.at, ExpiryOrigin: r.at,
		TokenSpec: model.TokenSpec{
			Inherit: true, Expiry: model.Expiry{In: 90}, Rotate: model.Rotation{Every: 60, Overlap: 7}, Recipients: []string{"ops"},
		},
	}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		r.tokenWord(t, key, value)
	}
	r.account.Tokens[name] = t
}

func (r *declaring) tokenWord(t *model.Token, key, value string) {
	switch key {
	case "roles":
		t.Inherit, t.Roles = false, model.Set(list(value))
	case "in":
		t.Expiry = model.Expiry{In: r.days(value)}
	case "at":
		t.Expiry, t.Rotate.Every = model.Expiry{At: Date(r.tb, value)}, 0
	case "every":
		t.Rotate.Every = r.days(value)
	case "overlap":
		t.Rotate.Overlap = r.days(value)
	case "to":
		t.Recipients = list(value)
	case "gen":
		t.Generation = r.number(value)
	case "was":
		t.Previously = list(value)
	case "text":
		t.Description = value
	default:
		r.unknown(key)
	}
}

// finish resolves recipients, which may stand anywhere in the text.
func (r *declaring) finish() *model.Declarations {
	groups := map[string][]model.Recipient{}
	for name, keys := range r.keys {
		for _, k := range keys {
			groups[name] = append(groups[name], model.Recipient{Name: k, Key: "age1" + k, Kind: model.RecipientX25519})
		}
	}
	r.out.Project.Recipients = groups
	for _, a := range r.out.Accounts {
		for _, t := range a.Tokens {
			t.Readers = resolve(groups, t.Recipients)
		}
	}
	return r.out
}

func resolve(groups map[string][]model.Recipient, names []string) (out []model.Recipient) {
	for _, name := range names {
		out = append(out, groups[name]...)
	}
	slices.SortFunc(out, func(a, b model.Recipient) int { return strings.Compare(a.ID(), b.ID()) })
	return slices.CompactFunc(out, func(a, b model.Recipient) bool { return a.ID() == b.ID() })
}

// list splits at commas; of nothing it is empty, not nil.
func list(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, ",")
}

func (r *declaring) days(s string) model.Days {
	if s == "" {
		return 0
	}
	d, err := model.ParseDays(s)
	if err != nil {
		r.tb.Fatalf("line %d: %v", r.at.Line, err)
	}
	return d
}

func (r *declaring) number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		r.tb.Fatalf("line %d: %v", r.at.Line, err)
	}
	return n
}

func (r *declaring) unknown(word string) {
	r.tb.Fatalf("line %d: the word %q means nothing here", r.at.Line, word)
}
