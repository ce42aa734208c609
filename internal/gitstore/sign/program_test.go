package sign

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// script makes a program in the home's bin folder.
func (w *world) script(name, body string) string {
	w.t.Helper()
	if runtime.GOOS == "windows" {
		w.t.Skip("programs are shell scripts here")
	}
	return w.program(filepath.Join(w.home, "bin", name), "#!/bin/sh\n"+body+"\n")
}

func TestNotConfigured(t *testing.T) {
	t.Parallel()
	for _, set := range []map[string]string{{}, {"commit.gpgsign": "false"}, {"commit.gpgsign": "No"}, {"commit.gpgsign": "0"}, {"gpg.format": "x509"}} {
		f, err := New(Options{Config: func(key string) (string, bool) { v, ok := set[key]; return v, ok }})
		if f != nil || err != nil {
			t.Errorf("%v: %v", set, err)
		}
	}
}

// What cannot be followed is refused before anything is done, in words that
// name the setting, and that hold no private key.
func TestSettingsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("id")
	inRepo := w.program(filepath.Join(w.repo, "tool"), "#!/bin/sh\n")
	w.write(filepath.Join(w.repo, "key"), "x", 0o600)
	if err := os.Symlink(inRepo, filepath.Join(w.home, "link")); err != nil {
		t.Fatal(err)
	}
	private := w.read(key)
	for name, c := range map[string]struct {
		set  map[string]string
		want string
	}{
		"no boolean":         {map[string]string{"commit.gpgsign": "perhaps"}, "commit.gpgsign"},
		"X.509":              {map[string]string{"gpg.format": "x509"}, "gpg.format is x509"},
		"unknown format":     {map[string]string{"gpg.format": "SSH"}, `gpg.format is "SSH"`},
		"no key":             {map[string]string{"gpg.format": "ssh"}, "user.signingkey is not set"},
		"key command":        {map[string]string{"gpg.format": "ssh", "gpg.ssh.defaultkeycommand": "ssh-add -L"}, "set by the repository only"},
		"absent key":         {map[string]string{"gpg.format": "ssh", "user.signingkey": "~/nothing"}, "cannot be read"},
		"relative key":       {map[string]string{"gpg.format": "ssh", "user.signingkey": "id.pub"}, "from the root"},
		"another home":       {map[string]string{"gpg.format": "ssh", "user.signingkey": "~ann/id.pub"}, "from the root"},
		"key in repository":  {map[string]string{"gpg.format": "ssh", "user.signingkey": "~/repo/key"}, "lies in the repository"},
		"literal private":    {map[string]string{"gpg.format": "ssh", "user.signingkey": "key::" + private}, "holds a private key"},
		"literal rubbish":    {map[string]string{"gpg.format": "ssh", "user.signingkey": "key::" + private[40:200]}, "not a public SSH key"},
		"pasted private":     {map[string]string{"gpg.format": "ssh", "user.signingkey": private}, "holds a private key"},
		"pasted to gpg":      {map[string]string{"user.signingkey": private}, "holds a private key"},
		"absent program":     {map[string]string{"gpg.program": "gpg-that-is-not-there"}, "not on PATH"},
		"absent program too": {map[string]string{"gpg.openpgp.program": "/nowhere/gpg"}, "there is no such program"},
		"no program":         {map[string]string{"gpg.program": key}, "there is no such program"},
		"program here":       {map[string]string{"gpg.program": inRepo}, "lies in the repository"},
		"linked program":     {map[string]string{"gpg.program": "~/link"}, "lies in the repository"},
		"relative program":   {map[string]string{"gpg.program": "./tool"}, "from the root"},
		"relative SSH":       {map[string]string{"gpg.format": "ssh", "user.signingkey": key, "gpg.ssh.program": "bin/x"}, "gpg.ssh.program"},
	} {
		o := w.options()
		o.Config = func(key string) (string, bool) {
			value, ok := c.set[key]
			return value, ok || key == "commit.gpgsign"
		}
		f, err := New(o)
		if f != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), private[40:80]) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// The user's command for a key is run as git runs it: quotes count, a shell does
// not, and the first line is the key. Git takes the signature for a good one.
func TestDefaultKeyCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("id")
	public := strings.TrimSpace(w.read(key + ".pub"))
	command := w.program(filepath.Join(w.home, "my keys"), "#!/bin/sh\n[ \"$#,$1,$2\" = '2,a b,$HOME' ] && cat "+filepath.Join(w.home, "listed")+"\n")
	w.write(filepath.Join(w.home, "signers"), "ann@example.com "+public+"\n", 0o600)
	// Without an agent, ssh-keygen finds the private half by a program of ours.
	w.program(filepath.Join(w.home, "keygen"), "#!/bin/sh\nfor last; do :; done\nexec ssh-keygen -q -Y sign -n git -f "+key+" \"$last\"\n")
	w.configure("gpg.format", "ssh", "gpg.ssh.program", filepath.Join(w.home, "keygen"))
	o := w.options()
	o.Trusted = func(name string) (string, bool) {
		return "'" + command + "' \"a \"b '$HOME'", name == "gpg.ssh.defaultkeycommand"
	}
	for listed, want := range map[string]string{
		"key::" + public + "\n": "", public + "\nanother\n": "", "": "on its first line", "none\n" + public + "\n": "on its first line",
	} {
		w.write(filepath.Join(w.home, "listed"), listed, 0o600)
		f, err := New(o)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v", listed, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%q: %v", listed, err)
		}
		payload := w.payload("by command")
		signature, err := f(payload)
		if err != nil {
			t.Fatalf("%q: %v", listed, err)
		}
		commit := w.store(signed(payload, signature))
		w.run("", "git", "-c", "gpg.ssh.program=ssh-keygen", "-c", "gpg.ssh.allowedSignersFile="+filepath.Join(w.home, "signers"), "verify-commit", commit)
	}
	w.program(command, "#!/bin/sh\necho no agent >&2\nexit 3\n")
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "no agent") {
		t.Error(err)
	}
	w.program(filepath.Join(w.repo, "keys"), "#!/bin/sh\n")
	for command, want := range map[string]string{filepath.Join(w.repo, "keys"): "lies in the repository", "./keys": "from the root", `a "b`: "a quote is not closed"} {
		o.Trusted = func(string) (string, bool) { return command, true }
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// A name is looked for outside the work tree only, even where PATH leads in.
func TestProgramsOfTheRepositoryAreNotRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	touch := "#!/bin/sh\ntouch " + filepath.Join(w.home, "was-run") + "\n"
	for _, name := range []string{"gpg", "ssh-keygen"} {
		w.program(filepath.Join(w.repo, "bin", name), touch)
	}
	w.env["PATH"] = filepath.Join(w.repo, "bin") + string(filepath.ListSeparator) + "bin" + string(filepath.ListSeparator) + "."
	w.set["user.signingkey"] = w.write(filepath.Join(w.home, "key"), "x", 0o600)
	for _, format := range []string{"openpgp", "ssh"} {
		w.set["gpg.format"] = format
		if _, err := New(w.options()); err == nil || !strings.Contains(err.Error(), "not on PATH") {
			t.Errorf("%s: %v", format, err)
		}
	}
	if _, err := os.Stat(filepath.Join(w.home, "was-run")); err == nil {
		t.Error("a program of the repository was run")
	}
}

// A program that fails, in whatever way, means no signature and an error.
func TestProgramsThatFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const created = `echo '[GNUPG:] SIG_CREATED D 22 10 00 1767225600 ABCD' >&2`
	foreign := "cat > \"$7.sig\" <<'END'\n" + string(newDraft(ed25519Signer(t, 1)).sign(t, []byte("else"))) + "END"
	for name, c := range map[string]struct{ format, body, want string }{
		"gpg refuses":        {"openpgp", "echo '[GNUPG:] FAILURE sign 17' >&2; echo gpg: no secret key >&2; exit 2", "has not signed: gpg: no secret key; to see"},
		"gpg is silent":      {"openpgp", "exit 2", "does not say why"},
		"gpg lies":           {"openpgp", "echo signature; echo gpg: hm >&2", "has not signed: gpg: hm"},
		"gpg makes nothing":  {"openpgp", created, "cannot be used"},
		"gpg makes rubbish":  {"openpgp", created + "; echo rubbish", "cannot be used"},
		"gpg makes too much": {"openpgp", created + "; head -c 200000 /dev/zero", "more than a signature"},
		"gpg is noisy":       {"openpgp", "head -c 200000 /dev/zero | tr '\\0' x >&2; exit 2", "xxx…"},
		"gpg waits":          {"openpgp", "exec sleep 60", "within 50ms"},
		"ssh refuses":        {"ssh", "echo Couldn\\'t load key >&2; exit 255", "Couldn't load key; the key is user.signingkey"},
		"ssh makes nothing":  {"ssh", "exit 0", "written no signature"},
		"ssh makes rubbish":  {"ssh", `echo x > "$7.sig"`, "no SSH signature"},
		"ssh signs another":  {"ssh", foreign, "over this commit"},
		"ssh makes too much": {"ssh", `head -c 200000 /dev/zero > "$7.sig"`, "no SSH signature"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := w.options()
			set := map[string]string{"commit.gpgsign": "true", "gpg.format": c.format, "user.signingkey": w.repo + "/../bin"}
			set["gpg."+c.format+".program"] = w.script(strings.ReplaceAll(name, " ", "-"), c.body)
			o.Config = func(key string) (string, bool) { value, ok := set[key]; return value, ok }
			if strings.Contains(c.want, "50ms") {
				o.Timeout = 50 * time.Millisecond
			}
			f, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			signature, err := f([]byte(somePayload))
			if signature != nil || err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 2*maxWords {
				t.Errorf("%q, %v; want %q", signature, err, c.want)
			}
		})
	}
}

// A program sees its keys and its agent, and nothing of what else a CI job has
// in its environment. It does not stand in the repository.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := filepath.Join(w.home, "seen")
	w.set["gpg.program"] = w.script("spy", "{ env; pwd; echo \"$@\"; } > "+seen+"; exit 1")
	w.set["user.signingkey"] = "ANN"
	for _, name := range []string{"OSMO_TOKEN", "OSMOCTL_IDENTITY", "GITHUB_TOKEN", "GPG_TTY", "SSH_AUTH_SOCK"} {
		w.env[name] = "value-of-" + name
	}
	w.env["PATH"] += string(filepath.ListSeparator) + w.repo
	if _, err := w.signer()([]byte(somePayload)); err == nil {
		t.Fatal("signed")
	}
	text := w.read(seen)
	for _, want := range []string{"HOME=" + w.home, "GPG_TTY=value", "SSH_AUTH_SOCK=value", "--status-fd=2 -bsau ANN"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"TOKEN", "OSMOCTL", w.repo} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%q is seen:\n%s", unwanted, text)
		}
	}
}

// The payload, and a literal key, do not stay behind.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := filepath.Join(w.home, "seen")
	w.set["gpg.format"], w.set["user.signingkey"] = "ssh", "key::"+keyText(ed25519Signer(t, 1).PublicKey())
	w.set["gpg.ssh.program"] = w.script("spy", "pwd > "+seen+"; ls >> "+seen+"; echo \"$@\" >> "+seen+"; exit 1")
	if _, err := w.signer()([]byte(somePayload)); err == nil {
		t.Fatal("signed")
	}
	lines := strings.Split(strings.TrimSpace(w.read(seen)), "\n")
	if !slices.Equal(lines[1:3], []string{"commit", "key.pub"}) || !strings.Contains(lines[3], "-Y sign -n git -f ") || !strings.Contains(lines[3], " -U ") {
		t.Errorf("%q", lines)
	}
	if _, err := os.Stat(lines[0]); err == nil {
		t.Errorf("%s is still there", lines[0])
	}
}

// An agent signs for a key of which only the public half is known here.
func TestAgent(t *testing.T) {
	t.Parallel()
	need(t, "ssh-agent", "ssh-add")
	w := newWorld(t)
	key := w.key("id")
	dir, err := os.MkdirTemp("", "agent") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w.env["SSH_AUTH_SOCK"] = filepath.Join(dir, "s")
	out := w.run("", "ssh-agent", "-a", w.env["SSH_AUTH_SOCK"])
	_, pid, _ := strings.Cut(out, "SSH_AGENT_PID=")
	w.env["SSH_AGENT_PID"], _, _ = strings.Cut(pid, ";")
	t.Cleanup(func() { _, _ = w.try("", "ssh-agent", "-k") })
	w.run("", "ssh-add", "-q", key)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	public := strings.TrimSpace(w.read(key + ".pub"))
	signers := w.allow("ann", key)
	payload := w.payload("x")
	for _, literal := range []string{"key::" + public, public, key + ".pub"} {
		w.set["gpg.format"], w.set["user.signingkey"] = "ssh", literal
		signature, err := w.signer()(payload)
		if err != nil {
			t.Errorf("%s: %v", literal, err)
			continue
		}
		raw := signed(payload, signature)
		w.run("", "git", "verify-commit", w.store(raw))
		if _, err := Verify(raw, []byte(signers), far); err != nil {
			t.Errorf("%s: %v", literal, err)
		}
	}
}

func TestEncryptedKeyWithoutTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("id", "-N", "a passphrase")
	w.set["gpg.format"], w.set["user.signingkey"] = "ssh", key
	w.set["gpg.ssh.program"] = w.script("keygen", "exec setsid ssh-keygen \"$@\"") // not the terminal of who runs the tests
	need(t, "setsid")
	if signature, err := w.signer()([]byte(somePayload)); err == nil {
		t.Errorf("%s", signature)
	}
}
