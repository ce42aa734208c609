package scan

// around is how much is decoded behind a beginning: enough for a value in three
// encodings, one within another.
const around = 1 << 10

// cover remembers what was decoded around a beginning, so that the next one in
// the same stretch is not decoded again: text that is full of beginnings, one
// within another, would take forever.
type cover struct {
	encoding Encoding
	// b[from:to] was decoded. ended says that it went no further; otherwise what
	// begins in its last half may not be in it as a whole.
	from, to int
	ended    bool
	// units counts the characters between from and pos.
	pos, units int
}

// covers are the last stretches of a text that were decoded.
type covers struct {
	list [6]cover
	next int
}

func (c *covers) add(e Encoding, from, to int, ended bool) {
	c.list[c.next] = cover{encoding: e, from: from, to: to, ended: ended, pos: from}
	c.next = (c.next + 1) % len(c.list)
}

// have says that the beginning at a place is in a stretch that was decoded, in
// groups of size characters, skip of which stand before it.
func (c *covers) have(b []byte, e Encoding, at, skip, size int) bool {
	for i := range c.list {
		if c.list[i].encoding == e && c.list[i].has(b, at, skip, size) {
			return true
		}
	}
	return false
}

func (c *cover) has(b []byte, at, skip, size int) bool {
	if at < c.pos || at >= c.to || !c.ended && at+around/2 > c.to {
		return false
	}
	switch c.encoding {
	case Base64, Hex:
		c.units += countBase64(b[c.pos:at])
	default:
		c.units += at - c.pos
	}
	c.pos = at
	return (c.units-skip)%size == 0
}
