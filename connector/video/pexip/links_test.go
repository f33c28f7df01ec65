package pexip

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// TestSeats: whoever's link was used is read back from the alias, however it was dialled.
func TestSeats(t *testing.T) {
	t.Parallel()

	p := testPlatform(t, time.Now())
	found := p.aliasesOf(testRef, 5)

	if len(found.guests) != 4 {
		t.Fatalf("%d guest aliases for 5 people", len(found.guests))
	}

	for seat, alias := range found.guests {
		for _, dialled := range []string{alias, "sip:" + alias + "@video.testby.example", strings.ToUpper(alias), alias + "@10.0.0.1"} {
			if got, host, ok := p.seatOf(dialled); !ok || host || got != seat {
				t.Errorf("%s: seat %d, host %t, %t; want seat %d", dialled, got, host, ok, seat)
			}
		}
	}

	if _, host, ok := p.seatOf(found.host); !ok || !host {
		t.Error("the host's alias is not known again")
	}

	for _, alien := range []string{
		"", "sluse", "sluse-g0", "sluse-g0-short", "other-g0-abcdefghijkmnoprabcdefgh", "sluse-g00-abcdefghijkmnoprabcdefgh",
		"sluse-g-1-abcdefghijkmnoprabcdefgh", "sluse-g999-abcdefghijkmnoprabcdefgh", p.name(testRef),
	} {
		if _, _, ok := p.seatOf(alien); ok {
			t.Errorf("%q is taken for an alias of ours", alien)
		}
	}
}

// TestAliasesAreSecret: no two seats, rooms or keys share an alias, and none can be told from
// another.
func TestAliasesAreSecret(t *testing.T) {
	t.Parallel()

	seen := map[string]bool{}

	for _, key := range []string{strings.Repeat("a", 32), strings.Repeat("b", 32)} {
		p := testPlatform(t, time.Now(), func(c *Config) { c.LinkKey = care.NewSecret(key) })

		for i := range 50 {
			found := p.aliasesOf(care.RoomRef(fmt.Sprintf("3f0c8f0e-6a55-4d52-9a1e-%012d", i)), 5)
			for _, alias := range append(found.guests, found.host) {
				secret := alias[strings.LastIndex(alias, "-")+1:]
				if seen[secret] || len(secret) != 24 || strings.ContainsAny(secret, "0123456789") {
					t.Fatalf("alias %s", alias)
				}

				seen[secret] = true
			}
		}
	}
}

// TestGuestLinkNeverHoldsTheHostPIN: whatever the templates, names, hosts and PINs are, and
// whatever the node answers, no booking has a guest link in which the host PIN stands, and every
// guest link opens the room with the guest's.
func TestGuestLinkNeverHoldsTheHostPIN(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

	rapid.Check(t, func(t *rapid.T) {
		pin := func(label string) string {
			return rapid.OneOf(rapid.StringMatching(`[1-9][0-9]{5}`), rapid.SampledFrom([]string{"844312", "443123", "100000", "123456"}),
				rapid.StringMatching(`[1-9][0-9]{3,8}`)).Draw(t, label)
		}
		template := func(label string) string {
			return rapid.SampledFrom([]string{
				defaultLink, "{host}/webapp/#/?conference={alias}&pin={pin}&join=1", "{host}/webapp3/m/{alias}",
				"https://other.example/{alias}/{pin}?n={name}", "{host}/x?u=https%3A%2F%2Fy%2F%3Fpin%3D{pin}&c={alias}",
				"{host}/a844312/{alias}?pin={pin}",
			}).Draw(t, label)
		}

		config := testConfig(func(c *Config) {
			c.WebHost = rapid.SampledFrom([]string{"https://video.testby.example", "https://844312.example", "https://v.example:8443/12"}).Draw(t, "host")
			c.GuestName = rapid.SampledFrom([]string{"Borger", "Borger 443123", "Æ Ø", "a%b"}).Draw(t, "name")
			c.HostLink, c.GuestLink = template("host link"), template("guest link")
		})

		p, err := New(config, Deps{Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}

		host, errHost := care.NewHostPIN(pin("host pin"))
		guest, errGuest := care.NewGuestPIN(pin("guest pin"))

		if errHost != nil || errGuest != nil {
			t.Fatal(errHost, errGuest)
		}

		check := func(b video.Booking, err error) {
			if err != nil {
				if kind := connector.KindOf(err); kind != connector.Rejected && kind != connector.Conflict {
					t.Fatalf("%v", err)
				}

				return
			}

			for _, link := range append(b.SeatLinks, b.GuestLink) {
				plain, _ := url.QueryUnescape(link.Reveal())
				if strings.Contains(link.Reveal(), host.Reveal()) || strings.Contains(plain, host.Reveal()) {
					t.Fatalf("host PIN %s in guest link %s", host.Reveal(), link.Reveal())
				}

				if strings.Contains(config.GuestLink, placePIN) && !strings.Contains(link.Reveal(), guest.Reveal()) {
					t.Fatalf("guest link %s lacks the PIN", link.Reveal())
				}
			}
		}

		spec := video.Spec{
			Planned: care.Interval{Start: now, End: now.Add(time.Hour)}, Subject: "Aftale", HostPIN: host, GuestPIN: guest,
			MaxParticipants: rapid.IntRange(2, 20).Draw(t, "people"),
		}
		check(p.Reserve(testRef, spec))

		aliases := p.aliasesOf(testRef, spec.MaxParticipants)
		room := conferenceWire{ID: 7, PIN: text(host.Reveal()), GuestPIN: text(guest.Reveal())}

		for _, alias := range append(aliases.guests, aliases.host, "someone@else") {
			room.Aliases = append(room.Aliases, aliasWire{Alias: alias})
		}

		check(p.booking("find", testRef, room))
	})
}

// TestReserve: the promise is kept by what the node later shows.
func TestReserve(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	p := testPlatform(t, now, func(c *Config) { c.DialDomain = "video.testby.example" })

	got, err := p.Reserve(testRef, testSpec(t, now))
	if err != nil {
		t.Fatal(err)
	}

	if got.Status != video.Awaiting || got.Address != "sluse-"+string(testRef)+"@video.testby.example" || len(got.SeatLinks) != 4 || got.GuestLink != got.SeatLinks[0] {
		t.Errorf("got %+v", got)
	}

	if link := got.HostLink.Reveal(); !strings.HasPrefix(link, "https://video.testby.example/webapp3/m/sluse-h-") || !strings.HasSuffix(link, "/step-by-step?name=Medarbejder&pin=482136") {
		t.Errorf("host link %s", link)
	}

	if link := got.SeatLinks[2].Reveal(); !strings.Contains(link, "/m/sluse-g2-") || !strings.HasSuffix(link, "?name=Deltager%202&pin=739015") {
		t.Errorf("guest link %s", link)
	}

	again, err := p.Reserve(testRef, testSpec(t, now))
	if err != nil || again.HostLink != got.HostLink || again.SeatLinks[3] != got.SeatLinks[3] {
		t.Errorf("another time it is another room: %v", err)
	}
}

func TestPINs(t *testing.T) {
	t.Parallel()

	now := time.Now()

	for name, tt := range map[string]struct {
		host, guest string
		min         int64
		code        string
		fine        bool
	}{
		"six":           {"482136", "739015", 6, "", true},
		"four":          {"4821", "7390", 6, CodeShortPIN, false},
		"unequal":       {"482136", "7390155", 6, "", false},
		"the same":      {"482136", "482136", 6, "", false},
		"longer wanted": {"482136", "739015", 8, CodeShortPIN, false},
		"eight":         {"48213655", "73901566", 8, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p := testPlatform(t, now)
			p.minPIN.Store(tt.min)

			spec := testSpec(t, now)
			spec.HostPIN, spec.GuestPIN = pinPair(t, tt.host, tt.guest)

			_, err := p.Reserve(testRef, spec)
			if tt.fine != (err == nil) || !tt.fine && !connector.Is(err, connector.Rejected) {
				t.Fatalf("got %v", err)
			}

			if tt.code != "" && (!strings.Contains(care.MessageOf(err), "PIN-koder på mindst") || strings.Contains(err.Error(), tt.host)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// FuzzRoom: whatever the node says of a room, the booking is whole and safe, or there is none.
func FuzzRoom(f *testing.F) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	p := testPlatform(f, now)
	found := p.aliasesOf(testRef, 3)
	f.Add([]byte(`{"id":4,"name":"sluse-x","tag":"x","pin":"482136","guest_pin":"739015","creation_time":"2026-11-23T08:00:00.5","description":"Sluse 2026-11-23T09:00:00Z/2026-11-23T09:30:00Z","aliases":[{"alias":"` + found.host + `"},{"alias":"` + found.guests[0] + `"},{"alias":"` + found.guests[1] + `"}]}`))
	f.Add([]byte(`{"pin":482136,"guest_pin":null,"aliases":[{}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var w conferenceWire
		if json.Unmarshal(data, &w) != nil {
			return
		}

		b, err := p.booking("find", testRef, w)
		if err != nil {
			if !connector.Is(err, connector.Conflict) {
				t.Errorf("%v", err)
			}

			return
		}

		if b.HostPIN.IsZero() || b.GuestPIN.IsZero() || b.HostLink.IsZero() || len(b.SeatLinks) == 0 || b.Status != video.Ready && b.Status != video.Starting {
			t.Errorf("half a booking: %+v", b)
		}

		for _, link := range b.SeatLinks {
			if strings.Contains(link.Reveal(), b.HostPIN.Reveal()) {
				t.Errorf("host PIN in %s", link.Reveal())
			}
		}
	})
}
