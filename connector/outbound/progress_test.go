package outbound

import "testing"

// The moment between getting a connection and writing to it can't be met over HTTP by plan:
// whoever has a connection may have been heard.
func TestMaybeSent(t *testing.T) {
	t.Parallel()

	for _, connected := range []bool{false, true} {
		var p progress

		p.connected.Store(connected)

		if got := p.maybeSent(); got != connected {
			t.Errorf("connected %t: got %t", connected, got)
		}
	}
}
