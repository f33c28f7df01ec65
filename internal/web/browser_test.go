package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/scheduler/care"
)

// chromium starts a headless browser, or skips the test when there is none and nobody insists
// on one with SLUSE_REQUIRE_CHROMIUM.
func chromium(t *testing.T) context.Context {
	t.Helper()

	path := ""

	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found

			break
		}
	}

	if path == "" {
		if os.Getenv("SLUSE_REQUIRE_CHROMIUM") != "" {
			t.Fatal("no chromium, and SLUSE_REQUIRE_CHROMIUM is set")
		}

		t.Skip("no chromium")
	}

	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))

	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stopAlloc)

	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(stop)

	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}

	return ctx
}

// served is a municipality on plain http at loopback, as the demo runs it.
type served struct {
	url string
	use *fakeUse
}

func serve(t *testing.T) *served {
	t.Helper()

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	s := &served{url: "http://" + l.Addr().String(), use: newFakeUse(t)}

	h, err := web.New(web.Options{
		Sites:  []web.Site{site(l.Addr().String(), s.url, "testby", s.use, newFakeSessions())},
		Logger: slog.New(slog.DiscardHandler), Clock: testNow,
	})
	if err != nil {
		t.Fatal(err)
	}

	server := web.NewServer(h, "")
	done := make(chan struct{})

	go func() { defer close(done); _ = server.Serve(l) }()

	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()

		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}

		<-done
	})

	return s
}

// login returns the cookies of an employee with the given roles.
func (s *served) login(t *testing.T, user string, roles ...care.Role) []*http.Cookie {
	t.Helper()

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}

	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

	groups := make([]string, len(roles))
	for i, r := range roles {
		groups[i] = string(r)
	}

	for _, do := range []func() (*http.Response, error){
		func() (*http.Response, error) { return client.Get(s.url + "/login") },
		func() (*http.Response, error) {
			return client.PostForm(s.url+"/saml/acs", url.Values{"user": {user}, "groups": {strings.Join(groups, " ")}})
		},
	} {
		res, err := do()
		if err != nil {
			t.Fatal(err)
		}

		_ = res.Body.Close()

		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("login: %d", res.StatusCode)
		}
	}

	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}

	return jar.Cookies(u)
}

func (s *served) setCookies(cookies []*http.Cookie) step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Call(ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
			return err
		}

		for _, c := range cookies {
			if _, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: s.url}); err != nil {
				return err
			}
		}

		return nil
	})
}

// collectRefusals gathers what the content policy refuses, before anything loads.
func collectRefusals() step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `window.refused=[];document.addEventListener("securitypolicyviolation",function(e){window.refused.push(e.violatedDirective+" "+e.blockedURI)})`,
		})

		return err
	})
}

func size(width int) step { return chromedp.EmulateViewport(int64(width), 900) }

// openAll opens every fold of a page.
func openAll() step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.querySelectorAll("details").forEach(d=>d.open=true);0`))

		return err
	})
}

type step = chromedp.Action[chromedp.Void]

// shot is one page in one state.
type shot struct {
	name    string
	cookies []*http.Cookie
	path    string
	before  func()
	then    step // on the page, for example a click
	// picture: the markup is that of another shot; it is looked at only when pictures are taken.
	picture bool
}

// TestPagesInBrowser looks at every page in every state: axe-core finds nothing, nothing scrolls
// sideways at 320 px (which is 400 % zoom of 1280), and no script or style was refused. With
// SLUSE_SCREENSHOTS=dir it leaves pictures there.
func TestPagesInBrowser(t *testing.T) {
	t.Parallel()

	ctx := chromium(t)
	s := serve(t)

	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}

	for _, one := range s.shots(t) {
		if one.picture && os.Getenv("SLUSE_SCREENSHOTS") == "" {
			continue
		}

		t.Run(one.name, func(t *testing.T) {
			s.look(ctx, t, one, string(axe))
		})
	}
}

func (s *served) look(browser context.Context, t *testing.T, one shot, axe string) {
	t.Helper()

	if one.before != nil {
		one.before()
	}

	ctx, stop := chromedp.NewContext(browser)
	defer stop()

	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()

	steps := []step{size(1280), collectRefusals(), s.setCookies(one.cookies), chromedp.Navigate(s.url + one.path), chromedp.WaitReady("main")}
	if one.then != nil {
		steps = append(steps, one.then, chromedp.WaitReady("main"))
	}

	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}

	refused, err := chromedp.Run(ctx, chromedp.Evaluate[[]string]("window.refused"))
	if err != nil || len(refused) > 0 {
		t.Errorf("content policy refused %v (%v)", refused, err)
	}

	for _, width := range []int{320, 360, 820, 1280} {
		s.lookAt(ctx, t, one, width, axe)
	}
}

func (s *served) lookAt(ctx context.Context, t *testing.T, one shot, width int, axe string) {
	t.Helper()

	if err := chromedp.Do(ctx, size(width)); err != nil {
		t.Fatal(err)
	}

	scroll, err := chromedp.Run(ctx, chromedp.Evaluate[int]("document.scrollingElement.scrollWidth"))
	if err != nil {
		t.Fatal(err)
	}

	if scroll > width {
		wide, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`Array.from(document.querySelectorAll("body *")).filter(e=>e.getBoundingClientRect().right>%d&&!e.closest(".tablewrap,.gridwrap,.chartwrap")).slice(0,4).map(e=>e.outerHTML.slice(0,120)).join("\n")`, width)))
		t.Errorf("%d px wide page scrolls to %d:\n%s %v", width, scroll, wide, err)
	}

	if width == 320 || width == 1280 {
		for _, v := range violations(ctx, t, axe) {
			t.Errorf("axe at %d px: %s", width, v)
		}
	}

	if dir := os.Getenv("SLUSE_SCREENSHOTS"); dir != "" && width != 320 {
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", one.name, width)), png, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func violations(ctx context.Context, t *testing.T, axe string) []string {
	t.Helper()

	// What the debugger evaluates is not subject to the page's content policy.
	raw, err := chromedp.Run(ctx, chromedp.Evaluate[string](axe+`;axe.run(document,{resultTypes:["violations"]}).then(r=>JSON.stringify(r.violations.map(v=>({id:v.id,help:v.help,nodes:v.nodes.slice(0,3).map(n=>n.html+" "+n.any.concat(n.all,n.none).map(c=>c.message).join("; "))}))))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}

	var found []struct {
		ID    string   `json:"id"`
		Help  string   `json:"help"`
		Nodes []string `json:"nodes"`
	}
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		t.Fatal(err)
	}

	var out []string
	for _, f := range found {
		out = append(out, f.ID+": "+f.Help+"\n  "+strings.Join(f.Nodes, "\n  "))
	}

	return out
}
