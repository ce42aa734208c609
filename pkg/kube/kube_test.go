package kube_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	k8s "k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/osmoctl/osmoctl/pkg/kube"
	"github.com/osmoctl/osmoctl/pkg/kube/kubetest"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

const value = "osmo_0123456789ABCDEFGHIJKLMNOPQRSTUV2JbFAe"

func example() kube.Secret {
	return kube.Secret{
		Name: "svc-ci.ci-token", Namespace: "osmo", Type: kube.Opaque,
		Labels:      map[string]string{"app.kubernetes.io/managed-by": "osmoctl", "team": "no"},
		Annotations: map[string]string{"osmoctl.dev/generation": "2", "note": "a: \"b\" \\ # ü 𝄞"},
		Data:        map[string]secret.Value{"token": secret.New([]byte(value))},
	}
}

// bytesOf takes the bytes of a manifest.
func bytesOf(t testing.TB, v secret.Value, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	_ = v.Use(func(b []byte) error {
		out = bytes.Clone(b)
		return nil
	})
	return out
}

func TestYAML(t *testing.T) {
	t.Parallel()
	const want = `---
apiVersion: "v1"
kind: "Secret"
metadata:
  name: "svc-ci.ci-token"
  namespace: "osmo"
  labels:
    "app.kubernetes.io/managed-by": "osmoctl"
    "team": "no"
  annotations:
    "note": "a: \"b\" \\ # \u00fc 𝄞"
    "osmoctl.dev/generation": "2"
type: "Opaque"
data:
  "token": "b3Ntb18wMTIzNDU2Nzg5QUJDREVGR0hJSktMTU5PUFFSU1RVVjJKYkZBZQ=="
`
	v, err := example().YAML()
	if diff := cmp.Diff(want, string(bytesOf(t, v, err))); diff != "" {
		t.Error(diff)
	}
}

// Both forms say the same, and the same each time.
func TestFormsAgree(t *testing.T) {
	t.Parallel()
	s := example()
	y, err := s.YAML()
	asYAML := bytesOf(t, y, err)
	j, err := s.JSON()
	asJSON := bytesOf(t, j, err)
	converted, err := yaml.YAMLToJSONStrict(asYAML)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal(converted, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(asJSON, &b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	again, err := s.YAML()
	if !bytes.Equal(asYAML, bytesOf(t, again, err)) {
		t.Error("the second time it differs")
	}
}

// object is the Secret as Kubernetes's own types would have it.
func object(s kube.Secret) *corev1.Secret {
	out := &corev1.Secret{Type: corev1.SecretType(s.Type), Data: map[string][]byte{}}
	out.APIVersion, out.Kind, out.Name, out.Namespace = "v1", "Secret", s.Name, s.Namespace
	out.Labels, out.Annotations = s.Labels, s.Annotations
	for key, v := range s.Data {
		_ = v.Use(func(b []byte) error {
			out.Data[key] = bytes.Clone(b)
			return nil
		})
	}
	return out
}

// Whatever somebody types: what is written is accepted by Kubernetes and reads
// back as what was meant, and what Kubernetes would refuse is refused here.
func TestAcceptedByKubernetes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	written, refused := 0, 0
	for range 20000 {
		s := randomSecret(random)
		y, err := s.YAML()
		if err != nil {
			refused++
			continue
		}
		written++
		j, err := s.JSON()
		for form, manifest := range map[string][]byte{"YAML": bytesOf(t, y, nil), "JSON": bytesOf(t, j, err)} {
			got, err := kubetest.Secret(manifest)
			if err != nil {
				t.Fatalf("Kubernetes refuses the %s: %v\n%s", form, err, manifest)
			}
			if diff := cmp.Diff(object(s), got, cmp.Comparer(sameEntries)); diff != "" {
				t.Fatalf("%s reads back as something else:\n%s\n%s", form, diff, manifest)
			}
		}
	}
	if written < 1000 || refused < 1000 {
		t.Errorf("%d written and %d refused say little", written, refused)
	}
}

func sameEntries(a, b map[string]string) bool { return maps.Equal(a, b) }

// Each rule of its own is exactly Kubernetes's.
func TestRulesAreThoseOfKubernetes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 100000 {
		text, other := randomText(random), randomText(random)
		agree(t, "name", text, kube.CheckName(text), validation.NameIsDNSSubdomain(text, false))
		agree(t, "namespace", text, kube.CheckNamespace(text), validation.ValidateNamespaceName(text, false))
		agree(t, "key", text, kube.CheckKey(text), k8s.IsConfigMapKey(text))
		agree(t, "label", text+"="+other, kube.CheckLabel(text, other), slices.Concat(k8s.IsQualifiedName(text), k8s.IsValidLabelValue(other)))
		agree(t, "annotation", text, kube.CheckAnnotation(text, ""), k8s.IsQualifiedName(strings.ToLower(text)))
	}
}

func agree(t *testing.T, what, text string, ours error, theirs []string) {
	t.Helper()
	if (ours != nil) != (len(theirs) > 0) {
		t.Fatalf("%s %q: we say %v, Kubernetes says %q", what, text, ours, theirs)
	}
	if ours != nil && strings.ContainsAny(ours.Error(), "\n\x1b") {
		t.Fatalf("%s %q: the error is not one plain line: %q", what, text, ours)
	}
}

// randomText is near what the rules draw their lines at.
func randomText(random *rand.Rand) string {
	parts := []string{"a", "z", "0", "9", "A", "Z", "-", ".", "_", "/", "..", "@", "ü", "K", " ", "\n", "\x00", "a-b", "x.y", "example.com/", strings.Repeat("a", 62), strings.Repeat("b.", 30)}
	weights := []int{9, 9, 5, 5, 2, 2, 6, 5, 3, 2, 1, 1, 1, 1, 1, 1, 1, 4, 4, 2, 2, 2}
	var b strings.Builder
	for range random.IntN(7) {
		b.WriteString(pick(random, parts, weights))
	}
	return b.String()
}

func pick(random *rand.Rand, from []string, weights []int) string {
	n := random.IntN(66)
	for i, w := range weights {
		if n -= w; n < 0 {
			return from[i]
		}
	}
	return from[0]
}

func randomSecret(random *rand.Rand) kube.Secret {
	often := func(usual string) string {
		if random.IntN(8) > 0 {
			return usual
		}
		return randomText(random)
	}
	s := kube.Secret{
		Name: often("name"), Namespace: often(""), Type: often(kube.Opaque),
		Labels: map[string]string{often("team"): often("x")}, Annotations: map[string]string{},
		Data: map[string]secret.Value{often("token"): secret.New(randomBytes(random))},
	}
	for range random.IntN(3) {
		s.Annotations[often("note")] = randomWords(random)
	}
	return s
}

func randomBytes(random *rand.Rand) []byte {
	b := make([]byte, random.IntN(70))
	for i := range b {
		b[i] = byte(random.IntN(256))
	}
	return b
}

// randomWords have everything in them that YAML and JSON make something of.
func randomWords(random *rand.Rand) string {
	words := []string{"yes", "null", "~", "1e3", "0o7", "2027-01-01", ": ", " #", "\"", "'", "\\", "{", "[", "&a", "*a", "!!binary", "|", ">", "%", "@", "`", "- ", "---", "...", "<<", "\u00e9", "\u200b", "\u202e", "\ufffe", "𝄞", "\U0010ffff", "\t", "\n", "\u2028", "\x85", "\x7f", "=", ""}
	var b strings.Builder
	for range random.IntN(4) {
		b.WriteString(words[random.IntN(len(words))])
	}
	return b.String()
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*kube.Secret)
		want   string
	}{
		"no value":        {func(s *kube.Secret) { s.Data = nil }, "without a value"},
		"account's name":  {func(s *kube.Secret) { s.Name = "ci@example.com" }, "no name for a Secret"},
		"their type":      {func(s *kube.Secret) { s.Type = "kubernetes.io/tls" }, "content of its own"},
		"their subdomain": {func(s *kube.Secret) { s.Type = "bootstrap.kubernetes.io/token" }, "content of its own"},
		"line in a value": {func(s *kube.Secret) { s.Annotations["a"] = "x\nkind: Pod" }, "no plain text"},
		"separator":       {func(s *kube.Secret) { s.Annotations["a"] = "x\u0085y" }, "no plain text"},
		"large":           {func(s *kube.Secret) { s.Data["x"] = secret.New(make([]byte, 1<<20)) }, "at most 1048576 bytes"},
		"long":            {func(s *kube.Secret) { s.Annotations["a"] = strings.Repeat("x", 256<<10) }, "at most 262144 bytes"},
		"long name":       {func(s *kube.Secret) { s.Name = strings.Repeat("é", 300) }, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := example()
			tt.change(&s)
			if _, err := s.YAML(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Two tokens that a project can have side by side have two Secrets.
func TestDefaultNamesDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	parts := []string{"a", "b", "c", "a-b", "b-c", "a.b", "b.c", "a.b-c"}
	for _, account := range parts {
		for _, token := range parts {
			if strings.Contains(token, ".") {
				continue // no token has a dot in its name
			}
			name, whole := kube.DefaultName(account, token), fmt.Sprintf("%s/%s", account, token)
			if other := seen[name]; other != "" {
				t.Errorf("%s and %s are both called %s", other, whole, name)
			}
			seen[name] = whole
			if err := kube.CheckName(name); err != nil {
				t.Error(err)
			}
		}
	}
}
