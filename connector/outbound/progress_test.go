package outbound

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
)

// The moment between getting a connection and writing to it can't be met over HTTP by plan.
func TestMaybeSent(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name             string
		connected, wrote bool
		err              error
		want             bool
	}{
		{"no connection", false, false, io.EOF, false},
		{"no connection, time-out", false, false, os.ErrDeadlineExceeded, false},
		{"connection lost before writing", true, false, io.EOF, false},
		{"time-out while writing", true, false, os.ErrDeadlineExceeded, true},
		{"context over while writing", true, false, context.DeadlineExceeded, true},
		{"cancelled while writing", true, false, context.Canceled, true},
		{"written", true, true, errors.New("reset"), true},
	}
	for _, tt := range tests {
		var p progress

		p.connected.Store(tt.connected)
		p.wrote.Store(tt.wrote)

		if got := p.maybeSent(tt.err); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}
