package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// maxRenames bounds how many suspected renames a plan asks about one by one.
const maxRenames = 10

// warnRenamed asks about what looks like a rename that nobody declared: one object goes
// and another with equal content comes in the same plan. Applied as it stands, it
// ends at once what the old name gives. Of a token that comes in another account it
// says that no declaration moves it there.
func warnRenamed(b basis, changes []Change) (out part) {
	gone, come := map[string][]model.Address{}, []*Change{}
	for i := range changes {
		switch c := &changes[i]; c.Action {
		case Delete:
			if key := contentOf(b, c, c.Before); key != "" {
				gone[key] = append(gone[key], c.Address)
				if c.Address.Kind == model.KindToken {
					moved := moveKey(c.Address.Name, key)
					gone[moved] = append(gone[moved], c.Address)
				}
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
		code, message := askRenamed(c, contentOf(b, c, c.After), gone)
		if message == "" {
			continue
		}
		switch asked++; {
		case asked <= maxRenames:
			out.warn(code, c.Address, "%s", message)
		case asked == maxRenames+1:
			further = c.Address
		}
	}
	if asked > maxRenames {
		out.warn("renamed", further, "renamed? this one and %d more look like it too", asked-maxRenames-1)
	}
	return out
}

// askRenamed is the question about an object that comes with a content that others
// go with, and its code; empty where there is nothing to ask.
func askRenamed(c *Change, content string, gone map[string][]model.Address) (code, message string) {
	if old := gone[content]; len(old) > 0 {
		return "renamed", fmt.Sprintf("renamed? %s goes in this plan and has the same content: %s", fewOf(old), renameWords(c, old))
	}
	if c.Address.Kind != model.KindToken {
		return "", ""
	}
	if old := gone[moveKey(c.Address.Name, content)]; len(old) > 0 {
		return "moved", fmt.Sprintf("moved? %s goes in this plan and has the same name and content: no declaration moves a token to another account, so a new value comes and the old one ends at once; to overlap, leave the old one declared until the new one is handed over", fewOf(old))
	}
	return "", ""
}

// fewOf spells addresses, which it sorts.
func fewOf(addresses []model.Address) string {
	slices.SortFunc(addresses, model.Address.Compare)
	list := make([]string, len(addresses))
	for i, a := range addresses {
		list[i] = a.String()
	}
	return nameFew(list)
}

// renameWords say what makes a rename of it, where, and what that is worth.
func renameWords(c *Change, old []model.Address) string {
	line, place := "previously with its earlier name", ""
	if len(old) == 1 {
		line = fmt.Sprintf("previously: [%s]", old[0].Name)
	}
	if c.Origin != nil && c.Origin.File != "" {
		place = " below " + c.Origin.String()
	}
	worth := "a new value comes either way, and with it the old one retires with an overlap instead of ending at once"
	switch c.Address.Kind {
	case model.KindAccount:
		worth = "new values come either way, and with it the old ones retire with an overlap instead of ending at once"
	case model.KindRole:
		worth = "what carries the old role is rotated, and with it the old values retire with an overlap and keep their role until then"
	}
	return "add " + line + place + "; " + worth
}

// moveKey is what tokens of different accounts share that are called the same and say
// the same. It is no content of an object.
func moveKey(name, content string) string {
	_, said, _ := strings.Cut(content, "\n")
	return "moved\n" + name + "\n" + said
}

// contentOf is a text that objects of one kind share where they say the same. Names
// are left out, but for a token's account, which stands in a line of its own: no token
// moves to another. It is empty where an object says so little that another may say the
// same by chance.
func contentOf(b basis, c *Change, o *Object) string {
	var parts []any
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
	return c.Address.Kind.String() + " " + c.Address.Account + "\n" + string(text)
}

// listTokens names the live tokens of an account that goes or comes.
func listTokens(b basis, c *Change) (names []string) {
	if c.Action == Create {
		return model.Names(b.want.Accounts[c.Address.Name].Tokens)
	}
	tokens := b.have.Accounts[c.Address.Name].Tokens
	return slices.DeleteFunc(model.Names(tokens), func(name string) bool { return !tokens[name].Live() })
}
