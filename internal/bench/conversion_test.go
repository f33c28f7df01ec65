package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// What a conversion costs at least (performance.md): two calls to the video platform for each
// visit, book and read back, and at most three to the record and the message channel.
const (
	conversions = 500
	perRoom     = 2 // at VDX
	perEntry    = 3
	latency     = 120 * time.Millisecond
)

// BenchmarkConversion is rows 1 and 2. The video platform answers after 120 ms, and so do its
// text messages; the record answers at once, so that the platform is the bottleneck.
func BenchmarkConversion(b *testing.B) {
	for _, kind := range databases() {
		for _, concurrency := range []int{8, 16} {
			b.Run(fmt.Sprintf("%s/%d", kind, concurrency), func(b *testing.B) {
				for b.Loop() {
					convert(b, vdx2(), kind, concurrency)
				}
			})
		}
	}
}

// BenchmarkConversionElsewhere is rows 1 and 2 with the other video platforms.
func BenchmarkConversionElsewhere(b *testing.B) {
	for _, p := range []platform{vdx1(), node()} {
		for _, kind := range databases() {
			b.Run(fmt.Sprintf("%s/%s", p.video, kind), func(b *testing.B) {
				for b.Loop() {
					convert(b, p, kind, p.concurrency)
				}
			})
		}
	}
}

func convert(b *testing.B, p platform, kind string, concurrency int) {
	b.Helper()

	address := database(b, kind)
	noteDurability(b, address)

	r := newWorld(b, world.Options{
		Clock: shifted(p.begin()), Concurrency: concurrency, VideoLatency: latency, Video: p.video, NodeLead: 24 * time.Hour, AnyHour: true,
		Municipalities: []world.Municipality{{ID: municipality, Name: "Testby Kommune", Host: "127.0.0.1", Database: address}},
	})
	r.start(b, app.All)

	file := list(conversions)
	r.importList(b, file)

	var bare time.Duration
	if p.bare {
		bare = bareLoop(b, r.world, concurrency)
	}

	r.forget()

	visits := r.visits(b)
	ideal := p.ideal(concurrency)
	stored, rooms, all := r.watchConversion(b, visits, ideal)
	calls, limit := r.calls(), conversions*(p.perRoom+perEntry)

	label := fmt.Sprintf("1 conversion of %d, %s, C = %d, %s", conversions, p.name, concurrency, kind)
	report(row{label + ": rooms", "≤ 1.05 × ideal", seconds(rooms), "ideal " + seconds(ideal), times(rooms, ideal), rooms <= ideal*105/100})

	if p.bare {
		report(row{label + ": rooms", "≤ 1.05 × bare", seconds(rooms), "bare loop " + seconds(bare), times(rooms, bare), rooms <= bare*105/100})
	}

	report(row{label + ": all", "≤ 1.05 × ideal", seconds(all), "ideal " + seconds(ideal), times(all, ideal), all <= ideal*105/100})
	report(row{label + ": calls", "≤ k·N + m·N", strconv.Itoa(calls), fmt.Sprintf("%d (k = %d, m = %d)", limit, p.perRoom, perEntry), fmt.Sprintf("%.2f", float64(calls)/float64(limit)), calls <= limit})
	note("Row 1, %s, C = %d, %s: stored after %s; calls to the platform %v, to the record %d.", p.name, concurrency, kind, seconds(stored), r.requests(), r.world.FHIR.Totals().Requests-r.served)

	counts, texts, record := r.world.Counts(), len(r.world.Texts())-r.sent, r.world.FHIR.Totals()
	if counts.DuplicateRooms > 0 || record.Planned != conversions || texts != conversions {
		b.Errorf("%d doubled rooms, %d entries, %d messages for %d visits", counts.DuplicateRooms, record.Planned, texts, conversions)
	}

	secondRun(b, r, p.name+", "+kind, file, visits)
}

// watchConversion converts the visits and tells how long it took until the conversion was stored,
// until the last room was booked, and until every citizen was invited and every entry written. It
// looks as the planner's page does; only towards the end it looks often.
func (r *rig) watchConversion(b *testing.B, visits []care.VisitID, ideal time.Duration) (stored, rooms, all time.Duration) {
	b.Helper()

	ctx, stop := context.WithTimeout(b.Context(), 5*time.Minute)
	defer stop()

	begun := time.Now()

	batch, err := r.service().Convert(ctx, planner(), scheduler.ConvertRequest{Visits: visits})
	if err != nil {
		b.Fatal(err)
	}

	stored = time.Since(begun)
	look := time.NewTicker(ideal * 9 / 10)

	defer look.Stop()

	for {
		select {
		case <-look.C:
			look.Reset(50 * time.Millisecond)
		case <-ctx.Done():
			b.Fatal("the conversion does not end")
		}

		p, err := r.service().Progress(ctx, planner(), batch.ID)
		if err != nil {
			b.Fatal(err)
		}

		if rooms == 0 && p.Counts.Booked == conversions {
			rooms = time.Since(begun)
		}

		if p.State != care.BatchRunning {
			return stored, rooms, time.Since(begun)
		}
	}
}

// secondRun imports the same list and converts the same visits again.
func secondRun(b *testing.B, r *rig, kind string, file ehr.File, visits []care.VisitID) {
	b.Helper()

	queue := r.app.Site(municipality).Queue()
	if err := queue.WaitIdle(b.Context()); err != nil {
		b.Fatal(err)
	}

	r.forget()

	begun := time.Now()
	record, _ := r.importList(b, file)

	if _, err := r.service().Convert(b.Context(), planner(), scheduler.ConvertRequest{Visits: visits}); care.KindOf(err) != care.Conflict {
		b.Errorf("a second conversion: %v", err)
	}

	if err := queue.WaitIdle(b.Context()); err != nil {
		b.Fatal(err)
	}

	took, writes := time.Since(begun), r.writes()

	if record.Same != conversions {
		b.Errorf("%d of %d rows unchanged", record.Same, conversions)
	}

	report(row{
		fmt.Sprintf("2 second run, %d visits, %s", conversions, kind), "0 writes, < 1 s", fmt.Sprintf("%d writes, %s", writes, seconds(took)), "–", "–",
		writes == 0 && took < time.Second,
	})
}

// bareLoop books as many meetings with nothing but net/http: as many workers as calls are agreed
// to, each posting a meeting and reading it back, on connections that stay open.
func bareLoop(b *testing.B, w *world.World, concurrency int) time.Duration {
	b.Helper()

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}, Timeout: time.Minute}
	defer client.CloseIdleConnections()

	token := bareToken(b, client, w)

	var (
		next   atomic.Int64
		group  sync.WaitGroup
		failed atomic.Int64
	)

	begun := time.Now()

	for range concurrency {
		group.Go(func() {
			for next.Add(1) <= conversions {
				if !bareBooking(b.Context(), client, w.URLs.Video, token) {
					failed.Add(1)
				}
			}
		})
	}

	group.Wait()

	if failed.Load() > 0 {
		b.Fatalf("%d bare bookings failed", failed.Load())
	}

	return time.Since(begun)
}

func bareToken(b *testing.B, client *http.Client, w *world.World) string {
	b.Helper()

	account := vdxsim.DefaultClients()[0]
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {account.ID}, "client_secret": {account.Secret}}

	answer, err := client.PostForm(w.URLs.Token, form)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()

	var token struct {
		AccessToken string `json:"access_token"`
	}

	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil || token.AccessToken == "" {
		b.Fatalf("no token: %d, %v", answer.StatusCode, err)
	}

	return token.AccessToken
}

func bareBooking(ctx context.Context, client *http.Client, base, token string) bool {
	id := uuid.NewString()
	start := listDay.Bounds().Start.Add(9 * time.Hour)
	body := fmt.Sprintf(`{"subject":"Aftale","startTime":%q,"endTime":%q,"uuid":%q,"externalId":%q,"hostPin":123456,"guestPin":654321,"guestPinRequired":true,"maxParticipants":5}`,
		start.Format(time.RFC3339), start.Add(10*time.Minute).Format(time.RFC3339), id, "bare-"+id)

	return bareCall(ctx, client, token, http.MethodPost, base+"/v2/meetings", body) &&
		bareCall(ctx, client, token, http.MethodGet, base+"/v2/scheduling-info/"+id, "")
}

func bareCall(ctx context.Context, client *http.Client, token, method, address, body string) bool {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		return false
	}

	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("X-Request-Id", strings.ReplaceAll(uuid.NewString(), "-", ""))

	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}

	answer, err := client.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()

	_, err = io.Copy(io.Discard, answer.Body)

	return err == nil && answer.StatusCode/100 == 2
}
