package model

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Allowance lifts guardrails. Each field says the number or the name that it lets
// through, so that none of them can be a habit. The tags are the flags of the command
// line, and the types of the fields how their values are written: this is the one
// table of them, for the command line and for approvals alike.
type Allowance struct {
	// Empty lets a project without any declaration delete everything.
	Empty bool `name:"allow-empty" help:"Let a project without any declaration delete everything."`
	// Deletes raises the bound on deletions to a number.
	Deletes *int `name:"allow-deletes" placeholder:"N" help:"Let up to N objects be deleted."`
	// Delete names objects whose deletion does not count.
	Delete []Address `name:"allow-delete" placeholder:"ADDR" help:"Do not count the deletion of this object. Repeatable."`
	// Rotations and NewReaders raise the bounds of these names to a number.
	Rotations  *int `name:"allow-rotations" placeholder:"N" help:"Let up to N tokens be rotated that no date asks for."`
	NewReaders *int `name:"allow-new-readers" placeholder:"N" help:"Let up to N keys read tokens that could read none before."`
	// Risks says how many risks were read where no comment has room for them.
	Risks *int `name:"allow-risks" placeholder:"N" help:"Go on with N risks, read as text, that do not fit into a comment on a pull request."`
	// Administrators raises the bound of this name.
	Administrators *int `name:"allow-administrators" placeholder:"N" help:"Let up to N accounts and tokens be administrators, at once or by a step."`
	// Forbidden names rules with those who may gain what they forbid.
	Forbidden []ForbiddenSubject `name:"allow-forbidden" placeholder:"RULE:ADDR" help:"Let this account or token gain what the rule forbids. Repeatable."`
	// Lifetime raises the bound on a token's lifetime.
	Lifetime Days `name:"allow-lifetime" placeholder:"DAYS" help:"Let tokens live this long, such as 400d, where the last apply recorded a lower limit."`
	// StateMove is the place, by [Git.Place], that state may move to.
	StateMove string `name:"allow-state-move" placeholder:"PLACE" help:"Let the state move to where the git settings say, such as origin/osmoctl-state."`
	// BackendChange is the backend, by [Backend.String], that tokens may be
	// issued by from now on.
	BackendChange string `name:"allow-backend-change" placeholder:"URL|local" help:"Let tokens be issued by another backend from now on: this OSMO server, or osmoctl itself."`
	// Objects lifts what else bears on one object alone: the pattern of its
	// name, the roles or recipients it lacks.
	Objects []Address `name:"allow" placeholder:"ADDR" help:"Lift the guardrails on the name, roles and recipients of this object. Repeatable."`
}

// Flags are the allowances as they would be typed.
func (a Allowance) Flags() (line []string) {
	for field, value := range reflect.ValueOf(a).Fields() {
		flag := "--" + field.Tag.Get("name")
		switch v := value.Interface().(type) {
		case bool:
			if v {
				line = append(line, flag)
			}
		case *int:
			if v != nil {
				line = append(line, flag+" "+strconv.Itoa(*v))
			}
		case Days:
			if v != 0 {
				line = append(line, flag+" "+v.String())
			}
		case string:
			if v != "" {
				line = append(line, flag+" "+ShellWord(v))
			}
		case []Address:
			for _, a := range v {
				line = append(line, flag+" "+ShellWord(a.String()))
			}
		case []ForbiddenSubject:
			for _, f := range v {
				line = append(line, flag+" "+ShellWord(f.String()))
			}
		default:
			panic("model: no allowance is typed as " + field.Type.String())
		}
	}
	return line
}

// ParseAllowance reads one flag that lifts a guardrail, as [Allowance.Flags] types it
// and in that spelling alone.
func ParseAllowance(text string) (a Allowance, err error) {
	name, word, given := strings.Cut(text, " ")
	word = unquoteShellWord(word)
	found := false
	for field, value := range reflect.ValueOf(&a).Elem().Fields() {
		if name == "--"+field.Tag.Get("name") {
			err, found = readAllowance(value.Addr().Interface(), word, given), true
		}
	}
	switch {
	case !found:
		return a, fmt.Errorf("no guardrail is lifted by %s", strconv.Quote(name[:min(len(name), 64)]))
	case err != nil:
		return Allowance{}, fmt.Errorf("%s: %w", name, err)
	}
	if is := a.Flags(); !slices.Equal(is, []string{text}) {
		return Allowance{}, fmt.Errorf("it is written %s", strconv.Quote(strings.Join(is, " ")))
	}
	return a, nil
}

// readAllowance reads the value of a flag into a field. What Flags would type
// otherwise is for the caller to find.
func readAllowance(to any, word string, given bool) (err error) {
	if _, is := to.(*bool); is == given {
		if is {
			return errors.New("it takes no value")
		}
		return errors.New("it lacks its value")
	}
	switch to := to.(type) {
	case *bool:
		*to = true
	case **int:
		n, failed := strconv.Atoi(word)
		if failed != nil || n < 0 {
			return errors.New("it takes a number")
		}
		*to = &n
	case *Days:
		*to, err = ParseDays(word)
	case *string:
		if *to = word; word == "" {
			return errors.New("it lacks its value")
		}
	case *[]Address:
		var one Address
		one, err = ParseAddress(word)
		*to = []Address{one}
	case *[]ForbiddenSubject:
		var one ForbiddenSubject
		err = one.UnmarshalText([]byte(word))
		*to = []ForbiddenSubject{one}
	default:
		panic("model: no allowance is read as " + reflect.TypeOf(to).String())
	}
	return err
}

// unquoteShellWord undoes [ShellWord]. What that did not write comes back as
// something that it would write otherwise.
func unquoteShellWord(s string) string {
	if len(s) > 1 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return strings.ReplaceAll(s[1:len(s)-1], `'\''`, "'")
	}
	return s
}

// With lifts what either of two allowances lifts. Where each names another place or
// backend, that of b counts.
func (a Allowance) With(b Allowance) Allowance {
	out, with := reflect.ValueOf(&a).Elem(), reflect.ValueOf(b)
	for i := range out.NumField() {
		switch to := out.Field(i).Addr().Interface().(type) {
		case *bool:
			*to = *to || with.Field(i).Bool()
		case **int:
			if n := with.Field(i).Interface().(*int); n != nil && (*to == nil || *n > **to) {
				*to = n
			}
		case *Days:
			*to = max(*to, with.Field(i).Interface().(Days))
		case *string:
			*to = cmp.Or(with.Field(i).String(), *to)
		case *[]Address:
			*to = slices.Concat(*to, with.Field(i).Interface().([]Address))
		case *[]ForbiddenSubject:
			*to = slices.Concat(*to, with.Field(i).Interface().([]ForbiddenSubject))
		}
	}
	return a
}
