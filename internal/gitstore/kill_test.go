package gitstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// killVariable makes the test program a child that applies until it is killed.
const killVariable = "OSMOCTL_TEST_APPLY_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killVariable); dir != "" {
		fmt.Fprintln(os.Stderr, applyForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// applyForever counts up in a file, and has the number before in another, so
// that a commit made in part would show.
func applyForever(dir string) error {
	s, err := openAt(dir, os.Getenv, Options{LockTimeout: time.Minute})
	if err != nil {
		return err
	}
	ctx := context.Background()
	l, err := s.Lock(ctx, Holder{})
	if err != nil {
		return err
	}
	defer l.Unlock()
	if _, err := s.Recover(ctx); err != nil {
		return err
	}
	for {
		head, err := s.repo.Head()
		if err != nil {
			return err
		}
		files, err := s.repo.Files(ctx, head.Commit, []string{"state/count"}, nil)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(files[0].Data))
		if err != nil {
			return err
		}
		p, err := s.Write(ctx, request(head,
			set("state/count", strconv.Itoa(n+1)), set(fmt.Sprintf("state/new/%d", n+1), strconv.Itoa(n)), del(fmt.Sprintf("state/new/%d", n))))
		if err != nil {
			return err
		}
		result, err := s.Publish(ctx, p)
		if err != nil || result.LeftAlone != nil {
			return errors.Join(err, fmt.Errorf("left alone: %q", result.LeftAlone))
		}
	}
}

// Killed at any moment, again and again, a run leaves nothing that the next one
// does not put right. OSMOCTL_TEST_KILLS sets how often.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := 10
	if n, err := strconv.Atoi(os.Getenv("OSMOCTL_TEST_KILLS")); err == nil {
		kills = n
	}
	r := newRepo(t)
	r.Commit("first", map[string]string{"osmoctl.yaml": "v", "state/count": "0", "state/new/0": "-1"})
	self, err := os.Executable()
	r.Check(err)
	for n := range kills {
		cmd := exec.Command(self)
		cmd.Stderr = os.Stderr
		cmd.Env = append(cmd.Environ(), killVariable+"="+r.Dir)
		for key, value := range r.Env {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
		r.Check(cmd.Start())
		time.AfterFunc(time.Duration(20+n*37%60)*time.Millisecond, func() { cmd.Process.Kill() })
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
			t.Fatalf("after %d kills the next run ended by itself: %v", n, err)
		}
	}
	s := r.open("")
	l := r.lock(s)
	_, err = s.Recover(t.Context())
	r.Check(errors.Join(err, l.Unlock()))
	r.wantClean()
	count, err := strconv.Atoi(r.Read("state/count"))
	r.Check(err)
	// The first commit is the test's own.
	if got := r.Git("rev-list", "--count", "HEAD"); got != strconv.Itoa(count+1) {
		t.Errorf("%s commits, but the count is %d", got, count)
	}
	t.Logf("%d commits in %d kills", count, kills)
}
