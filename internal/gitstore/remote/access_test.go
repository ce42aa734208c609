package remote

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// How people get in: credentials, certificates, other addresses.

const password = "s3cret-pa55word"

func basic(user string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// roundTrip pushes a commit and fetches another.
func roundTrip(t *testing.T, server, ours *place, r *Remote) error {
	t.Helper()
	first := server.tip("main")
	if err := r.Push(background, ours.make(first, "ours"), "main", first); err != nil {
		return err
	}
	next := server.advance("main", "theirs")
	if got, err := r.Fetch(background, "main"); got != next {
		return fmt.Errorf("fetched %q, %w", got, err)
	}
	return nil
}

func TestCredentials(t *testing.T) {
	for name, set := range map[string]func(ours *place, address string) []string{
		"in the address": func(ours *place, address string) []string {
			ours.git("config", "remote.origin.url", strings.Replace(address, "://", "://ann:"+password+"@", 1))
			return nil
		},
		"in a header": func(ours *place, address string) []string {
			ours.git("config", "http."+strings.TrimSuffix(address, "server.git")+".extraheader", "AUTHORIZATION: "+basic("ann"))
			return nil
		},
		"in an included file": func(ours *place, _ string) []string {
			file := filepath.Join(ours.t.TempDir(), "credentials")
			ours.git("config", "-f", file, "http.extraheader", "Authorization: "+basic("ann"))
			ours.git("config", "includeIf.gitdir:"+ours.dir+"/.git.path", file)
			return nil
		},
		"in a file for remotes": func(ours *place, address string) []string {
			file := filepath.Join(ours.t.TempDir(), "credentials")
			ours.git("config", "-f", file, "http.extraheader", "Authorization: "+basic("ann"))
			ours.git("config", "includeIf.hasconfig:remote.*.url:"+strings.TrimSuffix(address, "server.git")+"**.path", file)
			return nil
		},
		"in the environment": func(_ *place, _ string) []string {
			return []string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.extraHeader", "GIT_CONFIG_VALUE_0=Authorization: " + basic("ann")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t)
			site := server.serve(newHTTP, func(w *web) { w.value.Store(basic("ann")) })
			ours := server.clone()
			ours.git("config", "remote.origin.url", site.address())
			env := set(ours, site.address())
			var said strings.Builder
			ours = ours.with(env...)
			o := Options{Environ: ours.env}
			o.Say = func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) }
			r, err := Open(ours.repository(), "origin", o)
			if err != nil {
				t.Fatal(err)
			}
			if err := roundTrip(t, server, ours, r); err != nil {
				t.Error(err)
			}
			if secretIn(r.URL() + said.String()) {
				t.Errorf("a credential was told: %s %s", r.URL(), &said)
			}
		})
	}
}

func secretIn(text string) bool {
	return strings.Contains(text, password) || strings.Contains(text, strings.TrimPrefix(basic("ann"), "Basic "))
}

func TestWrongCredentialsAreNotShown(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	site := server.serve(newHTTP, func(w *web) { w.value.Store("another") })
	ours := server.clone()
	ours.git("config", "remote.origin.url", strings.Replace(site.address(), "://", "://ann:"+password+"@", 1))
	ours.git("config", "http.extraheader", "X-Other: "+basic("ann"))
	r := ours.open()
	_, tipErr := r.Tip(background, "main")
	want[*UnreachableError](t, tipErr)
	_, fetchErr := r.Fetch(background, "main")
	want[*UnreachableError](t, fetchErr)
	pushErr := r.Push(background, ours.make(first, "second"), "main", first)
	for _, err := range []error{tipErr, fetchErr, pushErr} {
		if err == nil || secretIn(fmt.Sprintf("%v %+v %#v %q", err, err, err.Error(), err)) {
			t.Errorf("a credential is in: %v", err)
		}
	}
}

// TestWordsOfServerAreCleaned has a server that says what it was sent.
func TestWordsOfServerAreCleaned(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	server.hook("pre-receive", fmt.Sprintf("echo 'you sent %s from https://ann:hunter22@example.com/x' >&2; exit 1", basic("ann")))
	ours := server.clone()
	ours.git("config", "http.extraheader", "Authorization: "+basic("ann"))
	err := ours.open().Push(background, ours.make(first, "second"), "main", first)
	words := want[*RefusedError](t, err).Words
	if secretIn(words) || strings.Contains(words, "hunter22") || !strings.Contains(words, "you sent") {
		t.Error(words)
	}
}

func TestCredentialHelper(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	site := server.serve(newHTTP, func(w *web) { w.value.Store(basic("ann")) })
	ours := server.clone()
	ours.git("config", "remote.origin.url", site.address())
	ours.git("config", "credential.helper", `!f() { echo username=ann; echo password=`+password+`; }; f`)
	err := roundTrip(t, server, ours, ours.open())
	if err != nil {
		t.Error(err)
	}
}

func TestNobodyIsAsked(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	site := server.serve(newHTTP, func(w *web) { w.value.Store(basic("ann")) })
	ours := server.clone()
	ours.git("config", "remote.origin.url", site.address())
	_, err := ours.open().Tip(background, "main")
	want[*UnreachableError](t, err)
}

func TestOtherAddresses(t *testing.T) {
	for name, settings := range map[string][]string{
		"insteadOf":             {"remote.origin.url=short:server.git", "url.SERVER/.insteadOf=short:"},
		"longest insteadOf":     {"remote.origin.url=short:x/server.git", "url.SERVER/.insteadOf=short:x/", "url./nowhere/.insteadOf=short:"},
		"pushInsteadOf":         {"remote.origin.url=SERVER/server.git", "url.SERVER/server.pushInsteadOf=SERVER/server"},
		"pushInsteadOf alone":   {"remote.origin.url=SERVER/server.git", "url./nowhere.pushInsteadOf=elsewhere:"},
		"pushurl":               {"remote.origin.url=SERVER/mirror.git", "remote.origin.pushurl=SERVER/server.git"},
		"relative path":         {"remote.origin.url=../server.git"},
		"file address":          {"remote.origin.url=file://SERVER/server.git"},
		"pushurl and insteadOf": {"remote.origin.url=SERVER/server.git", "remote.origin.pushurl=short:server.git", "url.SERVER/.insteadOf=short:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t)
			top := filepath.Dir(server.dir)
			server.check(os.Symlink("server.git", filepath.Join(top, "mirror.git")))
			ours := server.clone()
			for _, setting := range settings {
				key, value, _ := strings.Cut(strings.ReplaceAll(setting, "SERVER", top), "=")
				ours.git("config", key, value)
			}
			r := ours.open()
			if !r.Local() {
				t.Errorf("%s is not local", r.URL())
			}
			if err := roundTrip(t, server, ours, r); err != nil {
				t.Error(err)
			}
			// The look after a lost race goes where the push went.
			first := ours.git("rev-parse", server.tip("main")+"^")
			want[*MovedError](t, r.Push(background, ours.make(first, "late"), "main", first))
		})
	}
}

// TestLookAtThePlacePushedTo has a mirror that lags behind.
func TestLookAtThePlacePushedTo(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	site := server.serve(newHTTP, func(w *web) { w.after = func() bool { return true } })
	ours := server.clone()
	server.git("clone", "-q", "--mirror", server.dir, server.dir+"-mirror")
	ours.git("config", "remote.origin.url", server.dir+"-mirror")
	ours.git("config", "remote.origin.pushurl", site.address())
	if err := ours.open().Push(background, ours.make(first, "second"), "main", first); err != nil {
		t.Error(err)
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	site := server.serve(newTLS, nil)
	file := filepath.Join(t.TempDir(), "ca.pem")
	server.check(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: site.Certificate().Raw}), 0o666))
	ours := server.clone()
	ours.git("config", "remote.origin.url", site.address())
	_, err := ours.open().Tip(background, "main")
	want[*UnreachableError](t, err)
	if err := roundTrip(t, server, ours, ours.with("GIT_SSL_CAINFO="+file).open()); err != nil {
		t.Errorf("GIT_SSL_CAINFO: %v", err)
	}
	ours.git("config", "http."+site.URL+".sslCAInfo", file)
	if err := roundTrip(t, server, ours, ours.open()); err != nil {
		t.Errorf("http.sslCAInfo: %v", err)
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	site := server.serve(newHTTP, nil)
	asked := make(chan string, 100)
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked <- r.URL.String()
		site.Config.Handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(proxy.Close)
	ours := server.clone()
	ours.git("config", "remote.origin.url", "http://git.example.com/server.git")
	ours.git("config", "http.proxy", strings.TrimPrefix(proxy.URL, "http://"))
	if err := roundTrip(t, server, ours, ours.open()); err != nil {
		t.Error(err)
	}
	if len(asked) == 0 {
		t.Error("the proxy was not asked")
	}
}

func TestSSHThroughGit(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	ours := server.clone()
	ours.git("config", "remote.origin.url", "git@example.com:"+server.dir)
	script := filepath.Join(t.TempDir(), "ssh")
	ours.program(script, `shift $(($# - 1)); exec sh -c "$1"`)
	ours = ours.with("GIT_SSH_COMMAND=" + script)
	r := ours.open()
	if err := roundTrip(t, server, ours, r); err != nil {
		t.Error(err)
	}
	if r.Local() || r.URL() != "git@example.com:"+server.dir {
		t.Errorf("%s is taken for local: %v", r.URL(), r.Local())
	}
}
