package state

import (
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// coder writes the fields of an account, or sets them from what was written, so that one
// function names them for both.
type coder interface {
	text(*string)
	number(*int)
	flag(*bool)
	time(*time.Time)
	sum(*Sum)
	list(*[]string)
	labelSet(*map[string]string)
	// length is given how many elements follow, and returns how many do. Each takes so
	// many bytes at least, so that no more are made than there can be.
	length(n, least int) int
	// stock is where elements that are made come from.
	stock() *stock
}

// stock has what is made many at a time: one by one it would take most of the time.
type stock struct {
	strings     []string
	accounts    []Account
	grants      []Grant
	tokens      []Token
	generations []Generation
	tombstones  []Tombstone
}

// take is n of what was made, or is made now.
func take[T any](made *[]T, n int) []T {
	if n > len(*made) {
		*made = make([]T, max(n, 64))
	}
	some := (*made)[:n:n]
	*made = (*made)[n:]
	return some
}

// elements goes through the elements of a list.
func elements[T any](c coder, list, made *[]T, least int, fields func(coder, *T)) {
	if n := c.length(len(*list), least); n != len(*list) {
		*list = take(made, n)
	}
	for i := range *list {
		fields(c, &(*list)[i])
	}
}

// number goes through a number of a type of its own.
func number[T ~int32](c coder, n *T) {
	wide := int(*n)
	c.number(&wide)
	*n = T(wide)
}

func accountFields(c coder, a *Account) {
	c.text(&a.Name)
	c.time(&a.CreatedAt)
	c.text(&a.CreatedBy)
	number(c, &a.DeletedOn)
	c.text(&a.Description)
	c.labelSet(&a.Labels)
	c.flag(&a.Protect)
	elements(c, &a.Grants, &c.stock().grants, 4, grantFields)
	names := model.Names(a.Tokens)
	n := c.length(len(names), 16)
	if a.Tokens == nil {
		a.Tokens = make(map[string]*Token, min(n, 8))
	}
	for i := range n {
		var name string
		if i < len(names) {
			name = names[i]
		}
		c.text(&name)
		if a.Tokens[name] == nil {
			a.Tokens[name] = &take(&c.stock().tokens, 1)[0]
		}
		tokenFields(c, a.Tokens[name])
	}
}

func grantFields(c coder, g *Grant) {
	c.text(&g.Role)
	c.time(&g.AssignedAt)
	c.text(&g.AssignedBy)
	c.flag(&g.Kept)
}

// tokenFields goes through no more than a file has: of a token that is gone no
// declaration, and of a value that is not known no sums. What is beyond that is not held
// against the digest.
func tokenFields(c coder, t *Token) {
	number(c, &t.DeletedOn)
	if t.Live() {
		specFields(c, &t.Spec)
	}
	c.text(&t.RenamedTo)
	c.number(&t.Honoured)
	c.number(&t.LastGeneration)
	elements(c, &t.Generations, &c.stock().generations, 8, generationFields)
	elements(c, &t.Tombstones, &c.stock().tombstones, 4, tombstoneFields)
}

func specFields(c coder, s *model.TokenSpec) {
	c.text(&s.Description)
	c.list(&s.Roles)
	if s.Roles == nil && !s.Inherit {
		s.Inherit = true // As in a file, no list is that it was left out.
	}
	number(c, &s.Expiry.At)
	number(c, &s.Expiry.In)
	number(c, &s.Rotate.Every)
	number(c, &s.Rotate.Overlap)
	c.list(&s.Recipients)
}

func generationFields(c coder, g *Generation) {
	c.number(&g.Number)
	c.text(&g.ServerName)
	c.time(&g.IssuedAt)
	c.text(&g.IssuedBy)
	number(c, &g.ExpiresAt)
	c.text(&g.Description)
	c.list(&g.Roles)
	c.list(&g.RemovedRoles)
	c.list(&g.Recipients)
	c.list(&g.FormerRecipients)
	c.flag(&g.Adopted)
	if g.Known() {
		c.sum(&g.Value)
		c.sum(&g.Ciphertext)
	}
	number(c, &g.RevokeAfter)
}

func tombstoneFields(c coder, s *Tombstone) {
	c.number(&s.Generation)
	c.flag(&s.Adopted)
	if s.Known() {
		c.sum(&s.Value)
	}
	number(c, &s.EndedOn)
	c.text(&s.Reason)
}
