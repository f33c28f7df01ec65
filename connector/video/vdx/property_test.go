package vdx

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// platformModel is a wire that does what VDX does with PINs, links and patches (vdx.md
// §2.4, §2.7), quirks chosen at random. It is written from the contract, not from the client.
type platformModel struct {
	t      *rapid.T
	exists bool
	ref    care.RoomRef

	status     string
	start, end time.Time
	hostPIN    int64 // 0: none
	guestPIN   int64
	link       string
	address    string
	shape      string
}

var shapes = []string{
	"https://portal.example/?conference=%[1]s&pin=%[2]s&start_dato=%[3]s&join=1",
	"https://portal.example/webapp/#/?conference=%[1]s&name=x&pin=%[2]s",
	"https://portal.example/join/%[1]s/%[2]s",
	"https://portal.example/?url=https%%3A%%2F%%2Finner.example%%2F%%3Fpin%%3D%[2]s%%26room%%3D%[1]s",
	"https://portal.example/?c=%[1]s",
	"javascript:open('%[1]s?pin=%[2]s')",
	"",
}

// build renders the portal link: guest PIN, else host PIN, else nothing.
func (m *platformModel) build() {
	pin := ""

	switch {
	case m.guestPIN != 0:
		pin = strconv.FormatInt(m.guestPIN, 10)
	case m.hostPIN != 0:
		pin = strconv.FormatInt(m.hostPIN, 10)
	}

	if m.shape == "" {
		m.link = ""

		return
	}

	m.link = fmt.Sprintf(m.shape, m.address, pin, m.start.Format("2006-01-02T15:04:05"))
}

func (m *platformModel) create(_ context.Context, ref care.RoomRef, spec video.Spec, _ bool) (situation, error) {
	if m.exists {
		return alreadyExists, &connector.Error{Kind: connector.Unavailable}
	}

	m.exists, m.ref, m.start, m.end = true, ref, spec.Planned.Start, spec.Planned.End
	m.hostPIN, _ = strconv.ParseInt(spec.HostPIN.Reveal(), 10, 64)
	m.guestPIN, _ = strconv.ParseInt(spec.GuestPIN.Reveal(), 10, 64)

	// A room from a pool has PINs of its own, or lacks them.
	if rapid.Bool().Draw(m.t, "pooled") {
		m.hostPIN, m.guestPIN = drawPIN(m.t, "pool host"), drawPIN(m.t, "pool guest")
	}

	m.build()

	return ordinary, nil
}

func (m *platformModel) room(_ context.Context, ref care.RoomRef) (room, error) {
	if !m.exists {
		return room{}, &connector.Error{Kind: connector.NotFound}
	}

	pin := func(n int64) *int64 {
		if n == 0 {
			return nil
		}

		return &n
	}
	body, err := json.Marshal(map[string]any{
		"uuid": string(ref), "hostPin": pin(m.hostPIN), "guestPin": pin(m.guestPIN), "uriWithDomain": m.address,
		"provisionStatus": m.status, "portalLink": m.link,
		"meetingDetails": map[string]string{"startTime": m.start.Format(time.RFC3339), "endTime": m.end.Format(time.RFC3339)},
	})
	if err != nil {
		m.t.Fatal(err)
	}

	var w roomWire
	if err = json.Unmarshal(body, &w); err != nil {
		m.t.Fatal(err)
	}

	r, problem := w.room(ref)
	if problem != "" {
		return room{}, &connector.Error{Kind: connector.Malformed}
	}

	return r, nil
}

func (m *platformModel) change(_ context.Context, _ care.RoomRef, c change) (situation, error) {
	switch {
	case !m.exists:
		return ordinary, &connector.Error{Kind: connector.NotFound}
	case m.status == "AWAITS_PROVISION":
		if !c.start.IsZero() {
			m.start = c.start
		}

		m.end = c.end
		m.build()
	case m.status == "PROVISIONED_OK":
		m.end = c.end
	default:
		return wrongState, &connector.Error{Kind: connector.Conflict}
	}

	return ordinary, nil
}

func (m *platformModel) remove(context.Context, care.RoomRef) (situation, error) {
	if m.status != "AWAITS_PROVISION" {
		return wrongState, &connector.Error{Kind: connector.Conflict}
	}

	m.exists = false

	return ordinary, nil
}

// somebodyElsePatches changes PINs past us: the link shows the old ones until the next
// update (vdx.md §2.7).
func (m *platformModel) somebodyElsePatches() {
	m.build()
	m.hostPIN, m.guestPIN = drawPIN(m.t, "new host"), drawPIN(m.t, "new guest")
}

// drawPIN favours short and similar numbers, so that one is often part of another.
func drawPIN(t *rapid.T, label string) int64 {
	return rapid.OneOf(
		rapid.Just(int64(0)), rapid.Int64Range(1000, 1020), rapid.Int64Range(1000, 999_999_999),
		rapid.SampledFrom([]int64{2026, 20261, 12026, 57231, 5723, 157231}),
	).Draw(t, label)
}

// TestGuestLinkNeverHoldsTheHostPIN: whatever is created, changed or read, in any order, no
// booking has a guest link in which the host PIN of that moment stands, or one that opens
// the room with a PIN other than the guest's.
func TestGuestLinkNeverHoldsTheHostPIN(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		m := &platformModel{
			t: t, status: "AWAITS_PROVISION", shape: rapid.SampledFrom(shapes).Draw(t, "shape"),
			address: rapid.SampledFrom([]string{"ek57231@rooms.example", "1000@rooms.example", "ek2026@r.example", "a%b@r.example"}).Draw(t, "address"),
		}
		template := rapid.SampledFrom([]string{defaultLink, "https://own.example/{address}/{pin}", "https://own.example/#/?p={pin}&a={address}"}).Draw(t, "template")
		p := &Platform{wire: m, hostLink: template, guestLink: template, now: func() time.Time { return m.start }}
		ref := care.RoomRef("3f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a10")
		start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

		check := func(b video.Booking, err error) {
			if err != nil || b.GuestLink.IsZero() {
				return
			}

			guest, host := strconv.FormatInt(m.guestPIN, 10), strconv.FormatInt(m.hostPIN, 10)
			if m.hostPIN == 0 || m.guestPIN == 0 {
				t.Fatalf("a guest link although a PIN is missing: %s", b.GuestLink.Reveal())
			}

			if strings.Contains(b.GuestLink.Reveal(), host) {
				t.Fatalf("host PIN %s in guest link %s", host, b.GuestLink.Reveal())
			}

			if !strings.Contains(b.GuestLink.Reveal(), guest) || b.HostPIN.Reveal() != host || b.GuestPIN.Reveal() != guest {
				t.Fatalf("guest link %s does not open the room with %s", b.GuestLink.Reveal(), guest)
			}
		}

		t.Repeat(map[string]func(*rapid.T){
			"book": func(t *rapid.T) {
				host, _ := care.NewHostPIN(strconv.FormatInt(drawPIN(t, "host"), 10))
				guest, _ := care.NewGuestPIN(strconv.FormatInt(drawPIN(t, "guest"), 10))
				check(p.Book(t.Context(), ref, video.Spec{
					Planned: care.Interval{Start: start, End: start.Add(time.Hour)}, Subject: "Skærmbesøg", HostPIN: host, GuestPIN: guest,
				}))
			},
			"find": func(t *rapid.T) { check(p.Find(t.Context(), ref)) },
			"move": func(t *rapid.T) {
				at := start.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "hours")) * time.Hour)
				check(p.Move(t.Context(), ref, care.Interval{Start: at, End: at.Add(time.Hour)}))
			},
			"close":      func(t *rapid.T) { _ = p.Close(t.Context(), ref) },
			"other PINs": func(*rapid.T) { m.somebodyElsePatches() },
			"provision": func(t *rapid.T) {
				m.status = rapid.SampledFrom([]string{"AWAITS_PROVISION", "STARTING_TO_PROVISION", "PROVISIONED_OK", "DEPROVISION_OK"}).Draw(t, "state")
			},
		})
	})
}

// TestStaleLinkIsReplaced: a link with yesterday's PIN is not handed out.
func TestStaleLinkIsReplaced(t *testing.T) {
	t.Parallel()

	host, _ := care.NewHostPIN("482136")
	guest, _ := care.NewGuestPIN("739015")

	for link, want := range map[string]string{
		"https://p.example/?conference=a&pin=739015&x=1":  "https://p.example/?conference=a&pin=739015&x=1",
		"https://p.example/?conference=a&pin=111111":      "https://p.example/?conference=a%40b&pin=739015&join=1",
		"https://p.example/?conference=a&pin=482136":      "https://p.example/?conference=a%40b&pin=739015&join=1",
		"https://p.example/?pin=739015&pin=111111":        "https://p.example/?conference=a%40b&pin=739015&join=1",
		"https://p.example/?conference=a":                 "https://p.example/?conference=a%40b&pin=739015&join=1",
		"https://p.example/w/#/?pin=739015":               "https://p.example/w/#/?pin=739015",
		"https://p.example/join/739015":                   "https://p.example/join/739015",
		"https://p.example/?pin=739015&cb=%2534%38%32136": "https://p.example/?conference=a%40b&pin=739015&join=1",
		"https://p.example/?pin=739015%zz":                "https://p.example/?conference=a%40b&pin=739015&join=1",
	} {
		got, ok := guestLink(defaultLink, room{address: "a@b", hostPIN: host, guestPIN: guest, portal: care.NewSecret(link)})
		if !ok || got.Reveal() != want {
			t.Errorf("%s: got %s, want %s", link, got.Reveal(), want)
		}
	}
}

func FuzzRoom(f *testing.F) {
	f.Add([]byte(`{"uuid":"3f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a10","hostPin":48213,"guestPin":null,"provisionStatus":"PROVISIONED_OK","portalLink":"https://p/?pin=48213","meetingDetails":{"startTime":"2026-09-14T08:30:00Z","endTime":"2026-09-14T09:00:00Z"}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var w roomWire
		if json.Unmarshal(data, &w) != nil {
			return
		}

		r, problem := w.room("3f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a10")
		if problem != "" {
			return
		}

		if r.status < video.Awaiting || r.status > video.ProblemEnd {
			t.Errorf("state %d came through", r.status)
		}

		if link, ok := guestLink(defaultLink, r); ok && strings.Contains(link.Reveal(), r.hostPIN.Reveal()) {
			t.Errorf("host PIN in guest link %s", link.Reveal())
		}
	})
}

func FuzzErrorCode(f *testing.F) {
	f.Add([]byte(`{"detailed_error_code":"24","detailed_error":"x"}`))
	f.Add([]byte(`{"detailed_error_code":13}`))
	f.Add([]byte(`{"errorCode":20,"errorText":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, code := range []string{codeV1(data), codeV2(data)} {
			if _, err := strconv.Atoi(code); err != nil && code != "" && code != codeValidation {
				t.Errorf("code %q is no number", code)
			}
		}
	})
}

func FuzzHistory(f *testing.F) {
	f.Add([]byte(`{"meta":{"next":null,"total_count":1},"objects":[{"id":"a","conference_name":"a@b","role":"chair","start_time":"2026-09-14T10:00:41.120000","end_time":"2026-09-14T10:27:03"}]}`))
	f.Add([]byte(`[{"id":7,"local_alias":"sip:A@b","role":"guest","start_time":"2026-09-14T10:00:41Z"}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var w historyWire
		if json.Unmarshal(data, &w) != nil {
			return
		}

		day := time.Date(2026, 9, 14, 0, 0, 0, 0, time.UTC)
		window := care.Interval{Start: day, End: day.AddDate(0, 0, 1)}

		_ = w.last(0)

		for _, p := range w.Objects {
			leg, ok := p.leg(video.Observed{Ref: "r", Address: "a@b", Window: window})
			if !ok {
				continue
			}

			if leg.ID == "" || leg.Joined.IsZero() || leg.Witness != care.FromHistory || !slices.Contains([]care.LegRole{"", care.AsHost, care.AsGuest, care.AsRecorder}, leg.Role) ||
				!leg.Joined.Before(window.End) {
				t.Errorf("an invented leg: %+v", leg)
			}
		}
	})
}
