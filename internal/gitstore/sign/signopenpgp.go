package sign

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

// pgpProgram signs by gpg, or by what stands in for it.
type pgpProgram struct {
	program
	// key is how the user names it, "" for the committer's.
	key string
}

func (o Options) openPGPSigner() (signer, error) {
	const setting = "gpg.openpgp.program"
	key, err := o.signingKey()
	if err != nil {
		return nil, err
	}
	p, err := o.program(setting, o.setting(setting, o.setting("gpg.program", "gpg")))
	return pgpProgram{p, key}, err
}

// Lines of gpg's --status-fd, which are for programs.
const (
	statusPrefix  = "[GNUPG:] "
	statusCreated = "\n" + statusPrefix + "SIG_CREATED "
)

func (p pgpProgram) sign(payload []byte) ([]byte, error) {
	key, err := p.keyFor(payload)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "osmoctl-sign-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	signature, status, err := p.run(dir, payload, "--status-fd=2", "-bsau", key)
	if err != nil {
		return nil, fmt.Errorf("%w; to see whether it can: echo test | %s -bsau '%s'", err, p.name(), key)
	}
	if !bytes.Contains(append([]byte("\n"), status...), []byte(statusCreated)) {
		return nil, p.refusal(status)
	}
	signature = tidy(signature)
	if _, err := parseOpenPGPSignature(signature); err != nil {
		return nil, fmt.Errorf("%s has made a signature that cannot be used: %w", p.name(), err)
	}
	return signature, nil
}

// keyFor names the key to gpg. Where the user has not, git asks for the key of
// the committer, and so do we: it stands in the commit.
func (p pgpProgram) keyFor(payload []byte) (string, error) {
	if p.key != "" {
		return p.key, nil
	}
	headers, _, _ := bytes.Cut(payload, []byte("\n\n"))
	for line := range bytes.Lines(headers) {
		who, ok := bytes.CutPrefix(line, []byte("committer "))
		end := bytes.LastIndexByte(who, '>')
		if ok && end > 0 {
			return string(who[:end+1]), nil
		}
	}
	return "", errors.New("user.signingkey is not set; run: git config user.signingkey KEY")
}
