package route

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// streamLife ends every stream after a while: the browser connects again by itself, and then
// its session is checked anew and a server that is being stopped gets rid of it.
const streamLife = 50 * time.Second

// writeLimit is how long one event may take to leave; the server's own write time-out is for
// whole answers and would cut the stream.
const writeLimit = 10 * time.Second

// Event is one server-sent event. Data becomes JSON on one line.
type Event struct {
	Name string
	Data any
}

// Stream sends server-sent events: it asks next at once and then at every interval, and sends
// what differs from the last event. It ends when next says done, fails, after 50 seconds, when
// stop is closed, or when the client is gone.
func Stream(c *gin.Context, every time.Duration, stop <-chan struct{}, next func(context.Context) (e Event, done bool, err error)) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), streamLife)
	defer cancel()

	e, done, err := next(ctx)
	if err != nil {
		return err // nothing is written yet: an ordinary error answer
	}

	c.Header("Content-Type", "text/event-stream; charset=utf-8")
	c.Header("X-Accel-Buffering", "no")
	c.Status(http.StatusOK)

	tick := time.NewTicker(every)
	defer tick.Stop()

	for last := ""; ; {
		if last, err = send(c, e, last); err != nil || done {
			return nil // the client is gone; there is nobody to tell
		}

		select {
		case <-ctx.Done():
			return nil
		case <-stop:
			return nil
		case <-tick.C:
		}

		if e, done, err = next(ctx); err != nil {
			return nil // the answer has begun; the browser connects again and then sees the error
		}
	}
}

func send(c *gin.Context, e Event, last string) (string, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return "", fmt.Errorf("event %s: %w", e.Name, err)
	}

	text := fmt.Sprintf("event: %s\ndata: %s\n\n", e.Name, data)
	if text == last {
		text = ": \n\n" // keeps proxies from closing the connection
	} else {
		last = text
	}

	control := http.NewResponseController(c.Writer)
	if err := control.SetWriteDeadline(deadline()); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return "", fmt.Errorf("write deadline: %w", err)
	}

	if _, err := c.Writer.WriteString(text); err != nil {
		return "", fmt.Errorf("write event: %w", err)
	}

	c.Writer.Flush()

	return last, nil
}

// deadline is in real time, because the connection's clock is the system's.
func deadline() time.Time {
	return time.Now().Add(writeLimit) //nolint:forbidigo // a socket deadline knows no other clock
}
