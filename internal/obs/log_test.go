package obs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/internal/obs"
	"github.com/sluse/sluse/scheduler/care"
)

// cpr is the number of an official test citizen.
const cpr = "0212159995"

// teller prints a person number, in each way that a value can print itself.
type (
	stringer struct{}
	valuer   struct{}
	nested   struct{ Inner []any }
	chain    struct{}
)

func (stringer) String() string { return "borger " + cpr }

func (valuer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("nummer", cpr), slog.Any("igen", chain{}))
}

func (chain) LogValue() slog.Value { return slog.AnyValue(stringer{}) }

func TestEverythingIsRedacted(t *testing.T) {
	t.Parallel()

	ctx := context.Background()
	pin, _ := care.NewHostPIN("428193")
	hidden := []string{cpr, "021215-9995", "8f3kFh28", "428193", "20000011"}

	tests := map[string]func(*slog.Logger){
		"message":      func(l *slog.Logger) { l.InfoContext(ctx, "borger 021215-9995 er væk") },
		"text":         func(l *slog.Logger) { l.InfoContext(ctx, "x", "note", "borger "+cpr) },
		"bearer":       func(l *slog.Logger) { l.InfoContext(ctx, "x", "header", "Bearer 8f3kFh28") },
		"query":        func(l *slog.Logger) { l.InfoContext(ctx, "x", "query", "conference=a&pin=428193&join=1") },
		"name and pin": func(l *slog.Logger) { l.InfoContext(ctx, "x", "pin", "428193", "password", "8f3kFh28") },
		"error":        func(l *slog.Logger) { l.ErrorContext(ctx, "x", "error", errors.New("no citizen "+cpr)) },
		"wrapped": func(l *slog.Logger) {
			l.ErrorContext(ctx, "x", "error", fmt.Errorf("import: %w", errors.Join(errors.New("a"), errors.New(cpr))))
		},
		"stringer": func(l *slog.Logger) { l.InfoContext(ctx, "x", "who", stringer{}) },
		"valuer":   func(l *slog.Logger) { l.InfoContext(ctx, "x", "who", valuer{}) },
		"nested": func(l *slog.Logger) {
			l.InfoContext(ctx, "x", "who", nested{Inner: []any{cpr, map[string]string{"a": cpr}}})
		},
		"pointer": func(l *slog.Logger) { l.InfoContext(ctx, "x", "who", &nested{Inner: []any{cpr}}) },
		"group": func(l *slog.Logger) {
			l.InfoContext(ctx, "x", slog.Group("a", slog.Group("b", slog.String("c", cpr), slog.Any("d", valuer{}))))
		},
		"group without": func(l *slog.Logger) { l.InfoContext(ctx, "x", slog.Group("", slog.String("c", cpr))) },
		"with":          func(l *slog.Logger) { l.With("who", cpr, "v", valuer{}).InfoContext(ctx, "x") },
		"with group":    func(l *slog.Logger) { l.WithGroup("g").With("who", cpr).InfoContext(ctx, "x", "again", stringer{}) },
		"secrets": func(l *slog.Logger) {
			l.InfoContext(ctx, "x", "key", care.NewSecret("8f3kFh28"), "host", pin, "phone", care.NewPhone("+4520000011"))
		},
		"secrets in other": func(l *slog.Logger) {
			l.InfoContext(ctx, "x", "all", []any{pin, struct{ Phone care.Phone }{care.NewPhone("+4520000011")}})
		},
	}

	for name, write := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var out bytes.Buffer

			write(obs.NewLogger(&out, slog.LevelInfo, outbound.Redact))

			for _, h := range hidden {
				if strings.Contains(out.String(), h) {
					t.Errorf("the log tells %q: %s", h, out.String())
				}
			}

			if !strings.Contains(out.String(), "•••") {
				t.Errorf("nothing is masked: %s", out.String())
			}
		})
	}
}

func TestTheRestIsKept(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer

	log := obs.NewLogger(&out, slog.LevelInfo, outbound.Redact).With("municipality", "testby").WithGroup("job")
	log.WarnContext(t.Context(), "late", "kind", "book_room", "n", 3, "ok", true, "took", 2*time.Second, "share", 0.5,
		"at", time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC), "size", uint64(7), "error", errors.New("timed out"), slog.Group("g", slog.Int("a", 1)))
	log.DebugContext(t.Context(), "not told")

	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}

	delete(got, "time")

	want := map[string]any{
		"level": "WARN", "msg": "late", "municipality": "testby",
		"job": map[string]any{
			"kind": "book_room", "n": 3.0, "ok": true, "took": 2e9, "share": 0.5, "at": "2026-11-23T07:00:00Z", "size": 7.0,
			"error": "timed out", "g": map[string]any{"a": 1.0},
		},
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrorIsReturned(t *testing.T) {
	t.Parallel()

	log := obs.NewLogger(broken{}, slog.LevelInfo, outbound.Redact)
	if err := log.Handler().Handle(t.Context(), slog.NewRecord(time.Time{}, slog.LevelInfo, "x", 0)); err == nil {
		t.Error("a line that is lost is not told")
	}

	if log.Handler().Enabled(t.Context(), slog.LevelDebug) {
		t.Error("debug is on")
	}
}
