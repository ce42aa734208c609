package sign

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/programtest"
)

// world is a home with keys and settings, and a repository of the real git.
type world struct {
	t    testing.TB
	home string
	repo string
	env  map[string]string
	set  map[string]string
}

// need skips a test where a program that it compares with is not installed.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("there is no %s here to compare with", name)
		}
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	need(t, "git")
	home := t.TempDir()
	w := &world{t: t, home: home, repo: filepath.Join(home, "repo"), set: map[string]string{"commit.gpgsign": "true"}}
	w.env = map[string]string{
		"HOME": home, "PATH": os.Getenv("PATH"), "LC_ALL": "C",
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull,
		"GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.com",
		"GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.com",
	}
	w.run("", "git", "init", "-q", w.repo)
	return w
}

// run is a program's output, in the repository where there is one.
func (w *world) run(stdin, name string, args ...string) string {
	w.t.Helper()
	out, err := w.try(stdin, name, args...)
	if err != nil {
		w.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func (w *world) try(stdin, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = w.home
	if _, err := os.Stat(w.repo); err == nil {
		cmd.Dir = w.repo
	}
	for key, value := range w.env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out) + stderr.String(), err
	}
	return strings.TrimRight(string(out), "\n"), nil
}

// configure sets settings for both git and us.
func (w *world) configure(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		w.set[pairs[i]] = pairs[i+1]
		w.run("", "git", "config", pairs[i], pairs[i+1])
	}
}

// options are for New; the tests' own folders are all that is searched for.
func (w *world) options() Options {
	return Options{
		Config: func(key string) (string, bool) { value, ok := w.set[key]; return value, ok },
		Getenv: func(name string) string { return w.env[name] },
		Dir:    w.repo, Timeout: time.Minute,
	}
}

func (w *world) signer() func([]byte) ([]byte, error) {
	w.t.Helper()
	f, err := New(w.options())
	if err != nil || f == nil {
		w.t.Fatalf("no signer: %v", err)
	}
	return f
}

// payload is a commit of an empty tree that nobody has signed.
func (w *world) payload(message string) []byte {
	w.t.Helper()
	tree := w.run("", "git", "hash-object", "-t", "tree", "-w", "--stdin")
	return []byte("tree " + tree + "\nauthor Ann <ann@example.com> 1767225600 +0000\ncommitter Ann <ann@example.com> 1767225600 +0000\n\n" + message + "\n")
}

// signed puts a signature into a payload, as commits have it.
func signed(payload, signature []byte) []byte {
	headers, body, _ := strings.Cut(string(payload), "\n\n")
	folded := strings.ReplaceAll(strings.TrimRight(string(signature), "\n"), "\n", "\n ")
	return []byte(headers + "\ngpgsig " + folded + "\n\n" + body)
}

// store writes a commit object and returns its name.
func (w *world) store(raw []byte) string {
	w.t.Helper()
	return w.run(string(raw), "git", "hash-object", "-t", "commit", "-w", "--stdin")
}

// commit has git make and sign one, and returns its bytes.
func (w *world) commit(message string) []byte {
	w.t.Helper()
	w.run("", "git", "commit", "-q", "-S", "--allow-empty", "-m", message)
	return []byte(w.run("", "git", "cat-file", "commit", "HEAD") + "\n")
}

// key makes an SSH key and returns the path of its private half.
func (w *world) key(name string, args ...string) string {
	w.t.Helper()
	need(w.t, "ssh-keygen")
	path := filepath.Join(w.home, name)
	w.run("", "ssh-keygen", append([]string{"-q", "-N", "", "-C", name, "-f", path}, args...)...)
	return path
}

func (w *world) read(path string) string {
	w.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

func (w *world) write(path, text string, mode os.FileMode) string {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// program makes a file that can be run.
func (w *world) program(path, text string) string {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := programtest.Write(path, []byte(text)); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// allow lists a key for a name, for git too.
func (w *world) allow(name, key string) string {
	w.t.Helper()
	text := name + " " + w.read(key+".pub")
	w.run("", "git", "config", "gpg.ssh.allowedSignersFile", w.write(filepath.Join(w.home, "allowed"), text, 0o600))
	return text
}

// sshKinds are the keys to try, as ssh-keygen makes them.
var sshKinds = map[string][]string{
	"ed25519":  {"-t", "ed25519"},
	"ecdsa256": {"-t", "ecdsa", "-b", "256"},
	"ecdsa521": {"-t", "ecdsa", "-b", "521"},
	"rsa":      {"-t", "rsa", "-b", "2048"},
}

// What we sign, git accepts; what git signs, we accept.
func TestSSHBothWays(t *testing.T) {
	t.Parallel()
	for kind, args := range sshKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			key := w.key("id", args...)
			w.configure("gpg.format", "ssh", "user.signingkey", key+".pub")
			signers := w.allow("ann@example.com", key)

			payload := w.payload("state: apply")
			signature, err := w.signer()(payload)
			if err != nil {
				t.Fatal(err)
			}
			ours := signed(payload, signature)
			w.run("", "git", "verify-commit", w.store(ours))
			for name, raw := range map[string][]byte{"ours": ours, "git's": w.commit("by git\n\nwith a body")} {
				who, err := Verify(raw, []byte(signers), time.Unix(1800000000, 0))
				want := Signer{Format: SSH, Name: "ann@example.com", Key: strings.Fields(w.run("", "ssh-keygen", "-l", "-f", key+".pub"))[1]}
				if diff := cmp.Diff(want, who); diff != "" || err != nil {
					t.Errorf("%s: %v\n%s", name, err, diff)
				}
			}
		})
	}
}

// Where objects are named by SHA-256 the header has another name.
func TestSHA256Repository(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.repo = filepath.Join(w.home, "sha256")
	w.run("", "git", "init", "-q", "--object-format=sha256", w.repo)
	key := w.key("id")
	w.configure("gpg.format", "ssh", "user.signingkey", key+".pub")
	raw := w.commit("x")
	if _, err := Verify(raw, []byte(w.allow("ann", key)), far); err != nil || !bytes.Contains(raw, []byte("gpgsig-sha256 ")) {
		t.Errorf("%v\n%s", err, raw)
	}
}

func TestUnsigned(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "\n", "\n\n", "tree x\n\ngpgsig -----BEGIN SSH SIGNATURE-----\n", "tree x\n gpgsig y\n\nz"} {
		if _, err := Verify([]byte(raw), []byte(fixedSigners), time.Time{}); !errors.Is(err, ErrUnsigned) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestFixedCommits(t *testing.T) {
	t.Parallel()
	s := mustSigners(t, fixedSigners+fixedKeyRing)
	for raw, want := range map[string]string{fixedCommit: ann, fixedSSHCommit: "ann@example.com"} {
		if who, err := s.Verify([]byte(raw), far); err != nil || who.Name != want {
			t.Errorf("%s: %+v, %v", want, who, err)
		}
	}
}
