package argument

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// TokenPath is the argument for a token or a generation, in either spelling of an address.
type TokenPath struct {
	Token string `predictor:"token" arg:"" placeholder:"USER/TOKEN" help:"The token, as USER/TOKEN."`
}

// About is what a command reads of state for it; nothing where the argument is no address.
func (a TokenPath) About() []model.Address {
	address, err := model.ReadTokenAddress(a.Token)
	if err != nil {
		return nil
	}
	return []model.Address{address}
}

// Find looks the token up; t is live.
func (a TokenPath) Find(snap *state.Snapshot) (address model.Address, t *state.Token, err error) {
	if foreignToken().MatchString(a.Token) {
		return address, nil, ErrToken
	}
	address, err = model.ReadTokenAddress(a.Token)
	if err != nil {
		return address, nil, command.Usage(err)
	}
	t, err = FindToken(snap, address)
	return address, t, err
}

// NamedToken is the argument for a token as OSMO's own CLI takes it, whose name is given
// apart from its owner, and in either spelling of an address as well.
type NamedToken struct {
	Name string `predictor:"token" arg:"" help:"The token: its name with --user, or USER/TOKEN."`
	User string `predictor:"account" short:"u" placeholder:"USER" help:"The service account that it belongs to."`
}

// Address is the token that is meant. like is how the command is typed.
func (a NamedToken) Address(like string) (model.Address, error) {
	owner, text := strings.TrimPrefix(a.User, "account/"), a.Name
	if !strings.Contains(text, "/") {
		switch {
		case owner == "" && foreignToken().MatchString(text):
			return model.Address{}, ErrToken
		case owner == "":
			return model.Address{}, command.Usage(diag.Hinted(errors.New("it is not said whose token this is: OSMO's CLI would take the caller's, and here each belongs to a service account"), like))
		}
		text = "token/" + owner + "/" + text
	}
	address, err := model.ReadTokenAddress(text)
	switch {
	case err != nil:
		return address, command.Usage(err)
	case owner != "" && owner != address.Account:
		return address, command.Usagef("%s is a token of %s, and --user says %s", address, address.Account, owner)
	}
	return address, nil
}

// FindToken is the live token at an address.
func FindToken(snap *state.Snapshot, address model.Address) (*state.Token, error) {
	account := snap.Accounts[address.Account]
	if account == nil {
		return nil, state.NotFound("service account", address.Account, snap.AccountNames())
	}
	t := account.Tokens[address.Name]
	if t == nil && account.Live() {
		return nil, state.NotFound("token", address.Account+"/"+address.Name, account.LiveTokens())
	}
	if !t.Live() {
		return nil, explainDeletedToken(address, account, t)
	}
	return t, nil
}

// explainEnded refuses to give a value out that has ended.
func explainEnded(what string, s *state.Tombstone) error {
	err := fmt.Errorf("%s was ended on %s: %s", what, s.EndedOn, s.Reason)
	return command.WithCode(diag.Hinted(err, "osmoctl plan says whether the next apply issues another"), command.ExitInvalid)
}

// explainDeletedToken says when a token ended and why. t is nil where nothing of it is
// remembered but that its account is gone.
func explainDeletedToken(a model.Address, account *state.Account, t *state.Token) error {
	if t == nil {
		return explainDeletedAccount(account)
	}
	words := fmt.Sprintf("%s was deleted on %s", a.Token(), t.DeletedOn)
	if t.RenamedTo != "" {
		words += fmt.Sprintf(" and replaced by %s", model.HeirAddress(a, t.RenamedTo))
	}
	ended := tombstoneOf(t, a.Generation)
	if n := len(t.Tombstones); ended == nil && n > 0 {
		ended = &t.Tombstones[n-1]
	}
	if ended != nil {
		words += fmt.Sprintf("; generation %d ended on %s: %s", ended.Generation, ended.EndedOn, ended.Reason)
	}
	path := a.Account + "/" + a.Name
	err := &command.DeletedError{Address: a.Token(), Err: errors.New(words)}
	return command.WithCode(diag.Hinted(err, "osmoctl state show "+path+" lists its generations, osmoctl log "+path+" who ended them"), command.ExitInvalid)
}

// ChooseGeneration is the one asked for, else the active one, else the newest.
func ChooseGeneration(a model.Address, t *state.Token) (*state.Generation, error) {
	if a.Generation > 0 {
		if g := t.Generation(a.Generation); g != nil {
			return g, nil
		}
		if s := tombstoneOf(t, a.Generation); s != nil {
			return nil, explainEnded(a.String(), s)
		}
		return nil, fmt.Errorf("%s is not live: osmoctl token get %s/%s lists the generations", a, a.Account, a.Name)
	}
	if g := t.Active(); g != nil {
		return g, nil
	}
	if n := len(t.Generations); n > 0 {
		return &t.Generations[n-1], nil
	}
	if n := len(t.Tombstones); n > 0 {
		last := &t.Tombstones[n-1]
		return nil, explainEnded(fmt.Sprintf("%s has no live generation: generation %d", a, last.Generation), last)
	}
	return nil, diag.Hinted(fmt.Errorf("%s has no live generation", a), "osmoctl plan says whether the next apply issues one")
}

func tombstoneOf(t *state.Token, number int) *state.Tombstone {
	i := slices.IndexFunc(t.Tombstones, func(s state.Tombstone) bool { return s.Generation == number })
	if i < 0 {
		return nil
	}
	return &t.Tombstones[i]
}
