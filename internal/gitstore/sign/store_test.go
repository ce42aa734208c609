package sign_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/gitstore/sign"
)

// A commit that the store makes and publishes is one that git verifies.
func TestStoreSigns(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"git", "ssh-keygen"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("there is no %s here to compare with", name)
		}
	}
	home := t.TempDir()
	env := map[string]string{"HOME": home, "PATH": os.Getenv("PATH"), "GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull}
	repo, key, allowed := filepath.Join(home, "repo"), filepath.Join(home, "id"), filepath.Join(home, "allowed")
	run := func(dir, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		for k, v := range env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	run(home, "git", "init", "-q", "-b", "main", repo)
	run(home, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
	set := map[string]string{"commit.gpgsign": "true", "gpg.format": "ssh", "user.signingkey": key + ".pub", "gpg.ssh.allowedSignersFile": allowed}
	for k, v := range set {
		run(repo, "git", "config", k, v)
	}
	public, err := os.ReadFile(key + ".pub")
	check(t, err)
	signers := append([]byte("ann@example.com "), public...)
	check(t, os.WriteFile(allowed, signers, 0o600))

	signer, err := sign.New(sign.Options{
		Config: func(key string) (string, bool) { v, ok := set[key]; return v, ok },
		Getenv: func(name string) string { return env[name] }, Dir: repo,
	})
	check(t, err)
	opened, err := git.Open(repo, git.Options{Env: func(name string) string { return env[name] }})
	check(t, err)
	t.Cleanup(func() { opened.Close() })
	store := gitstore.New(opened, gitstore.Options{})
	lock, err := store.Lock(context.Background(), gitstore.Holder{Who: "ann"})
	check(t, err)
	t.Cleanup(func() { lock.Unlock() })
	who := git.Signature{Name: "Ann", Email: "ann@example.com", When: time.Unix(1800000000, 0).UTC()}
	pending, err := store.Write(context.Background(), gitstore.Request{
		Branch: "refs/heads/main", Message: "state: apply\n\nSerial: 1", Author: who, Committer: who, Sign: signer,
		Changes: []gitstore.Change{{Path: "state/meta.json", Data: []byte("{}\n")}},
	})
	check(t, err)
	_, err = store.Publish(context.Background(), pending)
	check(t, err)

	run(repo, "git", "verify-commit", "HEAD")
	run(repo, "git", "fsck", "--strict")
	raw, err := opened.RawCommit(pending.Commit)
	check(t, err)
	if got, err := sign.Verify(raw, signers, who.When); err != nil || got.Name != "ann@example.com" {
		t.Errorf("%+v, %v", got, err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
