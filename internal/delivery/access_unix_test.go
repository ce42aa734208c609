//go:build unix

package delivery_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/osmoctl/osmoctl/internal/delivery"
)

func TestParseAccess(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"644", "0604", "0602", "0601", "4600", "2600", "1600", "0700", "0610", "0040", "000", "abc", "0o640", "-600", "0888", "99999999999"} {
		if a, err := delivery.ParseAccess(mode, ""); err == nil {
			t.Errorf("mode %s was taken: %v", mode, a)
		}
	}
	for mode, want := range map[string]os.FileMode{"600": 0o600, "0640": 0o640, "0400": 0o400, "0440": 0o440, "0660": 0o660} {
		if a, err := delivery.ParseAccess(mode, ""); err != nil || a.Mode != want {
			t.Errorf("mode %s: %v, %v", mode, a, err)
		}
	}
	if a, err := delivery.ParseAccess("", "4711"); err != nil || a.Group != 4711 || a.Mode != 0o640 {
		t.Errorf("a group: %v, %v", a, err)
	}
	for _, group := range []string{"no-such-group-at-all", "-1", "4294967295"} {
		if _, err := delivery.ParseAccess("", group); err == nil {
			t.Errorf("group %s was taken", group)
		}
	}
}

// The group gets what it is to have with the whole file, and a file that it can
// read is replaced by one that it may read.
func TestAccess(t *testing.T) {
	t.Parallel()
	dir := home(t)
	path := filepath.Join(dir, "token")
	group := os.Getegid()
	if os.Geteuid() == 0 {
		group = 4711
	}
	f := file(path)
	f.Access, _ = delivery.ParseAccess("", strconv.Itoa(group))
	for range 2 {
		if err := f.Write(t.Context(), value()); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != 0o640 || int(info.Sys().(*syscall.Stat_t).Gid) != group {
			t.Errorf("%v: %v", info, err)
		}
		f.Replace = true
	}
	alone := file(path)
	alone.Replace = true
	var place *delivery.PlaceError
	if err := alone.Write(t.Context(), value()); !errors.As(err, &place) {
		t.Errorf("a file that a group reads was replaced by one that it cannot read: %v", err)
	}
	f.Access.Group = group + 1
	if err := f.Write(t.Context(), value()); !errors.As(err, &place) {
		t.Errorf("a file of another group was replaced: %v", err)
	}
	holds(t, dir, "token")
}

// No umask keeps the file from its owner, and none opens it.
func TestUmask(t *testing.T) {
	if path := os.Getenv("OSMOCTL_TEST_UMASK"); path != "" {
		mask, _ := strconv.ParseInt(os.Getenv("OSMOCTL_TEST_MASK"), 8, 0)
		syscall.Umask(int(mask))
		if err := errors.Join(file(path).Write(t.Context(), value()), (delivery.Document{Path: path + ".json"}).Write(t.Context(), []byte(plan))); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Parallel()
	for mask, open := range map[string]os.FileMode{"0777": 0o600, "0000": 0o644, "0022": 0o644, "0400": 0o644, "0077": 0o600} {
		path := filepath.Join(home(t), "token")
		cmd := exec.Command(os.Args[0], "-test.run=^TestUmask$")
		cmd.Env = append(os.Environ(), "OSMOCTL_TEST_UMASK="+path, "OSMOCTL_TEST_MASK="+mask)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for file, want := range map[string]os.FileMode{path: 0o600, path + ".json": open} {
			if info, err := os.Stat(file); err != nil || info.Mode() != want {
				t.Errorf("umask %s: %s has mode %v, want %v: %v", mask, filepath.Base(file), info.Mode(), want, err)
			}
		}
	}
}
