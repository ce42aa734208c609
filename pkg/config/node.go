package config

// kind is what a node is.
type kind uint8

const (
	scalarNode kind = iota + 1
	listNode
	mapNode
	// badNode stands where something was refused and reported already;
	// whoever reads it stays silent.
	badNode
)

// String names the kind for messages.
func (k kind) String() string {
	switch k {
	case listNode:
		return "a list"
	case mapNode:
		return "a map"
	}
	return "a single value"
}

// node is one value of a YAML file after everything was refused that osmoctl
// does not take: no alias, tag or document is left, only scalars, lists and
// maps. Its values are the source text: whether "no" is a word or a truth
// value is for the reader of the key to decide.
type node struct {
	value string
	// items are those of a list, or the keys and values of a map in turn.
	items []node
	// line and column count from 1, column in characters.
	line, column int32
	kind         kind
	// plain is true for a scalar without quotes.
	plain bool
}

// unusable stands for a value that was reported already.
var unusable = node{kind: badNode}

// isNull reports whether n is YAML's null: nothing, ~ or null without quotes.
func (n *node) isNull() bool {
	if n.kind != scalarNode || !n.plain {
		return false
	}
	switch n.value {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// isMergeKey reports whether n, as a key, merges another map.
func (n *node) isMergeKey() bool { return n.kind == scalarNode && n.plain && n.value == "<<" }
