package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Read reads a plan that anybody may have written: it comes out of a pull request's
// pipeline, say. write is how a plan is written as JSON. What is no plan as write writes
// it, down to the byte, is refused, and so is one whose digest is not that of its
// content. So the changes, the settings and the guardrails are those that the digest
// stands for; whatever else the plan says is the word of whoever wrote it.
//
// Errors begin with name and, where it is known, the line and the column.
func Read(data []byte, name string, limits model.Limits, write func(io.Writer, *Plan) error) (*Plan, error) {
	head := struct {
		FormatVersion *int `json:"format_version"`
	}{}
	if err := json.Unmarshal(data, &head); err != nil || head.FormatVersion == nil {
		return nil, diag.Hinted(fmt.Errorf("%s is not a plan that osmoctl plan --out wrote", locate(name, data, err)), "write one by osmoctl plan --out FILE")
	}
	if *head.FormatVersion != FormatVersion {
		return nil, fmt.Errorf("%s has format version %d and this osmoctl knows only %d", name, *head.FormatVersion, FormatVersion)
	}
	p := &Plan{}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(p); err != nil {
		return nil, fmt.Errorf("%s: %w", locate(name, data, err), describe(err))
	}
	if err := p.complete(limits.OrDefault()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if stated := p.Digest; stated != digest(p) {
		return nil, diag.Hinted(fmt.Errorf("%s says that its digest is %s, and its content has another one: it was edited, or written by another version of osmoctl", name, clip(stated)), "plan again, and take the file as osmoctl wrote it")
	}
	same := &Comparison{Rest: data}
	if err := write(same, p); err != nil || len(same.Rest) > 0 {
		at := name + position(data, len(data)-len(same.Rest))
		return nil, diag.Hinted(fmt.Errorf("%s: from here on it is not as osmoctl plan --out writes it: it was edited, or written by another version of osmoctl", at), "plan again, and take the file as osmoctl wrote it")
	}
	return p, nil
}

// complete checks that changes are such as plans have, and computes what follows from
// them.
func (p *Plan) complete(limits model.Limits) error {
	if k := p.Kind(); k != KindDeclared && k != KindDue {
		return fmt.Errorf("it is a plan of the kind %q, which osmoctl plan --out does not write", k)
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		has := map[Action][2]bool{
			Create: {false, true}, Adopt: {false, true}, Update: {true, true}, Rotate: {true, true},
			Revoke: {true, false}, Delete: {true, false}, Forget: {true, false},
		}
		if want, known := has[c.Action]; !known || want != [2]bool{c.Before != nil, c.After != nil} {
			return fmt.Errorf("the change of %s is none that a plan has: its action does not go with what stands before and after it", c.Address)
		}
		if err := errors.Join(c.Before.checkSize(limits), c.After.checkSize(limits)); err != nil {
			return fmt.Errorf("the change of %s %w", c.Address, err)
		}
		c.Fields = fieldsOf(c.Before, c.After)
	}
	p.Summary = summarise(p.Changes)
	return nil
}

// checkSize refuses what no declaration may have: to lay it out could take hours.
func (o *Object) checkSize(l model.Limits) error {
	if o == nil {
		return nil
	}
	check := func(n, most int, what string) error {
		if n > most {
			return fmt.Errorf("has %d %s, more than the %d that a declaration may have", n, what, most)
		}
		return nil
	}
	err := errors.Join(check(len(o.Policies), l.RolePolicies, "policies"), check(len(o.ExternalRoles), l.ExternalRoles, "external roles"),
		check(len(o.Roles), l.AccountRoles, "roles"), check(len(o.Labels), l.Labels, "labels"))
	for _, p := range o.Policies {
		err = errors.Join(err, check(len(p.Actions), l.PolicyActions, "actions in a policy"), check(len(p.Resources), l.PolicyResources, "resources in a policy"))
	}
	return err
}

// UnmarshalJSON reads a field, whose values are of the kind that its path says.
func (f *Field) UnmarshalJSON(data []byte) (err error) {
	f.Path, f.Before, f.After, err = readDifference(data, func(path string) reflect.Type {
		for _, g := range fieldGetters {
			if g.path == path {
				return reflect.TypeOf(g.get(&Object{}))
			}
		}
		return nil
	})
	return err
}

// UnmarshalJSON reads a setting, whose values are of the kind that its path says.
func (c *GuardrailChange) UnmarshalJSON(data []byte) (err error) {
	c.Path, c.Before, c.After, err = readDifference(data, settingType)
	return err
}

// settingType is the type of a setting's values; nil is no setting.
func settingType(path string) reflect.Type {
	switch section, name, _ := strings.Cut(path, "."); {
	case section == "recipients" && name != "", path == "backend.owns":
		return reflect.TypeFor[[]string]()
	case strings.HasPrefix(path, "guardrails.forbid."):
		return reflect.TypeFor[*model.Forbid]()
	case path == "osmo.mode":
		return reflect.TypeFor[model.Mode]()
	case path == "backend.kind", path == "backend.url", path == "osmo.version", path == "git.push", path == "git.branch", path == "git.state_branch":
		return reflect.TypeFor[string]()
	case section == "guardrails":
		for known, value := range (model.Guardrails{}).All() {
			if known == name {
				return reflect.TypeOf(value)
			}
		}
	}
	return nil
}

func readDifference(data []byte, typeOf func(path string) reflect.Type) (path string, before, after any, err error) {
	var raw struct {
		Path          string
		Before, After json.RawMessage
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return "", nil, nil, err
	}
	t := typeOf(raw.Path)
	if t == nil {
		return "", nil, nil, fmt.Errorf("no plan has a field %q", clip(raw.Path))
	}
	read := func(text json.RawMessage) any {
		if len(text) == 0 || string(text) == "null" || err != nil {
			return nil
		}
		v := reflect.New(t)
		if json.Unmarshal(text, v.Interface()) != nil {
			err = fmt.Errorf("%s has a value that it cannot have", clip(raw.Path))
			return nil
		}
		return v.Elem().Interface()
	}
	before, after = read(raw.Before), read(raw.After)
	return raw.Path, before, after, err
}

// describe is an error of the decoder without the names of types.
func describe(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		return fmt.Errorf("%s cannot be a %s", clip(kind.Field), clip(kind.Value))
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("it is no JSON from here on")
	}
	return errors.New(clip(strings.TrimPrefix(err.Error(), "json: ")))
}

// locate is name with the place of a decoder's error, where it has one.
func locate(name string, data []byte, err error) string {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		return name + position(data, int(kind.Offset))
	case errors.As(err, &syntax):
		return name + position(data, int(syntax.Offset))
	}
	return name
}

// position is ":LINE:COLUMN" of an offset.
func position(data []byte, offset int) string {
	before := data[:max(0, min(offset, len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf(":%d:%d", line, len(before)-bytes.LastIndexByte(before, '\n'))
}

// clip bounds what is repeated of a file.
func clip(s string) string {
	if runes := []rune(s); len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return s
}
