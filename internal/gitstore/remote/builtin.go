package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	gittransport "github.com/go-git/go-git/v5/plumbing/transport"
)

// builtin is the transport that needs no git. It speaks git's protocol through
// go-git's sessions, one request at a time, and leaves the clone's references
// and packs to this package.
type builtin struct {
	remote *Remote
	conf   settings
	env    environment
	clean  cleaner
	forced bool
}

// dialLimit bounds making a connection, which not every client of go-git stops
// when the context ends.
const dialLimit = 30 * time.Second

// dial runs open and gives up on it when the time has come. A session that
// comes too late is closed.
func dial[S io.Closer](ctx context.Context, open func() (S, error)) (S, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	type result struct {
		session S
		err     error
	}
	done := make(chan result, 1)
	go func() {
		s, err := open()
		done <- result{s, err}
	}()
	select {
	case r := <-done:
		return r.session, r.err
	case <-ctx.Done():
		go func() {
			if r := <-done; r.err == nil {
				_ = r.session.Close()
			}
		}()
		var none S
		return none, ctx.Err()
	}
}

// upload begins a conversation to read from the server, and returns what
// references it has.
func (b *builtin) upload(ctx context.Context, a address) (gittransport.UploadPackSession, *packp.AdvRefs, error) {
	endpoint, client, auth, err := b.client(a)
	if err != nil {
		return nil, nil, err
	}
	s, err := dial(ctx, func() (gittransport.UploadPackSession, error) { return client.NewUploadPackSession(endpoint, auth) })
	if err != nil {
		return nil, nil, b.failed(a, err)
	}
	refs, err := s.AdvertisedReferencesContext(ctx)
	if errors.Is(err, gittransport.ErrEmptyRemoteRepository) {
		return s, packp.NewAdvRefs(), nil
	}
	if err != nil {
		_ = s.Close()
		return nil, nil, b.failed(a, err)
	}
	return s, refs, nil
}

// receive begins a conversation to push.
func (b *builtin) receive(ctx context.Context, a address) (gittransport.ReceivePackSession, *packp.AdvRefs, error) {
	endpoint, client, auth, err := b.client(a)
	if err != nil {
		return nil, nil, err
	}
	s, err := dial(ctx, func() (gittransport.ReceivePackSession, error) { return client.NewReceivePackSession(endpoint, auth) })
	if err != nil {
		return nil, nil, b.failed(a, err)
	}
	refs, err := s.AdvertisedReferencesContext(ctx)
	if err != nil {
		_ = s.Close()
		return nil, nil, b.failed(a, err)
	}
	return s, refs, nil
}

func (b *builtin) head(ctx context.Context) (string, error) {
	s, refs, err := b.upload(ctx, b.remote.url)
	if err != nil {
		return "", err
	}
	defer s.Close()
	all, err := refs.AllReferences()
	if err != nil {
		return "", b.failed(b.remote.url, err)
	}
	head := all[plumbing.HEAD]
	if head == nil || !head.Target().IsBranch() {
		return "", nil
	}
	return head.Target().Short(), nil
}

func (b *builtin) tip(ctx context.Context, branch string, pushed bool) (plumbing.Hash, error) {
	a := b.remote.url
	if pushed {
		a = b.remote.target
	}
	s, refs, err := b.upload(ctx, a)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	_ = s.Close() // it has said all that it had to
	return refs.References[branches+branch], nil
}

func (b *builtin) beside(ctx context.Context, _ string) ([]string, error) {
	s, refs, err := b.upload(ctx, b.remote.target)
	if err != nil {
		return nil, err
	}
	_ = s.Close() // it has said all that it had to
	var found []string
	for ref := range refs.References {
		if other, ok := strings.CutPrefix(ref, branches); ok {
			found = append(found, other)
		}
	}
	slices.Sort(found)
	return found, nil
}

func (b *builtin) fetch(ctx context.Context, branch string) error {
	s, refs, err := b.upload(ctx, b.remote.url)
	if err != nil {
		return err
	}
	defer s.Close()
	tip, ok := refs.References[branches+branch]
	if !ok {
		return &failure{"there is no branch " + branch, plumbing.ErrReferenceNotFound}
	}
	if len(refs.Shallows) > 0 {
		return b.needsGit("it is a shallow clone itself")
	}
	if err := b.complete(ctx, s, refs, branch, tip); err != nil {
		return err
	}
	return b.remote.clone.moveRef(b.remote.name, branch, tip)
}

// maxHaves is how many commits the server is told that we have. All of them go
// into one request; they only have to reach back to where a branch may have
// been rewound to.
const maxHaves = 256

// complete sees to it that the clone has all that a commit needs.
func (b *builtin) complete(ctx context.Context, s gittransport.UploadPackSession, refs *packp.AdvRefs, branch string, tip plumbing.Hash) error {
	haves, cuts, err := b.haves(branch, tip)
	if err != nil || slices.Contains(haves, tip) {
		return err
	}
	if err := b.download(ctx, s, refs, tip, haves, cuts); err != nil {
		return err
	}
	v, err := b.remote.clone.open()
	if err != nil {
		return err
	}
	defer v.close()
	if err := v.connected(tip, haves); err != nil {
		return &failure{"it sent an incomplete history", err}
	}
	return nil
}

// haves are commits that the clone has, with all that they lead to, and the
// commits at which it is cut off. The tip is among the first if an earlier
// fetch has brought it.
func (b *builtin) haves(branch string, tip plumbing.Hash) (haves, cuts []plumbing.Hash, err error) {
	c := b.remote.clone
	var from []plumbing.Hash
	for _, name := range []string{trackingRef(b.remote.name, branch), "HEAD", branches + branch} {
		h, err := c.ref(name)
		if err != nil {
			return nil, nil, err
		}
		if !h.IsZero() {
			from = append(from, h)
		}
	}
	v, err := c.open()
	if err != nil {
		return nil, nil, err
	}
	defer v.close()
	for cut := range v.cuts {
		cuts = append(cuts, cut)
	}
	haves, err = v.recent(from, maxHaves)
	return haves, cuts, err
}

// download asks for a commit and stores the pack that comes.
func (b *builtin) download(ctx context.Context, s gittransport.UploadPackSession, refs *packp.AdvRefs,
	tip plumbing.Hash, haves, cuts []plumbing.Hash,
) error {
	req := packp.NewUploadPackRequestFromCapabilities(refs.Capabilities)
	req.Wants, req.Haves, req.Shallows = []plumbing.Hash{tip}, haves, cuts
	wanted := []capability.Capability{capability.NoProgress}
	if len(cuts) > 0 {
		wanted = append(wanted, capability.Shallow)
	}
	if err := ask(req.Capabilities, refs.Capabilities, wanted...); err != nil {
		return err
	}
	answer, err := s.UploadPack(ctx, req)
	if err != nil {
		return b.failed(b.remote.url, err)
	}
	defer answer.Close()
	return b.remote.clone.storePack(served{demux(req.Capabilities, answer), b})
}

// served marks what goes wrong in reading as the server's, so that it is not
// taken for a full disk.
type served struct {
	io.Reader
	b *builtin
}

func (s served) Read(data []byte) (int, error) {
	n, err := s.Reader.Read(data)
	if err != nil && err != io.EOF {
		err = s.b.failed(s.b.remote.url, err)
	}
	return n, err
}

// ask adds to a request what the server offers.
func ask(request, offered *capability.List, wanted ...capability.Capability) error {
	for _, c := range wanted {
		if offered.Supports(c) {
			if err := request.Set(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// demux separates the pack from what the server says meanwhile.
func demux(agreed *capability.List, r io.Reader) io.Reader {
	switch {
	case agreed.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, r)
	case agreed.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, r)
	}
	return r
}

// errElsewhere says that the branch was not at the expected commit; where it
// is now, the look at the remote tells.
var errElsewhere = errors.New("the branch is not where it was expected")

func (b *builtin) push(ctx context.Context, p proposal) error {
	s, refs, err := b.receive(ctx, b.remote.target)
	if err != nil {
		return &unsent{err}
	}
	defer s.Close()
	if refs.References[branches+p.branch] != p.old {
		return errElsewhere
	}
	packed, err := b.pack(p, refs)
	if err != nil {
		return &unsent{err}
	}
	words := &limited{max: maxStderr}
	req, err := update(p, refs, packed, words)
	if err != nil {
		return &unsent{err}
	}
	report, err := s.ReceivePack(ctx, req)
	return b.verdict(p, report, err, words.String())
}

// update is the request to move the branch. The server compares the old value
// under its own lock; zero says that the branch must not exist.
func update(p proposal, refs *packp.AdvRefs, packed []byte, words io.Writer) (*packp.ReferenceUpdateRequest, error) {
	req := packp.NewReferenceUpdateRequestFromCapabilities(refs.Capabilities)
	req.Commands = []*packp.Command{{Name: plumbing.ReferenceName(branches + p.branch), Old: p.old, New: p.commit}}
	req.Packfile = io.NopCloser(bytes.NewReader(packed))
	req.Progress = words
	side := capability.Sideband64k
	if !refs.Capabilities.Supports(side) {
		side = capability.Sideband
	}
	return req, ask(req.Capabilities, refs.Capabilities, side, capability.Quiet)
}

// errNoReport says that the server took the push and told nothing of it, as
// very old ones do.
var errNoReport = errors.New("the server did not say whether it has accepted the push")

// verdict reads the server's answer: whether it could use the pack, and what
// became of the branch.
func (b *builtin) verdict(p proposal, report *packp.ReportStatus, err error, words string) error {
	if report == nil && err == nil {
		return errNoReport
	}
	if report == nil {
		return b.failed(b.remote.target, err)
	}
	const ok = "ok"
	if report.UnpackStatus != ok {
		return b.refused(words, "the server could not use what was sent: "+report.UnpackStatus)
	}
	for _, status := range report.CommandStatuses {
		switch {
		case status.ReferenceName != plumbing.ReferenceName(branches+p.branch):
		case status.Status == ok:
			return nil
		default:
			return b.refused(words, "[remote rejected] ("+status.Status+")")
		}
	}
	return errNoReport
}

func (b *builtin) refused(words, reason string) error {
	var out strings.Builder
	for line := range strings.FieldsFuncSeq(words, func(r rune) bool { return r == '\n' || r == '\r' }) {
		out.WriteString("remote: " + line + "\n")
	}
	return &refusal{b.clean.clean(out.String() + reason)}
}
