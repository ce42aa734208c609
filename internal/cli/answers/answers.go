// Package answers is the commands that answer with YAML. What OSMO's own CLI changes by a
// command, a project changes by a declaration. The commands here have OSMO's spelling.
// They change nothing: they answer with the YAML that does it and with the file to put it
// in, and exit as a mistake on the command line.
package answers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// typed is a command line as OSMO's CLI takes it. Flags that it does not know are
// passed over: they say how, and only what is asked for counts here.
type typed struct {
	Args []string `arg:"" optional:"" help:"As OSMO's CLI takes them."`
}

// OutputFormat is that of errors.
func (t typed) OutputFormat() view.Format { return command.FormatIn(t.Args) }

type (
	UserCreateCmd  struct{ typed }
	UserUpdateCmd  struct{ typed }
	UserDeleteCmd  struct{ typed }
	TokenSetCmd    struct{ typed }
	TokenDeleteCmd struct{ typed }
)

// parse takes the line apart: its first word, and the values of the flags that
// are known, by the long name. A flag takes all words up to the next one if many
// says so, else one.
func (t typed) parse(short map[string]string, many ...string) (name string, flags map[string][]string) {
	flags = map[string][]string{}
	flag, room := "", 0
	for _, arg := range t.Args {
		if given, value, assigned := strings.Cut(arg, "="); len(given) > 1 && given[0] == '-' {
			if flag, room = strings.TrimPrefix(given, "--"), 1; short[given] != "" {
				flag = short[given]
			}
			if slices.Contains(many, flag) {
				room = len(t.Args)
			}
			if slices.Contains([]string{"force", "-f", "help", "-h"}, flag) {
				room = 0
			}
			if assigned {
				flags[flag], room = append(flags[flag], value), 0
			}
			continue
		}
		switch {
		case room > 0:
			flags[flag] = append(flags[flag], arg)
			room--
		case name == "":
			name = arg
		}
	}
	return name, flags
}

// splitList takes a list apart that was given with commas, as words, or repeatedly.
func splitList(values []string) (list []string) {
	for _, value := range values {
		for word := range strings.SplitSeq(value, ",") {
			if word = strings.TrimPrefix(strings.TrimSpace(word), "role/"); word != "" && !slices.Contains(list, word) {
				list = append(list, word)
			}
		}
	}
	return list
}

// Run answers osmo user create NAME --roles R...
func (c *UserCreateCmd) Run(ctx context.Context, env *command.Env) error {
	name, flags := c.parse(map[string]string{"-r": "roles"}, "roles")
	a, err := answerAbout(ctx, env, name, "osmoctl user create NAME --roles ROLE...")
	if err != nil {
		return err
	}
	roles := splitList(flags["roles"])
	if err := a.checkRoles(roles); err != nil {
		return err
	}
	if a.account != nil {
		return a.change(fmt.Sprintf("%s is declared already, with the roles %s", name, cmp.Or(strings.Join(a.account.Roles, ", "), "none")), a.rolesKey(mergeNames(a.account.Roles, roles, nil)))
	}
	return a.add(a.rolesKey(roles))
}

// Run answers osmo user update NAME --add-roles R... --remove-roles R...
func (c *UserUpdateCmd) Run(ctx context.Context, env *command.Env) error {
	name, flags := c.parse(map[string]string{"-a": "add-roles", "-r": "remove-roles"}, "add-roles", "remove-roles")
	a, err := answerAbout(ctx, env, name, "osmoctl user update NAME --add-roles ROLE... --remove-roles ROLE...")
	if err != nil {
		return err
	}
	plus, minus := splitList(flags["add-roles"]), splitList(flags["remove-roles"])
	if err := a.checkRoles(plus); err != nil {
		return err
	}
	if a.account == nil {
		return a.answerUndeclared(a.rolesKey(plus))
	}
	body := a.rolesKey(mergeNames(a.account.Roles, plus, minus))
	for _, token := range model.Names(a.account.Tokens) {
		// A token that lists a role which its account lacks is a mistake.
		if t := a.account.Tokens[token]; !t.Inherit && slices.ContainsFunc(t.Roles, func(r string) bool { return slices.Contains(minus, r) }) {
			if len(body) == 1 {
				body = append(body, "tokens:")
			}
			body = append(body, "  "+config.Scalar(token)+":", "    "+a.rolesKey(mergeNames(t.Roles, nil, minus))[0])
		}
	}
	return a.change("what changes of "+name, body)
}

// Run answers osmo user delete NAME.
func (c *UserDeleteCmd) Run(ctx context.Context, env *command.Env) error {
	name, _ := c.parse(nil)
	a, err := answerAbout(ctx, env, name, "osmoctl user delete NAME")
	switch {
	case err != nil:
		return err
	case a.account == nil:
		return a.answerUndeclared(nil)
	case a.account.Protect:
		return a.change(name+" is protected: apply this first, and then take the account out", []string{"protect: false"})
	}
	return a.remove(a.account.Origin, fmt.Sprintf("the account %s with its %s", name, model.Noun(len(a.account.Tokens), "token", "tokens")))
}

// Run answers osmo token set NAME --user U --expires-at D --description T --roles R.
func (c *TokenSetCmd) Run(ctx context.Context, env *command.Env) error {
	const like = "osmoctl token set NAME --user USER --expires-at DATE --description TEXT --roles ROLE..."
	name, flags := c.parse(map[string]string{"-r": "roles", "-u": "user", "-e": "expires-at", "-d": "description"}, "roles")
	a, name, err := answerAboutToken(ctx, env, name, flags["user"], like)
	if err != nil {
		return err
	}
	roles := splitList(flags["roles"])
	if err := a.checkRoles(roles); err != nil {
		return err
	}
	if a.account != nil && a.account.Tokens[name] != nil {
		t := a.account.Tokens[name]
		return a.change(fmt.Sprintf("%s is declared already: raising its generation asks for a new value beside the old one", t.Address()),
			[]string{"tokens:", "  " + config.Scalar(name) + ":", fmt.Sprintf("    generation: %d", max(t.Generation, 1)+1)})
	}
	keys, err := a.tokenKeys(flags, roles)
	if err != nil {
		return err
	}
	body := []string{"tokens:", "  " + config.Scalar(name) + ": {}"}
	if len(keys) > 0 {
		body[1] = "  " + config.Scalar(name) + ":"
	}
	for _, key := range keys {
		body = append(body, "    "+key)
	}
	if a.account == nil {
		return a.answerUndeclared(append(a.rolesKey(roles), body...))
	}
	if lacks := mergeNames(roles, nil, a.account.Roles); len(lacks) > 0 {
		body = append(a.rolesKey(mergeNames(a.account.Roles, roles, nil)), body...)
	}
	return a.change("what is added to "+a.name, body)
}

// tokenKeys are the lines of a new token. What the project has no default for is
// said, so that the answer is complete.
func (a *answer) tokenKeys(flags map[string][]string, roles []string) (keys []string, err error) {
	if text := strings.Join(flags["description"], " "); text != "" {
		keys = append(keys, "description: "+config.Scalar(text))
	}
	if len(roles) > 0 {
		keys = append(keys, a.rolesKey(roles)...)
	}
	switch at := strings.Join(flags["expires-at"], ""); {
	case at != "":
		// OSMO takes a month or a day without its zero.
		t, err := time.Parse("2006-1-2", at)
		if err != nil {
			return nil, command.Usagef("--expires-at takes a date such as 2027-01-31, and this is none: %.40q", at)
		}
		keys = append(keys, "expires_at: "+t.Format(time.DateOnly))
	case a.want == nil || a.want.Project.Defaults.Expiry == (model.Expiry{}):
		keys = append(keys, "expires_in: 31d")
	}
	if a.want != nil && len(a.want.Project.Defaults.Recipients) == 0 {
		keys = append(keys, "recipients: "+config.FlowList(model.Names(a.want.Project.Recipients)))
	}
	return keys, nil
}

// Run answers osmo token delete NAME --user U.
func (c *TokenDeleteCmd) Run(ctx context.Context, env *command.Env) error {
	name, flags := c.parse(map[string]string{"-u": "user"})
	a, name, err := answerAboutToken(ctx, env, name, flags["user"], "osmoctl token delete NAME --user USER")
	if err != nil {
		return err
	}
	if a.account == nil {
		return a.answerUndeclared(nil)
	}
	t := a.account.Tokens[name]
	if t == nil {
		err := fmt.Errorf("%s is not declared, and nothing was changed", model.TokenAddress(a.name, name))
		if near := diag.Nearest(name, model.Names(a.account.Tokens)); near != "" {
			return command.Usage(diag.Hinted(err, fmt.Sprintf("did you mean %q?", near)))
		}
		return command.Usage(diag.Hinted(err, "osmoctl token list shows what there is"))
	}
	a.leaked = "; a value that leaked ends at once, and is issued anew, with: osmoctl token revoke " + a.name + "/" + name + " --reason TEXT"
	return a.remove(t.Origin, "the token "+name+" of "+a.name)
}

// answer is what the answers have in common: the account they are about, and
// what is declared.
type answer struct {
	env  *command.Env
	name string
	// want is nil where the declarations cannot be read, or there is no project.
	want    *model.Declarations
	account *model.Account
	dir     string
	leaked  string
}

func answerAbout(ctx context.Context, env *command.Env, name, like string) (*answer, error) {
	name = strings.TrimPrefix(name, "account/")
	if name == "" {
		return nil, command.Usage(diag.Hinted(errors.New("the name of a service account is missing"), like))
	}
	if err := model.CheckAccountName(name); err != nil {
		return nil, command.Usage(err)
	}
	a := &answer{env: env, name: name}
	w, err := env.Open(ctx)
	if err != nil {
		return a, nil // Without a project the answer is still right.
	}
	defer w.Close()
	a.dir = w.Dir()
	if a.want = w.Declared(ctx); a.want != nil {
		a.account = a.want.Accounts[name]
	}
	return a, nil
}

// answerAboutToken takes NAME with --user, or the address of a token.
func answerAboutToken(ctx context.Context, env *command.Env, name string, user []string, like string) (*answer, string, error) {
	owner := strings.Join(user, "")
	if address, err := model.ReadTokenAddress(name); err == nil {
		owner, name = cmp.Or(owner, address.Account), address.Name
	}
	switch err := model.CheckTokenName(name); {
	case name == "":
		return nil, "", command.Usage(diag.Hinted(errors.New("the name of a token is missing"), like))
	case err != nil:
		return nil, "", command.Usage(err)
	case owner == "":
		return nil, "", command.Usage(diag.Hinted(errors.New("it is not said whose token this is: here a token belongs to a service account"), like))
	}
	a, err := answerAbout(ctx, env, owner, like)
	return a, name, err
}

// checkRoles names the role that was probably meant where one is unknown.
func (a *answer) checkRoles(roles []string) error {
	for _, role := range roles {
		if err := model.CheckRoleName(role); err != nil {
			return command.Usage(err)
		}
		if a.want == nil || a.want.Roles[role] != nil || access.IsBuiltin(role) {
			continue
		}
		err := fmt.Errorf("the role %s is not declared, and OSMO does not bring it along", role)
		if near := diag.Nearest(role, append(model.Names(a.want.Roles), access.BuiltinNames()...)); near != "" {
			return command.Usage(diag.Hinted(err, fmt.Sprintf("did you mean %q?", near)))
		}
		return command.Usage(diag.Hinted(err, "declare it under roles; osmoctl role list shows what there is"))
	}
	return nil
}

// mergeNames is a set of names with some more and without others.
func mergeNames(names, plus, minus []string) []string {
	list := model.Set(append(slices.Clone(names), plus...))
	return slices.DeleteFunc(list, func(name string) bool { return slices.Contains(minus, name) })
}

func (a *answer) rolesKey(roles []string) []string {
	return []string{"roles: " + config.FlowList(roles)}
}

// add answers with an account of its own.
func (a *answer) add(body []string) error {
	file := filepath.ToSlash(filepath.Join(config.ManifestDir, a.name+".yaml"))
	where := "in a new file, such as " + file
	switch {
	case a.dir == "":
		where += ", of a project: osmoctl init makes one"
	case disk.Exists(filepath.Join(a.dir, file)):
		where = "under service_accounts in a file below " + config.ManifestDir + ", such as " + file
	}
	return a.say("declare it "+where, body)
}

// change answers with the keys of an account that are to be others.
func (a *answer) change(what string, body []string) error {
	return a.say(fmt.Sprintf("%s, in %s:%d (all other keys stay as they are)", what, a.account.Origin.File, a.account.Origin.Line), body)
}

// answerUndeclared answers about an account that is not declared. body is nil where the
// answer makes none.
func (a *answer) answerUndeclared(body []string) error {
	if a.want != nil {
		if near := diag.Nearest(a.name, model.Names(a.want.Accounts)); near != "" {
			return command.Usage(diag.Hinted(fmt.Errorf("the service account %s is not declared, and nothing was changed", a.name), fmt.Sprintf("did you mean %q?", near)))
		}
	}
	if body == nil {
		return command.Usage(diag.Hinted(fmt.Errorf("the service account %s is not declared, and nothing was changed", a.name), "osmoctl user list shows those that are applied"))
	}
	return a.add(body)
}

// remove answers where to take something out.
func (a *answer) remove(at diag.Position, what string) error {
	return command.Usage(diag.Hinted(errors.New("nothing was changed: what goes is taken out of the declarations, and not by a command"),
		fmt.Sprintf("take %s out of %s:%d, and everything indented below it; then osmoctl plan, git commit and osmoctl apply%s", what, at.File, at.Line, a.leaked)))
}

// say prints the YAML where it can be taken from, and everything else beside it.
func (a *answer) say(where string, body []string) error {
	yaml := "service_accounts:\n  " + config.Scalar(a.name) + ":\n"
	for _, line := range body {
		yaml += "    " + line + "\n"
	}
	err := errors.New("nothing was changed: service accounts, roles and tokens are declared in YAML, and not made by a command")
	if a.env.Format == view.JSON {
		return command.Usage(diag.Hinted(err, where+":\n"+yaml))
	}
	for line := range strings.Lines(yaml) {
		a.env.Printf("%s\n", strings.TrimSuffix(line, "\n"))
	}
	return command.Usage(diag.Hinted(err, where+"; then osmoctl plan, git commit and osmoctl apply"))
}
