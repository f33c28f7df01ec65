package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/scheduler/care"
)

// interval is a span of time.
type interval struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// items is an answer that is a list. It is an object so that it can grow.
type items[T any] struct {
	Items []T `json:"items"`
}

func ok(c *gin.Context, body any) error {
	c.JSON(http.StatusOK, body)

	return nil
}

func done(c *gin.Context) error {
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()

	return nil
}

// stamp writes an instant in Danish time; empty for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}

	return t.In(care.Zone()).Format(time.RFC3339)
}

func span(i care.Interval) interval { return interval{Start: stamp(i.Start), End: stamp(i.End)} }

// maybe is span for what may not be known.
func maybe(i care.Interval) *interval {
	if i.Start.IsZero() || i.End.IsZero() {
		return nil
	}

	out := span(i)

	return &out
}

// each maps a slice; the result is never null in JSON.
func each[F, T any](from []F, f func(F) T) []T {
	out := make([]T, len(from))
	for i, x := range from {
		out[i] = f(x)
	}

	return out
}

// seconds rounds up, so that what is left is never told too small.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
