package secret_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"log"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

const canary = "osmo_0123456789ABCDEFGHIJKLMNOPQRSTUV2JbFAe"

func value() secret.Value { return secret.New([]byte(canary)) }

// hidden is the shape that leaks most easily: fmt calls no method on a value in
// an unexported field.
type hidden struct {
	v secret.Value
	p *secret.Value
	l []secret.Value
	m map[string]secret.Value
	i any
}

type exported struct {
	V secret.Value
	P *secret.Value
	L []secret.Value
	M map[string]secret.Value
	I any
}

func hide(v secret.Value) hidden {
	return hidden{v, &v, []secret.Value{v}, map[string]secret.Value{"k": v}, v}
}

func export(v secret.Value) exported {
	return exported{v, &v, []secret.Value{v}, map[string]secret.Value{"k": v}, v}
}

// carriers are the ways that code hands a value to a printer.
func carriers(v secret.Value) map[string]any {
	h, e := hide(v), export(v)
	d := secret.NewDetector(v)
	return map[string]any{
		"value": v, "pointer": &v, "slice": []secret.Value{v}, "map": map[string]secret.Value{"k": v},
		"array": [1]secret.Value{v}, "any": []any{v},
		"hidden": h, "hidden pointer": &h, "exported": e, "exported pointer": &e,
		"pointers": []*hidden{&h}, "detector": d, "detector inside": struct{ d secret.Detector }{*d},
		"method": v.SHA256, "closure": []any{v.Use},
	}
}

// spellings are what must not be found in any output.
func spellings() []string {
	bytewise := strings.Trim(fmt.Sprint([]byte(canary)), "[]")
	hexwise := fmt.Sprintf("%#v", []byte(canary))
	return []string{
		canary, canary[5:20], bytewise[:30], hexwise[8:40],
		hex.EncodeToString([]byte(canary))[:20],
		strings.ToUpper(hex.EncodeToString([]byte(canary)))[:20],
		base64.StdEncoding.EncodeToString([]byte(canary))[:20],
	}
}

func assertNoLeak(t *testing.T, what, output string) {
	t.Helper()
	for _, s := range spellings() {
		if strings.Contains(output, s) {
			t.Errorf("%s reveals the value: %s", what, output)
		}
	}
	if secret.NewDetector(value()).Find([]byte(output)) {
		t.Errorf("%s reveals the value, says the detector: %s", what, output)
	}
}

func TestNoVerbReveals(t *testing.T) {
	t.Parallel()
	for name, c := range carriers(value()) {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspw!" {
			for _, flags := range []string{"", "+", "#", "+#", " ", "-60", "060", ".3", "60.50"} {
				format := "%" + flags + string(verb)
				assertNoLeak(t, format+" of "+name, fmt.Sprintf(format, c))
			}
		}
		assertNoLeak(t, "Sprint of "+name, fmt.Sprint(c))
		assertNoLeak(t, "Sprintln of "+name, fmt.Sprintln(c))
		assertNoLeak(t, "Errorf of "+name, fmt.Errorf("x: %v", c).Error())
	}
}

func TestPlaceholder(t *testing.T) {
	t.Parallel()
	v := value()
	for _, got := range []string{v.String(), v.GoString(), fmt.Sprint(v), fmt.Sprintf("%#v|%s", v, &v)[:8]} {
		if got != "[secret]" {
			t.Errorf("got %q", got)
		}
	}
}

func TestNoEncoderReveals(t *testing.T) {
	t.Parallel()
	encoders := map[string]func(any) ([]byte, error){
		"json": json.Marshal,
		"xml":  xml.Marshal,
		"yaml": marshalYAML,
		"gob": func(v any) ([]byte, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return b.Bytes(), err
		},
	}
	for name, c := range carriers(value()) {
		for kind, encode := range encoders {
			out, err := encode(c)
			assertNoLeak(t, kind+" of "+name, fmt.Sprint(string(out), err))
		}
	}
}

// marshalYAML turns the panics of yaml.v3, such as the one about functions,
// into errors: their text counts too.
func marshalYAML(v any) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return yaml.Marshal(v)
}

func TestEncodersRefuse(t *testing.T) {
	t.Parallel()
	v := value()
	for name, c := range map[string]any{"value": v, "field": struct{ V secret.Value }{v}, "pointer": &v} {
		if _, err := json.Marshal(c); !errors.Is(err, secret.ErrEncoded) {
			t.Errorf("json of %s: got %v", name, err)
		}
		if _, err := marshalYAML(c); !errors.Is(err, secret.ErrEncoded) {
			t.Errorf("yaml of %s: got %v", name, err)
		}
		if err := gob.NewEncoder(&bytes.Buffer{}).Encode(c); !errors.Is(err, secret.ErrEncoded) {
			t.Errorf("gob of %s: got %v", name, err)
		}
	}
	if _, err := v.MarshalText(); !errors.Is(err, secret.ErrEncoded) {
		t.Errorf("text: got %v", err)
	}
	if _, err := v.MarshalBinary(); !errors.Is(err, secret.ErrEncoded) {
		t.Errorf("binary: got %v", err)
	}
}

func TestNoLogReveals(t *testing.T) {
	t.Parallel()
	for name, c := range carriers(value()) {
		var b bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
			logger := slog.New(h)
			logger.Info("x", "k", c)
			logger.With("k", c).WithGroup("g").Error("x", slog.Any("k", c), slog.Group("h", "k", c))
		}
		log.New(&b, "", 0).Println("x", c)
		assertNoLeak(t, "log of "+name, b.String())
	}
}

func TestNoTemplateReveals(t *testing.T) {
	t.Parallel()
	for name, c := range carriers(value()) {
		var b bytes.Buffer
		for _, text := range []string{"{{.}}", `{{printf "%s %x %#v" . . .}}`, "{{print .}}", "{{js .}}", "{{urlquery .}}", "{{html .}}", "{{.String}}"} {
			if err := template.Must(template.New("").Parse(text)).Execute(&b, c); err != nil {
				b.WriteString(err.Error())
			}
		}
		page := htmltemplate.Must(htmltemplate.New("").Parse(`<a href="{{.}}" onclick="f({{.}})">{{.}}</a>`))
		if err := page.Execute(&b, c); err != nil {
			b.WriteString(err.Error())
		}
		assertNoLeak(t, "template of "+name, b.String())
	}
}

func TestNoPanicReveals(t *testing.T) {
	t.Parallel()
	for name, c := range carriers(value()) {
		func() {
			defer func() { assertNoLeak(t, "panic with "+name, fmt.Sprint(recover())) }()
			panic(c)
		}()
	}
}

func TestNoDiffReveals(t *testing.T) {
	t.Parallel()
	everything := cmp.Exporter(func(reflect.Type) bool { return true })
	other := secret.New([]byte("other"))
	for name, c := range carriers(value()) {
		for _, d := range []any{carriers(other)[name], carriers(secret.Value{})[name], nil} {
			assertNoLeak(t, "diff of "+name, diff(c, d, everything))
			assertNoLeak(t, "diff of "+name, diff(d, c, everything))
		}
	}
}

// diff is cmp.Diff with its panics, which print too.
func diff(a, b any, opts ...cmp.Option) (out string) {
	defer func() {
		if p := recover(); p != nil {
			out = fmt.Sprint(p)
		}
	}()
	return cmp.Diff(a, b, opts...)
}

func TestUse(t *testing.T) {
	t.Parallel()
	v := value()
	mine := errors.New("mine")
	err := v.Use(func(b []byte) error {
		if string(b) != canary {
			t.Error("other bytes were lent")
		}
		return mine
	})
	if err != mine {
		t.Errorf("got %v, want the function's error", err)
	}
	if v.Len() != len(canary) {
		t.Errorf("length is %d", v.Len())
	}
	if v.SHA256() != sha256.Sum256([]byte(canary)) {
		t.Error("another digest")
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	v := value()
	for _, c := range []struct {
		name string
		w    secret.Value
		want bool
	}{
		{"itself", v, true},
		{"same bytes", value(), true},
		{"another byte", secret.New([]byte(canary[:42] + "f")), false},
		{"a prefix", secret.New([]byte(canary[:42])), false},
		{"empty", secret.Value{}, false},
	} {
		if v.Equal(c.w) != c.want || c.w.Equal(v) != c.want {
			t.Errorf("%s: not %v", c.name, c.want)
		}
	}
}

func TestWipe(t *testing.T) {
	t.Parallel()
	b := []byte(canary)
	v := secret.New(b)
	w := v
	w.Wipe()
	if !bytes.Equal(b, make([]byte, len(canary))) || v.SHA256() != sha256.Sum256(make([]byte, len(canary))) {
		t.Error("bytes are left")
	}
}

func TestZeroValue(t *testing.T) {
	t.Parallel()
	var v secret.Value
	v.Wipe()
	if v.Len() != 0 || !v.Equal(secret.New(nil)) || v.SHA256() != sha256.Sum256(nil) || v.String() != "[secret]" {
		t.Error("the zero value is not an empty one")
	}
}
