package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// tab opens a tab with a time limit.
func tab(browser context.Context, t *testing.T) context.Context {
	t.Helper()

	ctx, stop := chromedp.NewContext(browser)
	t.Cleanup(stop)

	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)

	return ctx
}

func do(ctx context.Context, t *testing.T, steps ...step) {
	t.Helper()

	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// until waits until an expression is true in the page.
func until(ctx context.Context, t *testing.T, expression string) {
	t.Helper()

	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(60*time.Second))); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
}

// TestFlowsInBrowser plays what only a browser can show: redirects of forms to another origin
// under the content policy, live progress, live chips, the waiting room, and the keyboard.
func TestFlowsInBrowser(t *testing.T) {
	t.Parallel()

	browser := chromium(t)
	room := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<!doctype html><title>Rum</title><main id=rum>Rummet</main>"))
	}))
	t.Cleanup(room.Close)

	s := serve(t)
	s.use.hostLink, s.use.guestLink = room.URL+"/vaert", room.URL+"/gaest"

	t.Run("the caregiver's start leads to the room in a new tab", func(t *testing.T) {
		ctx := tab(browser, t)
		visit := s.withStatus(scheduler.StatusWaiting)
		opened := chromedp.WaitNewTarget(ctx, func(info *target.Info) bool { return strings.HasPrefix(info.URL, room.URL) })

		do(ctx, t, s.setCookies(s.login(t, "MSK", care.Caregiver)), chromedp.Navigate(s.url+"/min-dag/"+visit), chromedp.Click(chromedp.CSS("form[target] button")))

		select {
		case <-opened:
		case <-ctx.Done():
			t.Fatal("no room")
		}
	})

	t.Run("a citizen goes through the waiting room into the room", func(t *testing.T) {
		ctx := tab(browser, t)
		stage := func(stage scheduler.CitizenStage) {
			s.use.mu.Lock()
			defer s.use.mu.Unlock()
			s.use.citizen = scheduler.CitizenView{Stage: stage, PhoneHint: "•• •• •• 12", CodeLeft: 1}
			s.use.known["loc"] = true
		}

		stage(scheduler.StageWaiting)
		do(ctx, t, s.setCookies(nil), chromedp.Navigate(s.url+"/b/loc"), chromedp.Click(chromedp.CSS(".big")), chromedp.WaitReady(chromedp.CSS(`[data-stage=waiting]`)))

		until(ctx, t, `document.readyState==="complete"`) // before, the browser numbers its elements anew

		if at, err := chromedp.Run(ctx, chromedp.Location()); err != nil || at != s.url+"/b" {
			t.Errorf("the locator stays in the address bar: %s (%v)", at, err)
		}

		stage(scheduler.StageAdmitted)
		do(ctx, t, chromedp.Click(chromedp.CSS(`[data-stage=admitted] .big`)), chromedp.WaitReady(chromedp.CSS("#rum")))
	})

	t.Run("progress arrives by itself", func(t *testing.T) {
		ctx := tab(browser, t)
		do(ctx, t, s.setCookies(s.login(t, "PLA", care.Planner)), chromedp.Navigate(s.url+"/omlaegninger/b1"), chromedp.WaitReady(chromedp.CSS("[data-events]")))
		s.use.mu.Lock()
		s.use.batchState = care.BatchDone
		s.use.mu.Unlock()
		do(ctx, t, chromedp.WaitReady(chromedp.CSS(`.progress-box:not([data-events]) progress[value="100"]`)))
	})

	t.Run("chips refresh and keep the selection", func(t *testing.T) {
		ctx := tab(browser, t)
		do(ctx, t, s.setCookies(s.login(t, "PLA", care.Planner)), chromedp.Navigate(s.url+"/dagen"), chromedp.Click(chromedp.CSS("[data-pick=green]")))

		id := s.withStatus(scheduler.StatusWaiting)

		s.use.mu.Lock()
		for i := range s.use.rows {
			if string(s.use.rows[i].Visit.ID) == id {
				s.use.rows[i].Status = scheduler.StatusRunning
			}
		}
		s.use.mu.Unlock()

		until(ctx, t, `document.getElementById("chip-`+id+`").textContent.includes("I gang")&&Number(document.getElementById("antal").textContent)===document.querySelectorAll(".pick[data-level=green]:checked").length&&document.querySelectorAll(".pick:checked").length>5`)
	})

	t.Run("the keyboard reaches the content first", func(t *testing.T) {
		ctx := tab(browser, t)
		do(ctx, t, s.setCookies(s.login(t, "PLA", care.Planner)), chromedp.Navigate(s.url+"/dagen"), chromedp.KeyEvent("\t"))
		until(ctx, t, `document.activeElement.className==="skipnav"`)
		do(ctx, t, chromedp.KeyEvent("\r"))
		until(ctx, t, `location.hash==="#main-content"`)
	})
}
