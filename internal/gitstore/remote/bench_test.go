package remote

import (
	"strings"
	"testing"
)

func BenchmarkClean(b *testing.B) {
	c := newCleaner([]string{"topsecret"})
	for name, text := range map[string]string{
		"a hook's words": strings.Repeat("remote: no pushing on Fridays\n", 20),
		"letters":        strings.Repeat("a", maxStderr),
		"schemes":        strings.Repeat("a://", maxStderr/4),
		"lines":          strings.Repeat("\n", maxStderr),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				c.clean(text)
			}
		})
	}
}
