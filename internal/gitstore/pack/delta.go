package pack

import "encoding/binary"

// blockSize is the least that is worth copying: shorter pieces are repeated.
const blockSize = 16

// delta says how a target is made of pieces of a base and of bytes of its own, as
// git's packs have it: both lengths, then instructions. It gives up, with nil, where
// that takes more than a limit.
func delta(base, target []byte, limit int) []byte {
	blocks := make(map[[blockSize]byte]int, len(base)/blockSize)
	for at := 0; at+blockSize <= len(base); at += blockSize {
		if key := [blockSize]byte(base[at:]); blocks[key] == 0 {
			blocks[key] = at + 1
		}
	}
	out := binary.AppendUvarint(nil, uint64(len(base)))
	out = binary.AppendUvarint(out, uint64(len(target)))
	done := 0 // up to here the target is written
	for at := 0; at+blockSize <= len(target); {
		found := blocks[[blockSize]byte(target[at:])] - 1
		if found < 0 {
			at++
			if len(out)+at-done > limit {
				return nil
			}
			continue
		}
		from, to, end := found, at, at+blockSize
		for from > 0 && to > done && base[from-1] == target[to-1] {
			from, to = from-1, to-1
		}
		for end < len(target) && from+end-to < len(base) && base[from+end-to] == target[end] {
			end++
		}
		out = appendCopy(appendInsert(out, target[done:to]), from, end-to)
		done, at = end, end
		if len(out) > limit {
			return nil
		}
	}
	if out = appendInsert(out, target[done:]); len(out) > limit {
		return nil
	}
	return out
}

// appendInsert appends bytes to be taken as they are, 127 at a time.
func appendInsert(out, data []byte) []byte {
	const most = 0x7f
	for len(data) > 0 {
		n := min(len(data), most)
		out = append(append(out, byte(n)), data[:n]...)
		data = data[n:]
	}
	return out
}

// appendCopy appends pieces of the base. The bits of an instruction say which bytes of
// the offset and of the length follow; the others are zero.
func appendCopy(out []byte, from, length int) []byte {
	const most = 0xffff
	for length > 0 {
		n := min(length, most)
		at := len(out)
		out = append(out, 0x80)
		for i := range 4 {
			if b := byte(from >> (8 * i)); b != 0 {
				out[at] |= 1 << i
				out = append(out, b)
			}
		}
		for i := range 2 {
			if b := byte(n >> (8 * i)); b != 0 {
				out[at] |= 0x10 << i
				out = append(out, b)
			}
		}
		from, length = from+n, length-n
	}
	return out
}
