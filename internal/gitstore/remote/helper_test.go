package remote

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/programtest"
)

// place is a folder with a repository made by the real git, blind to the
// settings of whoever runs the tests.
type place struct {
	t   testing.TB
	dir string
	env []string
}

// newServer is a bare repository with one commit on main.
func newServer(t testing.TB) *place {
	t.Helper()
	s := newEmptyServer(t)
	s.point("main", s.make("", "first"))
	return s
}

// empty is a bare repository to be copied, which is quicker than to make one.
var empty = sync.OnceValues(func() (fs.FS, error) {
	dir, err := os.MkdirTemp("", "osmoctl-remote")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("git", "init", "-q", "--bare", "--template=", "-b", "main", dir)
	cmd.Env = []string{"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	files := fstest.MapFS{"objects/pack": {Mode: fs.ModeDir | 0o777}, "refs/heads": {Mode: fs.ModeDir | 0o777}}
	for _, name := range []string{"HEAD", "config"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		files[name] = &fstest.MapFile{Data: data, Mode: 0o666}
	}
	files["config"].Data = append(files["config"].Data, "[http]\n\treceivepack = true\n"...)
	return files, nil
})

func newEmptyServer(t testing.TB) *place {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here to serve")
	}
	top := t.TempDir()
	p := &place{t: t, dir: filepath.Join(top, "server.git"), env: []string{
		"HOME=" + top,
		"GIT_CONFIG_GLOBAL=" + filepath.Join(top, "gitconfig"),
		"GIT_CONFIG_SYSTEM=" + os.DevNull,
		"PATH=" + os.Getenv("PATH"),
	}}
	files, err := empty()
	p.check(err)
	p.check(os.CopyFS(p.dir, files))
	return p
}

// clone makes a clone beside the server, with its origin at address.
func (p *place) clone(args ...string) *place {
	p.t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(p.dir), "clone")
	p.check(err)
	p.git(append(append([]string{"clone", "-q", "-n", "--template="}, args...), p.dir, dir)...)
	return p.at(dir)
}

func (p *place) at(dir string) *place { return &place{p.t, dir, p.env} }

// with is the same place with more in the environment.
func (p *place) with(env ...string) *place {
	return &place{p.t, p.dir, append(p.env[:len(p.env):len(p.env)], env...)}
}

func (p *place) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) git(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// gitDir and commonDir are found as git finds them, without running it where
// nothing is linked.
func (p *place) gitDir() string    { return p.find("--absolute-git-dir") }
func (p *place) commonDir() string { return p.find("--path-format=absolute", "--git-common-dir") }

func (p *place) find(what ...string) string {
	p.t.Helper()
	for _, dir := range []string{filepath.Join(p.dir, ".git"), p.dir} {
		if info, err := os.Stat(filepath.Join(dir, "objects")); err == nil && info.IsDir() {
			return dir
		}
	}
	return p.git(append([]string{"rev-parse"}, what...)...)
}

// store makes a loose object.
func (p *place) store(kind object.Kind, data string) object.ID {
	p.t.Helper()
	id := object.IDOf(kind, []byte(data))
	path := filepath.Join(p.commonDir(), "objects", id.String()[:2], id.String()[2:])
	p.check(os.MkdirAll(filepath.Dir(path), 0o777))
	var deflated bytes.Buffer
	z := zlib.NewWriter(&deflated)
	fmt.Fprintf(z, "%s %d\x00%s", kind, len(data), data)
	p.check(z.Close())
	p.check(os.WriteFile(path, deflated.Bytes(), 0o666))
	return id
}

// make makes a commit that no reference points at.
func (p *place) make(parent, text string) string {
	p.t.Helper()
	return p.commit(parent, text, p.store(object.Blob, text))
}

// commit has one file at the top and another in a folder.
func (p *place) commit(parent, text string, top object.ID) string {
	p.t.Helper()
	blob := p.store(object.Blob, text)
	inner := p.store(object.Tree, "100644 file\x00"+string(blob[:]))
	tree := p.store(object.Tree, "40000 state\x00"+string(inner[:])+"100644 top\x00"+string(top[:]))
	head := "tree " + tree.String() + "\n"
	if parent != "" {
		head += "parent " + parent + "\n"
	}
	const who = " Ann <ann@example.com> 1700000000 +0000\n"
	return p.store(object.Commit, head+"author"+who+"committer"+who+"\n"+text+"\n").String()
}

// point moves a branch, as somebody else would.
func (p *place) point(branch, to string) { p.git("update-ref", branches+branch, to) }

// advance puts one more commit on a branch.
func (p *place) advance(branch, text string) string {
	p.t.Helper()
	h := p.make(p.tip(branch), text)
	p.point(branch, h)
	return h
}

// tip is where a branch is, "" if it is absent.
func (p *place) tip(branch string) string {
	p.t.Helper()
	return p.git("for-each-ref", "--format=%(objectname)", branches+branch)
}

func (p *place) hook(name, script string) {
	p.t.Helper()
	path := filepath.Join(p.dir, "hooks", name)
	p.check(os.MkdirAll(filepath.Dir(path), 0o777))
	p.program(path, script)
}

// program writes a shell script.
func (p *place) program(path, script string) {
	p.t.Helper()
	p.check(programtest.Write(path, []byte("#!/bin/sh\n"+script+"\n")))
}

// repository opens the clone for reading.
func (p *place) repository() *git.Repository {
	p.t.Helper()
	repo, err := git.Open(p.dir, git.Options{Env: environment(p.env).get})
	p.check(err)
	p.t.Cleanup(func() { repo.Close() })
	return repo
}

// open opens origin.
func (p *place) open() *Remote {
	p.t.Helper()
	r, err := Open(p.repository(), "origin", Options{Environ: p.env})
	p.check(err)
	return r
}

// web serves a repository over http, as a hosting service would.
type web struct {
	*httptest.Server
	// header must come with every request where it is demanded, or the answer is 401.
	header string
	// value is that of the header, "" where none is. A push may change it while it is
	// answered, beside the requests that follow.
	value atomic.Value
	// after is called when a push has been taken, before it is answered;
	// true ends the connection instead.
	after func() bool
}

// serve starts a server; start is httptest.NewServer or NewTLSServer.
func (p *place) serve(start func(http.Handler) *httptest.Server, setup func(*web)) *web {
	p.t.Helper()
	backend := filepath.Join(p.git("--exec-path"), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		p.t.Skip("this git has no http-backend")
	}
	w := &web{header: "Authorization"}
	if setup != nil {
		setup(w)
	}
	handler := &cgi.Handler{
		Path: backend, Dir: p.dir,
		Env: append([]string{"GIT_PROJECT_ROOT=" + filepath.Dir(p.dir), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=ann"}, p.env...),
	}
	w.Server = start(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.answer(handler, rw, r) }))
	p.t.Cleanup(w.Close)
	return w
}

func (w *web) answer(backend http.Handler, rw http.ResponseWriter, r *http.Request) {
	if value, _ := w.value.Load().(string); value != "" && r.Header.Get(w.header) != value {
		rw.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	if w.after == nil || !strings.HasSuffix(r.URL.Path, "/git-receive-pack") {
		backend.ServeHTTP(rw, r)
		return
	}
	kept := httptest.NewRecorder()
	backend.ServeHTTP(kept, r)
	if w.after() {
		panic(http.ErrAbortHandler)
	}
	rw.WriteHeader(kept.Code)
	_, _ = rw.Write(kept.Body.Bytes())
}

func (w *web) address() string { return w.URL + "/server.git" }

// script puts a program of ours before the others on PATH.
func (p *place) script(name, text string) *place {
	p.t.Helper()
	dir := p.t.TempDir()
	p.program(filepath.Join(dir, name), text)
	return p.with("PATH=" + dir + string(filepath.ListSeparator) + os.Getenv("PATH"))
}

// realGit is the path of the git that a script stands before.
func realGit(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Skip("there is no git here")
	}
	return path
}

func want[E error](t testing.TB, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("got the error %v, of another kind than %T", err, e)
	}
	return e
}

var background = context.Background()

// newHTTP and newTLS start a server that logs nothing.
func newHTTP(h http.Handler) *httptest.Server { return httptest.NewServer(h) }

func newTLS(h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	return s
}
