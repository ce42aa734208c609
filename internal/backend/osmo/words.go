package osmo

import (
	"encoding/json"
	"mime"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

const (
	// maxWords bounds the server's words in an error, in bytes.
	maxWords = 300
	// maxFaults bounds how many faults of a 422 are named.
	maxFaults = 5
	withheld  = "the server's words hold a secret value and are not shown"
)

// guard knows the secret values of a run.
type guard struct {
	mu       sync.RWMutex
	detector *secret.Detector
}

func (g *guard) add(v secret.Value) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.detector.Add(v)
}

// clean makes text that is not ours fit for an error: on one line, short, and
// without anything secret. It is searched before it is cut, since half a value is
// not recognised and still half of it.
func (g *guard) clean(text string) string {
	line := strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(c rune) bool { return unicode.IsControl(c) || unicode.IsSpace(c) }), " ")
	line = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, line)
	g.mu.RLock()
	found := g.detector.Find([]byte(text)) || g.detector.Find([]byte(line)) || g.detector.Find([]byte(strings.ReplaceAll(line, " ", "")))
	g.mu.RUnlock()
	if found {
		return withheld
	}
	line = secret.Mask(line)
	if len(line) <= maxWords {
		return line
	}
	cut := maxWords
	for !utf8.RuneStart(line[cut]) {
		cut--
	}
	return line[:cut] + "…"
}

// fault is the body of an answer that is not 200: OSMO's own errors have a message
// and a code, those of its web framework a text or a list as their detail.
type fault struct {
	Message string          `json:"message"`
	Code    string          `json:"error_code"`
	Detail  json.RawMessage `json:"detail"`
}

// readFault reads such a body. Its words are raw: clean them before they are shown.
// Of what is no JSON only plain text is taken, which is what the gateway answers
// with; nobody wants to read the source of a page.
func readFault(contentType string, body []byte) (code, words string) {
	var f fault
	if kind, _, _ := mime.ParseMediaType(contentType); json.Unmarshal(body, &f) != nil {
		if kind == "text/plain" && utf8.Valid(body) {
			return "", string(body)
		}
		return "", ""
	}
	if f.Message != "" {
		return f.Code, f.Message
	}
	var text string
	if json.Unmarshal(f.Detail, &text) == nil {
		return f.Code, text
	}
	return f.Code, readDetail(f.Detail)
}

// readDetail says where a 422 found what. It never takes the field "input", which
// is the request.
func readDetail(detail []byte) string {
	var list []struct {
		Loc []any  `json:"loc"`
		Msg string `json:"msg"`
	}
	if json.Unmarshal(detail, &list) != nil {
		return ""
	}
	var parts []string
	for i, d := range list {
		if i == maxFaults {
			parts = append(parts, "and more")
			break
		}
		var where []string
		for _, l := range d.Loc {
			switch l := l.(type) {
			case string:
				where = append(where, l)
			case float64:
				where = append(where, strconv.FormatFloat(l, 'f', -1, 64))
			}
		}
		parts = append(parts, strings.Join(where, ".")+": "+d.Msg)
	}
	return strings.Join(parts, "; ")
}
