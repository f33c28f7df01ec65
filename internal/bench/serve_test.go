package bench_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// What row 9 looks at, and for how long the program is left alone first.
const (
	further  = 10
	idleTime = 5 * time.Second
	oneLimit = 60 << 10 // kibibytes
	perLimit = 3 << 10  // kibibytes
)

// idle is what a program that nobody uses costs.
type idle struct {
	ready     time.Duration // from the start of the process until /readyz says 200
	size      size
	processor time.Duration // processor time per second, with the work of other processes left out
}

// BenchmarkServe is row 9, with the real program and one SQLite database for each municipality.
func BenchmarkServe(b *testing.B) {
	for b.Loop() {
		path := binary(b)
		one, two, many := serve(b, path, 1), serve(b, path, 2), serve(b, path, 1+further)
		each := (many.size.resident - one.size.resident) / further

		report(row{"9 start to ready, 1 municipality", "< 1 s", seconds(one.ready), "–", "–", one.ready < time.Second})
		report(row{fmt.Sprintf("9 start to ready, %d municipalities", 1+further), "–", seconds(many.ready), "–", "–", true})
		report(row{"9 idle memory, 1 municipality", "< 60 MB", megabytes(one.size.resident), "of it not the program's file: " + megabytes(one.size.private), "–", one.size.resident < oneLimit})
		report(row{fmt.Sprintf("9 idle memory, each of %d further", further), "< 3 MB", megabytes(each), "the second one: " + megabytes(two.size.resident-one.size.resident), "–", each < perLimit})
		note("Row 9: idle for %s; processor time while idle: %s per second with 1 municipality, %s with %d.", idleTime, one.processor, many.processor, 1+further)
	}
}

func megabytes(kib int64) string { return fmt.Sprintf("%.1f MB", float64(kib)/1024) }

// serve runs the program for so many municipalities and looks at it when it has been left alone.
func serve(b *testing.B, path string, municipalities int) idle {
	b.Helper()

	address, err := world.FreePort(b.Context())
	if err != nil {
		b.Fatal(err)
	}

	o := world.Options{Listen: address}
	for i := range municipalities {
		o.Municipalities = append(o.Municipalities, world.Municipality{
			ID: care.MunicipalityID(fmt.Sprintf("kommune%d", i)), Name: fmt.Sprintf("Kommune %d", i), Host: fmt.Sprintf("127.0.0.%d", i+1),
		})
	}

	r := newWorld(b, o)

	ctx, stop := context.WithCancel(b.Context())
	defer stop()

	program := exec.CommandContext(ctx, path, "serve", "-config", r.world.ConfigFile)
	program.Stderr = os.Stderr
	begun := time.Now()

	if err := program.Start(); err != nil {
		b.Fatal(err)
	}

	defer func() {
		if err := program.Process.Signal(os.Interrupt); err != nil {
			b.Error(err)
		}

		if err := program.Wait(); err != nil {
			b.Error(err)
		}
	}()

	awaitReady(b, "http://"+address+"/readyz")

	out := idle{ready: time.Since(begun)}
	wait(b.Context(), idleTime)

	before := spent(b, program.Process.Pid)

	wait(b.Context(), idleTime)

	out.processor = ((spent(b, program.Process.Pid) - before) / time.Duration(idleTime.Seconds())).Round(100 * time.Microsecond)

	text, err := procFile(program.Process.Pid, "status")
	if err != nil {
		b.Skipf("this system does not tell: %v", err)
	}

	out.size = memory(text)

	return out
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()

	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func awaitReady(b *testing.B, address string) {
	b.Helper()

	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()

	for range look.C {
		if b.Context().Err() != nil {
			b.Fatal(b.Context().Err())
		}

		answer, err := (&http.Client{}).Get(address)
		if err != nil {
			continue
		}

		answer.Body.Close()

		if answer.StatusCode == http.StatusOK {
			return
		}
	}
}

// size is the memory of a process, in kibibytes.
type size struct {
	resident, peak int64
	private        int64 // resident and not the program's file
}

// memory reads the size of a process from its status.
func memory(status string) (s size) {
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")

		n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)

		switch name {
		case "VmRSS":
			s.resident = n
		case "VmHWM":
			s.peak = n
		case "RssAnon":
			s.private = n
		}
	}

	return s
}

// spent is the processor time that a process has used, in hundredths of a second.
func spent(b *testing.B, pid int) time.Duration {
	b.Helper()

	text, err := procFile(pid, "stat")
	if err != nil {
		b.Skipf("this system does not tell: %v", err)
	}

	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])

	return time.Duration(user+system) * 10 * time.Millisecond
}

func procFile(pid int, name string) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))

	return string(text), err
}
