package argument

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Account is the address of the account that an argument names, by its name or address.
func Account(arg string) model.Address {
	return model.AccountAddress(strings.TrimPrefix(arg, "account/"))
}

// FindAccount is the account that an argument names, by its name or address.
func FindAccount(snap *state.Snapshot, arg string) (*state.Account, error) {
	name := Account(arg).Name
	switch a := snap.Accounts[name]; {
	case a == nil:
		return nil, state.NotFound("service account", name, snap.AccountNames())
	case !a.Live():
		return nil, explainDeletedAccount(a)
	default:
		return a, nil
	}
}

func explainDeletedAccount(a *state.Account) error {
	err := fmt.Errorf("service account %q was deleted on %s, with all of its tokens", a.Name, a.DeletedOn)
	return diag.Hinted(&command.DeletedError{Address: model.AccountAddress(a.Name), Err: err},
		fmt.Sprintf("osmoctl state show account/%s lists what ended, osmoctl log account/%s who did it", a.Name, a.Name))
}
