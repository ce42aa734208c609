package cli

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// flags are the scope as it would be typed, but for --due-only.
func (s scope) flags() (line []string) {
	line = append(line, addressFlags("--target", s.Target)...)
	return append(line, addressFlags("--replace", s.Replace)...)
}

func addressFlags(flag string, list []model.Address) (line []string) {
	for _, a := range list {
		line = append(line, flag+" "+model.ShellWord(a.String()))
	}
	return line
}

// flags are the allowances as they would be typed.
func (a allowances) flags() (line []string) {
	add := func(flag string, given bool, value any) {
		if given {
			line = append(line, strings.TrimSpace(flag+" "+fmt.Sprint(value)))
		}
	}
	number := func(flag string, n *int) {
		if n != nil {
			add(flag, true, *n)
		}
	}
	add("--allow-empty", a.AllowEmpty, "")
	number("--allow-deletes", a.AllowDeletes)
	line = append(line, addressFlags("--allow-delete", a.AllowDelete)...)
	number("--allow-rotations", a.AllowRotations)
	number("--allow-new-readers", a.AllowNewReaders)
	number("--allow-risks", a.AllowRisks)
	add("--allow-lifetime", a.AllowLifetime != 0, a.AllowLifetime)
	add("--allow-state-move", a.AllowStateMove != "", model.ShellWord(a.AllowStateMove))
	return append(line, addressFlags("--allow", a.Allow)...)
}

// steps notes what it takes to apply the plan that was made, for the line that says
// so: its own flags, and the commits that apply reads instead of the work tree.
func (c *planCmd) steps(env *Env, p *project, made *plan.Plan) {
	env.paste.Flags = append(c.scope.flags(), c.allowances.flags()...)
	if c.DueOnly || isCompared(made) {
		return // Nothing of the work tree, or a pull request, which is merged first.
	}
	head, err := p.head()
	if err != nil {
		return
	}
	files, err := p.drafted()
	if err != nil {
		return
	}
	if dirty := uncommittedIn(files.Remarks()); len(dirty) > 0 {
		env.paste.Before = append(env.paste.Before, "git add "+shellWords(dirty), "git commit")
	}
	declared, err := settingsIn(files)
	if err != nil || declared.Push == "" || head.Branch == "" {
		return
	}
	published := false
	if tip, err := p.store.Ref(tracking(declared.Push, or(declared.Branch, strings.TrimPrefix(head.Branch, headsPrefix)))); err == nil && tip != "" && head.Commit != "" {
		published, _ = p.known(head.Commit, tip)
	}
	if len(env.paste.Before) > 0 || !published {
		env.paste.Before = append(env.paste.Before, "git push "+model.ShellWord(declared.Push)+" HEAD")
		// From another branch it has to be merged before it can be applied.
		env.paste.Only = declared.Branch != "" && head.Branch != headsPrefix+declared.Branch
	}
}

// isCompared tells whether a plan was made against the base of a pull request.
func isCompared(made *plan.Plan) bool {
	for _, n := range made.Notices {
		if n.Code == "compared_with_base" {
			return true
		}
	}
	return false
}

// uncommittedIn are the declarations that lie in the work tree alone.
func uncommittedIn(remarks []gitstore.Remark) (paths []string) {
	for _, r := range remarks {
		if r.Kind == gitstore.Uncommitted && isRead(r) {
			paths = append(paths, r.Path)
		}
	}
	return paths
}
