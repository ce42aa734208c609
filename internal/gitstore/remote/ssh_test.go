package remote

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// TestSSHBuiltin uses a server of our own with an agent and known_hosts. The
// library finds both through the environment, so nothing may run beside it.
func TestSSHBuiltin(t *testing.T) {
	server := newServer(t)
	host, user := newKey(t), newKey(t)
	address := serveSSH(t, host, publicOf(t, user))
	t.Setenv("SSH_AUTH_SOCK", serveAgent(t, user))
	known := filepath.Join(t.TempDir(), "known_hosts")
	t.Setenv("SSH_KNOWN_HOSTS", known)
	writeKnown := func(key ssh.PublicKey) {
		server.check(os.WriteFile(known, []byte(knownhosts.Line([]string{address}, key)+"\n"), 0o666))
	}
	ours := server.clone()
	ours.git("config", "remote.origin.url", "ssh://git@"+address+server.dir)

	writeKnown(publicOf(t, host))
	if err := roundTrip(t, server, ours, ours.open(TransportBuiltin)); err != nil {
		t.Error(err)
	}
	writeKnown(publicOf(t, user))
	_, err := ours.open(TransportBuiltin).Tip(background, "main")
	if words := want[*UnreachableError](t, err).Words; !strings.Contains(words, "known_hosts") {
		t.Errorf("another host key: %s", words)
	}
	writeKnown(publicOf(t, host))
	t.Setenv("SSH_AUTH_SOCK", serveAgent(t, newKey(t)))
	_, err = ours.open(TransportBuiltin).Tip(background, "main")
	if words := want[*UnreachableError](t, err).Words; !strings.Contains(words, "ssh-agent") {
		t.Errorf("another user's key: %s", words)
	}
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicOf(t *testing.T, key ed25519.PrivateKey) ssh.PublicKey {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey()
}

func serveAgent(t *testing.T, key ed25519.PrivateKey) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	ring := agent.NewKeyring()
	path := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", path)
	if err == nil {
		err = ring.Add(agent.AddedKey{PrivateKey: key})
	}
	if err != nil {
		t.Skip("no agent can be had here:", err)
	}
	t.Cleanup(func() { l.Close() })
	go accept(l, func(c net.Conn) { _ = agent.ServeAgent(ring, c) })
	return path
}

func accept(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			serve(c)
		}()
	}
}

// serveSSH runs what it is asked to for the owner of a key.
func serveSSH(t *testing.T, host ed25519.PrivateKey, user ssh.PublicKey) string {
	t.Helper()
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(user.Marshal()) {
			return nil, os.ErrPermission
		}
		return nil, nil
	}}
	signer, err := ssh.NewSignerFromKey(host)
	if err != nil {
		t.Fatal(err)
	}
	config.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go accept(l, func(c net.Conn) {
		_, channels, requests, err := ssh.NewServerConn(c, config)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		for channel := range channels {
			if session, requests, err := channel.Accept(); err == nil {
				go runSession(session, requests)
			}
		}
	})
	return l.Addr().String()
}

func runSession(session ssh.Channel, requests <-chan *ssh.Request) {
	defer session.Close()
	for r := range requests {
		if r.Type != "exec" {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		cmd := exec.Command("sh", "-c", string(r.Payload[4:]))
		cmd.Stdout, cmd.Stderr = session, session.Stderr()
		in, err := cmd.StdinPipe()
		if err != nil || cmd.Start() != nil {
			return
		}
		go func() {
			_, _ = io.Copy(in, session)
			in.Close()
		}()
		_ = cmd.Wait()
		_, _ = session.SendRequest("exit-status", false, binary.BigEndian.AppendUint32(nil, uint32(cmd.ProcessState.ExitCode())))
		return
	}
}
