package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// Deepen brings the commits that a shallow clone lacks, and moves the tracking
// reference of the branch as [Remote.Fetch] does; "", or one that is not there, is
// the remote's default one, and moves none. With git only commits and folders are asked for, and the clone is
// a partial one from then on; a server that knows no such request sends the
// contents as well. A clone that is whole stays as it is.
func (r *Remote) Deepen(ctx context.Context, branch string) error {
	if branch != "" {
		if err := checkBranch(branch); err != nil {
			return err
		}
	}
	cuts, err := r.clone.shallow()
	if err != nil || len(cuts) == 0 {
		return err
	}
	// Git notes in the configuration that the clone is to be a partial one
	// before it asks, so it is seen first whether there is somebody to ask.
	if branch != "" {
		tip, err := r.transport.tip(ctx, branch, false)
		if err != nil {
			return r.typed(r.url, err)
		}
		if tip.IsZero() {
			branch = ""
		}
	} else if _, err := r.transport.head(ctx); err != nil {
		return r.typed(r.url, err)
	}
	if err := r.transport.deepen(ctx, branch); err != nil {
		return r.typed(r.url, err)
	}
	return nil
}

// Obtain brings objects that a partial clone lacks, all in one conversation.
func (r *Remote) Obtain(ctx context.Context, objects []string) error {
	for _, object := range objects {
		if _, err := parseHash(object); err != nil {
			return err
		}
	}
	if len(objects) == 0 {
		return nil
	}
	if err := r.transport.obtain(ctx, objects); err != nil {
		return r.typed(r.url, err)
	}
	return nil
}

// quietly are the options of every fetch: it brings objects, and changes nothing
// that it was not asked to.
func quietly(more ...string) []string {
	return append([]string{
		"fetch", "--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc",
	}, more...)
}

func (p *program) deepen(ctx context.Context, branch string) error {
	what := "HEAD"
	if branch != "" {
		what = "+" + branches + branch + ":" + trackingRef(p.remote.name, branch)
	}
	out, err := p.run(ctx, nil, quietly("--unshallow", "--filter=blob:none", "--", p.remote.name, what)...)
	if err == nil && out.code != 0 {
		err = p.failed(out)
	}
	return err
}

// obtain asks as git itself does for what a partial clone lacks. What the clone has
// is not told: it would be all of it.
func (p *program) obtain(ctx context.Context, objects []string) error {
	args := append([]string{"-c", "fetch.negotiationAlgorithm=noop"}, quietly("--filter=blob:none", "--stdin", "--", p.remote.name)...)
	out, err := p.feed(ctx, strings.NewReader(strings.Join(objects, "\n")+"\n"), nil, args...)
	if err == nil && out.code != 0 {
		err = p.failed(out)
	}
	return err
}

// deepen fetches the branch as if the clone had nothing, which is simple and rare.
// The list of cuts is changed last, when everything behind them is there.
func (b *builtin) deepen(ctx context.Context, branch string) error {
	if branch == "" {
		var err error
		if branch, err = b.head(ctx); err != nil {
			return err
		}
	}
	s, refs, err := b.upload(ctx, b.remote.url)
	if err != nil {
		return err
	}
	defer s.Close()
	tip, ok := refs.References[branches+branch]
	switch {
	case !ok:
		return &failure{"there is no branch " + branch, plumbing.ErrReferenceNotFound}
	case len(refs.Shallows) > 0:
		return b.needsGit("it is a shallow clone itself")
	}
	cuts, err := b.remote.clone.shallow()
	if err != nil {
		return err
	}
	req := packp.NewUploadPackRequestFromCapabilities(refs.Capabilities)
	req.Wants, req.Depth = []plumbing.Hash{tip}, packp.DepthCommits(infinite)
	for cut := range cuts {
		req.Shallows = append(req.Shallows, cut)
	}
	if err := ask(req.Capabilities, refs.Capabilities, capability.NoProgress, capability.Shallow); err != nil {
		return err
	}
	answer, err := s.UploadPack(ctx, req)
	if err != nil {
		return b.failed(b.remote.url, err)
	}
	defer answer.Close()
	if err := b.remote.clone.storePack(served{demux(req.Capabilities, answer), b}); err != nil {
		return err
	}
	if err := b.remote.clone.moveRef(b.remote.name, branch, tip); err != nil {
		return err
	}
	return b.remote.clone.joinCuts(answer.Unshallows)
}

// infinite is git's own number for all of history.
const infinite = 0x7fffffff

func (b *builtin) obtain(context.Context, []string) error {
	return b.needsGit("contents are missing in this partial clone")
}

// joinCuts takes commits off the list of those at which the clone is cut off, as
// far as their parents are there. A list with nothing on it is no list.
func (c clone) joinCuts(joined []plumbing.Hash) error {
	left, err := c.stillCut(joined)
	if err != nil {
		return err
	}
	path := filepath.Join(c.commonDir, "shallow")
	var text strings.Builder
	for _, h := range left {
		text.WriteString(h.String() + "\n")
	}
	f, err := c.disk.Create(path+".lock", 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("another git process seems to be at work, since %s.lock exists; "+
			"if none is, remove that file and try again", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text.String()))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, c.disk.Remove(path+".lock"))
	}
	if len(left) == 0 {
		return errors.Join(c.disk.Remove(path), c.disk.Remove(path+".lock"), c.disk.SyncDir(c.commonDir))
	}
	return errors.Join(c.disk.Rename(path+".lock", path), c.disk.SyncDir(c.commonDir))
}

// stillCut are the cuts that stay.
func (c clone) stillCut(joined []plumbing.Hash) ([]plumbing.Hash, error) {
	v, err := c.open()
	if err != nil {
		return nil, err
	}
	defer v.close()
	cuts := v.cuts
	v.cuts = map[plumbing.Hash]bool{} // so that parents are read
	var left []plumbing.Hash
	for h := range cuts {
		at, err := v.commit(h)
		if err == nil && slices.Contains(joined, h) {
			for _, parent := range at.parents {
				_, read := v.commit(parent)
				err = errors.Join(err, read)
			}
		}
		if err != nil || !slices.Contains(joined, h) {
			left = append(left, h)
		}
	}
	return left, nil
}
