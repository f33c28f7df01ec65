// Package obs is how the program can be watched: a logger that hides personal data, and metrics.
package obs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// NewLogger returns a logger that writes a JSON object per line to w. Every text, also of errors
// and of whatever prints itself, goes through redact, which hides CPR numbers, PINs and tokens.
func NewLogger(w io.Writer, level slog.Level, redact func(string) string) *slog.Logger {
	return slog.New(redacting{
		redact: redact,
		next:   slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}),
	})
}

// redacting is a handler that cleans what passes through it.
type redacting struct {
	redact func(string) string
	next   slog.Handler
}

// Enabled asks the handler behind.
func (h redacting) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle cleans the message and every attribute.
func (h redacting) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.redact(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.attr(a))

		return true
	})

	if err := h.next.Handle(ctx, clean); err != nil {
		return fmt.Errorf("write log: %w", err)
	}

	return nil
}

// WithAttrs cleans the attributes once.
func (h redacting) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.attr(a)
	}

	return redacting{redact: h.redact, next: h.next.WithAttrs(clean)}
}

// WithGroup opens a group.
func (h redacting) WithGroup(name string) slog.Handler {
	return redacting{redact: h.redact, next: h.next.WithGroup(name)}
}

// text cleans a value as it would be cleaned in a sentence with its name, so that pin="1234" is
// masked like "pin=1234".
func (h redacting) text(key, value string) string {
	if clean, ok := strings.CutPrefix(h.redact(key+"="+value), key+"="); ok {
		return clean
	}

	return h.redact(value)
}

func (h redacting) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()

	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, h.text(a.Key, v.String()))
	case slog.KindAny:
		return slog.String(a.Key, h.text(a.Key, fmt.Sprint(v.Any())))
	case slog.KindGroup:
		inner := make([]any, 0, len(v.Group()))
		for _, g := range v.Group() {
			inner = append(inner, h.attr(g))
		}

		return slog.Group(a.Key, inner...)
	case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindInt64, slog.KindTime, slog.KindUint64, slog.KindLogValuer:
	}

	return slog.Attr{Key: a.Key, Value: v}
}
