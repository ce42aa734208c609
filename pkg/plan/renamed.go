package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/config"
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
		code, message := askRenamed(c, earlierOf(b.want, c.Address), contentOf(b, c, c.After), gone)
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

// earlierOf are the earlier names that an object declares.
func earlierOf(want *model.Declarations, a model.Address) []string {
	switch a.Kind {
	case model.KindRole:
		return want.Roles[a.Name].Previously
	case model.KindAccount:
		return want.Accounts[a.Name].Previously
	}
	return want.Accounts[a.Account].Tokens[a.Name].Previously
}

// askRenamed is the question about an object that comes with a content that others
// go with, and its code; empty where there is nothing to ask. earlier are the names that
// it lists already.
func askRenamed(c *Change, earlier []string, content string, gone map[string][]model.Address) (code, message string) {
	old := slices.DeleteFunc(slices.Clone(gone[content]), func(a model.Address) bool { return slices.Contains(earlier, a.Name) })
	if len(old) > 0 {
		verbs := model.Noun(len(old), "goes in this plan and has", "go in this plan and have")
		return "renamed", fmt.Sprintf("renamed? %s %s the same content: %s; %s", fewOf(old), verbs, renameLine(c, earlier, old), renameWorth(c.Address.Kind))
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

// renameLine says what makes a rename of it, and where that is written.
func renameLine(c *Change, earlier []string, old []model.Address) string {
	here := c.Address.String()
	if c.Origin != nil && c.Origin.File != "" {
		here += " at " + c.Origin.String()
	}
	line := config.FlowList(append(slices.Clone(earlier), old[0].Name))
	switch {
	case len(old) > 1:
		return "list its earlier name under previously of " + here
	case strings.EqualFold(old[0].Name, c.Address.Name):
		return "previously takes no name that differs in upper and lower case alone, so rename it in two steps, by way of another name"
	case len(earlier) > 0:
		return "let previously of " + here + " be " + line
	}
	return "add previously: " + line + " to the keys of " + here
}

// renameWorth says what it is worth that a rename is declared.
func renameWorth(k model.Kind) string {
	switch k {
	case model.KindAccount:
		return "new values come either way, and with it the old ones retire with an overlap instead of ending at once"
	case model.KindRole:
		return "what carries the old role is rotated, and with it the old values retire with an overlap and keep their role until then"
	}
	return "a new value comes either way, and with it the old one retires with an overlap instead of ending at once"
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

// listTokens names the live tokens of an account that goes or comes, but for those that
// live on for the overlap of a rename.
func listTokens(b basis, c *Change) (names []string) {
	if c.Action == Create {
		return model.Names(b.want.Accounts[c.Address.Name].Tokens)
	}
	tokens := b.have.Accounts[c.Address.Name].Tokens
	return slices.DeleteFunc(model.Names(tokens), func(name string) bool { return !tokens[name].Live() || tokens[name].RenamedTo != "" })
}
