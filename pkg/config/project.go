package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// projectVersion is the version of osmoctl.yaml that is read.
const projectVersion = 1

const (
	projectVersionKey = iota
	projectRecipients
	projectDefaults
	projectGuardrails
	projectGit
	projectBackend
	projectServer
)

var projectKeys = keys{"version", "recipients", "defaults", "guardrails", "git", "backend", "osmo"}

// project is what osmoctl.yaml says, with what the manifests need beside it.
type project struct {
	model.Project
	recipients *recipients
	// token is the rhythm that tokens take what they leave out from.
	token rhythm
	// readers are what Defaults.Recipients resolve to.
	readers []model.Recipient
	// unknown is set where the defaults could not be read to their end: what
	// a token takes from them may be declared nevertheless.
	unknown bool
}

// projectReader reads the project file.
type projectReader struct{ reader }

// read reads the project file. It returns nil where the file says nothing
// that could be used.
func (r *projectReader) read(root *node) *project {
	if root == nil || r.isNewer(root) {
		return nil
	}
	f, ok := r.fields(root, ProjectFile, projectKeys)
	if !ok {
		return nil
	}
	r.checkVersion(root, f[projectVersionKey])
	p := &project{recipients: readRecipients(&r.reader, f[projectRecipients].value)}
	p.Version = projectVersion
	p.Recipients = p.recipients.toModel()
	r.readGuardrails(p, f[projectGuardrails].value)
	before := r.errors
	r.readDefaults(p, f[projectDefaults].value)
	p.unknown = r.broken || r.errors > before
	p.Git = r.readGit(f[projectGit].value)
	p.Backend = r.readBackend(f[projectBackend].value)
	p.Server = r.readServer(f[projectServer].value)
	return p
}

// isNewer reports a file whose version is above the one that is read. What else
// stands in it is not judged by rules that it was not written for.
func (r *projectReader) isNewer(root *node) bool {
	for i := 0; i+1 < len(root.items); i += 2 {
		key, value := &root.items[i], &root.items[i+1]
		version, err := strconv.Atoi(value.value)
		if root.kind != mapNode || key.value != "version" || err != nil || version <= projectVersion {
			continue
		}
		r.fail(value, codeUnsupportedVersion, "use a newer osmoctl",
			"the project is written in version %d, and this osmoctl reads version %d", version, projectVersion)
		return true
	}
	return false
}

func (r *projectReader) checkVersion(root *node, f field) {
	if !f.isSet() {
		r.fail(root, codeMissingKey, `begin the file with "version: 1"`, "%s lacks its version", ProjectFile)
		return
	}
	r.number(f.value, `"version"`, projectVersion, projectVersion)
}

const (
	defaultsRecipients = iota
	defaultsToken
)

var defaultsKeys = keys{"recipients", "token"}

const (
	defaultTokenExpiresIn = iota
	defaultTokenRotate
)

var defaultTokenKeys = keys{"expires_in", "rotate"}

func (r *projectReader) readDefaults(p *project, n *node) {
	if n == nil {
		return
	}
	f, ok := r.fields(n, `"defaults"`, defaultsKeys)
	if !ok {
		return
	}
	r.readDefaultRecipients(p, f[defaultsRecipients])
	if token := f[defaultsToken].value; token != nil {
		r.readDefaultToken(p, token)
	}
}

func (r *projectReader) readDefaultRecipients(p *project, f field) {
	r.refuseEmpty(f, `"recipients"`, "name who reads tokens, or delete the key")
	names := r.readRecipientNames(f.value)
	p.Defaults.Recipients = values(names)
	if len(names) == 0 {
		p.Defaults.Recipients = nil
		return
	}
	if !p.recipients.checkDeclared(&r.problems, r.file, names) {
		return
	}
	readers, problem := p.recipients.findReaders(p.Defaults.Recipients)
	if problem != nil {
		r.fail(f.value, problem.code, problem.hint, "%s", problem.summary)
	}
	p.readers = readers
}

func (r *projectReader) readDefaultToken(p *project, n *node) {
	f, ok := r.fields(n, `"token"`, defaultTokenKeys)
	if !ok {
		return
	}
	p.token.in = r.readSpan(f[defaultTokenExpiresIn], `"expires_in"`, 1)
	r.readRotation(&p.token, f[defaultTokenRotate].value)
	r.checkLifetime(p.token.in, p.maxLifetime())
	r.checkRhythm(p.token)
	p.Defaults.Expiry.In = p.token.in.days
	p.Defaults.Rotate = p.token.rotation()
}

// DefaultMaxLifetime is OSMO's own limit on a token's life, in force where the
// project declares none.
const DefaultMaxLifetime model.Days = 365

func (p *project) maxLifetime() model.Days {
	if p.Guardrails.MaxTokenLifetime == 0 {
		return DefaultMaxLifetime
	}
	return p.Guardrails.MaxTokenLifetime
}

var guardrailKeys = guardrailNames()

func guardrailNames() (names keys) {
	for name := range (model.Guardrails{}).All() {
		names = append(names, name)
	}
	return names
}

// maxCount bounds every declared number of things.
const maxCount = 1_000_000

// readGuardrails reads each field of [model.Guardrails] by its type.
func (r *projectReader) readGuardrails(p *project, n *node) {
	if n == nil {
		return
	}
	f, ok := r.fields(n, `"guardrails"`, guardrailKeys)
	if !ok {
		return
	}
	settings := reflect.ValueOf(&p.Guardrails).Elem()
	for i, key := range guardrailKeys {
		value, what := f[i].value, quote(key)
		switch to := settings.Field(i).Addr().Interface().(type) {
		case *model.Days:
			*to, _ = r.days(value, what, 1)
		case *string:
			*to = r.readPattern(value, what)
		case *int:
			*to, _ = r.number(value, what, 1, maxCount)
		case *[]string:
			*to = r.readRequiredRecipients(p, value, what)
		case **int:
			*to = r.readCount(value, what, maxCount)
		case **model.Limit:
			*to = r.readLimit(value, what)
		case *[]model.Forbid:
			*to = r.readForbid(value)
		case **bool:
			if is, ok := r.truth(value, what); ok {
				*to = &is
			}
		default:
			panic("config: no guardrail is read as " + settings.Field(i).Type().String())
		}
	}
}

func (r *projectReader) readRequiredRecipients(p *project, n *node, what string) []string {
	names := r.scalars(n, what)
	p.recipients.checkDeclared(&r.problems, r.file, names)
	if len(names) == 0 {
		return nil
	}
	return values(names)
}

// readCount reads an optional number from 0 on.
func (r *projectReader) readCount(n *node, what string, high int) *int {
	value, ok := r.number(n, what, 0, high)
	if !ok {
		return nil
	}
	return &value
}

const (
	limitCount = iota
	limitPercent
)

var limitKeys = keys{"count", "percent"}

func (r *projectReader) readLimit(n *node, what string) *model.Limit {
	if n == nil {
		return nil
	}
	f, ok := r.fields(n, what, limitKeys)
	if !ok {
		return nil
	}
	if !f[limitCount].isSet() && !f[limitPercent].isSet() {
		r.fail(n, codeMissingKey, "give it count, percent or both", "%s sets no limit", what)
	}
	return &model.Limit{
		Count:   r.readCount(f[limitCount].value, `"count"`, maxCount),
		Percent: r.readCount(f[limitPercent].value, `"percent"`, 100),
	}
}

func (r *projectReader) readPattern(n *node, what string) string {
	s := r.word(n, what)
	if _, err := model.CompilePattern(s); err != nil {
		r.fail(n, codeBadPattern, "write a regular expression in RE2's syntax", "%s: %v", what, err)
		return ""
	}
	return s
}

const (
	gitPush = iota
	gitBranch
	gitStateBranch
)

var gitKeys = keys{"push", "branch", "state_branch"}

func (r *projectReader) readGit(n *node) (g model.Git) {
	if n == nil {
		return g
	}
	f, ok := r.fields(n, `"git"`, gitKeys)
	if !ok {
		return g
	}
	g.Push = r.readRemote(f[gitPush].value)
	g.Branch = r.readBranch(f[gitBranch].value, `"branch"`)
	g.StateBranch = r.readBranch(f[gitStateBranch].value, `"state_branch"`)
	if g.StateBranch != "" && g.StateBranch == g.Branch {
		r.fail(f[gitStateBranch].value, codeBadBranch, "give state a branch of its own, or delete the key",
			`"state_branch" is the branch of the declarations`)
	}
	return g
}

// readRemote reads the name of a git remote. A URL is refused: a pull request could
// otherwise choose where state is sent.
func (r *projectReader) readRemote(n *node) string {
	s := r.word(n, `"push"`)
	if s == "" {
		return ""
	}
	if len(s) > model.MaxNameLength || !isRemoteName(s) {
		r.fail(n, codeBadRemote, "name a remote that git is configured with, such as origin", "this is not the name of a git remote")
		return ""
	}
	return s
}

func isRemoteName(s string) bool {
	return s[0] != '-' && s[0] != '.' && !strings.Contains(s, "..") && !strings.HasSuffix(s, ".") &&
		!strings.HasSuffix(s, ".lock") && !strings.ContainsFunc(s, func(c rune) bool {
		return !isAlphanumeric(c) && c != '.' && c != '_' && c != '-'
	})
}

func isAlphanumeric(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func (r *projectReader) readBranch(n *node, what string) string {
	s := r.word(n, what)
	if s != "" && !isBranchName(s) {
		r.fail(n, codeBadBranch, "write the name of a branch, such as main", "%s is not the name of a git branch", what)
		return ""
	}
	return s
}

// isBranchName applies git's rules for the name of a branch.
func isBranchName(s string) bool {
	const refused = " ~^:?*[\\"
	if len(s) > 200 || s == "@" || s == "HEAD" || s[0] == '-' || strings.HasSuffix(s, ".") ||
		strings.ContainsAny(s, refused) || strings.Contains(s, "..") || strings.Contains(s, "@{") {
		return false
	}
	return !slices.ContainsFunc(strings.Split(s, "/"), func(part string) bool {
		return part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock")
	})
}

const (
	backendKind = iota
	backendURL
	backendOwns
)

var backendKeys = keys{"kind", "url", "owns"}

func (r *projectReader) readBackend(n *node) model.Backend {
	b := model.Backend{Kind: model.BackendLocal}
	if n == nil {
		return b
	}
	f, ok := r.fields(n, `"backend"`, backendKeys)
	if !ok {
		return b
	}
	kind := f[backendKind]
	if !kind.isSet() {
		r.fail(n, codeMissingKey, `write "kind: local" or "kind: osmo"`, `"backend" lacks its kind`)
		return b
	}
	switch text := r.text(kind.value, `"kind"`); {
	case kind.value.kind != scalarNode:
	case text == model.BackendLocal:
		for _, key := range []int{backendURL, backendOwns} {
			if f[key].isSet() {
				r.fail(f[key].key, codeUnknownKey, "delete it", "the local backend has no %s", backendKeys[key])
			}
		}
	case text == model.BackendOSMO:
		b.Kind = model.BackendOSMO
		b.URL = r.readServerURL(n, f[backendURL])
		b.Owns = r.readOwns(f[backendOwns].value)
	default:
		r.fail(kind.value, codeUnsupportedBackend, `write "kind: local" or "kind: osmo"`, "there is no backend %s", quote(kind.value.value))
	}
	return b
}

// readServerURL reads the address of a server. What it is compared with is the
// operator's, so that it has one spelling only.
func (r *projectReader) readServerURL(backend *node, f field) string {
	const hint = "write it as in https://osmo.example.com, without a path; http is for loopback only"
	if !f.isSet() {
		r.fail(backend, codeMissingKey, hint, `"backend" lacks the url of the server`)
		return ""
	}
	text := r.text(f.value, `"url"`)
	url, err := model.ParseServerURL(text)
	if err != nil && f.value.kind == scalarNode {
		r.fail(f.value, codeBadURL, hint, "%s", err)
	}
	return url
}

// readOwns reads patterns of addresses.
func (r *projectReader) readOwns(n *node) (owns []string) {
	if n == nil {
		return nil
	}
	for _, item := range r.scalars(n, `"owns"`) {
		kind, name, _ := strings.Cut(strings.TrimSuffix(item.value, "*"), "/")
		if kind != model.KindAccount.String() && kind != model.KindRole.String() || strings.ContainsAny(name, "*/ ") || !strings.Contains(item.value, "/") {
			r.fail(item, codeBadOwns, `write account/NAME or role/NAME; an asterisk at the end stands for anything, as in "account/svc-*"`,
				"%s is no pattern of accounts or roles", quote(item.value))
			continue
		}
		owns = append(owns, item.value)
	}
	return model.Set(owns)
}

const (
	serverVersion = iota
	serverMode
)

var serverKeys = keys{"version", "mode"}

// readServer reads which OSMO server the declarations are for.
func (r *projectReader) readServer(n *node) (s model.Server) {
	if n == nil {
		return s
	}
	f, ok := r.fields(n, `"osmo"`, serverKeys)
	if !ok {
		return s
	}
	if v := f[serverVersion].value; v != nil {
		var known bool
		if s.Version, known = access.ReadVersion(r.word(v, `"version"`)); !known && v.kind == scalarNode && v.value != "" {
			r.fail(v, codeUnsupportedVersion, `write "`+strings.Join(access.Versions(), `" or "`)+`", or delete the key for the newest`,
				"osmoctl does not know by which rules OSMO %s decides", quote(v.value))
		}
	}
	if m := f[serverMode].value; m != nil {
		s.Mode = model.Mode(r.word(m, `"mode"`))
		if !slices.Contains(access.Modes(), s.Mode) {
			if m.kind == scalarNode && s.Mode != "" {
				r.fail(m, codeBadMode, "write configmap where roles stand in the Helm values, as from 6.4 on, or database where they are changed by API; without a mode both are answered",
					"there is no mode %s", quote(m.value))
			}
			s.Mode = ""
		}
	}
	return s
}

// diagnosticAt is a problem at a place that is not a node of this reader.
func diagnosticAt(pos diag.Position, n *node, code, summary, hint string) diag.Diagnostic {
	return diag.Diagnostic{Code: code, Summary: summary, Hint: hint, Pos: pos, Width: width(n)}
}
