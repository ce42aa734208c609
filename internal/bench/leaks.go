package bench

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"strings"
)

// LeakOptions say what a tree with leaked values is like.
type LeakOptions struct {
	Megabytes int      // of content: 100
	Values    []string // each of which is written once
	Seed      uint64   // of whatever is drawn at random: 0
}

const (
	leakFile  = 8 << 20
	leakBlock = 64 << 10
)

// Leaks writes a tree of logs into the directory dir, a tenth of which is base64:
// half of that in lines of 76 characters, half in long runs. Every value stands
// in it once, in one of the [LeakForms] and at a random place.
func Leaks(dir string, o LeakOptions) error {
	if o.Megabytes == 0 {
		o.Megabytes = 100
	}
	files := max((o.Megabytes<<20)/leakFile, 1)
	if len(o.Values) > files*leakFile/leakBlock {
		return errors.New("there are more values than blocks to write them between")
	}
	draw := rand.New(rand.NewPCG(o.Seed, 1))
	blocks := make([][]byte, 64)
	for i := range blocks {
		blocks[i] = logBlock(draw)
	}
	at := plantAt(draw, files*(leakFile/leakBlock), o.Values)
	for n := range files {
		var b bytes.Buffer
		for i := range leakFile / leakBlock {
			b.Write(blocks[draw.IntN(len(blocks))])
			b.WriteString(at[n*(leakFile/leakBlock)+i])
		}
		name := fmt.Sprintf("node-%02d/service-%03d.log", n%16, n)
		if err := write(filepath.Join(dir, filepath.FromSlash(name)), b.Bytes()); err != nil {
			return fmt.Errorf("generate leaks: %w", err)
		}
	}
	return nil
}

// plantAt draws the block behind which each value stands.
func plantAt(draw *rand.Rand, blocks int, values []string) map[int]string {
	at, forms := map[int]string{}, LeakForms()
	for i, block := range draw.Perm(blocks)[:len(values)] {
		at[block] = forms[i%len(forms)](values[i])
	}
	return at
}

// LeakForms are the ways in which values leak.
func LeakForms() []func(value string) string {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	return []func(string) string{
		func(v string) string { return "Authorization: Bearer " + v + "\n" },
		func(v string) string { return `{"user":"ci","token":"` + v + `"}` + "\n" },
		func(v string) string { return "Authorization: Basic " + encode("ci:"+v) + "\n" },
		func(v string) string { return "data:\n  token: " + encode(v) + "\n" },
		func(v string) string {
			return "blob:\n" + wrap(encode(strings.Repeat("some text, ", 20)+v+" and more of it")) + "\n"
		},
		func(v string) string { return "manifest: " + encode("data:\n  token: "+encode(v)+"\n") + "\n" },
		func(v string) string { return "hex: " + hex.EncodeToString([]byte(v)) + "\n" },
		func(v string) string {
			return "GET /login?token=" + strings.ReplaceAll(url.QueryEscape(v), "_", "%5F") + "&x=1\n"
		},
		func(v string) string { return strings.Join(strings.Split("token="+v, ""), "\x00") + "\x00\n" },
	}
}

// wrap breaks lines after 76 characters.
func wrap(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return b.String() + s
}

// logBlock is a piece of a log with base64 in it.
func logBlock(draw *rand.Rand) []byte {
	words := []string{"pool/ml-training", "workflow", "accepted", "GET", "/api/workflow/list", "latency_ms=12", "level=info", "user=svc-ci", "retry in 3 s", `\u003cnone\u003e`, "path=%2Fvar%2Flog", "osmo-backend", "osmoctl"}
	raw := make([]byte, leakBlock/20*3/4)
	for i := range raw {
		raw[i] = byte(draw.Uint32())
	}
	encoded := base64.StdEncoding.EncodeToString(raw)
	var b bytes.Buffer
	b.WriteString("run: " + encoded + "\nlines:\n" + wrap(encoded) + "\n")
	for b.Len() < leakBlock {
		fmt.Fprintf(&b, "2026-11-23T%02d:%02d:%02d.%03dZ node-%d", draw.IntN(24), draw.IntN(60), draw.IntN(60), draw.IntN(1000), draw.IntN(16))
		for range 5 + draw.IntN(10) {
			b.WriteString(" " + words[draw.IntN(len(words))])
		}
		fmt.Fprintf(&b, " id=%016x\n", draw.Uint64())
	}
	return b.Bytes()
}
