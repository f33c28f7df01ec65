package pexip

import (
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
)

const oneEvent = `{"node":"10.44.0.11","seq":17,"version":2,"time":1795424400.125,"event":"participant_connected","data":{"uuid":"a","conference":"sluse-x","service_tag":"x"}}`

func TestDecode(t *testing.T) {
	t.Parallel()

	p := testPlatform(t, time.Now())
	at := time.Date(2026, 11, 23, 9, 0, 0, 125_000_000, time.UTC)

	for name, tt := range map[string]struct {
		body  string
		kinds []string
		room  string
		seq   int64
	}{
		"single":        {oneEvent, []string{"participant_connected"}, "sluse-x", 17},
		"conference":    {`{"node":"n","seq":"3","time":"1795424400.125","event":"conference_started","data":{"name":"sluse-x","is_started":false}}`, []string{"conference_started"}, "sluse-x", 3},
		"of the sink":   {`{"node":"n","seq":1,"time":1795424400.125,"event":"eventsink_ended","data":{}}`, []string{"eventsink_ended"}, "", 1},
		"unknown name":  {`{"node":"n","seq":1,"time":1795424400.125,"event":"brand_new","data":{"conference":"sluse-x"}}`, []string{"brand_new"}, "sluse-x", 1},
		"no data":       {`{"node":"n","seq":1,"time":1795424400.125,"event":"brand_new"}`, []string{"brand_new"}, "", 1},
		"bulk":          {`{"node":"127.0.0.1","seq":0,"event":"bulk","data":[` + oneEvent + `]}`, []string{"participant_connected"}, "sluse-x", 17},
		"bulk's time":   {`{"node":"127.0.0.1","seq":0,"version":2,"time":1795424400.125,"event":"bulk","data":[{"node":"n","seq":2,"event":"x","data":{}}]}`, []string{"x"}, "", 2},
		"odd in a bulk": {`{"event":"bulk","time":1795424400.125,"data":[7,{"data":{}}]}`, []string{kindUnreadable, kindUnreadable}, "", 0},
		"bare list":     {"\n[" + oneEvent + "]", []string{"participant_connected"}, "sluse-x", 17},
		"negative seq":  {`{"node":"n","seq":-4,"time":1795424400.125,"event":"x","data":{}}`, []string{"x"}, "", 0},
		"empty bulk":    {`{"event":"bulk","data":[]}`, nil, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := p.Decode([]byte(tt.body))
			if err != nil || len(got) != len(tt.kinds) {
				t.Fatalf("got %d events, %v", len(got), err)
			}

			for i, e := range got {
				if e.Kind != tt.kinds[i] || e.Room != tt.room || e.Seq != tt.seq || e.Key == "" || len(e.Body) == 0 || !e.At.Equal(at) {
					t.Errorf("got %+v", e)
				}
			}
		})
	}

	for _, bad := range []string{"", "null", "7", `"x"`, "{", `{"node":"n"}`, "<html>", `{"event":"bulk","data":[}`} {
		if _, err := p.Decode([]byte(bad)); !connector.Is(err, connector.Malformed) {
			t.Errorf("%q: got %v, want Malformed", bad, err)
		}
	}
}

// TestSameEventSameKey: however an event is delivered it has one key, and no other has it.
func TestSameEventSameKey(t *testing.T) {
	t.Parallel()

	p := testPlatform(t, time.Now())
	key := func(body string) string {
		t.Helper()

		events, err := p.Decode([]byte(body))
		if err != nil || len(events) != 1 {
			t.Fatal(len(events), err)
		}

		return events[0].Key
	}

	single := key(oneEvent)
	if key(`{"event":"bulk","seq":0,"data":[`+oneEvent+`]}`) != single || key(strings.ReplaceAll(oneEvent, ",", " ,\n ")) != single {
		t.Error("the same event has several keys")
	}

	for name, other := range map[string]string{
		"node": strings.Replace(oneEvent, "10.44.0.11", "10.44.0.12", 1), "counter": strings.Replace(oneEvent, "17", "18", 1),
		"time": strings.Replace(oneEvent, ".125", ".126", 1), "name": strings.Replace(oneEvent, "_connected", "_updated", 1),
		"data": strings.Replace(oneEvent, `"a"`, `"b"`, 1),
	} {
		if key(other) == single {
			t.Errorf("another %s has the same key", name)
		}
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()

	want := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

	for text, at := range map[string]time.Time{
		"1795424400": want, "1795424400.000000": want, "2026-11-23T09:00:00": want, "2026-11-23T10:00:00+01:00": want,
		"2026-11-23T09:00:00.878137": want.Add(878137 * time.Microsecond), "1795424400.878137": want.Add(878137 * time.Microsecond),
		"": {}, "soon": {}, "-1": {}, "1e300": {}, "NaN": {}, "Inf": {}, "0": {}, "0001-01-01T00:00:00": {}, "9999-01-01T00:00:00": {},
	} {
		if got := readMoment(text); !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("%q: got %v, want %v", text, got, at)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(oneEvent))
	f.Add([]byte(`{"node":"127.0.0.1","seq":0,"event":"bulk","data":[` + oneEvent + `,7]}`))
	f.Add([]byte(`[{"event":"participant_disconnected","time":"x","seq":1e9,"data":{"conference":[],"end_time":1795424400}}]`))

	p := testPlatform(f, time.Now())

	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := p.Decode(data)
		if err != nil && (!connector.Is(err, connector.Malformed) || len(events) > 0) {
			t.Errorf("%d events and %v", len(events), err)
		}

		for _, e := range events {
			if e.Key == "" || e.Kind == "" || e.Seq < 0 || len(e.Body) == 0 {
				t.Errorf("half an event: %+v", e)
			}
		}

		p.fold(testRef, events)
	})
}
