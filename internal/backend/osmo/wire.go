package osmo

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// errShape is all that is said of a body that is not as it should be: the words of
// package json name our types, and may repeat what they read.
var errShape = errors.New("it is not of the form that OSMO's answers have")

// maxName bounds a name that a server shows, in bytes. Ids have no upper length
// there; no declaration can have one as long.
const maxName = 4096

// isName reports whether a text is kept as a name. Names are still data: they are
// escaped where they are shown, and checked again before they are put into a path.
func isName(s string) bool {
	return s != "" && len(s) <= maxName && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// consistsOf reports whether a text has only letters, digits, "-", "_" and the
// characters of more.
func consistsOf[T string | []byte](text T, more string) bool {
	for i := range len(text) {
		c := text[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return len(text) > 0
}

// into reads a body into a value; check says whether all is there that has to be.
func into[T any](body []byte, check func(*T) bool) (T, error) {
	var value, none T
	if json.Unmarshal(body, &value) != nil || !check(&value) {
		return none, errShape
	}
	return value, nil
}

// readNull reads the answer to what has no other.
func readNull(body []byte) error {
	if string(bytes.TrimSpace(body)) != "null" {
		return errShape
	}
	return nil
}

// maxRevision bounds the third part of a version, in bytes.
const maxRevision = 32

// readVersion reads "major.minor.revision". The first two are numbers, and decide;
// the third may be that of a build.
func readVersion(body []byte) (string, error) {
	v, err := into(body, func(v *struct{ Major, Minor, Revision string }) bool {
		for _, part := range []string{v.Major, v.Minor} {
			if n, err := strconv.Atoi(part); err != nil || strconv.Itoa(n) != part || n < 0 {
				return false
			}
		}
		return len(v.Revision) <= maxRevision && consistsOf(v.Revision, ".+")
	})
	if err != nil {
		return "", err
	}
	return v.Major + "." + v.Minor + "." + v.Revision, nil
}

// action is a pattern, or the JSON of an action in the form of old: such a policy
// equals none that can be declared, and is shown as what it is.
type action string

func (a *action) UnmarshalJSON(text []byte) error {
	var s string
	if json.Unmarshal(text, &s) != nil {
		s = string(text)
	}
	*a = action(s)
	return nil
}

type wirePolicy struct {
	Effect    model.Effect `json:"effect"`
	Actions   []action     `json:"actions"`
	Resources []string     `json:"resources"`
}

// wireRole is a role as the server shows it.
type wireRole struct {
	Name        *string        `json:"name"`
	Description string         `json:"description"`
	Policies    []wirePolicy   `json:"policies"`
	SyncMode    model.SyncMode `json:"sync_mode"`
	// ExternalRoles is nil for null, which only a ConfigMap's roles have.
	ExternalRoles []string `json:"external_roles"`
}

func (r *wireRole) role() *model.Role {
	out := &model.Role{Name: *r.Name, Description: r.Description, SyncMode: r.SyncMode, ExternalRoles: r.ExternalRoles}
	if out.SyncMode == "" {
		out.SyncMode = model.SyncImport
	}
	for _, p := range r.Policies {
		q := model.Policy{Effect: p.Effect, Actions: make([]string, len(p.Actions)), Resources: append([]string{}, p.Resources...)}
		if q.Effect == "" {
			q.Effect = model.Allow
		}
		for i, a := range p.Actions {
			q.Actions[i] = string(a)
		}
		out.Policies = append(out.Policies, q)
	}
	return out
}

func readRole(body []byte) (wireRole, error) {
	return into(body, func(r *wireRole) bool { return r.Name != nil })
}

func readRoles(body []byte) ([]wireRole, error) {
	return into(body, func(list *[]wireRole) bool {
		for i := range *list {
			if (*list)[i].Name == nil {
				return false
			}
		}
		return *list != nil
	})
}

// stamp is a time with or without a zone; those without are of UTC. It is only
// shown, so what cannot be read is no time.
type stamp time.Time

func (s *stamp) UnmarshalJSON(text []byte) error {
	var written string
	if json.Unmarshal(text, &written) != nil {
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, written); err == nil {
			*s = stamp(t.UTC())
			return nil
		}
	}
	return nil
}

// wireUser is a user; one of a list comes without roles.
type wireUser struct {
	ID        string      `json:"id"`
	CreatedAt stamp       `json:"created_at"`
	CreatedBy string      `json:"created_by"`
	Roles     []wireGrant `json:"roles"`
}

type wireGrant struct {
	Role string `json:"role_name"`
	User string `json:"user_id"`
	By   string `json:"assigned_by"`
	At   stamp  `json:"assigned_at"`
}

func (g *wireGrant) authorship() model.Authorship {
	return model.Authorship{By: g.By, At: time.Time(g.At)}
}

// page is a part of the list of users.
type page struct {
	Total *int       `json:"total_results"`
	Users []wireUser `json:"users"`
}

func readPage(body []byte) (page, error) {
	return into(body, func(p *page) bool {
		for i := range p.Users {
			if p.Users[i].ID == "" {
				return false
			}
		}
		return p.Total != nil && *p.Total >= 0 && p.Users != nil
	})
}

// readUser reads a user with its roles.
func readUser(body []byte) (wireUser, error) {
	return into(body, func(u *wireUser) bool { return u.ID != "" && u.Roles != nil })
}

// readCreated reads the answer to the creation of a user.
func readCreated(body []byte, name string) error {
	_, err := into(body, func(u *wireUser) bool { return u.ID == name })
	return err
}

// readGranted reads the answer to a grant.
func readGranted(body []byte, user, role string) error {
	_, err := into(body, func(g *wireGrant) bool { return g.User == user && g.Role == role })
	return err
}

// readHolders reads who has a role.
func readHolders(body []byte) ([]wireGrant, error) {
	type holders struct {
		Users []wireGrant `json:"users"`
	}
	h, err := into(body, func(h *holders) bool {
		for i := range h.Users {
			if h.Users[i].User == "" {
				return false
			}
		}
		return h.Users != nil
	})
	return h.Users, err
}

// wireToken is a token in a user's list.
type wireToken struct {
	Name        string    `json:"token_name"`
	ExpiresAt   *lastDay  `json:"expires_at"`
	Description *string   `json:"description"`
	Roles       *[]string `json:"roles"`
}

// lastDay is a date, with a time of day that means nothing.
type lastDay model.Date

func (d *lastDay) UnmarshalJSON(text []byte) error {
	var written string
	if json.Unmarshal(text, &written) != nil {
		return errShape
	}
	day, _, _ := strings.Cut(written, "T")
	date, err := model.ParseDate(day)
	*d = lastDay(date)
	return err
}

func (t *wireToken) token() model.ObservedToken {
	description, mark := "", model.Mark{}
	if t.Description != nil {
		description, mark = model.CutMark(*t.Description)
	}
	return model.ObservedToken{Description: description, ExpiresAt: model.Date(*t.ExpiresAt), Roles: model.Set(*t.Roles), Mark: mark}
}

func readTokens(body []byte) ([]wireToken, error) {
	return into(body, func(list *[]wireToken) bool {
		for _, t := range *list {
			if t.Name == "" || t.ExpiresAt == nil || t.Roles == nil || *t.Roles == nil {
				return false
			}
		}
		return *list != nil
	})
}

// wireChange is one entry of the history of configs.
type wireChange struct {
	Name      string `json:"name"`
	By        string `json:"username"`
	CreatedAt stamp  `json:"created_at"`
}

func readHistory(body []byte) ([]wireChange, error) {
	type history struct {
		Configs []wireChange `json:"configs"`
	}
	h, err := into(body, func(h *history) bool { return h.Configs != nil })
	return h.Configs, err
}

// The lengths of values: base64 of 32 bytes, and hex as of old.
const (
	valueLength    = 43
	hexValueLength = 64
)

// readValue reads the value of a new token. It has no character that JSON escapes,
// so it is taken as it stands, and no copy is made but the one that is returned.
func readValue(body []byte) (secret.Value, error) {
	text, quoted := bytes.CutPrefix(bytes.TrimSpace(body), []byte{'"'})
	text, closed := bytes.CutSuffix(text, []byte{'"'})
	if !quoted || !closed || len(text) != valueLength && len(text) != hexValueLength || !consistsOf(text, "") {
		return secret.Value{}, errShape
	}
	return secret.New(bytes.Clone(text)), nil
}
