// Package bench makes projects of any size, to measure osmoctl with.
//
// A project follows from its [Options] alone: the same options give the same
// bytes on every machine, so that figures from different days and machines are
// about the same work. It is an ordinary one, ready for git init, git add, git
// commit and osmoctl apply: accounts with descriptions, labels, built-in and
// declared roles, tokens that take the defaults and tokens that do not,
// recipients in groups.
//
// The recipients' keys follow from the seed too, so that whoever reads this can
// work out their private halves. They are for measuring and for nothing else.
package bench

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"filippo.io/age/plugin"
)

// Options say what a project is like. A zero field takes the default that
// stands behind it.
type Options struct {
	Accounts   int    // 100
	Tokens     int    // of each account: 1
	Files      int    // with accounts, beside the one with roles: one for every 100 accounts
	Recipients int    // keys, half of which stand in one group: 4
	Roles      int    // declared ones: 20
	Seed       uint64 // of whatever is drawn at random: 0
}

func (o Options) withDefaults() Options {
	fill := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	fill(&o.Accounts, 100)
	fill(&o.Tokens, 1)
	fill(&o.Files, (o.Accounts+99)/100)
	fill(&o.Recipients, 4)
	fill(&o.Roles, 20)
	return o
}

func (o Options) check() error {
	if min(o.Accounts, o.Tokens, o.Files, o.Recipients, o.Roles) < 1 {
		return errors.New("there must be at least one of everything")
	}
	if o.Files > o.Accounts {
		return fmt.Errorf("%d accounts do not fill %d files", o.Accounts, o.Files)
	}
	return nil
}

// File is one file of a project.
type File struct {
	// Path is relative to the project directory, with slashes.
	Path string
	Data []byte
}

// Generate writes a project into the directory dir, which is made where it does
// not exist. A file that exists is an error.
func Generate(dir string, o Options) error {
	files, err := Project(o)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := write(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Data); err != nil {
			return fmt.Errorf("generate a project: %w", err)
		}
	}
	return nil
}

func write(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Project returns the files of a project, sorted by path.
func Project(o Options) ([]File, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	project, err := o.projectFile()
	if err != nil {
		return nil, err
	}
	files := make([]File, 0, o.Files+2)
	first := 0
	for i := range o.Files {
		next := o.Accounts * (i + 1) / o.Files
		files = append(files, File{fmt.Sprintf("manifests/accounts/%05d.yaml", i), o.accounts(first, next)})
		first = next
	}
	return append(files, File{"manifests/roles.yaml", o.roles()}, File{"osmoctl.yaml", project}), nil
}

// projectFile declares the recipients: the first half of the keys stand in the
// group ops, which reads everything.
func (o Options) projectFile() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("version: 1\n\nrecipients:\n")
	for i := range o.Recipients {
		key, err := o.key(i)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "  %s: %s\n", recipient(i), key)
	}
	b.WriteString("  ops: [")
	for i := range (o.Recipients + 1) / 2 {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(recipient(i))
	}
	b.WriteString("]\n\ndefaults:\n  recipients: [ops]\n  token:\n    expires_in: 90d\n    rotate: {every: 60d, overlap: 7d}\n")
	return b.Bytes(), nil
}

func recipient(i int) string { return fmt.Sprintf("key-%03d", i) }

// key is the i-th public key.
func (o Options) key(i int) (string, error) {
	seed := sha256.Sum256(fmt.Appendf(nil, "osmoctl bench key %d of seed %d", i, o.Seed))
	private, err := ecdh.X25519().NewPrivateKey(seed[:])
	if err != nil {
		return "", err
	}
	return plugin.EncodeX25519Recipient(private.PublicKey())
}

func role(i int) string { return fmt.Sprintf("osmo-team-%04d", i) }

// roles declares one role for each team: its own pools, and no shell on the
// one that serves.
func (o Options) roles() []byte {
	var b bytes.Buffer
	b.WriteString("roles:\n")
	for i := range o.Roles {
		fmt.Fprintf(&b, `  %s:
    description: Team %d
    policies:
      - actions: ["workflow:*", "pool:List"]
        resources: ["pool/team-%04d-training", "pool/team-%04d-serving"]
      - {effect: Deny, actions: ["workflow:Exec"], resources: ["pool/team-%04d-serving"]}
`, role(i), i, i, i, i)
	}
	return b.Bytes()
}

// accounts declares those from first up to next. What an account is like
// depends on its number and the seed, not on the file that it stands in.
func (o Options) accounts(first, next int) []byte {
	var b bytes.Buffer
	b.WriteString("service_accounts:\n")
	for i := first; i < next; i++ {
		draw := rand.New(rand.NewPCG(o.Seed, uint64(i)))
		team := draw.IntN(o.Roles)
		fmt.Fprintf(&b, "  svc-%06d:\n    description: Service account %d of team %d\n", i, i, team)
		fmt.Fprintf(&b, "    labels: {team: team-%04d}\n    roles: [osmo-user, %s]\n", team, role(team))
		if draw.IntN(10) == 0 {
			b.WriteString("    protect: true\n")
		}
		b.WriteString("    tokens:\n")
		for j := range o.Tokens {
			o.token(&b, draw, j, team)
		}
	}
	return b.Bytes()
}

// token declares one token. Most take the defaults; some have fewer roles,
// another rhythm or one reader more.
func (o Options) token(b *bytes.Buffer, draw *rand.Rand, number, team int) {
	fmt.Fprintf(b, "      token-%d:\n        description: Token %d\n", number, number)
	if draw.IntN(4) > 0 {
		fmt.Fprintf(b, "        roles: [%s]\n", role(team))
	}
	switch draw.IntN(8) {
	case 0:
		b.WriteString("        expires_in: 30d\n        rotate: {every: 20d, overlap: 3d}\n")
	case 1:
		fmt.Fprintf(b, "        recipients: [ops, %s]\n", recipient(draw.IntN(o.Recipients)))
	}
}
