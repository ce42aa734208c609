package kube

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// The lengths that Kubernetes sets, in bytes.
const (
	maxSubdomain   = 253
	maxLabel       = 63
	maxKey         = 253
	maxAnnotations = 256 << 10
	maxData        = 1 << 20
)

// Check reports the first rule of Kubernetes that s breaks. Stricter than
// Kubernetes, it demands text without control characters in annotations, and a
// type of the form of a label's key without rules of its own.
func (s Secret) Check() error {
	var namespace error
	if s.Namespace != "" {
		namespace = CheckNamespace(s.Namespace)
	}
	return cmp.Or(
		CheckName(s.Name),
		namespace,
		CheckType(s.Type),
		checkAll(s.Labels, CheckLabel),
		checkAll(s.Annotations, CheckAnnotation),
		s.checkSizes(),
		s.checkKeys(),
	)
}

func checkAll(m map[string]string, check func(key, value string) error) error {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if err := check(key, m[key]); err != nil {
			return err
		}
	}
	return nil
}

func (s Secret) checkKeys() error {
	if len(s.Data) == 0 {
		return errors.New("a Secret without a value is of no use")
	}
	for _, key := range slices.Sorted(maps.Keys(s.Data)) {
		if err := CheckKey(key); err != nil {
			return err
		}
	}
	return nil
}

func (s Secret) checkSizes() error {
	annotations, data := 0, 0
	for key, value := range s.Annotations {
		annotations += len(key) + len(value)
	}
	for _, value := range s.Data {
		data += value.Len()
	}
	switch {
	case annotations > maxAnnotations:
		return fmt.Errorf("annotations have at most %d bytes together, these have %d", maxAnnotations, annotations)
	case data > maxData:
		return fmt.Errorf("a Secret holds at most %d bytes, these values have %d", maxData, data)
	}
	return nil
}

// CheckName applies the rule for names of Secrets, a DNS-1123 subdomain: at
// most 253 characters; labels of lower-case letters, digits and "-" between
// dots, each beginning and ending with a letter or digit.
func CheckName(name string) error {
	if !isSubdomain(name) {
		return fmt.Errorf("%s is no name for a Secret: it takes at most %d lower-case letters, digits, %q and %q, and each part between dots begins and ends with a letter or digit",
			quoteShort(name), maxSubdomain, "-", ".")
	}
	return nil
}

// CheckNamespace applies the rule for namespaces, a DNS-1123 label: at most 63
// lower-case letters, digits and "-", beginning and ending with a letter or
// digit.
func CheckNamespace(name string) error {
	if !isDNSLabel(name) || len(name) > maxLabel {
		return fmt.Errorf("%s is no namespace: it takes at most %d lower-case letters, digits and %q, and begins and ends with a letter or digit",
			quoteShort(name), maxLabel, "-")
	}
	return nil
}

// CheckKey applies the rule for keys of data: at most 253 letters, digits, "-",
// "_" and "."; not ".", and not beginning with "..".
func CheckKey(key string) error {
	odd := func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("-_.", r) }
	if key == "" || len(key) > maxKey || strings.ContainsFunc(key, odd) || key == "." || strings.HasPrefix(key, "..") {
		return fmt.Errorf("%s is no key of a Secret: it takes at most %d letters, digits, %q, %q and %q, and is not %q and does not begin with %q",
			quoteShort(key), maxKey, "-", "_", ".", ".", "..")
	}
	return nil
}

// CheckLabel applies the rules for labels: the key is a qualified name, the
// value empty or at most 63 letters, digits, "-", "_" and ".", beginning and
// ending with a letter or digit.
func CheckLabel(key, value string) error {
	if err := checkQualified(key, "label"); err != nil {
		return err
	}
	if value != "" && !isName(value) {
		return fmt.Errorf("%s is no value of the label %s: it takes at most %d letters, digits, %q, %q and %q, and begins and ends with a letter or digit",
			quoteShort(value), key, maxLabel, "-", "_", ".")
	}
	return nil
}

// CheckAnnotation applies the rule for an annotation's key, a qualified name
// whose prefix may have capitals. The value is UTF-8 without control
// characters, which is stricter than Kubernetes.
func CheckAnnotation(key, value string) error {
	if err := checkQualified(strings.ToLower(key), "annotation"); err != nil {
		return err
	}
	if !utf8.ValidString(value) || strings.ContainsFunc(value, isControl) {
		return fmt.Errorf("the value of the annotation %s is no plain text: control characters and invalid UTF-8 are refused", key)
	}
	return nil
}

// CheckType refuses types of Secrets that Kubernetes demands certain keys or
// annotations of.
func CheckType(name string) error {
	if err := checkQualified(name, "type of a Secret"); err != nil {
		return err
	}
	if prefix, _, ok := strings.Cut(name, "/"); ok && (prefix == "kubernetes.io" || strings.HasSuffix(prefix, ".kubernetes.io")) {
		return fmt.Errorf("%s is a type of Secrets with content of its own: take %s, or a type of yours", name, Opaque)
	}
	return nil
}

// checkQualified applies the rule for qualified names: at most 63 letters,
// digits, "-", "_" and ".", after a DNS-1123 subdomain and "/", or alone.
func checkQualified(key, what string) error {
	prefix, name, ok := strings.Cut(key, "/")
	if !ok {
		prefix, name = "example.com", key
	}
	if !isSubdomain(prefix) || !isName(name) {
		return fmt.Errorf("%s is no %s: it takes at most %d letters, digits, %q, %q and %q, beginning and ending with a letter or digit, after a domain and %q or alone",
			quoteShort(key), what, maxLabel, "-", "_", ".", "/")
	}
	return nil
}

// DefaultName is the name of the Secret for a token, ACCOUNT.TOKEN in lower
// case. A token's name has no dot, so two tokens never share one. It may be no
// name that [CheckName] accepts: accounts may have characters that it does not.
func DefaultName(account, token string) string {
	return strings.ToLower(account + "." + token)
}

func isSubdomain(s string) bool {
	if len(s) > maxSubdomain {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isDNSLabel(label) {
			return false
		}
	}
	return true
}

func isDNSLabel(s string) bool {
	odd := func(r rune) bool { return r != '-' && !isLower(r) && !isDigit(r) }
	return s != "" && !strings.ContainsFunc(s, odd) && s[0] != '-' && s[len(s)-1] != '-'
}

func isName(s string) bool {
	odd := func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("-_.", r) }
	return s != "" && len(s) <= maxLabel && !strings.ContainsFunc(s, odd) &&
		isAlphanumeric(rune(s[0])) && isAlphanumeric(rune(s[len(s)-1]))
}

func isLower(r rune) bool        { return 'a' <= r && r <= 'z' }
func isDigit(r rune) bool        { return '0' <= r && r <= '9' }
func isAlphanumeric(r rune) bool { return isLower(r|0x20) && r < 0x80 || isDigit(r) }
func isControl(r rune) bool {
	return r < ' ' || 0x7f <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff
}

// quoteShort quotes what somebody typed, cut where it is long.
func quoteShort(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
