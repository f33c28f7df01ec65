package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler/care"
)

// What row 8 sends. A node sends its events one after the other, so the number of nodes is how many
// deliveries there are at once.
const (
	eventNodes   = 48
	eventsInAll  = 19_200
	eventsInBulk = 10
	eventsTarget = 3_000 // per second
	baseInserts  = 4_800

	hookUser     = "node"
	hookPassword = "et langt kodeord til noderne"
)

// BenchmarkEvents is row 8: the nodes of an own Pexip deliver events over HTTP, each answered when
// it is durable, beside as many connections that insert single rows.
func BenchmarkEvents(b *testing.B) {
	for _, kind := range databases() {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				receive(b, kind)
			}
		})
	}
}

func receive(b *testing.B, kind string) {
	b.Helper()

	address := database(b, kind)
	r := newWorld(b, world.Options{
		Clock:          shifted(afternoonBefore()),
		Municipalities: []world.Municipality{{ID: municipality, Name: "Testby Kommune", Host: "127.0.0.1", Database: address}},
	})
	ownPexip(&r.config.Municipalities[0])
	r.start(b, app.Web)

	url := "http://" + r.app.Addr() + "/hooks/pexip/" + string(municipality)
	single := send(b, url, "a", eventsInAll, 1)
	bulk := send(b, url, "b", eventsInAll, eventsInBulk)
	again := send(b, url, "a", eventsInAll, 1) // as after a time-out: nothing is new
	bare := insertEvents(b, address, 2*eventsInAll)

	rate := func(n int, d time.Duration) string { return fmt.Sprintf("%.0f/s", float64(n)/d.Seconds()) }
	met := func(d time.Duration) bool {
		return kind != "postgres" || float64(eventsInAll)/d.Seconds() >= eventsTarget
	}

	target := "≥ 3000/s"
	if kind != "postgres" {
		target = "–"
	}

	baseline := "single-row INSERT " + rate(baseInserts, bare)
	ratio := func(d time.Duration) string {
		return fmt.Sprintf("%.2f", float64(eventsInAll)/d.Seconds()/(baseInserts/bare.Seconds()))
	}

	report(row{"8 events, one a delivery, " + kind, target, rate(eventsInAll, single), baseline, ratio(single), met(single)})
	report(row{fmt.Sprintf("8 events, %d a delivery, %s", eventsInBulk, kind), target, rate(eventsInAll, bulk), baseline, ratio(bulk), met(bulk)})
	report(row{"8 events that came before, " + kind, target, rate(eventsInAll, again), baseline, ratio(again), met(again)})
	note("Row 8: %d events of about 1 KB by %d nodes at once over HTTP, encrypted, deduplicated and durable before each answer; the nodes run in the same process. The baseline has as many writers, without HTTP and encryption.", eventsInAll, eventNodes)
}

// ownPexip gives a municipality its own Pexip, which is never called here.
func ownPexip(m *config.Municipality) {
	m.Video.Kind = config.Pexip
	m.Video.Pexip = pexip.Config{
		BaseURL: "http://127.0.0.1:1", WebHost: "http://127.0.0.1:1", Auth: pexip.AuthBasic, Username: "sluse",
		Password: care.NewSecret("password"), LinkKey: care.NewSecret(strings.Repeat("k", 32)),
	}
	m.Video.Pexip.SetDefaults()
	m.Video.Hook = &config.Hook{User: hookUser, Password: care.NewSecret(hookPassword), Keep: 24 * time.Hour, Silence: time.Hour}
}

// send delivers events, so many at a time, and returns how long it took.
func send(b *testing.B, url, run string, total, atOnce int) time.Duration {
	b.Helper()

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: eventNodes, MaxConnsPerHost: eventNodes}}
	defer client.CloseIdleConnections()

	var group sync.WaitGroup

	begun := time.Now()

	for node := range eventNodes {
		group.Go(func() {
			for seq := 1; seq <= total/eventNodes; seq += atOnce {
				if err := post(b.Context(), client, url, delivery(run, node, seq, atOnce)); err != nil {
					b.Error(err)

					return
				}
			}
		})
	}

	group.Wait()

	return time.Since(begun)
}

func delivery(run string, node, seq, n int) []byte {
	var body bytes.Buffer

	for i := range n {
		if i > 0 {
			body.WriteByte(',')
		}

		fmt.Fprintf(&body, `{"node":"10.44.%s.%d","seq":%d,"version":2,"time":%d.25,"event":"participant_updated","data":{"uuid":"%s-%d-%d",`+
			`"conference":"sluse-%d","service_type":"conference","role":"guest","protocol":"WebRTC","has_media":true,"is_streaming":false,"is_muted":false,`+
			`"call_direction":"in","display_name":"Borger","destination_alias":"sluse-alias-%d","encryption":"On","system_location":"Testby","vendor":"%s"}}`,
			run, node, seq+i, 1_795_000_000+seq+i, run, node, seq+i, node*100+(seq+i)/20, node, strings.Repeat("Mozilla/5.0 ", 40))
	}

	if n == 1 {
		return body.Bytes()
	}

	return fmt.Appendf(nil, `{"node":"127.0.0.1","seq":0,"event":"bulk","data":[%s]}`, body.String())
}

func post(ctx context.Context, client *http.Client, url string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}

	r.SetBasicAuth(hookUser, hookPassword)

	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()

	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s: %w", answer.StatusCode, text, err)
	}

	return nil
}

// insertEvents copies stored events into a table of the same make, a row at a time, by as many
// writers as there are nodes. All that were sent have to be there.
func insertEvents(b *testing.B, address string, want int) time.Duration {
	b.Helper()

	db, err := store.Connect(b.Context(), store.Config{URL: address, MaxConns: eventNodes})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()

	rows := allRows(b, db, "events")
	if len(rows) != want {
		b.Fatalf("%d events are stored, want %d", len(rows), want)
	}

	twin(b, db, "events")

	text := "INSERT INTO plain_events VALUES (" + strings.Join(placeholders(db.Dialect, len(rows[0])), ", ") + ")"

	var group sync.WaitGroup

	begun := time.Now()

	for node := range eventNodes {
		group.Go(func() {
			for i := node; i < baseInserts; i += eventNodes {
				if _, err := db.Writer.ExecContext(b.Context(), text, rows[i]...); err != nil {
					b.Error(err)

					return
				}
			}
		})
	}

	group.Wait()

	return time.Since(begun)
}

func placeholders(dialect migrations.Dialect, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = placeholder(dialect, i+1)
	}

	return out
}
