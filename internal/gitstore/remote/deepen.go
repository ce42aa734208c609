package remote

import (
	"context"
	"strings"
)

// Deepen brings the commits that a shallow clone lacks, and moves the tracking
// reference of the branch as [Remote.Fetch] does; "", or one that is not there, is
// the remote's default one, and moves none. Only commits and folders are asked for,
// and the clone is a partial one from then on; a server that knows no such request
// sends the contents as well. A clone that is whole stays as it is.
func (r *Remote) Deepen(ctx context.Context, branch string) error {
	if branch != "" {
		if err := checkBranch(branch); err != nil {
			return err
		}
	}
	if shallow, err := r.repo.Shallow(); err != nil || !shallow {
		return err
	}
	// Git notes in the configuration that the clone is to be a partial one
	// before it asks, so it is seen first whether there is somebody to ask.
	if branch != "" {
		tip, err := r.transport.tip(ctx, branch, false)
		if err != nil {
			return r.classify(r.url, err)
		}
		if tip == "" {
			branch = ""
		}
	} else if _, err := r.transport.head(ctx); err != nil {
		return r.classify(r.url, err)
	}
	if err := r.transport.deepen(ctx, branch); err != nil {
		return r.classify(r.url, err)
	}
	return nil
}

// Obtain brings objects that a partial clone lacks, all in one conversation.
func (r *Remote) Obtain(ctx context.Context, objects []string) error {
	for _, object := range objects {
		if err := checkHash(object); err != nil {
			return err
		}
	}
	if len(objects) == 0 {
		return nil
	}
	if err := r.transport.obtain(ctx, objects); err != nil {
		return r.classify(r.url, err)
	}
	return nil
}

// fetchOptions are those of every fetch: it brings objects, and changes nothing
// that it was not asked to. Git keeps what it fetches as a pack, however little it is. It
// locks such a pack until a reference leads to it; single objects a "git gc --prune=now"
// beside it would take away, and leave a reference to nothing. The next commit joins the
// pack, as long as git has made no more than one index of it.
func fetchOptions(more ...string) []string {
	return append([]string{
		"-c", "fetch.unpackLimit=1", "-c", "pack.writeReverseIndex=false", "fetch", "--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc",
	}, more...)
}

func (p *program) deepen(ctx context.Context, branch string) error {
	what := "HEAD"
	if branch != "" {
		what = "+" + branches + branch + ":" + trackingRef(p.remote.name, branch)
	}
	out, err := p.run(ctx, nil, fetchOptions("--unshallow", "--filter=blob:none", "--", p.remote.name, what)...)
	if err == nil && out.code != 0 {
		err = p.failureOf(out)
	}
	return err
}

// obtain asks as git itself does for what a partial clone lacks. What the clone has
// is not told: it would be all of it.
func (p *program) obtain(ctx context.Context, objects []string) error {
	args := append([]string{"-c", "fetch.negotiationAlgorithm=noop"}, fetchOptions("--filter=blob:none", "--stdin", "--", p.remote.name)...)
	out, err := p.feed(ctx, strings.NewReader(strings.Join(objects, "\n")+"\n"), nil, args...)
	if err == nil && out.code != 0 {
		err = p.failureOf(out)
	}
	return err
}
