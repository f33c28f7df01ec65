package e2e_test

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen. It is long because the machine may be
// busy; nothing waits that long when all is well.
const patience = 90 * time.Second

// process is a sluse of its own.
type process struct {
	tb    testing.TB
	cmd   *exec.Cmd
	addr  string
	out   *output
	dead  bool // the test killed it; what it said is of little use
	ended chan struct{}
}

// output keeps what a process says and knows when it is ready.
type output struct {
	mutex sync.Mutex
	text  bytes.Buffer
	ready chan struct{}
	said  bool
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()

	o.text.Write(p)

	if !o.said && bytes.Contains(o.text.Bytes(), []byte(`"msg":"ready"`)) {
		o.said = true
		close(o.ready)
	}

	return len(p), nil
}

func (o *output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()

	return o.text.String()
}

// launch starts sluse with arguments and does not wait for anything.
func launch(tb testing.TB, args ...string) *process {
	tb.Helper()

	p := &process{tb: tb, cmd: exec.Command(binary(tb), args...), out: &output{ready: make(chan struct{})}, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out

	if err := p.cmd.Start(); err != nil {
		tb.Fatalf("start sluse: %v", err)
	}

	go func() {
		_ = p.cmd.Wait() // the state tells how it ended
		close(p.ended)
	}()

	tb.Cleanup(func() {
		dead := p.dead
		p.kill()

		if tb.Failed() && !dead {
			tb.Logf("sluse %s said:\n%s", strings.Join(args, " "), tail(p.out.String()))
		}
	})

	return p
}

func tail(text string) string {
	const most = 4000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}

	return text
}

// awaitReady returns once the process serves.
func (p *process) awaitReady() *process {
	p.tb.Helper()

	timer := time.NewTimer(patience)
	defer timer.Stop()

	select {
	case <-p.out.ready:
	case <-p.ended:
		p.tb.Fatalf("sluse ended before it was ready: %v", p.cmd.ProcessState)
	case <-timer.C:
		p.tb.Fatal("sluse did not become ready")
	}

	return p
}

// kill ends the process as a power cut does, and returns when it is gone.
func (p *process) kill() {
	p.dead = true
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.ended
}

// term asks the process to stop and returns its exit code and how long that took.
func (p *process) term() (code int, took time.Duration) {
	p.tb.Helper()

	begun := time.Now()

	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.tb.Fatalf("signal: %v", err)
	}

	return p.exit(), time.Since(begun)
}

// exit waits for the end and returns the exit code.
func (p *process) exit() int {
	p.tb.Helper()

	timer := time.NewTimer(patience)
	defer timer.Stop()

	select {
	case <-p.ended:
	case <-timer.C:
		p.tb.Fatal("sluse does not end")
	}

	return p.cmd.ProcessState.ExitCode()
}

// run runs sluse to its end.
func run(tb testing.TB, args ...string) (code int, said string) {
	tb.Helper()

	p := launch(tb, args...)
	code = p.exit()

	return code, p.out.String()
}

var errNotUp = errors.New("no process serves now")
