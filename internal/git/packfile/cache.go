package packfile

// maxCached bounds the objects that are kept for differences of them, in bytes.
const maxCached = 8 << 20

// cache keeps objects until they are too many, and then begins anew: those that follow
// are differences of others, and no order has to be kept for that.
type cache struct {
	found map[place]base
	bytes int
}

// place is where an object is.
type place struct {
	pack   *Pack
	offset int64
}

func (c *cache) get(p *Pack, offset int64) (base, bool) {
	b, ok := c.found[place{p, offset}]
	return b, ok
}

func (c *cache) put(p *Pack, offset int64, b base) {
	if len(b.data) > maxCached/4 {
		return
	}
	if c.bytes += len(b.data); c.bytes > maxCached || c.found == nil {
		c.found, c.bytes = map[place]base{}, len(b.data)
	}
	c.found[place{p, offset}] = b
}
