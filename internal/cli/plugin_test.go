package cli_test

import (
	"bytes"
	"fmt"
	"slices"

	"filippo.io/age"
	ageplugin "filippo.io/age/plugin"
)

// askingPlugin is the program age-plugin-asks: it "wraps" a key by writing it
// backwards, and opens nothing before a person has answered. It asks once in
// each run, as those of devices do.
type askingPlugin struct {
	p    *ageplugin.Plugin
	open *bool
}

func runAskingPlugin() int {
	p, err := ageplugin.New("asks")
	if err != nil {
		return 3
	}
	a := askingPlugin{p, new(bool)}
	p.HandleRecipient(func([]byte) (age.Recipient, error) { return a, nil })
	p.HandleIdentity(func([]byte) (age.Identity, error) { return a, nil })
	return p.Main()
}

func (a askingPlugin) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	body := bytes.Clone(fileKey)
	slices.Reverse(body)
	return []*age.Stanza{{Type: "backwards", Body: body}}, nil
}

func (a askingPlugin) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type != "backwards" {
			continue
		}
		if err := a.ask(); err != nil {
			return nil, err
		}
		fileKey := bytes.Clone(s.Body)
		slices.Reverse(fileKey)
		return fileKey, nil
	}
	return nil, age.ErrIncorrectIdentity
}

func (a askingPlugin) ask() error {
	if *a.open {
		return nil
	}
	pin, err := a.p.RequestValue("PIN of the \x1b[31mdevice:", true)
	if err != nil || pin != "1234" {
		return fmt.Errorf("the PIN is wrong")
	}
	slot, err := a.p.RequestValue("slot:", false)
	if err != nil || slot != "9a" {
		return fmt.Errorf("the slot is wrong")
	}
	yes, err := a.p.Confirm("open it?", "open", "leave")
	if err != nil || !yes {
		return fmt.Errorf("it was not confirmed")
	}
	*a.open = true
	return a.p.DisplayMessage("touch the device")
}
