package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// other is a program, or a few of them, that people use for what osmoctl does.
type other struct {
	// name is how tables name it, program what has to be on PATH.
	name, program string
	most          func(options) int
	// why says why it is not run for more accounts, where that is a loss.
	why  string
	jobs func(site) []job
}

// site is where one of them is measured.
type site struct {
	session *session
	dir     string
	env     []string
	n       int
}

// others have jobs with the names of what osmoctl does: as near as they come to it.
var others = []other{
	{"age and git", "age", func(o options) int { return o.loopMost }, "it takes too long", loopJobs},
	{"terraform", "terraform", func(o options) int { return o.terraformMost }, "it takes too long", terraformJobs},
	{"gitleaks", "gitleaks", func(o options) int { return o.accounts[0] }, "", gitleaksJobs},
}

// The loops draw values as osmoctl does and seal each by a process of its own, into
// one file for each account, as somebody would with nothing but age and git.
const (
	sealAll = `set -eu
mkdir state
i=0
while [ "$i" -lt "$1" ]; do
  head -c 32 /dev/urandom | base64 | age -r "$2" -o "state/$i.age"
  i=$((i + 1))
done
git add -A
git commit -q -m tokens`
	sealOne = `set -eu
head -c 32 /dev/urandom | base64 | age -r "$2" > "state/$1.age"
git add "state/$1.age"
git commit -q -m token`
	resealEach = `set -eu
for f in state/*.age; do
  age -d -i "$1" "$f" | age -r "$2" -r "$3" -o "$f.new"
  mv "$f.new" "$f"
done
git add -A
git commit -q -m reseal`
)

func loopJobs(at site) []job {
	keys := at.session.keys
	middle := fmt.Sprint(at.n / 2)
	script := func(text string, args ...string) []string { return append([]string{"sh", "-c", text, "sh"}, args...) }
	return []job{
		{name: applyFresh, args: script(sealAll, fmt.Sprint(at.n), keys.public), ready: func(ctx context.Context) error { return at.renew(ctx, "git", "init", "-q") }},
		{name: applyOne, args: script(sealOne, middle, keys.public)},
		{name: decryptOne, args: words("age", "-d", "-i", keys.file, filepath.Join("state", middle+".age"))},
		{name: resealAll, args: script(resealEach, keys.file, keys.public, keys.joining), ready: func(context.Context) error { return nil }},
	}
}

// renew makes the directory again, empty, and runs a command in it.
func (at site) renew(ctx context.Context, args ...string) error {
	if err := os.RemoveAll(at.dir); err != nil {
		return err
	}
	if err := os.Mkdir(at.dir, 0o777); err != nil {
		return err
	}
	_, err := output(ctx, at.dir, at.env, args...)
	return err
}

// terraformJobs have a resource for each account that is built into Terraform, so
// that nothing is downloaded, in blocks of their own: with for_each over all of them
// Terraform takes several times as long.
func terraformJobs(at site) []job {
	declare := func(generation int) error {
		var b strings.Builder
		for i := range at.n {
			own := 1
			if i == at.n/2 {
				own = generation
			}
			fmt.Fprintf(&b, "resource \"terraform_data\" \"svc_%06d\" {\n  input = { description = \"Service account %d\", roles = [\"osmo-user\", \"osmo-team-%04d\"], generation = %d }\n}\n", i, i, i%20, own)
		}
		return os.WriteFile(filepath.Join(at.dir, "main.tf"), []byte(b.String()), 0o666)
	}
	generation := 1
	apply := words("terraform", "apply", "-auto-approve", "-input=false", "-no-color")
	return []job{
		{name: applyFresh, args: apply, ready: func(ctx context.Context) error {
			if err := at.renew(ctx, "true"); err != nil {
				return err
			}
			if err := declare(1); err != nil {
				return err
			}
			_, err := output(ctx, at.dir, at.env, "terraform", "init", "-input=false")
			return err
		}},
		{name: planSame, args: words("terraform", "plan", "-input=false", "-no-color")},
		{name: applyOne, args: apply, ready: func(context.Context) error {
			generation++
			return declare(generation)
		}},
		{name: showOne, args: words("terraform", "state", "show", "-no-color", fmt.Sprintf("terraform_data.svc_%06d", at.n/2))},
	}
}

// gitleaksJobs search the same logs, once: gitleaks knows no estate.
func gitleaksJobs(at site) []job {
	return []job{{
		name: scanLogs, ready: func(context.Context) error { return os.MkdirAll(at.dir, 0o777) },
		args: words("gitleaks", "dir", "--no-banner", "--exit-code=0", filepath.Join(at.session.dir, "logs")),
	}}
}
