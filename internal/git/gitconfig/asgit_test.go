package gitconfig

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A scene is a repository that is reached through links, with a home directory
// that is one itself, for git and for the reader to look at.
type scene struct {
	dir   string // real
	given string // the top folder, as the user spells it
	env   map[string]string
	src   Sources
}

// newScene makes one. It is of one of three kinds: a clone, a linked work tree of
// one, and a clone whose .git is a link.
func newScene(t *testing.T, kind int) *scene {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here to compare with")
	}
	s := &scene{dir: fixture(t, map[string]string{"disk/me/x": "", "disk/Work/x": "", "etc/x": ""})}
	for from, to := range map[string]string{"home": "disk/me", "disk/me/work": "../Work", "disk/me/dots": "../../etc"} {
		if err := os.Symlink(to, filepath.Join(s.dir, from)); err != nil {
			t.Skip("links cannot be made here:", err)
		}
	}
	s.env = map[string]string{
		"HOME": filepath.Join(s.dir, "home"), "PATH": os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com",
	}
	s.given = filepath.Join(s.dir, "home/work/repo")
	gitDir := filepath.Join(s.dir, "disk/Work/repo/.git")
	common := gitDir
	s.git(t, s.dir, "init", "-q", "-b", "team/main", s.given)
	given := filepath.Join(s.given, ".git")
	switch kind {
	case 1:
		s.git(t, s.given, "commit", "-q", "--allow-empty", "-m", "first")
		s.git(t, s.given, "worktree", "add", "-q", "-b", "team/side", "../linked")
		gitDir = filepath.Join(gitDir, "worktrees/linked")
		s.given, given = filepath.Join(s.dir, "home/work/linked"), gitDir
	case 2:
		common = filepath.Join(s.dir, "etc/stored.git")
		if err := os.Rename(gitDir, common); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(common, gitDir); err != nil {
			t.Fatal(err)
		}
		gitDir = common
	}
	s.src = Sources{Env: env(s.env), GitDir: gitDir, CommonDir: common, Given: given}
	return s
}

func (s *scene) run(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{"PWD=" + dir, "LC_ALL=C"}
	for k, v := range s.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return string(out), err
}

func (s *scene) git(t *testing.T, dir string, args ...string) {
	t.Helper()
	if _, err := s.run(dir, args...); err != nil {
		t.Fatal(err)
	}
}

// listed is what a reader finds: each setting with the file that it stands in.
type listed struct{ Origin, Key, Value string }

// fromGit asks git for the lot. It names files as it opened them, those of the
// repository from its top folder.
func (s *scene) fromGit() ([]listed, error) {
	out, err := s.run(s.given, "config", "--list", "--show-origin", "--null")
	if err != nil {
		return nil, err
	}
	var found []listed
	fields := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		file := strings.TrimPrefix(fields[i], "file:")
		if file == "command line:" {
			file = ""
		}
		key, value, _ := strings.Cut(fields[i+1], "\n")
		found = append(found, listed{s.file(file), key, value})
	}
	return found, nil
}

func (s *scene) fromReader() ([]listed, error) {
	c, err := Load(s.src)
	if err != nil {
		return nil, err
	}
	var found []listed
	for _, p := range c.settings {
		found = append(found, listed{s.file(p.origin), p.Key, p.Value})
	}
	return found, nil
}

func (s *scene) file(path string) string {
	if path == "" {
		return ""
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.given, path)
	}
	return real(path)
}

// What git lists, with the files it lists it from, is what is read, for whatever
// files include each other on whatever conditions; what git refuses is refused.
func TestAsGit(t *testing.T) {
	t.Parallel()
	for kind, name := range []string{"clone", "linked", "link"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, kind)
			met := map[string]int{}
			for seed := range uint64(60) {
				g := &generator{scene: s, Rand: rand.New(rand.NewPCG(seed, uint64(kind)))}
				g.tree(t)
				want, gitErr := s.fromGit()
				got, err := s.fromReader()
				switch {
				case (gitErr != nil) != (err != nil):
					t.Fatalf("seed %d: the reader says %v, git %v\n%s", seed, err, gitErr, g.text())
				case err != nil:
					met["refused"]++
				default:
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("seed %d: %s\n%s", seed, diff, g.text())
					}
					for _, l := range got {
						met[filepath.Base(l.Origin)]++
					}
				}
			}
			// A test in which nothing is ever included would prove nothing.
			for _, file := range append([]string{"refused"}, includable...) {
				if met[filepath.Base(file)] == 0 {
					t.Errorf("%s was never met: %v", file, met)
				}
			}
		})
	}
}

// includable are the files that others include, below the home directory.
var includable = []string{"a.inc", "dots/b.inc", "work/c.inc", "work/repo/d.inc"}

type generator struct {
	*scene
	*rand.Rand
	files map[string]string
}

func (g *generator) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g *generator) tree(t *testing.T) {
	t.Helper()
	g.files = map[string]string{}
	for i, name := range includable {
		g.files[filepath.Join(g.dir, "home", name)] = g.file(i, name == "dots/b.inc" || g.IntN(12) == 0)
	}
	g.files[filepath.Join(g.dir, "home/.gitconfig")] = g.file(7, false)
	g.files[filepath.Join(g.dir, "home/.config/git/config")] = g.file(8, false)
	config := g.pick("", "[core]\n repositoryformatversion = 0\n", "[core]\n repositoryformatversion = 0\n") + g.pick("", "[extensions]\n worktreeConfig = true\n") + g.file(9, true)
	g.files[filepath.Join(g.src.CommonDir, "config")] = config
	g.files[filepath.Join(g.src.GitDir, "config.worktree")] = g.file(10, true)
	for path, text := range g.files {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	g.environment()
}

// environment gives settings as variables, one of them an include.
func (g *generator) environment() {
	delete(g.env, "GIT_CONFIG_COUNT")
	delete(g.env, "GIT_CONFIG_PARAMETERS")
	if g.IntN(3) == 0 {
		g.env["GIT_CONFIG_COUNT"] = "2"
		g.env["GIT_CONFIG_KEY_0"], g.env["GIT_CONFIG_VALUE_0"] = "User.Name", "it's env"
		g.env["GIT_CONFIG_KEY_1"], g.env["GIT_CONFIG_VALUE_1"] = "includeIf."+g.condition()+".path", g.pick("~/a.inc", "~/a.inc", "a.inc")
	}
	if g.IntN(3) == 0 {
		g.env["GIT_CONFIG_PARAMETERS"] = g.pick(`'user.name'='it'\''s -c'`, `'User.Old=1' 'core.x'=`, `'remote.o.url'='https://a.example/env/x' `)
	}
}

func (g *generator) file(n int, remotes bool) string {
	text := ""
	for range 1 + g.IntN(3) {
		switch g.IntN(6) {
		case 0:
			text += "[include]\n path = " + g.target() + "\n"
		case 1, 2, 3:
			text += fmt.Sprintf("[includeIf %q]\n path = %s\n", g.condition(), g.target())
		case 4:
			if remotes {
				text += "[remote \"origin\"]\n url = https://" + g.pick("a", "b") + ".example/team/x.git\n"
			}
		default:
			text += fmt.Sprintf("[user]\n name = n%d\n[commit]\n gpgsign = %v\n", n, g.IntN(2) == 0)
		}
	}
	return text + fmt.Sprintf("[end]\n in = %d\n", n)
}

func (g *generator) target() string {
	return g.pick("~/a.inc", "~/dots/b.inc", "~/work/c.inc", g.given+"/d.inc", "~/absent.inc", "a.inc", "dots/b.inc",
		"../a.inc", "./work/c.inc", "dots/../b.inc", "b.inc", "c.inc", "~/work/repo/d.inc")
}

func (g *generator) condition() string {
	return g.pick(
		"gitdir:~/", "gitdir:~/work/", "gitdir:~/Work/", "gitdir:"+g.dir+"/disk/Work/", "gitdir:"+g.dir+"/home/work/", "gitdir/i:"+g.dir+"/HOME/WORK/",
		"gitdir:work/", "gitdir/i:work/", "gitdir:repo/", "gitdir:repo/.git", "gitdir:./", "gitdir:./work/", "gitdir/i:./WORK/", "gitdir:.git", "gitdir:**/worktrees/*",
		"gitdir:W[a-o]rk/", "gitdir:[[:upper:]]ork/**", "gitdir:stored.git", "gitdir:~nobody-is-called-this/", "gitdir:~", "gitdir:",
		"onbranch:team/", "onbranch:team/main", "onbranch:t*", "onbranch:*/side", "onbranch:**", "onbranch:",
		"hasconfig:remote.*.url:https://a.example/**", "hasconfig:remote.*.url:https://*.example/team/*", "hasconfig:remote.*.url:https://b*/**",
		"hasconfig:remote.*.url:**", "hasconfig:remote.origin.url:**", "hasconfig:user.name:n1", "nonsense:x", "gitdir",
	)
}

func (g *generator) text() string {
	var out strings.Builder
	for path, text := range g.files {
		fmt.Fprintf(&out, "--- %s\n%s", path, text)
	}
	fmt.Fprintf(&out, "--- %v\n", g.env)
	return out.String()
}
