package config

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Bounds of the rules about access: each is held against everybody's roles.
const (
	maxForbid         = 50
	maxForbidPatterns = 100
	maxExceptions     = 100
)

const (
	forbidName = iota
	forbidSubjects
	forbidActions
	forbidResources
	forbidReason
	forbidExcept
)

var forbidKeys = keys{"name", "subjects", "actions", "resources", "reason", "except"}

const (
	subjectAccounts = iota
	subjectLabels
)

var forbidSubjectKeys = keys{"accounts", "labels"}

const (
	exceptSubjects = iota
	exceptOwner
	exceptReason
	exceptUntil
)

var exceptKeys = keys{"subjects", "owner", "reason", "until"}

// readForbid reads the rules about what nobody may be able to do.
func (r *projectReader) readForbid(n *node) (rules []model.Forbid) {
	first := nameIndex{}
	for _, item := range r.boundedItems(n, `"forbid"`, "rules", maxForbid) {
		f, ok := r.fields(item, "a rule of forbid", forbidKeys)
		if !ok {
			continue
		}
		r.requireFields(item, f, "a rule of forbid", map[int]string{
			forbidName: "give it a name, by which plans and flags call it", forbidActions: `say what is forbidden, such as ["workflow:Exec"]`, forbidReason: "say why: whoever is blocked by it reads that",
		})
		name := r.word(f[forbidName].value, `"name"`)
		if at := f[forbidName].value; name != "" && r.checkName(at, model.CheckRoleName) {
			if before := first.add(at); before != nil {
				r.failTwice(at, codeDuplicateName, "give one of the two another name", "the rule "+quote(name)+" is repeated", r.pos(before), "the first one")
			}
		}
		rules = append(rules, model.Forbid{
			Name: name, Subjects: r.readForbidSubjects(f[forbidSubjects].value),
			Actions: r.readForbidActions(f[forbidActions]), Resources: r.readForbidResources(f[forbidResources]),
			Reason: r.readReason(f[forbidReason].value), Except: r.readExceptions(f[forbidExcept].value),
		})
	}
	slices.SortFunc(rules, func(a, b model.Forbid) int { return strings.Compare(a.Name, b.Name) })
	return rules
}

// requireFields reports the fields that are missing, with what to write.
func (r *reader) requireFields(n *node, f fields, what string, required map[int]string) {
	for i := range f {
		if hint, must := required[i]; must && !f[i].isSet() {
			r.fail(n, codeMissingKey, hint, "%s lacks its %s", what, forbidKeys[i])
		}
	}
}

// boundedItems is items of a list that may have so many.
func (r *reader) boundedItems(n *node, what, things string, most int) []*node {
	list := r.items(n, what)
	if len(list) > most {
		r.fail(n, codeTooMany, "", "%s has %d %s, and the limit is %d", what, len(list), things, most)
		return nil
	}
	return list
}

// readPatterns are the sorted texts of a list that must hold something.
func (r *reader) readPatterns(f field, what, hint string, check func(*node)) []string {
	r.refuseEmpty(f, what, hint)
	switch {
	case f.value == nil:
		return nil
	case f.value.kind == listNode && len(f.value.items) > maxForbidPatterns:
		r.fail(f.value, codeTooMany, "", "%s has %d entries, and the limit is %d", what, len(f.value.items), maxForbidPatterns)
		return nil
	}
	list := r.scalars(f.value, what)
	for _, item := range list {
		check(item)
	}
	if len(list) == 0 {
		return nil
	}
	return model.Set(values(list))
}

func (r *projectReader) readForbidActions(f field) []string {
	return r.readPatterns(f, `"actions"`, "name an action, or delete the rule", func(n *node) {
		if err := access.CheckAction(n.value); err != nil {
			r.fail(n, codeBadAction, "", "the action %s cannot be used: %v", quote(n.value), err)
		}
	})
}

func (r *projectReader) readForbidResources(f field) []string {
	return r.readPatterns(f, `"resources"`, "name a resource, or delete the key: that is everywhere", func(n *node) {
		if len(n.value) > MaxResource {
			r.fail(n, codeTooLong, "name a pool, backend, user or section", "a resource of the rule has %d bytes, and the limit is %d", len(n.value), MaxResource)
		}
	})
}

func (r *projectReader) readForbidSubjects(n *node) (s model.ForbidSubjects) {
	if n == nil {
		return s
	}
	f, ok := r.fields(n, `"subjects"`, forbidSubjectKeys)
	if !ok {
		return s
	}
	s.Accounts = r.readPatterns(f[subjectAccounts], `"accounts"`, "name an account, or delete the key: that is all of them", func(n *node) {
		name, open := strings.CutSuffix(n.value, "*")
		if open {
			name += "x" // The pattern may end where no name does.
		}
		if model.CheckAccountName(name) != nil {
			r.fail(n, codeBadName, `write the name of an account; an asterisk at the end stands for anything, as in "svc-*"`, "%s is no pattern of accounts", quote(n.value))
		}
	})
	s.Labels = r.readLabels(f[subjectLabels].value)
	return s
}

func (r *projectReader) readExceptions(n *node) (list []model.Exception) {
	const what = "an exception"
	for _, item := range r.boundedItems(n, `"except"`, "exceptions", maxExceptions) {
		f, ok := r.fields(item, what, exceptKeys)
		if !ok {
			continue
		}
		for i, key := range exceptKeys {
			if !f[i].isSet() {
				r.fail(item, codeMissingKey, "an exception says for whom it is, whose it is, why, and until when", "%s lacks its %s", what, key)
			}
		}
		e := model.Exception{Owner: r.word(f[exceptOwner].value, `"owner"`), Reason: r.readReason(f[exceptReason].value), Until: r.date(f[exceptUntil].value, `"until"`)}
		subjects := r.readPatterns(f[exceptSubjects], `"subjects"`, "name an account or a token", func(n *node) {
			a, err := model.ParseAddress(n.value)
			if err != nil || a.Kind == model.KindRole || a.Generation != 0 {
				r.fail(n, codeBadName, "write account/NAME or token/ACCOUNT/NAME", "%s is no account and no token", quote(n.value))
				return
			}
			e.Subjects = append(e.Subjects, a)
		})
		if slices.SortFunc(e.Subjects, model.Address.Compare); len(subjects) > 0 {
			list = append(list, e)
		}
	}
	return list
}

// readReason reads why, in a sentence.
func (r *reader) readReason(n *node) string {
	reason := strings.TrimSpace(r.word(n, `"reason"`))
	if len(reason) > maxReason {
		r.fail(n, codeTooLong, "say it in a sentence", `"reason" has %d bytes, and the limit is %d`, len(reason), maxReason)
	}
	return reason
}
