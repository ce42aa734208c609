package seal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	ageplugin "filippo.io/age/plugin"

	"github.com/osmoctl/osmoctl/internal/programtest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// TestMain lets the test binary be a plugin, when it is called as one.
func TestMain(m *testing.M) {
	base := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if name, ok := strings.CutPrefix(base, "age-plugin-"); ok {
		os.Exit(runPlugin(name))
	}
	code := m.Run()
	for _, dir := range scratch {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// scratch are directories that all tests share.
var (
	scratch   []string
	scratchMu sync.Mutex
)

func scratchDir() (string, error) {
	dir, err := os.MkdirTemp("", "seal")
	scratchMu.Lock()
	defer scratchMu.Unlock()
	scratch = append(scratch, dir)
	return dir, err
}

// fakePlugins are the plugins that behave; the others are in runPlugin.
var fakePlugins = map[string]fakePlugin{
	"good": {}, "quantum": {labels: []string{"postquantum"}}, "lonely": {labels: []string{"only-me"}},
	"env":     {stanza: func() *age.Stanza { return &age.Stanza{Type: "env", Args: []string{surroundings()}} }},
	"binder":  {stanza: func() *age.Stanza { return binding("svc-other", "deploy", "3") }},
	"asks":    {asks: true},
	"refuses": {err: errors.New("no device found")},
	"rude":    {err: errors.New("cannot use AGE-SECRET-KEY-1CANARY")},
}

// runPlugin is the plugin's side. What stands on standard error is not ours.
func runPlugin(name string) int {
	fmt.Fprintln(os.Stderr, "a plugin's standard error is dropped")
	switch name {
	case "early":
		return 1
	case "mute":
		_, _ = io.Copy(io.Discard, os.Stdin)
		time.Sleep(time.Hour)
	case "garbage":
		fmt.Println("hello, is this a plugin?")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "flood":
		for {
			if _, err := fmt.Print("-> msg\nYWJj\n"); err != nil {
				return 1
			}
		}
	case "endless":
		for {
			if _, err := fmt.Print("-> msg ", strings.Repeat("x", 1000)); err != nil {
				return 1
			}
		}
	}
	fake, ok := fakePlugins[name]
	if !ok {
		return 2
	}
	return fake.main(name)
}

// surroundings is what a plugin sees, as a word.
func surroundings() string {
	dir, _ := os.Getwd()
	seen := append(os.Environ(), "cwd="+dir)
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(seen, "\n")))
}

// fakePlugin "wraps" a key by writing it backwards.
type fakePlugin struct {
	labels []string
	stanza func() *age.Stanza
	asks   bool
	err    error
	p      *ageplugin.Plugin
}

func (f fakePlugin) main(name string) int {
	p, err := ageplugin.New(name)
	if err != nil {
		return 3
	}
	f.p = p
	p.HandleRecipient(func([]byte) (age.Recipient, error) { return f, nil })
	p.HandleIdentity(func([]byte) (age.Identity, error) { return f, nil })
	return p.Main()
}

func (f fakePlugin) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	stanzas, _, err := f.WrapWithLabels(fileKey)
	return stanzas, err
}

func (f fakePlugin) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	if f.err != nil {
		return nil, nil, f.err
	}
	if f.stanza != nil {
		return []*age.Stanza{f.stanza()}, f.labels, nil
	}
	if err := f.ask(); err != nil {
		return nil, nil, err
	}
	body := bytes.Clone(fileKey)
	slices.Reverse(body)
	return []*age.Stanza{{Type: "backwards", Args: []string{"arg"}, Body: body}}, f.labels, nil
}

func (f fakePlugin) ask() error {
	if !f.asks {
		return nil
	}
	if err := f.p.DisplayMessage("touch the device"); err != nil {
		return err
	}
	pin, err := f.p.RequestValue("PIN", true)
	if err != nil || pin != "1234" {
		return fmt.Errorf("pin is %q, %v", pin, err)
	}
	yes, err := f.p.Confirm("really?", "of course", "never")
	if err != nil || !yes {
		return fmt.Errorf("not confirmed: %v", err)
	}
	return nil
}

func (f fakePlugin) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	if err := f.ask(); err != nil {
		return nil, err
	}
	for _, s := range stanzas {
		if s.Type == "osmoctl.dev/token" {
			return nil, errors.New("the binding was shown to a plugin")
		}
		if s.Type == "backwards" && slices.Equal(s.Args, []string{"arg"}) {
			fileKey := bytes.Clone(s.Body)
			slices.Reverse(fileKey)
			return fileKey, nil
		}
	}
	return nil, age.ErrIncorrectIdentity
}

var misbehaving = []string{"early", "mute", "garbage", "flood", "endless"}

// pluginDir holds the test binary under the name of every plugin.
var pluginDir = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir, err := scratchDir()
	if err != nil {
		return "", err
	}
	program, err := os.ReadFile(self)
	if err != nil {
		return "", err
	}
	names := append([]string{}, misbehaving...)
	for name := range fakePlugins {
		names = append(names, name)
	}
	return dir, installPlugins(dir, program, names)
})

func pluginFile(name string) string {
	if runtime.GOOS == "windows" {
		return "age-plugin-" + name + ".exe"
	}
	return "age-plugin-" + name
}

func installPlugins(dir string, program []byte, names []string) error {
	first := filepath.Join(dir, pluginFile(names[0]))
	if err := programtest.Write(first, program); err != nil {
		return err
	}
	for _, name := range names[1:] {
		if err := os.Link(first, filepath.Join(dir, pluginFile(name))); err != nil {
			return err
		}
	}
	return nil
}

// allow are the plugins of the tests, with names allowed to run.
func allow(t testing.TB, names ...string) seal.Plugins {
	t.Helper()
	dir, err := pluginDir()
	if err != nil {
		t.Fatal(err)
	}
	return seal.Plugins{Allowed: names, Path: dir, Timeout: 30 * time.Second}
}

func pluginKey(name string) model.Recipient {
	return model.Recipient{Name: "key-of-" + name, Key: ageplugin.EncodeRecipient(name, []byte("data")), Kind: model.RecipientPlugin}
}

func pluginIdentity(t testing.TB, name string, plugins seal.Plugins) []age.Identity {
	t.Helper()
	return read(t, []byte(ageplugin.EncodeIdentity(name, []byte("data"))), seal.IdentityOptions{Plugins: plugins})
}

func sealWith(t testing.TB, plugins seal.Plugins, to ...model.Recipient) ([]byte, error) {
	t.Helper()
	return seal.NewSealer(seal.Options{Plugins: plugins}).Seal(t.Context(), place, to, value())
}

func TestPluginRoundTrip(t *testing.T) {
	t.Parallel()
	x := x25519(t)
	plugins := allow(t, "good", "quantum")
	for name, to := range map[string][]model.Recipient{
		"good": {pluginKey("good"), x.recipient}, "quantum": {pluginKey("quantum")},
	} {
		file, err := sealWith(t, plugins, to...)
		if err != nil {
			t.Fatal(name, err)
		}
		if v, err := seal.Open(file, place, pluginIdentity(t, name, plugins)...); err != nil || reveal(v) != canary {
			t.Error(name, err)
		}
		header, err := seal.Inspect(file)
		if err != nil || header.Stanzas[0] != "backwards" {
			t.Error(name, header, err)
		}
	}
	_, err := seal.Open(sealed(t, place, x.recipient), place, pluginIdentity(t, "good", plugins)...)
	if !errors.Is(err, seal.ErrNoIdentity) {
		t.Errorf("another's file: %v", err)
	}
}

// Stock age and its own client of plugins read what we sealed through one.
func TestPluginFileOpensWithStockClient(t *testing.T) {
	t.Parallel()
	file, err := sealWith(t, allow(t, "good"), pluginKey("good"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(file), fakePlugin{}.withoutBinding())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := io.ReadAll(r); err != nil || string(out) != canary {
		t.Errorf("got %q, %v", out, err)
	}
}

// withoutBinding hides the stanza that the fake refuses to see.
func (f fakePlugin) withoutBinding() age.Identity { return unbound{f} }

type unbound struct{ age.Identity }

func (u unbound) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	return u.Identity.Unwrap(stanzas[:len(stanzas)-1])
}

func TestPluginRefusals(t *testing.T) {
	t.Parallel()
	x, pq := x25519(t).recipient, hybrid(t).recipient
	for name, c := range map[string]struct {
		allowed string
		to      []model.Recipient
		want    string
	}{
		"not allowed":   {"other", []model.Recipient{pluginKey("good")}, "--allow-plugin good"},
		"not installed": {"absent", []model.Recipient{pluginKey("absent")}, "not installed"},
		"early":         {"early", []model.Recipient{pluginKey("early")}, "before it was done"},
		"garbage":       {"garbage", []model.Recipient{pluginKey("garbage")}, "not of age's plugin protocol"},
		"flood":         {"flood", []model.Recipient{pluginKey("flood")}, "more than 1000 commands"},
		"endless":       {"endless", []model.Recipient{pluginKey("endless")}, "before it was done"},
		"refuses":       {"refuses", []model.Recipient{pluginKey("refuses")}, "no device found"},
		"rude":          {"rude", []model.Recipient{pluginKey("rude")}, "not shown"},
		"binder":        {"binder", []model.Recipient{pluginKey("binder")}, "not a plugin's to write"},
		"asks":          {"asks", []model.Recipient{pluginKey("asks")}, "it says"},
		"quantum":       {"quantum", []model.Recipient{x, pluginKey("quantum")}, "post-quantum"},
		"lonely":        {"lonely", []model.Recipient{x, pluginKey("lonely")}, "cannot stand with"},
		"with hybrid":   {"good", []model.Recipient{pq, pluginKey("good")}, "cannot stand together"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sealWith(t, allow(t, c.allowed), c.to...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q in it", err, c.want)
			}
			if strings.Contains(err.Error(), "CANARY") {
				t.Errorf("the error shows a key: %v", err)
			}
		})
	}
}

func TestPluginIdentityRefusals(t *testing.T) {
	t.Parallel()
	file := sealed(t, place, x25519(t).recipient)
	for name, want := range map[string]string{
		"early": "before it was done", "garbage": "not of age's plugin protocol", "endless": "before it was done",
		"refuses": "no device found", "rude": "not shown", "asks": "it says",
	} {
		_, err := seal.Open(file, place, pluginIdentity(t, name, allow(t, name))...)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: got %v, want %q in it", name, err, want)
		}
		if errors.Is(err, seal.ErrNoIdentity) || errors.Is(err, seal.ErrDamaged) {
			t.Errorf("%s: %v is blamed on the file", name, err)
		}
	}
	if _, err := seal.Open(file, place, pluginIdentity(t, "good", seal.Plugins{})...); err == nil || !strings.Contains(err.Error(), "not allowed") {
		t.Errorf("not allowed: got %v", err)
	}
}

func TestPluginTimeLimit(t *testing.T) {
	t.Parallel()
	plugins := allow(t, "mute")
	plugins.Timeout = 50 * time.Millisecond
	if _, err := sealWith(t, plugins, pluginKey("mute")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := seal.Open(sealed(t, place, x25519(t).recipient), place, pluginIdentity(t, "mute", plugins)...); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestPluginCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := seal.NewSealer(seal.Options{Plugins: allow(t, "mute")})
	if err := s.Check(ctx, []model.Recipient{pluginKey("mute")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// Ctrl-C ends a plugin as well as the run, and may be heard of there later.
func TestPluginEndedByCtrlC(t *testing.T) {
	t.Parallel()
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 60*time.Millisecond, interrupted)
	defer cancel()
	s := seal.NewSealer(seal.Options{Plugins: allow(t, "early")})
	if err := s.Check(ctx, []model.Recipient{pluginKey("early")}); !errors.Is(err, interrupted) {
		t.Errorf("got %v", err)
	}
}

// The environment is what CI keeps its credentials in.
func TestPluginEnvironment(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows adds variables of its own")
	}
	t.Setenv("CI_SECRET", "canary-of-the-environment")
	t.Setenv("AGEDEBUG", "plugin")
	plugins := allow(t, "env")
	plugins.Home, plugins.Lang = "/home/somebody", "C.UTF-8"
	plugins.Path = strings.Join([]string{"relative", plugins.Path, "/no/such/directory", ""}, string(filepath.ListSeparator))
	file, err := sealWith(t, plugins, pluginKey("env"))
	if err != nil {
		t.Fatal(err)
	}
	var seen stanzaSpy
	_, _ = age.Decrypt(bytes.NewReader(file), &seen)
	text, err := base64.RawURLEncoding.DecodeString(seen.first.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	dir, err := pluginDir()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(string(text), "\n")
	want := []string{"PATH=" + dir, "HOME=/home/somebody", "LANG=C.UTF-8", "cwd=" + dir}
	// A process that looks for its own directory may add PWD.
	got = slices.DeleteFunc(got, func(v string) bool { return v == "PWD="+dir })
	if !slices.Equal(got, want) {
		t.Errorf("a plugin sees %q, want %q", got, want)
	}
}

type stanzaSpy struct{ first *age.Stanza }

func (s *stanzaSpy) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	s.first = stanzas[0]
	return nil, age.ErrIncorrectIdentity
}

func TestPluginQuestions(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	note := func(words ...string) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, strings.Join(words, " "))
	}
	plugins := allow(t, "asks")
	plugins.UI = &ageplugin.ClientUI{
		DisplayMessage: func(name, message string) error { note(name, message); return nil },
		RequestValue: func(name, prompt string, secret bool) (string, error) {
			note(name, prompt, fmt.Sprint(secret))
			return "1234", nil
		},
		Confirm: func(name, prompt, yes, no string) (bool, error) { note(name, prompt, yes, no); return true, nil },
	}
	file, err := sealWith(t, plugins, pluginKey("asks"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(file, place, pluginIdentity(t, "asks", plugins)...); err != nil {
		t.Fatal(err)
	}
	once := []string{"asks touch the device", "asks PIN true", "asks really? of course never"}
	if want := append(once, once...); !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// One run of a plugin opens many files: it asks once, and a file that another
// identity opens is not shown to it.
func TestPluginOpensTogether(t *testing.T) {
	t.Parallel()
	asked := 0
	plugins := allow(t, "asks", "refuses")
	plugins.UI = &ageplugin.ClientUI{
		DisplayMessage: func(string, string) error { return nil },
		RequestValue:   func(string, string, bool) (string, error) { asked++; return "1234", nil },
		Confirm:        func(string, string, string, string) (bool, error) { return true, nil },
	}
	own, other := x25519(t), x25519(t)
	var files [][]byte
	for _, to := range []model.Recipient{pluginKey("asks"), pluginKey("asks"), own.recipient, other.recipient, pluginKey("asks")} {
		file, err := sealWith(t, plugins, to)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	files = append(files, []byte("no age file"))
	sealing := asked
	ids := append(pluginIdentity(t, "asks", plugins), identities(t, own)...)
	prepared, wipe := seal.Together(t.Context(), files, ids)
	for i, file := range files {
		_, err := seal.Open(file, place, prepared...)
		if opens := i != 3 && i != 5; opens != (err == nil) || i == 3 && !errors.Is(err, seal.ErrNoIdentity) {
			t.Errorf("file %d: %v", i, err)
		}
	}
	// The fake plugin asks with every file that it is shown.
	if asked -= sealing; asked != 4 {
		t.Errorf("asked %d times, want once with each of the four files that nothing else opens", asked)
	}
	wipe()
	if _, err := seal.Open(files[0], place, prepared...); !errors.Is(err, seal.ErrNoIdentity) {
		t.Errorf("a wiped key opens: %v", err)
	}
	failing, _ := seal.Together(t.Context(), files[:3], append(pluginIdentity(t, "refuses", plugins), identities(t, own)...))
	if _, err := seal.Open(files[0], place, failing...); err == nil || !strings.Contains(err.Error(), "no device found") {
		t.Errorf("a plugin that fails: %v", err)
	}
	if _, err := seal.Open(files[2], place, failing...); err != nil {
		t.Errorf("beside a plugin that fails: %v", err)
	}
}

func TestPluginPlaces(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("permissions are not looked at")
	}
	dir, err := pluginDir()
	if err != nil {
		t.Fatal(err)
	}
	copyTo := func(dirMode, fileMode os.FileMode) string {
		program, err := os.ReadFile(filepath.Join(dir, pluginFile("good")))
		if err != nil {
			t.Fatal(err)
		}
		place := filepath.Join(t.TempDir(), "bin")
		file := filepath.Join(place, pluginFile("good"))
		if err := errors.Join(os.Mkdir(place, 0o700), programtest.Write(file, program), os.Chmod(file, fileMode), os.Chmod(place, dirMode)); err != nil {
			t.Fatal(err)
		}
		return place
	}
	link := func(target string) string {
		place := t.TempDir()
		if err := errors.Join(os.Chmod(place, 0o700), os.Symlink(filepath.Join(target, pluginFile("good")), filepath.Join(place, pluginFile("good")))); err != nil {
			t.Fatal(err)
		}
		return place
	}
	good, loose := copyTo(0o755, 0o755), copyTo(0o777, 0o755)
	for name, c := range map[string]struct{ path, root, want string }{
		"good":                  {good, "", ""},
		"link":                  {link(good), "", ""},
		"root elsewhere":        {good, t.TempDir(), ""},
		"second directory":      {t.TempDir() + ":" + good, "", ""},
		"writable by all":       {loose, "", "can be written to by others)"},
		"writable by the group": {copyTo(0o775, 0o755), "", "can be written to by others)"},
		"program writable":      {copyTo(0o755, 0o757), "", "can be written to by others"},
		"not executable":        {copyTo(0o755, 0o644), "", "not an executable"},
		"link to a loose place": {link(loose), "", "can be written to by others"},
		"link into the root":    {link(good), good, "lies in the repository"},
		"in the repository":     {good, filepath.Dir(good), "lies in the repository)"},
		"is the repository":     {good, good, "lies in the repository)"},
		"relative":              {".", "", "is not absolute"},
		"nothing":               {"", "", "not installed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sealWith(t, seal.Plugins{Allowed: []string{"good"}, Path: c.path, Root: c.root}, pluginKey("good"))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
