package seal

import (
	"testing"
	"time"

	ageplugin "filippo.io/age/plugin"
)

// Whoever looks for a PIN is not hurried: the clock stands still during every
// question, and runs again afterwards.
func TestPatience(t *testing.T) {
	t.Parallel()
	clock := time.AfterFunc(time.Hour, func() {})
	stands := func(what string) {
		if clock.Stop() {
			t.Errorf("the clock runs during a %s", what)
		}
	}
	ui := patient(&ageplugin.ClientUI{
		DisplayMessage: func(string, string) error { stands("message"); return nil },
		RequestValue:   func(string, string, bool) (string, error) { stands("request"); return "", nil },
		Confirm:        func(string, string, string, string) (bool, error) { stands("confirmation"); return true, nil },
	}, clock, time.Hour)
	for what, ask := range map[string]func(){
		"message":      func() { _ = ui.DisplayMessage("", "") },
		"request":      func() { _, _ = ui.RequestValue("", "", true) },
		"confirmation": func() { _, _ = ui.Confirm("", "", "", "") },
	} {
		if ask(); !clock.Stop() {
			t.Errorf("the clock stands after a %s", what)
		}
		clock.Reset(time.Hour)
	}
	if some := patient(&ageplugin.ClientUI{}, clock, time.Hour); some.Confirm != nil || patient(nil, clock, time.Hour) != nil {
		t.Error("questions that nobody answers are answered")
	}
}
