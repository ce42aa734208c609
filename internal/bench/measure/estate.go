package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// estate is a project of so many accounts, and the program that works in it.
type estate struct {
	session    *session
	program    named
	home, dir  string
	env        []string
	n, perFile int
	// changed and resealed count how often that was, so that each time is another.
	changed, resealed int
}

// The names of what is measured.
const (
	applyFresh = "`apply`, everything new"
	planSame   = "`plan`, nothing to do"
	applyOne   = "`apply`, one changed token"
	firstGet   = "`user get`, the first of a clone"
	userGet    = "`user get`"
	tokenGet   = "`token get`"
	decryptOne = "`token decrypt`"
	showOne    = "`state show` of one token"
	verifyOne  = "`token verify`"
	listAll    = "`token list -t json`"
	scanLogs   = "`token scan` of logs"
	resealAll  = "`secrets reseal` of everything"
)

func (s *session) newEstate(p named, n, perFile int) (*estate, error) {
	name := "home-" + p.name
	env, err := s.home(name, n)
	home := filepath.Join(s.dir, name)
	return &estate{session: s, program: p, home: home, dir: filepath.Join(home, "estate"), env: env, n: n, perFile: perFile}, err
}

// jobs are in the order in which they have to be run: the first makes what the
// others work on.
func (e *estate) jobs() []job {
	account := fmt.Sprintf("svc-%06d", e.n/2)
	token := account + "/token-0"
	jobs := []job{
		{name: applyFresh, args: words("apply", "--auto-approve"), ready: e.renew, declarations: true},
		{name: planSame, args: words("plan"), declarations: true},
		{name: applyOne, args: words("apply", "--auto-approve"), ready: e.changeOne, declarations: true},
		{name: firstGet, args: words("user", "get", account), ready: e.forget},
		{name: userGet, args: words("user", "get", account)},
		{name: tokenGet, args: words("token", "get", token)},
		{name: decryptOne, args: words("token", "decrypt", token, "-i", e.session.keys.file)},
		{name: showOne, args: words("state", "show", token)},
		{name: verifyOne, args: words("token", "verify"), input: func(ctx context.Context) (secret.Value, error) {
			value, err := e.run(ctx, "token", "decrypt", token, "-i", e.session.keys.file)
			return secret.New(value), err
		}},
		{name: listAll, args: words("token", "list", "-t", "json")},
		{name: scanLogs, args: words("token", "scan", filepath.Join(e.session.dir, "logs"))},
		{name: resealAll, args: words("secrets", "reseal", "--auto-approve", "-i", e.session.keys.file), ready: e.join},
	}
	for i := range jobs {
		j := &jobs[i]
		j.by, j.dir, j.env = e.program.name, e.dir, e.env
		j.args = append([]string{e.program.path}, j.args...)
	}
	return jobs
}

func words(args ...string) []string { return args }

func (e *estate) run(ctx context.Context, args ...string) ([]byte, error) {
	return output(ctx, e.dir, e.env, append([]string{e.program.path}, args...)...)
}

// renew makes the estate again, declared and committed and not applied.
func (e *estate) renew(ctx context.Context) error {
	if err := os.RemoveAll(e.dir); err != nil {
		return err
	}
	files := (e.n + e.perFile - 1) / e.perFile
	_, err := output(ctx, e.home, e.env, e.session.generate, "-accounts", fmt.Sprint(e.n), "-files", fmt.Sprint(files), "-recipients", "1", e.dir)
	if err == nil {
		_, err = output(ctx, e.dir, e.env, "git", "init", "-q")
	}
	if err == nil {
		err = e.declare(ctx, "")
	}
	return err
}

// declare commits the project with its one recipient, and maybe another.
func (e *estate) declare(ctx context.Context, other string) error {
	group := ""
	if other != "" {
		other, group = "\n  joining: "+other, ", joining"
	}
	text := fmt.Sprintf("version: 1\n\nrecipients:\n  key-000: %s%s\n  ops: [key-000%s]\n\ndefaults:\n  recipients: [ops]\n  token:\n    expires_in: 90d\n    rotate: {every: 60d, overlap: 7d}\n", e.session.keys.public, other, group)
	if err := os.WriteFile(filepath.Join(e.dir, "osmoctl.yaml"), []byte(text), 0o666); err != nil {
		return err
	}
	return e.commit(ctx)
}

func (e *estate) commit(ctx context.Context) error {
	_, err := output(ctx, e.dir, e.env, "git", "add", "-A")
	if err == nil {
		_, err = output(ctx, e.dir, e.env, "git", "commit", "-q", "-m", "declare")
	}
	return err
}

// changeOne declares another generation of a token that stands in a file of its
// own. The first time it issues that token, too.
func (e *estate) changeOne(ctx context.Context) error {
	e.changed++
	text := fmt.Sprintf("service_accounts:\n  svc-extra:\n    roles: [osmo-user]\n    tokens:\n      extra: {roles: [osmo-user], generation: %d}\n", e.changed)
	err := os.WriteFile(filepath.Join(e.dir, "manifests", "extra.yaml"), []byte(text), 0o666)
	if err == nil {
		err = e.commit(ctx)
	}
	if err != nil || e.changed > 1 {
		return err
	}
	if _, err := e.run(ctx, "apply", "--auto-approve"); err != nil {
		return err
	}
	return e.changeOne(ctx)
}

// forget removes what a clone remembers of what it has read.
func (e *estate) forget(context.Context) error {
	return os.RemoveAll(filepath.Join(e.dir, ".git", "osmoctl"))
}

// join declares a key beside the one that there is, or that it is gone again: what
// lives is then sealed to two keys or to one, in turn. Only the first is measured.
func (e *estate) join(ctx context.Context) error {
	if e.resealed++; e.resealed > 1 {
		if err := e.declare(ctx, ""); err != nil {
			return err
		}
		if _, err := e.run(ctx, "secrets", "reseal", "--auto-approve", "-i", e.session.keys.file); err != nil {
			return err
		}
	}
	return e.declare(ctx, e.session.keys.joining)
}
