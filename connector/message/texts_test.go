package message_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

var update = flag.Bool("update", false, "write the golden files")

const locator = "AbCdEfGhIjKlMnOpQrStUv"

func kinds() []care.InvitationKind {
	return []care.InvitationKind{care.Invite, care.Changed, care.Withdrawn, care.Reminder}
}

func data() message.Data {
	return message.Data{
		Municipality: "Testby Kommune", Sender: "Testby",
		Start: time.Date(2026, 11, 23, 8, 45, 0, 0, time.UTC),
		Link:  "https://skaerm.testby.dk/b/" + locator, Phone: "+45 87 87 87 87",
		Names:    []string{"Nancy Ann Berggren", "Torre Mosebryggersen"},
		Services: []string{"Medicingivning", "Hjælp til kost", "Tilsyn"},
	}
}

func codeOnly() message.Data {
	d := data()
	d.Link, d.Door, d.DoorCode = "", "testby.dk/skaerm", care.NewCode("483921507")

	return d
}

func TestTexts(t *testing.T) {
	t.Parallel()

	var out strings.Builder

	for _, mode := range []struct {
		name string
		d    message.Data
	}{{"link", data()}, {"code only", codeOnly()}} {
		for _, channel := range []care.Channel{care.SMS, care.Mail} {
			for _, kind := range kinds() {
				draft, err := message.Compose(kind, channel, mode.d)
				if err != nil {
					t.Fatalf("%s %s %s: %v", mode.name, channel, kind, err)
				}

				n, _ := message.GSMLength(draft.Text)
				fmt.Fprintf(&out, "=== %s · %s · %s", mode.name, channel, kind)

				if channel == care.SMS {
					fmt.Fprintf(&out, " · %d\n%s\n", n, draft.Text)
				} else {
					fmt.Fprintf(&out, "\nSubject: %s\n\n%s\n", draft.Subject, draft.Text)
				}
			}
		}
	}

	for _, c := range others() {
		for _, channel := range []care.Channel{care.SMS, care.Mail} {
			draft, err := message.Compose(c.kind, channel, c.d)
			if err != nil {
				t.Fatalf("%s %s: %v", c.name, channel, err)
			}

			fmt.Fprintf(&out, "=== %s · %s · %s\n%s\n%s\n", c.name, channel, c.kind, draft.Subject, draft.Text)
		}
	}

	for _, origin := range []string{"", "skaerm.testby.dk"} {
		d := data()
		d.Origin = origin

		draft, err := message.ComposeCode(d, care.NewCode("004217"))
		if err != nil {
			t.Fatal(err)
		}

		fmt.Fprintf(&out, "=== code, origin %q\n%s\n", origin, draft.Text)
	}

	golden(t, "texts.golden", out.String())
}

// other is a text that is not the citizen's about a planned visit.
type other struct {
	name string
	kind care.InvitationKind
	d    message.Data
}

func others() []other {
	call := data()
	call.Now = true
	out := []other{{"call", care.Invite, call}}

	for _, to := range care.ParticipantKinds() {
		d := data()
		d.To = to
		out = append(out, other{string(to), care.Invite, d}, other{string(to), care.Changed, d}, other{string(to), care.Withdrawn, d})
	}

	return out
}

// TestOthersAreNotReminded: a reminder goes to the citizen alone.
func TestOthersAreNotReminded(t *testing.T) {
	t.Parallel()

	for _, to := range append(care.ParticipantKinds(), "unknown") {
		d := data()
		d.To = to

		kind := care.Reminder
		if to == "unknown" {
			kind = care.Invite
		}

		if _, err := message.Compose(kind, care.SMS, d); care.KindOf(err) != care.Invalid {
			t.Errorf("%s: %v", to, err)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()

	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("run with -update and review (-want +got):\n%s", diff)
	}
}

func TestComposeRefusesMissingData(t *testing.T) {
	t.Parallel()

	for name, spoil := range map[string]func(*message.Data){
		"no sender":           func(d *message.Data) { d.Sender = "" },
		"long sender":         func(d *message.Data) { d.Sender = "Ringkøbing-Skjern" },
		"no start":            func(d *message.Data) { d.Start = time.Time{} },
		"no phone":            func(d *message.Data) { d.Phone = "" },
		"CPR as phone":        func(d *message.Data) { d.Phone = "010490-9989" },
		"no way in":           func(d *message.Data) { d.Link = "" },
		"door without code":   func(d *message.Data) { d.Link, d.Door = "", "testby.dk/skaerm" },
		"foreign host":        func(d *message.Data) { d.Link = "https://skaerm.example.com/b/" + locator },
		"foreign door":        func(d *message.Data) { d.Link, d.Door, d.DoorCode = "", "bit.ly/x", care.NewCode("483921507") },
		"plain http":          func(d *message.Data) { d.Link = "http://skaerm.testby.dk/b/" + locator },
		"parameters":          func(d *message.Data) { d.Link += "?cpr=0104909989" },
		"user in link":        func(d *message.Data) { d.Link = "https://nancy@skaerm.testby.dk/b/" + locator },
		"telling host":        func(d *message.Data) { d.Link = "https://demens.testby.dk/b/" + locator },
		"telling path":        func(d *message.Data) { d.Link = "https://testby.dk/hjemmesygepleje/" + locator },
		"telling sender":      func(d *message.Data) { d.Sender = "Sygeplejen" },
		"service as sender":   func(d *message.Data) { d.Sender = "Tilsyn" },
		"foreign code origin": func(d *message.Data) { d.Origin = "evil.example.com" },
		"long link":           func(d *message.Data) { d.Link = "https://" + strings.Repeat("a", 60) + ".dk/b/" + locator },
		"typographic sender":  func(d *message.Data) { d.Sender = "Test–by" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			d := data()
			spoil(&d)

			if draft, err := message.Compose(care.Invite, care.SMS, d); err == nil {
				t.Errorf("composed %q", draft.Text)
			}
		})
	}

	if _, err := message.Compose("greeting", care.SMS, data()); care.KindOf(err) != care.Invalid {
		t.Errorf("unknown kind: %v", err)
	}

	if _, err := message.Compose(care.Invite, "pigeon", data()); care.KindOf(err) != care.Invalid {
		t.Errorf("unknown channel: %v", err)
	}

	for _, code := range []string{"", "12345", "1234567", "12345a"} {
		if _, err := message.ComposeCode(data(), care.NewCode(code)); care.KindOf(err) != care.Invalid {
			t.Errorf("code %q: %v", code, err)
		}
	}
}

func TestComposeTakesHostsOfThisMachine(t *testing.T) {
	t.Parallel()

	for _, base := range []string{"http://127.0.0.1:8080", "http://testby.localhost:8080", "http://[::1]:8080", "https://skaerm.testby.test"} {
		d := data()
		d.Link = base + "/b/" + locator

		if _, err := message.Compose(care.Invite, care.SMS, d); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}

// TestNoTextNamesAnybody composes every text while each official test citizen in turn is
// the visit's citizen, and looks for the name and the number by itself.
func TestNoTextNamesAnybody(t *testing.T) {
	t.Parallel()

	for _, row := range citizens(t) {
		cpr, last, first := row[0], row[1], row[2]
		d := data()
		d.Names = []string{first + " " + last}

		for _, channel := range []care.Channel{care.SMS, care.Mail} {
			for _, kind := range kinds() {
				draft, err := message.Compose(kind, channel, d)
				if err != nil {
					t.Fatalf("%s: %v", kind, err)
				}

				for _, bad := range []string{cpr, cpr[:6] + "-" + cpr[6:], last} {
					if strings.Contains(draft.Subject+draft.Text, bad) {
						t.Errorf("%s %s holds %q", channel, kind, bad)
					}
				}
			}
		}
	}
}

// citizens returns the official test citizens of the testdata file: cpr, last and first name.
func citizens(t *testing.T) [][]string {
	t.Helper()

	file, err := os.Open(filepath.Join("testdata", "test-citizens.csv"))
	if err != nil {
		t.Fatal(err)
	}

	defer func() { _ = file.Close() }()

	r := csv.NewReader(file)
	r.Comma = ';'

	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}

	return rows[1:]
}

func TestFits(t *testing.T) {
	t.Parallel()

	d := data()
	if err := message.Fits(d); err != nil {
		t.Errorf("ordinary data: %v", err)
	}

	d.Sender, d.Link = "Ringkøbing.", "https://"+strings.Repeat("x", 22)+".dk/b/"+locator // 58 characters
	if err := message.Fits(d); err != nil {
		t.Errorf("longest link: %v", err)
	}

	d.Link = "https://" + strings.Repeat("x", 23) + ".dk/b/" + locator
	if err := message.Fits(d); err == nil {
		t.Error("a link of 59 characters fits")
	}
}
