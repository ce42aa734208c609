package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// The forges that init writes a pipeline for.
const (
	GitHub = "github"
	GitLab = "gitlab"
)

// CI is what the pipelines of a project depend on.
type CI struct {
	Forge string
	// Version is that of the osmoctl which they install.
	Version string
	// Project is the project's folder in its repository, "" at the top, and Branch
	// the one that is merged into.
	Project, Branch string
}

//go:embed ci
var pipelines embed.FS

// pins are the actions of the workflows, each by the hash of the commit that its
// version is: a tag can be moved.
var pins = map[string]string{
	"Checkout": "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
	"SetupGo":  "actions/setup-go@7a3fe6cf4cb3a834922a1244abfce67bcef6a0c5 # v6.2.0",
	"Upload":   "actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0",
	"Download": "actions/download-artifact@018cc2cf5baa6db3ef3c5f8a56943fffe632ef53 # v6.0.0",
}

// goVersion is the toolchain that builds osmoctl in a pipeline.
const goVersion = "1.26"

// VersionToFill stands for the version where the program that writes has none that
// anybody could install.
const VersionToFill = "VERSION"

// released matches the versions that a module proxy has.
var released = pattern.Lazy(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)

// plainName matches what can stand in a pipeline without being quoted for YAML, for a
// shell and for the forge.
var plainName = pattern.Lazy(`^[A-Za-z0-9._/-]*$`)

// Installs reports whether the pipelines install a version that there is.
func (c CI) Installs() bool { return released().MatchString(c.Version) }

// Files are the pipelines by their paths below the top of the repository.
func (c CI) Files() (map[string][]byte, error) {
	for what, name := range map[string]string{"the folder of the project": c.Project, "the branch": c.Branch} {
		if !plainName().MatchString(name) || strings.HasPrefix(name, "-") {
			return nil, diag.Hinted(fmt.Errorf("%s is called %q, and a pipeline would have to quote that for three readers", what, name), "use letters, digits, dots, dashes, underscores and slashes alone")
		}
	}
	if c.Branch == "" {
		return nil, diag.Hinted(errors.New("it is not known which branch is merged into"), "name it in osmoctl.yaml: git: {branch: main}")
	}
	suffix, named := "", ""
	if c.Project != "" {
		suffix, named = "-"+strings.ReplaceAll(c.Project, "/", "-"), " "+c.Project
	}
	values := map[string]string{
		"Version": c.Version, "Project": ".", "Branch": c.Branch, "Go": goVersion, "StatePaths": "state/**",
		"Plan": "osmoctl plan" + named, "Comment": "osmoctl comment" + named, "Apply": "osmoctl apply" + named, "Daily": "osmoctl daily" + named,
		"Check": "osmoctl digest" + named, "Artifact": "osmoctl-plan" + suffix, "Environment": "osmoctl" + suffix, "Job": "osmoctl" + suffix,
		"Path": ".gitlab/osmoctl" + suffix + ".yml",
	}
	if !c.Installs() {
		values["Version"] = VersionToFill
	}
	if c.Project != "" {
		values["Project"], values["StatePaths"] = c.Project, c.Project+"/state/**"
	}
	for name, pin := range pins {
		values[name] = pin
	}
	if c.Forge == GitLab {
		data, err := fill("gitlab/osmoctl.yml", values)
		return map[string][]byte{
			values["Path"]:   data,
			".gitlab-ci.yml": []byte("include:\n  - local: " + values["Path"] + "\n"),
		}, err
	}
	files := map[string][]byte{}
	for _, name := range []string{"plan", "comment", "apply", "daily"} {
		data, err := fill("github/"+name+".yml", values)
		if err != nil {
			return nil, err
		}
		files[".github/workflows/osmoctl-"+name+suffix+".yml"] = data
	}
	return files, nil
}

// fill puts values into a pipeline. Its marks are others than those of the forges and
// of shells.
func fill(name string, values map[string]string) ([]byte, error) {
	text, err := fs.ReadFile(pipelines, "ci/"+name)
	if err != nil {
		return nil, err
	}
	t, err := template.New(name).Delims("[%", "%]").Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, values)
	return out.Bytes(), err
}

// WriteMissing writes those files that are not there, by their paths below dir, and
// says which those are. The others it leaves alone.
func WriteMissing(dir string, files map[string][]byte) (written, kept []string, err error) {
	for _, path := range model.Names(files) {
		whole := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(whole), 0o777); err != nil {
			return written, kept, err
		}
		switch err := writeNew(whole, files[path], 0o666); {
		case errors.Is(err, fs.ErrExist):
			kept = append(kept, path)
		case err != nil:
			return written, kept, err
		default:
			written = append(written, path)
		}
	}
	return written, kept, nil
}
