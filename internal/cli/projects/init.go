// Package projects is the commands for a project as a whole: init makes one, and
// validate checks what one declares, without its state.
package projects

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/cli/change"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/identity"
	"github.com/osmoctl/osmoctl/internal/cli/plans"
	"github.com/osmoctl/osmoctl/internal/delivery"
	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/scaffold"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// InitCmd makes a project.
type InitCmd struct {
	Dir       string `arg:"" optional:"" default:"." placeholder:"DIR" help:"Where to make the project."`
	Apply     bool   `help:"Commit the example, plan it and apply it at once."`
	Hook      bool   `help:"Write a pre-commit hook that stops tokens from being committed. In a project that exists, do nothing else."`
	CI        string `placeholder:"github|gitlab" enum:",github,gitlab" default:"" help:"Write the pipelines of a team: a plan on each pull request, apply after the merge, and what is due every day. In a project that exists, do nothing else."`
	Identity  string `type:"path" placeholder:"FILE" help:"The age identity file to use, made if it does not exist. Default: osmoctl/identity.txt in your configuration directory."`
	Recipient string `placeholder:"KEY" help:"Seal to this public key and make no identity."`
}

// Help is the long description of the command.
func (InitCmd) Help() string {
	return `DIR becomes a git repository unless it is in one. No file that exists is touched: a .gitattributes and a CODEOWNERS are left as they are, anything else in the way is an error. Without --apply nothing is committed. With --hook a pre-commit hook is written to the git directory of this clone, unless there is one: it runs osmoctl token scan --staged. With --ci the workflows go to .github/workflows at the top of the repository, or GitLab's jobs to .gitlab, and what is there already stays as it is.`
}

// Run makes a project.
func (c *InitCmd) Run(ctx context.Context, env *command.Env) error {
	dir := env.Abs(c.Dir)
	if (c.Hook || c.CI != "") && disk.Exists(filepath.Join(dir, config.ProjectFile)) {
		return c.addTo(env, dir)
	}
	err := scaffold.Check(dir)
	if delivery.InGit(filepath.Join(resolvePath(dir), config.ManifestDir)) {
		err = errors.Join(err, diag.Hinted(fmt.Errorf("%s is inside a directory of git's", dir), "choose another directory"))
	}
	if err != nil {
		return err
	}
	recipient, identity, err := c.chooseKey(env, dir)
	if err != nil {
		return err
	}
	files := scaffold.Files(recipient)
	for _, path := range scaffold.FindKept(dir) {
		env.Warnf("%s exists and was left alone: consider adding these lines to it", filepath.Join(dir, path))
		for line := range strings.Lines(string(files[path])) {
			env.Infof("  %s", strings.TrimRight(line, "\n"))
		}
		delete(files, path)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := gitstore.Init(dir); err != nil {
		return err
	}
	inside := *env
	inside.Dir = dir
	if c.Apply {
		if err := startAndApply(ctx, &inside, files); err != nil {
			return err
		}
	} else if err := scaffold.Write(dir, files); err != nil {
		return err
	}
	if err := c.addTo(env, dir); err != nil {
		return err
	}
	c.next(env, dir, identity)
	return nil
}

// addTo adds to a project what was asked for and is no part of it.
func (c *InitCmd) addTo(env *command.Env, dir string) error {
	if c.Hook {
		if err := writeHook(env, dir); err != nil {
			return err
		}
	}
	if c.CI != "" {
		return writePipelines(env, dir, c.CI)
	}
	return nil
}

// chooseKey is whom the example is sealed to, and where the private half lies.
func (c *InitCmd) chooseKey(env *command.Env, dir string) (recipient model.Recipient, path string, err error) {
	if c.Recipient != "" {
		recipient, err = seal.ParseRecipient(c.Recipient)
		return recipient, "", err
	}
	if path = c.Identity; path == "" {
		if path, err = identity.DefaultPath(env); err != nil {
			return recipient, "", err
		}
	}
	path = env.Abs(path)
	if err := checkIdentityPlace(env, dir, path); err != nil {
		return recipient, "", err
	}
	if disk.Exists(path) {
		recipient, err = readPublicKey(path)
		return recipient, path, err
	}
	recipient, err = makeIdentity(env, path)
	return recipient, path, err
}

// checkIdentityPlace refuses a place from where the identity gets published: the
// project, or the work tree that it lies in, by whichever path.
func checkIdentityPlace(env *command.Env, dir, identity string) error {
	place, project := resolvePath(filepath.Dir(identity)), resolvePath(dir)
	inside := command.Usagef("the identity %s would lie inside the project, which gets published: name a file elsewhere", identity)
	if relative, err := filepath.Rel(project, place); err == nil && filepath.IsLocal(relative) {
		return inside
	}
	file := delivery.File{Path: identity, Getenv: env.Getenv, Dir: env.Dir}
	root, is := file.WorkTree(place)
	if !is {
		return nil
	}
	if around, is := file.WorkTree(project); is && around == root {
		return inside
	}
	env.Warnf("the identity %s lies inside the git work tree %s: never commit it", identity, root)
	return nil
}

// resolvePath follows the links of what there is of a path.
func resolvePath(path string) string {
	real, err := filepath.EvalSymlinks(path)
	switch {
	case err == nil:
		return real
	case path == filepath.Dir(path):
		return path
	}
	return filepath.Join(resolvePath(filepath.Dir(path)), filepath.Base(path))
}

// readPublicKey reads the comment that age-keygen and init write above a key.
func readPublicKey(identity string) (model.Recipient, error) {
	f, err := os.Open(identity)
	if err != nil {
		return model.Recipient{}, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if key, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "# public key:"); ok {
			return seal.ParseRecipient(strings.TrimSpace(key))
		}
	}
	return model.Recipient{}, diag.Hinted(fmt.Errorf("%s does not say its public key", identity), "give the public key with --recipient, or another file with --identity")
}

func makeIdentity(env *command.Env, path string) (model.Recipient, error) {
	now, err := env.ReadClock()
	if err != nil {
		return model.Recipient{}, err
	}
	identity, recipient, err := seal.GenerateIdentity(now)
	if err != nil {
		return model.Recipient{}, err
	}
	defer identity.Wipe()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return model.Recipient{}, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return model.Recipient{}, err
	}
	err = identity.Use(func(b []byte) error {
		refused := f.Chmod(0o600)
		_, err := f.Write(b)
		return errors.Join(refused, err, f.Sync(), f.Close())
	})
	if err != nil {
		_ = os.Remove(path)
	}
	return recipient, err
}

// startAndApply commits the new files and applies them.
func startAndApply(ctx context.Context, env *command.Env, files map[string][]byte) error {
	w, err := workspace.Open(env.Dir, env.Outside())
	if err != nil {
		return err
	}
	err = w.Start(ctx, files)
	w.Close()
	if err != nil {
		return err
	}
	return (&plans.ApplyCmd{Options: change.Options{AutoApprove: true, LockTimeout: 30 * time.Second}}).Run(ctx, env)
}

// isKnownToGit reports whether git would commit: without a name and an address it
// refuses, where osmoctl itself goes on under a name of its own.
func isKnownToGit(env *command.Env, dir string) bool {
	known := func(variable string) bool { return env.Getenv(variable) != "" }
	if slices.IndexFunc([]string{"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"}, func(v string) bool { return !known(v) }) < 0 {
		return true
	}
	w, err := workspace.Open(dir, env.Outside())
	if err != nil {
		return true // whatever is wrong there is not about names
	}
	defer w.Close()
	_, ok := w.Repository().Identity()
	return ok
}

// next says what to try.
func (c *InitCmd) next(env *command.Env, dir, identity string) {
	say := env.Sayf
	say("")
	say("The project is in %s.", dir)
	if identity != "" {
		say("Your age identity is in %s. Whoever has it reads your tokens: back it up, and never commit it.", identity)
	}
	say("")
	say("Try next:")
	say("  cd %s", model.ShellWord(dir))
	if !isKnownToGit(env, dir) {
		say("  git config --global user.name 'YOUR NAME'        # git does not know yet who commits")
		say("  git config --global user.email YOU@EXAMPLE.COM")
	}
	if c.CI == "" {
		say("  osmoctl init --ci github        # the pipelines of a team, or --ci gitlab")
	}
	if !c.Hook {
		say("  osmoctl init --hook        # a pre-commit hook that looks for tokens in what is staged")
	}
	if !c.Apply {
		say("  git add . && git commit -m 'Start an osmoctl project'")
		say("  osmoctl plan")
		say("  osmoctl apply")
		return
	}
	say("  osmoctl user list")
	say("  osmoctl token list")
	if identity != "" {
		say("  osmoctl token decrypt %s | osmoctl token verify", "svc-ci/ci-token")
	}
	say("  ${EDITOR:-vi} %s        # change something", "manifests/service-accounts.yaml")
	say("  osmoctl plan")
}

// writeHook makes the pre-commit hook of the repository around a project.
func writeHook(env *command.Env, dir string) error {
	repo, err := git.Open(dir, git.Options{Env: env.GetenvWithoutIndex})
	if err != nil {
		return err
	}
	defer repo.Close()
	hook, err := scaffold.WriteHook(repo, env.Getenv("HOME"))
	switch {
	case err != nil:
		return err
	case hook.Exists:
		env.Warnf("%s exists and was left alone; add to it:", hook.Path)
		env.Infof("%s", hook.Line)
	default:
		env.Infof("Wrote the pre-commit hook %s. It is this clone's own: run osmoctl init --hook in every other.", hook.Path)
	}
	return nil
}
