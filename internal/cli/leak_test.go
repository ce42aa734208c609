package cli_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
)

// searchForValues looks for every value that a script has issued: in everything
// that osmoctl printed, and in every work tree and object below dir. It learns
// the values as an operator would, by opening every sealed file there ever was
// with the identity that init made.
func searchForValues(t testscript.T, dir, log string) {
	printed, err := os.ReadFile(log)
	if err != nil {
		return // nothing was run
	}
	identities := identitiesIn(filepath.Join(dir, "home/.config/osmoctl/identity.txt"))
	for _, repository := range repositoriesIn(dir) {
		values := opened(objectsOf(repository), identities)
		if form := holds(printed, values); form != "" {
			t.Fatal("osmoctl printed a value as " + form)
		}
		where, err := searchDirectory(repository, values, "")
		if err != nil || where != "" {
			t.Fatal("a value was published: ", where, err)
		}
	}
}

func identitiesIn(path string) []age.Identity {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	identities, _ := age.ParseIdentities(f)
	return identities
}

// repositoriesIn lists the directories below dir that have a .git directory.
func repositoriesIn(dir string) (found []string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			found = append(found, filepath.Dir(path))
			return filepath.SkipDir
		}
		return nil
	})
	return found
}

// objectsOf is the content of every object of a repository, reachable or not.
func objectsOf(repository string) (objects [][]byte) {
	out, _ := exec.Command("git", "-C", repository, "cat-file", "--batch-all-objects", "--batch").Output()
	for len(out) > 0 {
		var id, kind string
		var size int
		head, rest, _ := bytes.Cut(out, []byte("\n"))
		if _, err := fmt.Sscan(string(head), &id, &kind, &size); err != nil || len(rest) <= size {
			return objects
		}
		objects, out = append(objects, rest[:size]), rest[size+1:]
	}
	return objects
}

// opened decrypts every age file among the objects that an identity opens.
func opened(objects [][]byte, identities []age.Identity) (values [][]byte) {
	for _, object := range objects {
		if len(identities) == 0 || !bytes.HasPrefix(object, []byte("age-encryption.org/v1\n")) {
			continue
		}
		if r, err := age.Decrypt(bytes.NewReader(object), identities...); err == nil {
			if value, err := io.ReadAll(r); err == nil {
				values = append(values, value)
			}
		}
	}
	return values
}

// searchDirectory looks for values below dir and in the objects of the
// repository there, and says where it found one.
func searchDirectory(dir string, values [][]byte, except string) (where string, err error) {
	for _, object := range objectsOf(dir) {
		if form := holds(object, values); form != "" {
			return "an object of " + dir + " (" + form + ")", nil
		}
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || path == except {
			return err
		}
		data, err := os.ReadFile(path)
		if form := holds(data, values); form != "" {
			where = path + " (" + form + ")"
			return fs.SkipAll
		}
		return err
	})
	return where, err
}

// holds names the encoding in which data holds one of the values.
func holds(data []byte, values [][]byte) string {
	for _, value := range values {
		for name, form := range encodings(value) {
			if bytes.Contains(data, form) {
				return name
			}
		}
	}
	return ""
}

// encodings are the usual spellings of a value. In base64 what depends on its
// neighbours is cut off.
func encodings(value []byte) map[string][]byte {
	wide := make([]byte, 0, 2*len(value))
	for _, unit := range utf16.Encode([]rune(string(value))) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	forms := map[string][]byte{
		"raw":     value,
		"hex":     []byte(hex.EncodeToString(value)),
		"HEX":     []byte(strings.ToUpper(hex.EncodeToString(value))),
		"UTF-16":  wide,
		"escaped": []byte(strings.ReplaceAll(url.QueryEscape(string(value)), "_", "%5F")),
	}
	for shift := range 3 {
		padded := append(make([]byte, shift), value...)
		whole := len(padded) / 3 * 4
		forms["base64+"+string(rune('0'+shift))] = []byte(base64.StdEncoding.EncodeToString(padded)[4:whole])
		forms["base64url+"+string(rune('0'+shift))] = []byte(base64.URLEncoding.EncodeToString(padded)[4:whole])
	}
	return forms
}
