package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// diskSize is the size of the small file system.
const diskSize = 96 << 20

// fullDisk makes the first apply, which needs the most, with every amount of free space, from none up to what is
// enough.
func (l *lab) fullDisk() error {
	disk := filepath.Join(l.dir, "disk")
	if err := os.MkdirAll(disk, 0o777); err != nil {
		return err
	}
	err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%d", diskSize))
	if errors.Is(err, syscall.EPERM) {
		fmt.Fprintf(l.out, "%-8s skipped: only root may mount the small file system that it needs\n", "fulldisk")
		return nil
	}
	if err != nil {
		return fmt.Errorf("mount a small file system: %w", err)
	}
	defer func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) }()
	template, err := l.newProject(l.accounts, 0)
	if err != nil {
		return err
	}
	defer template.remove()
	return l.spaces(template, disk)
}

// spaces goes through the amounts of free space.
func (l *lab) spaces(template *project, disk string) error {
	var failed, after, sizes int
	for free := int64(0); ; free += int64(l.step) << 10 {
		p := l.project(filepath.Join(disk, "project"))
		if err := template.copyTo(p); err != nil {
			return err
		}
		r, err := p.applyWith(free, disk)
		if err == nil && r.failed {
			failed++
			if r.moved {
				after++
			}
			err = p.aftermath()
		}
		sizes++
		if err != nil {
			return fmt.Errorf("fulldisk, with %d bytes free: %w", free, err)
		}
		if err := os.RemoveAll(p.Dir); err != nil {
			return err
		}
		if !r.failed {
			break
		}
	}
	fmt.Fprintf(l.out, "%-8s %d amounts of free space in steps of %d KiB: %d applies failed, %d of them after the commit was made; each named the full disk, nothing was lost, and the next apply with space succeeded\n",
		"fulldisk", sizes, l.step, failed, after)
	return nil
}

type fullResult struct{ failed, moved bool }

// applyWith applies with so much space free, and then makes space again.
func (p *project) applyWith(free int64, disk string) (fullResult, error) {
	ballast := filepath.Join(disk, "ballast")
	if err := fill(ballast, free); err != nil {
		return fullResult{}, err
	}
	r := p.apply()
	if err := os.Remove(ballast); err != nil {
		return fullResult{}, err
	}
	if r.Code == 0 {
		return fullResult{}, p.Check()
	}
	if r.Code != 1 || !strings.Contains(r.Stderr, "no space left on device") {
		return fullResult{}, fmt.Errorf("apply ended with %d: %s", r.Code, r.Stderr)
	}
	if err := p.CheckStanding(); err != nil {
		return fullResult{}, err
	}
	head, err := p.Head()
	return fullResult{failed: true, moved: head != p.Past[0]}, err
}

// fill leaves this much space in the file system.
func fill(ballast string, free int64) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(ballast), &s); err != nil {
		return err
	}
	size := int64(s.Bavail)*s.Bsize - free
	f, err := os.Create(ballast)
	if err != nil {
		return err
	}
	err = syscall.Fallocate(int(f.Fd()), 0, 0, max(size, 1))
	return errors.Join(err, f.Close())
}
