// Package kubetest is Kubernetes's own opinion of a manifest of a Secret, for
// tests: its types say what may be in one, its libraries what names, labels and
// keys may be, and kubectl's reader of YAML what stands there.
//
// The API server's validation of Secrets is no library. What it adds for types
// that have no rules of their own is here: the keys of data, and its size.
package kubetest

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	k8s "k8s.io/apimachinery/pkg/util/validation"
)

// Secret reads a manifest, YAML or JSON, in which no key is unknown and none
// stands twice, and returns it if Kubernetes would accept it.
func Secret(manifest []byte) (*corev1.Secret, error) {
	var s corev1.Secret
	if err := yaml.UnmarshalStrict(manifest, &s, yaml.DisallowUnknownFields); err != nil {
		return nil, err
	}
	return &s, valid(&s)
}

func valid(s *corev1.Secret) error {
	// Whoever applies a manifest fills in a namespace that is left out.
	meta := s.ObjectMeta
	if meta.Namespace == "" {
		meta.Namespace = "default"
	}
	errs := validation.ValidateObjectMeta(&meta, true, validation.NameIsDNSSubdomain, field.NewPath("metadata"))
	if s.APIVersion != "v1" || s.Kind != "Secret" {
		errs = append(errs, field.Invalid(field.NewPath("kind"), s.Kind, "not a Secret"))
	}
	return append(errs, validData(s)...).ToAggregate()
}

func validData(s *corev1.Secret) (errs field.ErrorList) {
	size, path := 0, field.NewPath("data")
	for key, data := range s.Data {
		size += len(data)
		for _, what := range k8s.IsConfigMapKey(key) {
			errs = append(errs, field.Invalid(path, key, what))
		}
	}
	if size > corev1.MaxSecretSize {
		errs = append(errs, field.TooLong(path, "", corev1.MaxSecretSize))
	}
	return errs
}
