// Package exports is the commands that write tokens and roles in the form that others take:
// osmoctl export.
package exports

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/identity"
	"github.com/osmoctl/osmoctl/internal/cli/value"
	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/kube"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Cmd is osmoctl export.
type Cmd struct {
	K8s     k8sCmd     `cmd:"" name:"k8s-secret" help:"Write the manifest of a Kubernetes Secret with a token, for kubectl apply."`
	Backend backendCmd `cmd:"" name:"backend-secret" help:"Write the manifest of the Secret that OSMO's service mounts for a backend operator, during a rotation with the token before."`
	Dotenv  dotenvCmd  `cmd:"" help:"Write a token as one line, NAME=VALUE."`
	Helm    helmCmd    `cmd:"" name:"helm-values" help:"Write the declared roles as values of OSMO's Helm chart."`
}

// manifestFlags are those of the exports that write a Secret.
type manifestFlags struct {
	Namespace  string   `short:"n" placeholder:"NAMESPACE" help:"The namespace. Default: none, so that of whoever applies the manifest."`
	Label      []string `sep:"none" placeholder:"KEY=VALUE" help:"A label of the Secret. Repeatable."`
	Annotation []string `sep:"none" placeholder:"KEY=VALUE" help:"An annotation of the Secret. Repeatable."`
	Format     string   `short:"t" name:"format-type" enum:"yaml,json" default:"yaml" help:"Output format: ${enum}."`
}

// OutputFormat is that of errors.
func (f manifestFlags) OutputFormat() view.Format {
	if f.Format == "json" {
		return view.JSON
	}
	return view.Text
}

// manifestHelp is what the help of each of them says.
const manifestHelp = `The manifest holds the token, in base64, so it goes where token decrypt lets one go: into a pipe, into a file of mode 0600 outside any git work tree with -o, to a terminal only with --reveal. The same state gives the same bytes. Names, labels and annotations are checked by Kubernetes's rules. A generation that has expired is refused with exit code 6.`

type k8sCmd struct {
	argument.TokenPath
	identity.Keys
	Name string `placeholder:"NAME" help:"The name of the Secret. Default: USER.TOKEN in lower case."`
	Key  string `default:"token" placeholder:"KEY" help:"The key of the token in the Secret. Default: ${default}."`
	Type string `default:"Opaque" placeholder:"TYPE" help:"The type of the Secret. Default: ${default}."`
	manifestFlags
	value.Place
}

// Help is the long description of the command.
func (k8sCmd) Help() string {
	return `osmoctl export k8s-secret USER/TOKEN -o - | kubectl apply --server-side -f - brings a token into a cluster. USER/TOKEN is the active generation; USER/TOKEN@N another live one. Annotations below osmoctl.dev/ say which generation it is and when it expires.

` + manifestHelp
}

// Run writes the manifest.
func (c *k8sCmd) Run(ctx context.Context, env *command.Env) error {
	return c.Give(ctx, env, c.About(), func(w *workspace.Workspace, snap *state.Snapshot) (secret.Value, error) {
		from, err := value.ChooseUsable(env, snap, c.TokenPath)
		if err != nil {
			return secret.Value{}, err
		}
		noteSubPath(env, snap, from)
		name, err := c.name(from.Address)
		if err != nil {
			return secret.Value{}, err
		}
		s := kube.Secret{Name: name, Type: c.Type, Annotations: annotationsOf(snap, from)}
		return c.write(ctx, env, w, snap, &c.Keys, s, map[string]value.Source{c.Key: from})
	})
}

func (c *k8sCmd) name(a model.Address) (string, error) {
	if c.Name != "" {
		return c.Name, nil
	}
	name := kube.DefaultName(a.Account, a.Name)
	if kube.CheckName(name) != nil {
		return "", command.Usage(diag.Hinted(fmt.Errorf("no name of a Secret can be made of %s/%s", a.Account, a.Name), "give it one with --name NAME"))
	}
	return name, nil
}

// noteSubPath says what a new value of a backend operator needs beside its Secret. OSMO's
// chart up to 6.3 mounts the key by subPath, and such a file never changes while the pod
// lives. From 6.4 on its chart mounts the Secret.
func noteSubPath(env *command.Env, snap *state.Snapshot, from value.Source) {
	applied, g := snap.Meta.Applied, from.Generation
	version, _ := access.ReadVersion(applied.Server.Version)
	if applied.Backend.Kind != model.BackendOSMO || !slices.Contains(g.CurrentRoles(), backendRole) || version == "6.4" || g.Number == 1 {
		return
	}
	env.Infof("A backend operator of OSMO 6.2 and 6.3 reads its token from a file that Kubernetes never updates (token.txt, mounted by subPath): restart its pods, so that they see the new value before the old one ends.")
}

// annotationsOf say what a Secret holds, to whoever finds it in a cluster.
func annotationsOf(snap *state.Snapshot, from value.Source) map[string]string {
	g := from.Generation
	annotations := map[string]string{
		"account": from.Address.Account, "token": from.Address.Name, "generation": strconv.Itoa(g.Number),
		"expires-at": g.ExpiresAt.String(), "fingerprint": g.Value.Short(), "lineage": snap.Meta.Lineage,
	}
	if g.RevokeAfter != 0 {
		annotations["revoke-after"] = g.RevokeAfter.String()
	}
	return addPrefix(annotations)
}

// ourPrefix is that of the annotations that osmoctl writes, and nobody else.
const ourPrefix = "osmoctl.dev/"

func addPrefix(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for key, value := range m {
		out[ourPrefix+key] = value
	}
	return out
}

// write completes and checks the manifest s before it opens a value for it.
func (f manifestFlags) write(ctx context.Context, env *command.Env, w *workspace.Workspace, snap *state.Snapshot, keys *identity.Keys, s kube.Secret, from map[string]value.Source) (secret.Value, error) {
	if err := f.complete(&s, from); err != nil {
		return secret.Value{}, command.Usage(err)
	}
	for _, key := range model.Names(from) {
		value, err := from[key].Open(ctx, env, w, snap, keys)
		if err != nil {
			return secret.Value{}, err
		}
		defer value.Wipe()
		s.Data[key] = value
	}
	if f.Format == "json" {
		return s.JSON()
	}
	return s.YAML()
}

func (f manifestFlags) complete(s *kube.Secret, from map[string]value.Source) error {
	s.Namespace = f.Namespace
	s.Labels = map[string]string{"app.kubernetes.io/managed-by": "osmoctl"}
	s.Data = map[string]secret.Value{}
	for key := range from {
		s.Data[key] = secret.Value{}
	}
	if err := errors.Join(addPairs(s.Labels, f.Label, "label"), addPairs(s.Annotations, f.Annotation, "annotation")); err != nil {
		return err
	}
	return s.Check()
}

// addPairs reads KEY=VALUE. What stands already is osmoctl's, or was said
// before.
func addPairs(to map[string]string, pairs []string, what string) error {
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		_, taken := to[key]
		switch {
		case !ok:
			return fmt.Errorf("%q is no %s: it has the form KEY=VALUE", pair, what)
		case taken || strings.HasPrefix(strings.ToLower(key), ourPrefix):
			return fmt.Errorf("the %s %s is given twice, or is osmoctl's own", what, key)
		}
		to[key] = value
	}
	return nil
}

type backendCmd struct {
	argument.TokenPath
	identity.Keys
	Credential      string `default:"default" placeholder:"NAME" help:"The credential in the values of OSMO's service that the Secret is for. Each takes a token of its own. Default: ${default}."`
	Name            string `placeholder:"NAME" help:"The name of the Secret. Default: osmo-backend-token-CREDENTIAL."`
	WithoutPrevious bool   `help:"Leave previous-token out: whoever still uses the token before is locked out."`
	manifestFlags
	value.Place
}

// Help is the long description of the command.
func (backendCmd) Help() string {
	return `The active generation stands under token. While the newest generation before it is retiring, that one stands under previous-token, and OSMO accepts both. There is no place for another: each retiring generation that is left out is named on stderr. So deliver this Secret to OSMO's service first, then the new token to the backend operator, restart its pods, and after the overlap deliver this Secret once more. The same value under two credentials disables both. OSMO 6.4 is the first that takes such tokens. It keeps to what the Secret holds and knows no expiry of these tokens.

` + manifestHelp
}

// The keys by which OSMO's service reads the tokens of a backend operator.
const (
	backendKey         = "token"
	backendPreviousKey = "previous-token"
)

// Run writes the manifest.
func (c *backendCmd) Run(ctx context.Context, env *command.Env) error {
	if strings.Contains(c.Token, "@") {
		return command.Usagef("this Secret holds the active generation and the one before: give USER/TOKEN without @N")
	}
	if err := checkCredential(c.Credential); err != nil {
		return err
	}
	return c.Give(ctx, env, c.About(), func(w *workspace.Workspace, snap *state.Snapshot) (secret.Value, error) {
		current, err := value.ChooseUsable(env, snap, c.TokenPath)
		if err != nil {
			return secret.Value{}, err
		}
		warnOfRoles(env, current)
		current.Check = fitsBackend
		from := map[string]value.Source{backendKey: current}
		annotations := annotationsOf(snap, current)
		if previous, ok, err := c.previous(env, snap, current); err != nil {
			return secret.Value{}, err
		} else if ok {
			from[backendPreviousKey] = previous
			if a := previous.Address; a.Account != current.Address.Account {
				annotations[ourPrefix+"previous-token"] = a.Account + "/" + a.Name
			} else if a.Name != current.Address.Name {
				annotations[ourPrefix+"previous-token"] = a.Name
			}
			annotations[ourPrefix+"previous-generation"] = strconv.Itoa(previous.Generation.Number)
			annotations[ourPrefix+"previous-revoke-after"] = previous.Generation.RevokeAfter.String()
		}
		s := kube.Secret{Name: cmp.Or(c.Name, "osmo-backend-token-"+c.Credential), Type: kube.Opaque, Annotations: annotations}
		return c.write(ctx, env, w, snap, &c.Keys, s, from)
	})
}

// credentialName is what OSMO's charts take for a credential: it becomes part of
// the name of a volume, which ends at 63 characters.
var credentialName = pattern.Lazy(`^[a-z0-9]([-a-z0-9]{0,47}[a-z0-9])?$`)

func checkCredential(name string) error {
	if !credentialName().MatchString(name) {
		return command.Usage(diag.Hinted(fmt.Errorf("%.80q is no name of a credential: OSMO's charts take at most 49 lower-case letters, digits and \"-\", beginning and ending with a letter or digit", name),
			"--credential takes the name that stands in the values of OSMO's service, --name that of a Secret"))
	}
	return nil
}

// previous is the newest retiring generation whose last day has not come, of the
// token itself or of one that was renamed to it. The Secret has no place for
// another, nor for one whose value is not known: each of those is named, with the day
// until which state calls it valid. Of one that apply should have revoked by now it
// says that it is left out.
func (c *backendCmd) previous(env *command.Env, snap *state.Snapshot, current value.Source) (value.Source, bool, error) {
	day, err := env.Today()
	if err != nil || c.WithoutPrevious {
		return value.Source{}, false, err
	}
	found, ok := value.Source{}, false
	for _, s := range retiringBefore(snap, current, day) {
		switch {
		case s.Generation.RevokeAfter <= day:
			env.Warnf("previous-token is left out: %s was to be revoked on %s, which the next apply does", s.Address, s.Generation.RevokeAfter)
		case !s.Generation.Known():
			env.Warnf("%s was adopted, so its value is not known and cannot stand under previous-token: it is valid until %s, and whoever still uses it is refused once the Secret is delivered; hand them the new token first",
				s.Address, min(s.Generation.RevokeAfter, s.Generation.ExpiresAt))
		case ok:
			env.Warnf("%s has no place in this Secret and is valid until %s: previous-token is %s, so whoever still uses %s is refused once the Secret is delivered; hand them the new token first",
				s.Address, min(s.Generation.RevokeAfter, s.Generation.ExpiresAt), found.Address, s.Address)
		default:
			found, ok = s, true
			found.Check, found.Hint = fitsBackend, "--without-previous leaves this one out"
		}
	}
	return found, ok, nil
}

// retiringBefore are the retiring generations that a token's active one replaced,
// the newest first, those under its earlier names included.
func retiringBefore(snap *state.Snapshot, current value.Source, day model.Date) (out []value.Source) {
	earlier := map[model.Address][]model.Address{}
	for _, account := range model.Names(snap.Accounts) {
		for _, name := range model.Names(snap.Accounts[account].Tokens) {
			if t := snap.Accounts[account].Tokens[name]; t.Live() && t.RenamedTo != "" {
				a := model.TokenAddress(account, name)
				heir := model.HeirAddress(a, t.RenamedTo)
				earlier[heir] = append(earlier[heir], a)
			}
		}
	}
	line := []model.Address{current.Address.Token()}
	for i := 0; i < len(line); i++ {
		for _, a := range earlier[line[i]] {
			if !slices.Contains(line, a) { // names may go round in a circle
				line = append(line, a)
			}
		}
	}
	for n, a := range line {
		t := snap.Accounts[a.Account].Tokens[a.Name]
		for i := len(t.Generations) - 1; i >= 0; i-- {
			g := &t.Generations[i]
			if g.Status(day) == state.Retiring && (n > 0 || g.Number < current.Generation.Number) {
				out = append(out, value.Source{Address: a.At(g.Number), Generation: g})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b value.Source) int { return b.Generation.IssuedAt.Compare(a.Generation.IssuedAt) })
	return out
}

// fitsBackend applies OSMO's rule for the tokens of backend operators: 43 or 64
// letters, digits, "_" and "-".
func fitsBackend(value secret.Value) error {
	return value.Use(func(b []byte) error {
		if len(b) != 43 && len(b) != 64 || !isPlain(b) || bytes.IndexByte(b, '.') >= 0 {
			return errors.New("OSMO takes 43 or 64 letters, digits, \"_\" and \"-\" for a backend operator, and this token is something else")
		}
		return nil
	})
}

// backendRole is the one role that OSMO gives to whoever has this Secret.
const backendRole = "osmo-backend"

func warnOfRoles(env *command.Env, from value.Source) {
	if roles := strings.Join(from.Generation.CurrentRoles(), ", "); roles != backendRole {
		env.Warnf("OSMO gives a backend operator the role %s and no other, whatever %s was declared with: %s", backendRole, from.Address, cmp.Or(roles, "no role"))
	}
}

type dotenvCmd struct {
	argument.TokenPath
	identity.Keys
	Env string `default:"OSMO_TOKEN" placeholder:"NAME" help:"The name of the variable. Default: ${default}."`
	value.Place
}

// Help is the long description of the command.
func (dotenvCmd) Help() string {
	return `The line is read alike by shells, docker --env-file and systemd's EnvironmentFile, which differ about quotes: a token that would need some is refused. A file is written whole, never added to. A generation that has expired is refused with exit code 6.`
}

// Run writes the line.
func (c *dotenvCmd) Run(ctx context.Context, env *command.Env) error {
	if err := value.CheckVariable(c.Env); err != nil {
		return err
	}
	return c.Give(ctx, env, c.About(), func(w *workspace.Workspace, snap *state.Snapshot) (secret.Value, error) {
		from, err := value.ChooseUsable(env, snap, c.TokenPath)
		if err != nil {
			return secret.Value{}, err
		}
		value, err := from.Open(ctx, env, w, snap, &c.Keys)
		if err != nil {
			return secret.Value{}, err
		}
		defer value.Wipe()
		return dotenv(c.Env, value)
	})
}

func dotenv(name string, value secret.Value) (line secret.Value, err error) {
	err = value.Use(func(b []byte) error {
		if !isPlain(b) {
			return errors.New("the token has characters that would need quotes in a dotenv file, and readers of such files differ about them")
		}
		buf := make([]byte, 0, len(name)+len(b)+2)
		line = secret.New(append(append(append(append(buf, name...), '='), b...), '\n'))
		return nil
	})
	return line, err
}

// isPlain reports whether b needs no quotes anywhere.
func isPlain(b []byte) bool {
	for _, c := range b {
		if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.", rune(c)) {
			return false
		}
	}
	return true
}
