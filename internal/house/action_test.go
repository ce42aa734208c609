package house

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// action is what action.yml says, as far as it is run.
type action struct {
	Runs struct {
		Steps []struct {
			Shell, Run string
			Env        map[string]string
		}
	}
}

func readAction(t *testing.T) action {
	t.Helper()
	var a action
	if err := yaml.Unmarshal([]byte(readText(t, "action.yml")), &a); err != nil {
		t.Fatal(err)
	}
	if len(a.Runs.Steps) != 1 {
		t.Fatalf("action.yml has %d steps", len(a.Runs.Steps))
	}
	return a
}

// Inputs reach the script as variables: what stands in one is not run.
func TestActionInputs(t *testing.T) {
	t.Parallel()
	step := readAction(t).Runs.Steps[0]
	if strings.Contains(step.Run, "${{") {
		t.Error("action.yml: an expression becomes text of the script: pass it in env")
	}
	for name, value := range step.Env {
		if !regexp.MustCompile(`^\$\{\{ inputs\.[a-z-]+ \}\}$`).MatchString(value) {
			t.Errorf("action.yml: %s is %q", name, value)
		}
	}
}

// TestAction runs the script of action.yml with archives that lie on this machine.
func TestAction(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "curl", "tar", "gzip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s", program)
		}
	}
	mirror := t.TempDir()
	good := writeArchive(t, filepath.Join(mirror, "v1.2.3", "osmoctl_1.2.3_linux_amd64.tar.gz"))
	other := strings.Repeat("0", 64)
	list := other + "  osmoctl_1.2.3_darwin_arm64.tar.gz\n" + good + "  osmoctl_1.2.3_linux_amd64.tar.gz\n"
	for name, c := range map[string]struct{ version, checksum, arch, want string }{
		"one checksum":      {"v1.2.3", good, "X64", ""},
		"several":           {"v1.2.3", list, "X64", ""},
		"another checksum":  {"v1.2.3", other, "X64", "has another checksum"},
		"none of this kind": {"v1.2.3", other + "  osmoctl_1.2.3_darwin_arm64.tar.gz", "X64", "no line for"},
		"two of this kind":  {"v1.2.3", list + list, "X64", "twice"},
		"no checksum":       {"v1.2.3", "", "X64", "no line for"},
		"a short one":       {"v1.2.3", good[:12], "X64", "must be a SHA-256"},
		"not a version":     {"latest", good, "X64", "must look like"},
		"a path":            {"v1.2.3/../v1.2.3", good, "X64", "must look like"},
		"a command":         {"v1.2.3$(touch ran)", good, "X64", "must look like"},
		"no such release":   {"v9.9.9", good, "X64", "could not be downloaded"},
		"no such processor": {"v1.2.3", good, "ARM", "no release for this processor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			out, err := runAction(t, dir, "OSMOCTL_VERSION="+c.version, "OSMOCTL_CHECKSUM="+c.checksum, "OSMOCTL_BASE_URL=file://"+filepath.ToSlash(mirror), "RUNNER_ARCH="+c.arch)
			path, _ := os.ReadFile(filepath.Join(dir, "path"))
			if c.want == "" {
				if err != nil || !strings.Contains(out, "osmoctl v1.2.3") || !strings.Contains(string(path), "osmoctl") {
					t.Errorf("%v, path %q:\n%s", err, path, out)
				}
				return
			}
			if err == nil || !strings.Contains(out, c.want) || len(path) > 0 {
				t.Errorf("got %v, path %q, want an error with %q:\n%s", err, path, c.want, out)
			}
			// Nothing was unpacked, let alone run.
			left, _ := filepath.Glob(filepath.Join(dir, "osmoctl.*", "osmoctl", "*"))
			ran, _ := filepath.Glob(filepath.Join(dir, "ran"))
			if len(left)+len(ran) > 0 {
				t.Errorf("there are %v %v", left, ran)
			}
		})
	}
}

// runAction runs the step as a runner does, with dir for everything that a runner gives.
func runAction(t *testing.T, dir string, env ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", readAction(t).Runs.Steps[0].Run)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "RUNNER_OS=Linux", "RUNNER_TEMP="+dir, "GITHUB_PATH="+filepath.Join(dir, "path"), "GITHUB_OUTPUT="+filepath.Join(dir, "output"))
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// writeArchive makes an archive with a program that says its version, and returns its checksum.
func writeArchive(t *testing.T, path string) string {
	t.Helper()
	const program = "#!/bin/sh\necho osmoctl v1.2.3\n"
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	files := tar.NewWriter(packed)
	if err := files.WriteHeader(&tar.Header{Name: "osmoctl", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	_, err := files.Write([]byte(program))
	for _, err := range []error{err, files.Close(), packed.Close(), os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b.Bytes(), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}
