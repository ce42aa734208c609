package plan

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// maxRenames bounds how many suspected renames a plan asks about one by one.
const maxRenames = 10

// warnRenamed asks about what looks like a rename that nobody declared: one object goes
// and another with equal content comes in the same plan. Applied as it stands, it
// ends at once what the old name gives.
func warnRenamed(b basis, changes []Change) (out part) {
	gone, come := map[string][]string{}, []*Change{}
	for i := range changes {
		switch c := &changes[i]; c.Action {
		case Delete:
			if key := contentOf(b, c, c.Before); key != "" {
				gone[key] = append(gone[key], c.Address.Name)
			}
		case Create:
			come = append(come, c)
		}
	}
	if len(gone) == 0 {
		return out
	}
	slices.SortFunc(come, func(a, b *Change) int { return a.Address.Compare(b.Address) })
	asked, further := 0, model.Address{}
	for _, c := range come {
		old := gone[contentOf(b, c, c.After)]
		if len(old) == 0 {
			continue
		}
		switch asked++; {
		case asked <= maxRenames:
			slices.Sort(old)
			out.warn("renamed", c.Address, "renamed? %s goes in this plan and has the same content: %s", fewOf(c.Address, old), renameWords(c.Address.Kind, old))
		case asked == maxRenames+1:
			further = c.Address
		}
	}
	if asked > maxRenames {
		out.warn("renamed", further, "renamed? this one and %d more look like it too", asked-maxRenames-1)
	}
	return out
}

// fewOf spells the addresses of the kind of a that names have.
func fewOf(a model.Address, names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		a.Name = name
		list[i] = a.String()
	}
	return nameFew(list)
}

// renameWords says how to keep what the old name gives.
func renameWords(kind model.Kind, old []string) string {
	const so = ", so that the old values retire with an overlap "
	what := "instead of ending at once"
	if kind == model.KindRole {
		what = "and keep their role until then"
	}
	if len(old) == 1 {
		return fmt.Sprintf("add previously: [%s]", old[0]) + so + what
	}
	return "add previously with its earlier name" + so + what
}

// contentOf is a text that objects of one kind share where they say the same. Names
// are left out, but for a token's account: no token moves to another. It is empty
// where an object says so little that another may say the same by chance.
func contentOf(b basis, c *Change, o *Object) string {
	parts := []any{c.Address.Kind, c.Address.Account}
	switch c.Address.Kind {
	case model.KindRole:
		if len(o.Policies) == 0 {
			return ""
		}
		parts = append(parts, model.CanonicalPolicies(o.Policies), model.Set(o.ExternalRoles))
	case model.KindToken:
		parts = append(parts, []any{o.Description, o.Roles, o.ExpiresAt, o.ExpiresIn, o.rotation(), model.Set(o.Recipients)})
	case model.KindAccount:
		tokens := listTokens(b, c)
		if len(tokens) == 0 {
			return ""
		}
		parts = append(parts, o.Description, o.Labels, tokens)
	}
	text, err := json.Marshal(parts)
	if err != nil {
		return ""
	}
	return string(text)
}

// listTokens names the live tokens of an account that goes or comes.
func listTokens(b basis, c *Change) (names []string) {
	if c.Action == Create {
		return model.Names(b.want.Accounts[c.Address.Name].Tokens)
	}
	tokens := b.have.Accounts[c.Address.Name].Tokens
	return slices.DeleteFunc(model.Names(tokens), func(name string) bool { return !tokens[name].Live() })
}
