package seal_test

import (
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

func TestFits(t *testing.T) {
	t.Parallel()
	const alice, bob, ssh, tag, plugin = "age1aaa", "age1bbb", "ssh-ed25519 AAAA", "age1tag1qqq", "age1yubikey1qqq"
	long := "sha256:" + strings.Repeat("0", 64)
	for _, c := range []struct {
		stanzas string
		ids     []string
		want    bool
	}{
		{"X25519", []string{alice}, true},
		{"X25519 X25519", []string{alice, bob}, true},
		{"X25519 X25519", []string{alice}, false},
		{"X25519", []string{alice, bob}, false},
		{"X25519 ssh-ed25519", []string{alice, ssh}, true},
		{"X25519 X25519", []string{alice, ssh}, false},
		{"X25519 p256tag", []string{alice, tag}, true},
		{"X25519 piv-p256", []string{alice, plugin}, true},
		{"X25519 piv-p256 piv-p256", []string{alice, plugin}, true},
		{"X25519", []string{alice, plugin}, false},
		{"mlkem768x25519", []string{long}, true},
		{"ssh-rsa X25519", []string{alice, long}, true},
		{"", nil, true},
		{"X25519", nil, false},
	} {
		if got := (seal.Header{Stanzas: strings.Fields(c.stanzas)}).Fits(c.ids); got != c.want {
			t.Errorf("%q and %q: %v", c.stanzas, c.ids, got)
		}
	}
}

// What a sealer makes fits its recipients.
func TestWhatIsSealedFits(t *testing.T) {
	t.Parallel()
	for _, to := range [][]model.Recipient{
		{x25519(t).recipient, x25519(t).recipient, sshEd25519(t, "").recipient, sshRSA(t, "").recipient},
		{hybrid(t).recipient, hybrid(t).recipient},
		{parse(t, tagKey(t)), x25519(t).recipient},
	} {
		h, err := seal.Inspect(sealed(t, place, to...))
		if err != nil || !h.Fits(model.IDs(to)) || h.Fits(append(model.IDs(to), "age1another")) {
			t.Errorf("%v, %v", h, err)
		}
	}
}
