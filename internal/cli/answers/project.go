package answers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/answers"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// project is what an answer is about: an account, and what is declared.
type project struct {
	env  *command.Env
	name string
	// want is nil where the declarations have mistakes, or there is no project.
	want    *model.Declarations
	account *model.Account
	// found says that there is a project.
	found bool
	// taken says that something stands already in the file that [project.file] names.
	taken bool
	// sources are the files that declarations of the account stand in, by their name.
	sources map[string][]string
}

// readProject reads what is declared about an account. Without a project an answer is as
// good; it only knows less.
func readProject(ctx context.Context, env *command.Env, name string) (*project, error) {
	p := &project{env: env, name: strings.TrimPrefix(name, "account/"), sources: map[string][]string{}}
	if err := model.CheckAccountName(p.name); err != nil {
		return nil, command.Usage(err)
	}
	if _, err := env.FindProject(); err != nil {
		return p, nil
	}
	p.found = true
	// The answer may go straight into a manifest: the shell has made that file, empty, by now.
	outside := env.Outside()
	outside.PassEmpty = true
	err := env.WithDeclaredFrom(ctx, outside, func(d command.Declared) error {
		info, err := fs.Stat(d.Files, p.file())
		p.taken = err == nil && info.Size() > 0
		if d.Want == nil {
			env.Warnf("what is declared has mistakes, so this answer does not know what there is: osmoctl validate lists them")
			return nil
		}
		p.want, p.account = d.Want, d.Want.Accounts[p.name]
		if p.account == nil {
			return nil
		}
		for _, file := range append(tokenFiles(p.account), p.account.Origin.File) {
			text, err := fs.ReadFile(d.Files, file)
			if err != nil {
				return err
			}
			p.sources[file] = strings.Split(string(text), "\n")
		}
		return nil
	})
	return p, err
}

func tokenFiles(a *model.Account) (files []string) {
	for _, t := range a.Tokens {
		files = append(files, t.Origin.File)
	}
	return model.Set(files)
}

// readTokenProject reads what is declared about the account of a token. What is declared
// is the token, and not one of its values.
func readTokenProject(ctx context.Context, env *command.Env, named argument.NamedToken, like string) (*project, string, error) {
	address, err := named.Address(like)
	if err != nil {
		return nil, "", err
	}
	if address.Generation > 0 {
		return nil, "", command.Usagef("%s is one generation, and what is declared is the token: %s/%s", address, address.Account, address.Name)
	}
	p, err := readProject(ctx, env, address.Account)
	return p, address.Name, err
}

func (p *project) address() model.Address { return model.AccountAddress(p.name) }

// file is where an account of this name would be looked for.
func (p *project) file() string { return path.Join(config.ManifestDir, p.name+".yaml") }

// checkRoles names the role that was probably meant where one is unknown.
func (p *project) checkRoles(roles []string) error {
	for _, role := range roles {
		if p.want == nil || p.want.Roles[role] != nil || access.IsBuiltin(role) {
			continue
		}
		return notDeclared("role", role, role, append(model.Names(p.want.Roles), access.BuiltinNames()...), "declare it under roles; osmoctl role list shows what there is")
	}
	return nil
}

// checkHeld demands that the account holds roles which it is to lose.
func (p *project) checkHeld(roles []string) error {
	for _, role := range roles {
		if !slices.Contains(p.account.Roles, role) {
			err := fmt.Errorf("%s does not hold the role %s: it is declared with %s", p.name, role, cmp.Or(strings.Join(p.account.Roles, ", "), "none"))
			return diag.HintNear(err, role, p.account.Roles, "")
		}
	}
	return nil
}

// checkNew refuses the name of a new account that differs from one that is declared in
// upper and lower case alone.
func (p *project) checkNew() error {
	if p.want == nil {
		return nil
	}
	for _, name := range model.Names(p.want.Accounts) {
		if strings.EqualFold(name, p.name) {
			return diag.Hinted(fmt.Errorf("the account %s is declared, and %s differs from it in upper and lower case alone", name, p.name), fmt.Sprintf("did you mean %q?", name))
		}
	}
	return nil
}

// checkOther refuses an account that is not declared where the name of one that is was
// probably meant: a token is seldom the first that is heard of an account.
func (p *project) checkOther() error {
	if p.want == nil {
		return nil
	}
	names := model.Names(p.want.Accounts)
	if diag.Nearest(p.name, names) != "" {
		return notDeclared("service account", p.name, p.name, names, "")
	}
	return nil
}

// maxLifetime is how long a token may live.
func (p *project) maxLifetime() model.Days {
	if p.want == nil || p.want.Project.Guardrails.MaxTokenLifetime == 0 {
		return config.DefaultMaxLifetime
	}
	return p.want.Project.Guardrails.MaxTokenLifetime
}

// widen is the key of the account's roles where a token is to have more than those.
func (p *project) widen(roles []string) []string {
	if len(mergeNames(roles, nil, p.account.Roles)) == 0 {
		return nil
	}
	return rolesKey(mergeNames(p.account.Roles, roles, nil))
}

// checkDeclared demands that the account is declared.
func (p *project) checkDeclared() error {
	switch {
	case !p.found:
		_, err := p.env.FindProject()
		return err
	case p.want == nil:
		return diag.Hinted(errors.New("what is declared has mistakes, so it is not known where "+p.name+" stands"), "osmoctl validate lists them")
	case p.account == nil:
		return notDeclared("service account", p.name, p.name, model.Names(p.want.Accounts), "osmoctl user list shows those that are applied")
	}
	return nil
}

func notDeclared(what, name, word string, names []string, hint string) error {
	return diag.HintNear(fmt.Errorf("%s %q is not declared", what, name), word, names, hint)
}

// mergeNames is a set of names with some more and without others.
func mergeNames(names, plus, minus []string) []string {
	list := model.Set(append(slices.Clone(names), plus...))
	return slices.DeleteFunc(list, func(name string) bool { return slices.Contains(minus, name) })
}

func rolesKey(roles []string) []string { return []string{"roles: " + config.FlowList(roles)} }

// tokenLines are the lines of one token below its account.
func tokenLines(token string, keys []string) []string {
	if len(keys) == 0 {
		return []string{"tokens:", "  " + config.Scalar(token) + ": {}"}
	}
	lines := []string{"tokens:", "  " + config.Scalar(token) + ":"}
	for _, key := range keys {
		lines = append(lines, "    "+key)
	}
	return lines
}

// narrowTokens are the lines of the tokens that list roles which their account loses: a
// token with a role that its account lacks is a mistake.
func (p *project) narrowTokens(lost []string) (lines []string, err error) {
	for _, name := range model.Names(p.account.Tokens) {
		t := p.account.Tokens[name]
		left := mergeNames(t.Roles, nil, lost)
		switch {
		case t.Inherit || len(left) == len(t.Roles):
			continue
		case len(left) == 0:
			return nil, diag.Hinted(fmt.Errorf("%s has no other role, and a token needs one", t.Address()),
				"give it another in "+placeOf(t.Origin)+", or take it out first: osmoctl token delete "+p.name+"/"+name)
		case len(lines) == 0:
			lines = append(lines, "tokens:")
		}
		lines = append(lines, "  "+config.Scalar(name)+":", "    "+rolesKey(left)[0])
	}
	return lines, nil
}

// accountYAML is a manifest of one account.
func (p *project) accountYAML(body []string) string {
	return "service_accounts:\n  " + config.Scalar(p.name) + ":\n    " + strings.Join(body, "\n    ") + "\n"
}

// add answers with an account of its own.
func (p *project) add(at model.Address, body []string) report.Answer {
	a := report.Answer{Address: at, Do: report.AnswerAdd, File: p.file(), YAML: p.accountYAML(body)}
	switch {
	case !p.found:
		a.Where = "write this into a file such as " + a.File + " of a project; osmoctl init makes one"
	case p.taken:
		a.Where = "write this under service_accounts of a file below " + config.ManifestDir + "/, such as " + a.File
	default:
		a.Where = "write this into a new file, such as " + a.File
	}
	return a
}

// change answers with the keys of the account that are to be others.
func (p *project) change(at model.Address, body []string) report.Answer {
	origin := p.account.Origin
	a := report.Answer{Address: at, Do: report.AnswerChange, File: origin.File, Line: origin.Line, LastLine: p.lastLine(origin), YAML: p.accountYAML(body)}
	a.Where = fmt.Sprintf("%s is declared in %s: give it these keys, and leave all others as they are", p.name, placeOf(origin))
	return a
}

// changeRoles is [project.change] of the roles.
func (p *project) changeRoles(roles []string) report.Answer {
	a := p.change(p.address(), rolesKey(roles))
	if slices.Equal(roles, p.account.Roles) {
		a.Do, a.Where = report.AnswerKeep, fmt.Sprintf("nothing: %s is declared so in %s", p.name, placeOf(p.account.Origin))
	}
	return a
}

// remove answers where to take something out. last says that nothing would be left below
// the key that it stands under.
func (p *project) remove(at model.Address, origin diag.Position, what string, last bool, key string) report.Answer {
	a := report.Answer{Address: at, Do: report.AnswerRemove, File: origin.File, Line: origin.Line, LastLine: p.lastLine(origin)}
	a.Where = fmt.Sprintf("take %s out of %s", what, placeOf(origin))
	if a.LastLine > a.Line {
		a.Where = fmt.Sprintf("take %s out of %s, lines %d to %d", what, origin.File, a.Line, a.LastLine)
	}
	for _, line := range p.sources[origin.File][origin.Line-1 : max(a.LastLine, origin.Line)] {
		a.YAML += strings.TrimRight("# "+secret.Mask(line), " \r") + "\n"
	}
	if last {
		a.Notes = append(a.Notes, fmt.Sprintf("it is the only one there, so the key %s: above it goes as well", key))
	}
	return a
}

// isAlone reports whether no other account is declared in the account's file.
func (p *project) isAlone() bool {
	for name, other := range p.want.Accounts {
		if name != p.name && other.Origin.File == p.account.Origin.File {
			return false
		}
	}
	return true
}

// lastLine is where a block that begins at a position ends; 0 where what stands there is
// no block of lines of its own.
func (p *project) lastLine(at diag.Position) int {
	lines := p.sources[at.File]
	if at.Line < 1 || at.Line > len(lines) || indent(lines[at.Line-1]) != at.Column-1 {
		return 0
	}
	last := at.Line
	for i := at.Line; i < len(lines); i++ {
		text := strings.TrimSpace(lines[i])
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if indent(lines[i]) <= at.Column-1 {
			break
		}
		last = i + 1
	}
	return last
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

func placeOf(at diag.Position) string { return fmt.Sprintf("%s:%d", at.File, at.Line) }

// show says what follows, and shows the answer.
func (p *project) show(a report.Answer, f view.Format) error {
	if a.Do != report.AnswerKeep {
		a.Next = []string{"osmoctl plan", "git commit", "a pull request", "osmoctl apply after its merge"}
	}
	return answers.Show(p.env.View(), a, f)
}
