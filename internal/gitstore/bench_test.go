package gitstore

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/git/worktree"
)

// accounts makes n account folders of two files each, as state has them.
func accounts(n int) []Change {
	changes := make([]Change, 0, 2*n)
	for i := range n {
		dir := fmt.Sprintf("state/accounts/%02x/account-%05d/", i*7919%256, i)
		changes = append(changes,
			set(dir+"account.json", fmt.Sprintf("{\n  \"account\": \"account-%05d\",\n  \"grants\": [\"osmo-backend\"]\n}\n", i)),
			set(dir+"token.1.age", fmt.Sprintf("age-encryption.org/v1\n%0400d", i)))
	}
	return changes
}

// unrelated fills a repository with files that are none of ours.
func (r *repo) unrelated(n int) {
	var stream bytes.Buffer
	stream.WriteString("commit refs/heads/main\ncommitter Ann <ann@example.com> 1700000000 +0000\ndata 6\nothers\n")
	for i := range n {
		fmt.Fprintf(&stream, "M 100644 inline src/dir-%03d/file-%05d.txt\ndata 6\n%05d\n\n", i%200, i, i)
	}
	cmd := exec.Command("git", "fast-import", "--quiet")
	cmd.Dir, cmd.Stdin = r.Dir, &stream
	for key, value := range r.Env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.T.Fatalf("git fast-import: %v\n%s", err, out)
	}
	r.Git("reset", "-q", "--hard")
}

func BenchmarkFiles(b *testing.B) {
	r := newRepo(b)
	r.Commit("first", map[string]string{"osmoctl.yaml": "version: 1\n"})
	p, _ := r.apply(r.open(""), accounts(10_000)...)
	for b.Loop() {
		s, err := openAt(r.Dir, r.Getenv, r.options())
		r.Check(err)
		files, err := s.repo.Files(context.Background(), p.Commit, []string{"state"}, func(path string) bool {
			return strings.HasSuffix(path, ".json")
		})
		r.Check(err)
		if len(files) != 20_000 {
			b.Fatalf("%d files", len(files))
		}
		s.closeAll()
	}
}

// BenchmarkWrite stores 10,000 new accounts: 20,000 blobs and 10,000 folders.
func BenchmarkWrite(b *testing.B) {
	r := newRepo(b)
	r.Commit("first", map[string]string{"osmoctl.yaml": "version: 1\n"})
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.repo.Head()
	r.Check(err)
	req := request(head, accounts(10_000)...)
	for b.Loop() {
		p, err := s.Write(context.Background(), req)
		r.Check(err)
		r.Check(s.Discard(p))
	}
}

// BenchmarkPublish moves a branch with 20,000 new files, into a work tree.
func BenchmarkPublish(b *testing.B) {
	r := newRepo(b)
	first := r.Commit("first", map[string]string{"osmoctl.yaml": "version: 1\n"})
	s := r.open("")
	changes := accounts(10_000)
	for b.Loop() {
		b.StopTimer()
		r.Git("reset", "-q", "--hard", first)
		l := r.lock(s)
		head, err := s.repo.Head()
		r.Check(err)
		p, err := s.Write(context.Background(), request(head, changes...))
		r.Check(err)
		b.StartTimer()
		_, err = s.Publish(context.Background(), p)
		r.Check(err)
		l.Unlock()
	}
}

// BenchmarkApplySmall is one changed account beside 20,000 unrelated files.
func BenchmarkApplySmall(b *testing.B) {
	r := newRepo(b)
	r.unrelated(20_000)
	s := r.open("")
	i := 0
	for b.Loop() {
		i++
		r.apply(s, set("state/accounts/aa/x/account.json", fmt.Sprint(i)), set("state/meta.json", fmt.Sprint(i)))
	}
}

func BenchmarkWorktreeFS(b *testing.B) {
	r := newRepo(b)
	for i := range 10_000 {
		r.Write(fmt.Sprintf("manifests/team-%02d/account-%05d.yaml", i%100, i), "service_accounts: {}\n")
	}
	r.Commit("first", nil)
	s := r.open("")
	for b.Loop() {
		tree, closer, err := worktree.DirFS(filepath.Join(s.repo.Root(), s.repo.Prefix()))
		r.Check(err)
		r.Check(fs.WalkDir(tree, "manifests", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				_, err = fs.ReadFile(tree, path)
			}
			return err
		}))
		r.Check(closer.Close())
	}
}

func BenchmarkUncommitted(b *testing.B) {
	r := newRepo(b)
	for i := range 10_000 {
		r.Write(fmt.Sprintf("manifests/team-%02d/account-%05d.yaml", i%100, i), "service_accounts: {}\n")
	}
	commit := r.Commit("first", nil)
	s := r.open("")
	for b.Loop() {
		if different, err := worktree.ListUncommitted(s.repo, commit, "osmoctl.yaml", "manifests"); err != nil || different != nil {
			b.Fatal(different, err)
		}
	}
}

// BenchmarkOpen is what every command pays.
func BenchmarkOpen(b *testing.B) {
	r := newRepo(b)
	r.Commit("first", map[string]string{"osmoctl.yaml": "version: 1\n"})
	for b.Loop() {
		s, err := openAt(r.Dir, r.Getenv, r.options())
		r.Check(err)
		if _, err := s.repo.Head(); err != nil || s.Interrupted() {
			b.Fatal(err)
		}
		s.closeAll()
	}
}
