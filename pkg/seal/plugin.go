package seal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
	ageplugin "filippo.io/age/plugin"

	"github.com/osmoctl/osmoctl/pkg/seal/internal/plugin"
)

// pluginTimeout is how long a plugin may take where nothing else was said.
const pluginTimeout = 30 * time.Second

// Plugins says which age plugins may run, and in what surroundings. The zero
// value lets none run.
//
// A plugin is a program that is given the key of every file it helps to seal or
// open, so its name is never taken from a repository: Allowed is the operator's.
// The program age-plugin-NAME is looked for in Path, where only directories
// count that are absolute, lie outside Root, and can be written to by nobody but
// root and the user; the same holds for the program itself. On Windows the
// permissions are not looked at. It sees PATH (of those directories), HOME and
// LANG, and nothing else of the environment.
type Plugins struct {
	// Allowed are the names, such as "yubikey", without "age-plugin-".
	Allowed []string
	// Path is a list of directories as in the variable PATH.
	Path string
	// Home and Lang are handed on where they are set.
	Home, Lang string
	// Root is the top directory of the repository; empty where there is none.
	Root string
	// Timeout is for one file with one plugin; 0 means 30 seconds. While a
	// person is asked it stands still, and afterwards it begins anew, as it
	// does with each file of several.
	Timeout time.Duration
	// UI answers what a plugin asks; a nil one refuses every question.
	UI *ageplugin.ClientUI
}

// start runs the plugin called name for a number of files, with ctx cut to the
// time limit; stop ends it.
func (p Plugins) start(ctx context.Context, name, protocol string, files int) (c *plugin.Conn, stop func(), err error) {
	if !slices.Contains(p.Allowed, name) {
		return nil, nil, fmt.Errorf("the age plugin %q was not allowed to run: pass --allow-plugin %s if you trust the program age-plugin-%s", name, name, name)
	}
	dirs, skipped := plugin.SafeDirs(p.Path, p.Root)
	program, err := plugin.Find(name, dirs, p.Root)
	if err != nil {
		return nil, nil, fmt.Errorf("%w%s", err, skipped)
	}
	limit := p.Timeout
	if limit <= 0 {
		limit = pluginTimeout
	}
	ctx, cancel := context.WithCancelCause(ctx)
	clock := time.AfterFunc(limit, func() { cancel(context.DeadlineExceeded) })
	end := func() { clock.Stop(); cancel(nil) }
	c, err = plugin.Start(ctx, plugin.Command{
		Name: name, Program: program, Protocol: protocol, UI: patient(p.UI, clock, limit),
		Env: plugin.Env(dirs, p.Home, p.Lang), Files: files, Heard: func() {
			if files > 1 && clock.Stop() {
				clock.Reset(limit)
			}
		},
	})
	if err != nil {
		end()
		return nil, nil, err
	}
	return c, func() { c.Close(); end() }, nil
}

// patient stops the clock while a person is asked: a PIN takes the time that it
// takes. What follows a question, such as a touch of the device, has the whole
// limit again.
func patient(ui *ageplugin.ClientUI, clock *time.Timer, limit time.Duration) *ageplugin.ClientUI {
	if ui == nil {
		return nil
	}
	slow := *ui
	if ui.DisplayMessage != nil {
		slow.DisplayMessage = func(name, message string) error {
			defer pause(clock, limit)()
			return ui.DisplayMessage(name, message)
		}
	}
	if ui.RequestValue != nil {
		slow.RequestValue = func(name, prompt string, secret bool) (string, error) {
			defer pause(clock, limit)()
			return ui.RequestValue(name, prompt, secret)
		}
	}
	if ui.Confirm != nil {
		slow.Confirm = func(name, prompt, yes, no string) (bool, error) {
			defer pause(clock, limit)()
			return ui.Confirm(name, prompt, yes, no)
		}
	}
	return &slow
}

func pause(clock *time.Timer, limit time.Duration) (goOn func()) {
	clock.Stop()
	return func() { clock.Reset(limit) }
}

// pluginRecipient wraps file keys by a program.
type pluginRecipient struct {
	key     string
	plugins Plugins
}

func (r *pluginRecipient) wrap(ctx context.Context, fileKey []byte) ([]*age.Stanza, []string, error) {
	name, _, err := ageplugin.ParseRecipient(r.key)
	if err != nil {
		return nil, nil, fmt.Errorf("this plugin key is damaged: copy it again")
	}
	c, stop, err := r.plugins.start(ctx, name, plugin.Recipient, 1)
	if err != nil {
		return nil, nil, err
	}
	defer stop()
	stanzas, labels, err := c.Wrap(r.key, fileKey)
	if err == nil {
		err = checkStanzas(stanzas)
	}
	return stanzas, labels, pluginError(name, err)
}

// checkStanzas keeps a plugin from writing stanzas that are ours to write, or
// that belong to kinds of recipient which nobody declared.
func checkStanzas(stanzas []*age.Stanza) error {
	for _, s := range stanzas {
		if s.Type == bindingType || s.Type == "scrypt" {
			return fmt.Errorf("it answered with a stanza of type %s, which is not a plugin's to write", s.Type)
		}
	}
	return nil
}

// pluginIdentity opens files by a program.
type pluginIdentity struct {
	name, key string
	plugins   Plugins
}

// Unwrap implements [age.Identity].
func (i *pluginIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	c, stop, err := i.plugins.start(context.Background(), i.name, plugin.Identity, 1)
	if err != nil {
		return nil, err
	}
	defer stop()
	fileKey, err := c.Unwrap(i.key, stanzas)
	return fileKey, pluginError(i.name, err)
}

// unwrapAll has the keys of several files unwrapped in one run of the plugin.
func (i *pluginIdentity) unwrapAll(ctx context.Context, files [][]*age.Stanza) ([][]byte, error) {
	c, stop, err := i.plugins.start(ctx, i.name, plugin.Identity, len(files))
	if err != nil {
		return nil, err
	}
	defer stop()
	keys, err := c.UnwrapAll(i.key, files)
	return keys, pluginError(i.name, err)
}

// pluginError names the plugin. Its own words are dropped where they look like
// a private key.
func pluginError(name string, err error) error {
	if err == nil {
		return nil
	}
	if IsPrivateKey(err.Error()) {
		return fmt.Errorf("age plugin %s: its message held a private key and is not shown", name)
	}
	return fmt.Errorf("age plugin %s: %w", name, err)
}
