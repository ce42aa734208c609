// Package answers is the commands that answer with YAML. What OSMO's own CLI changes by a
// command, a project changes by a declaration. The commands here have OSMO's spelling.
// They change nothing: the YAML that does it goes to stdout, where to put it to stderr,
// and the exit code is 0, since what was asked has its answer.
package answers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Roles is a flag that takes several words, as OSMO's CLI does: --roles a b, and beside
// it --roles a,b and --roles a --roles b. Each is there once, in the order given.
type Roles []string

// Decode takes the words up to the next flag. A value that is tied to its flag, as in
// --roles=a, is all that there is.
func (r *Roles) Decode(c *kong.DecodeContext) error {
	first, err := c.Scan.PopValue("role")
	if err != nil {
		return err
	}
	words := []string{first.String()}
	if first.Type != kong.FlagValueToken && first.Type != kong.ShortFlagTailToken {
		for t := c.Scan.Peek(); !t.IsEOL() && t.IsValue() && t.String() != "--"; t = c.Scan.Peek() {
			words = append(words, c.Scan.Pop().String())
		}
	}
	for word := range strings.SplitSeq(strings.Join(words, ","), ",") {
		word = strings.TrimPrefix(strings.TrimSpace(word), "role/")
		if err := model.CheckRoleName(word); err != nil {
			return err
		}
		if !slices.Contains(*r, word) {
			*r = append(*r, word)
		}
	}
	return nil
}

const changesNothing = `This changes nothing. The YAML that does it goes to stdout, and where to put it to stderr; the exit code is 0.`

// UserCreateCmd answers osmo user create.
type UserCreateCmd struct {
	command.TextOrJSON
	User  string `arg:"" help:"The service account to be."`
	Roles Roles  `predictor:"role" short:"r" placeholder:"ROLE..." help:"The roles that it shall hold: several words, as OSMO's CLI takes them, or with commas."`
}

// Help is the long description of the command.
func (UserCreateCmd) Help() string { return changesNothing }

// Run answers with an account, or with other roles for the one that is declared.
func (c *UserCreateCmd) Run(ctx context.Context, env *command.Env) error {
	p, err := readProject(ctx, env, c.User)
	if err != nil {
		return err
	}
	if err := p.checkRoles(c.Roles); err != nil {
		return err
	}
	if p.account == nil {
		if err := p.checkNew(); err != nil {
			return err
		}
		return p.show(p.add(p.address(), rolesKey(c.Roles)), c.Format)
	}
	a := p.changeRoles(mergeNames(p.account.Roles, c.Roles, nil))
	a.Notes = append(a.Notes, fmt.Sprintf("%s is declared already, with the roles %s", p.name, cmp.Or(strings.Join(p.account.Roles, ", "), "none")))
	return p.show(a, c.Format)
}

// UserUpdateCmd answers osmo user update.
type UserUpdateCmd struct {
	command.TextOrJSON
	User   string `predictor:"account" arg:"" help:"The service account."`
	Add    Roles  `predictor:"role" name:"add-roles" short:"a" placeholder:"ROLE..." help:"Roles that it shall hold beside those it has."`
	Remove Roles  `predictor:"role" name:"remove-roles" short:"r" placeholder:"ROLE..." help:"Roles that it shall no longer hold."`
}

// Help is the long description of the command.
func (UserUpdateCmd) Help() string { return changesNothing }

// Run answers with the roles that an account shall have.
func (c *UserUpdateCmd) Run(ctx context.Context, env *command.Env) error {
	if len(c.Add)+len(c.Remove) == 0 {
		return command.Usage(diag.Hinted(errors.New("it is not said what shall change"), "osmoctl user update USER --add-roles ROLE... --remove-roles ROLE..."))
	}
	p, err := readProject(ctx, env, c.User)
	if err != nil {
		return err
	}
	if err := p.checkDeclared(); err != nil {
		return err
	}
	if err := cmp.Or(p.checkRoles(c.Add), p.checkHeld(c.Remove)); err != nil {
		return err
	}
	left := mergeNames(p.account.Roles, c.Add, c.Remove)
	if len(left) == 0 && len(p.account.Tokens) > 0 {
		return diag.Hinted(fmt.Errorf("%s has tokens, so it needs a role", p.name), "give it another with --add-roles, or take it out: osmoctl user delete "+p.name)
	}
	a := p.changeRoles(left)
	tokens, err := p.narrowTokens(c.Remove)
	if err != nil {
		return err
	}
	if len(tokens) > 0 {
		a.YAML = p.accountYAML(append(rolesKey(left), tokens...))
	}
	if p.account.Protect && len(c.Remove) > 0 {
		a.Notes = append(a.Notes, p.name+" is protected: no plan takes roles from it until an earlier apply recorded protect: false")
	}
	if len(c.Add) > 0 && len(p.account.Tokens) > 0 {
		a.Notes = append(a.Notes, "tokens that live keep the roles that they were issued with; those that list no roles get the new ones with their next rotation")
	}
	return p.show(a, c.Format)
}

// UserDeleteCmd answers osmo user delete.
type UserDeleteCmd struct {
	command.TextOrJSON
	User  string `predictor:"account" arg:"" help:"The service account."`
	Force bool   `short:"f" help:"As OSMO's CLI takes it. Nothing is asked here, so it says nothing."`
}

// Help is the long description of the command.
func (UserDeleteCmd) Help() string {
	return changesNothing + ` What is to be taken out stands on stdout as comments, with its file and lines.`
}

// Run answers where an account is declared.
func (c *UserDeleteCmd) Run(ctx context.Context, env *command.Env) error {
	p, err := readProject(ctx, env, c.User)
	if err != nil {
		return err
	}
	if err := p.checkDeclared(); err != nil {
		return err
	}
	if p.account.Protect {
		a := p.change(p.address(), []string{"protect: false"})
		a.Notes = append(a.Notes, p.name+" is protected: have this applied first, and take the account out then")
		return p.show(a, c.Format)
	}
	a := p.remove(p.address(), p.account.Origin, fmt.Sprintf("the account %s with its %s", p.name, model.Noun(len(p.account.Tokens), "token", "tokens")), p.isAlone(), "service_accounts")
	return p.show(a, c.Format)
}

// TokenSetCmd answers osmo token set.
type TokenSetCmd struct {
	command.TextOrJSON
	Name        string `arg:"" help:"The token to be: its name with --user, or USER/TOKEN."`
	User        string `predictor:"account" short:"u" placeholder:"USER" help:"The service account that it belongs to. Without it OSMO's CLI makes a token of the caller; here each belongs to an account that is declared."`
	Expires     string `name:"expires-at" short:"e" placeholder:"DATE" help:"The UTC day on which it dies, such as 2027-01-31. Without it, what defaults in osmoctl.yaml say, or 31 days as OSMO's CLI has it."`
	Description string `short:"d" placeholder:"TEXT" help:"What it is for."`
	Roles       Roles  `predictor:"role" short:"r" placeholder:"ROLE..." help:"The roles that it shall have. Without them it has all of the account's at the time of issue."`
}

// Help is the long description of the command.
func (TokenSetCmd) Help() string {
	return changesNothing + ` Of a token that is declared already the answer asks for a new value beside the old one, by its generation or by other roles and dates.`
}

// Run answers with a token, or with what rotates the one that is declared.
func (c *TokenSetCmd) Run(ctx context.Context, env *command.Env) error {
	p, token, err := readTokenProject(ctx, env, argument.NamedToken{Name: c.Name, User: c.User}, "osmoctl token set NAME --user USER")
	if err != nil {
		return err
	}
	if err := cmp.Or(p.checkRoles(c.Roles), c.checkDescription()); err != nil {
		return err
	}
	expires, err := c.expiry(env, p)
	if err != nil {
		return err
	}
	address := model.TokenAddress(p.name, token)
	if len(c.Roles) == 0 && (p.account == nil || len(p.account.Roles) == 0) {
		return command.Usage(diag.Hinted(fmt.Errorf("no roles are declared for %s, and an account with tokens needs one", p.name), "osmoctl token set "+p.name+"/"+token+" --roles ROLE... declares both"))
	}
	switch {
	case p.account == nil:
		if err := p.checkOther(); err != nil {
			return err
		}
		return p.show(p.add(address, append(rolesKey(c.Roles), tokenLines(token, c.newKeys(p, expires))...)), c.Format)
	case p.account.Tokens[token] != nil:
		return p.show(c.again(p, p.account.Tokens[token], expires), c.Format)
	}
	return p.show(p.change(address, append(p.widen(c.Roles), tokenLines(token, c.newKeys(p, expires))...)), c.Format)
}

func (c *TokenSetCmd) checkDescription() error {
	if err := config.CheckText(c.Description); err != nil {
		return command.Usagef("--description cannot stand in a manifest: %w", err)
	}
	return nil
}

// expiry is --expires-at as manifests spell dates, "" where it was not given.
func (c *TokenSetCmd) expiry(env *command.Env, p *project) (string, error) {
	if c.Expires == "" {
		return "", nil
	}
	// OSMO takes a month or a day without its zero.
	t, err := time.Parse("2006-1-2", c.Expires)
	if err != nil {
		return "", command.Usagef("--expires-at takes a date such as 2027-01-31, and this is none: %.40q", c.Expires)
	}
	today, err := env.Today()
	if err != nil {
		return "", err
	}
	switch last := today.Add(p.maxLifetime()); {
	case model.DateOf(t) <= today:
		return "", command.Usagef("--expires-at has to be after today, which is %s in UTC: a token dies at the beginning of that day", today)
	case model.DateOf(t) > last:
		return "", command.Usagef("--expires-at is beyond the limit of %s from today, which is %s", p.maxLifetime(), last)
	}
	return t.Format(time.DateOnly), nil
}

// keys are those that the flags give.
func (c *TokenSetCmd) keys(expires string) (keys []string) {
	if c.Description != "" {
		keys = append(keys, "description: "+config.Scalar(c.Description))
	}
	if len(c.Roles) > 0 {
		keys = append(keys, rolesKey(c.Roles)...)
	}
	if expires != "" {
		keys = append(keys, "expires_at: "+expires)
	}
	return keys
}

// newKeys are those of a new token. What the project has no default for is said, so that
// the answer is complete.
func (c *TokenSetCmd) newKeys(p *project, expires string) []string {
	keys := c.keys(expires)
	if expires == "" && (p.want == nil || p.want.Project.Defaults.Expiry == (model.Expiry{})) {
		keys = append(keys, "expires_in: 31d")
	}
	if p.want != nil && len(p.want.Project.Defaults.Recipients) == 0 {
		keys = append(keys, "recipients: "+config.FlowList(model.Names(p.want.Project.Recipients)))
	}
	return keys
}

// again answers about a token that is declared.
func (c *TokenSetCmd) again(p *project, t *model.Token, expires string) report.Answer {
	keys := c.keys(expires)
	if expires == "" && (len(c.Roles) == 0 || slices.Equal(model.Set(c.Roles), t.Roles)) {
		keys = append(keys, fmt.Sprintf("generation: %d", max(t.Generation, 1)+1))
	}
	a := p.change(t.Address(), append(p.widen(c.Roles), tokenLines(t.Name, keys)...))
	a.Notes = append(a.Notes, fmt.Sprintf("%s is declared already, in %s: this asks for a new value, and the old one stays valid for the declared overlap", t.Address(), placeOf(t.Origin)))
	if expires != "" && t.Expiry.In > 0 && t.ExpiryOrigin.File != config.ProjectFile {
		a.Notes = append(a.Notes, "expires_at takes the place of its expires_in")
	}
	return a
}

// TokenDeleteCmd answers osmo token delete.
type TokenDeleteCmd struct {
	command.TextOrJSON
	argument.NamedToken
}

// Help is the long description of the command.
func (TokenDeleteCmd) Help() string {
	return changesNothing + ` What is to be taken out stands on stdout as comments, with its file and lines. A token that leaked is ended at once by osmoctl token revoke.`
}

// Run answers where a token is declared.
func (c *TokenDeleteCmd) Run(ctx context.Context, env *command.Env) error {
	p, token, err := readTokenProject(ctx, env, c.NamedToken, "osmoctl token delete NAME --user USER")
	if err != nil {
		return err
	}
	if err := p.checkDeclared(); err != nil {
		return err
	}
	t := p.account.Tokens[token]
	if t == nil {
		return notDeclared("token", p.name+"/"+token, token, model.Names(p.account.Tokens), "osmoctl token list --user "+p.name+" shows what is applied")
	}
	a := p.remove(t.Address(), t.Origin, "the token "+token+" of "+p.name, len(p.account.Tokens) == 1, "tokens")
	if p.account.Protect && len(p.account.Tokens) == 1 {
		a.Notes = append(a.Notes, p.name+" is protected: no plan takes its last token until an earlier apply recorded protect: false")
	}
	a.Notes = append(a.Notes, "a value that leaked is ended at once, and issued anew, by: osmoctl token revoke "+p.name+"/"+token+" --reason TEXT")
	return p.show(a, c.Format)
}
