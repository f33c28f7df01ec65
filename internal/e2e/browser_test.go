package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// chromium starts a headless browser, or skips the test when there is none and nobody insists on
// one with SLUSE_REQUIRE_CHROMIUM.
func chromium(t *testing.T) context.Context {
	t.Helper()

	path, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("SLUSE_REQUIRE_CHROMIUM") != "" {
		t.Fatal("no chromium, and SLUSE_REQUIRE_CHROMIUM is set")
	} else if err != nil {
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

// tab is somebody at a browser window of their own, with cookies of their own.
type tab struct {
	tb   testing.TB
	ctx  context.Context
	base string
	axe  string
}

func newTab(browser context.Context, t *testing.T, base string) *tab {
	t.Helper()

	axe, err := os.ReadFile(filepath.Join("..", "web", "testdata", "axe", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}

	ctx, stop := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)

	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	t.Cleanup(cancel)

	p := &tab{tb: t, ctx: ctx, base: base, axe: string(axe)}
	p.do(chromedp.EmulateViewport(360, 800))

	return p
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.tb.Helper()

	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.tb.Fatalf("%v on the page:\n%.1500s", err, p.text())
	}
}

// text is what the page says; empty when it can't be told any more.
func (p *tab) text() string {
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("location.pathname+'\\n'+document.body?.innerText")) // for a message only

	return text
}

func (p *tab) yes(script string) bool {
	p.tb.Helper()

	is, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](script))
	if err != nil {
		p.tb.Fatalf("%.80s: %v", script, err)
	}

	return is
}

// open goes to an address, or a path of the program, and waits for something on the page.
func (p *tab) open(address, comes string) {
	p.tb.Helper()

	if strings.HasPrefix(address, "/") {
		address = p.base + address
	}

	p.do(chromedp.Navigate(address), chromedp.WaitReady(chromedp.CSS(comes)))
}

// press clicks what has a text, or what a selector after "css:" finds, and waits until something is
// on the page that comes. The page that was is marked, so that it is not taken for the new one.
func (p *tab) press(what, comes string) {
	p.tb.Helper()

	find := fmt.Sprintf(`[...document.querySelectorAll("button,a")].find(e=>e.getClientRects().length&&e.innerText.includes(%q))`, what)
	if selector, ok := strings.CutPrefix(what, "css:"); ok {
		find = fmt.Sprintf("document.querySelector(%q)", selector)
	}

	if !p.yes("(()=>{const e=" + find + ";if(!e)return false;document.documentElement.dataset.old='1';e.click();return true})()") {
		p.tb.Fatalf("nothing to press: %s on the page:\n%.1500s", what, p.text())
	}

	p.until(fmt.Sprintf(`document.readyState==="complete"&&document.querySelector(%q)!==null`, "html:not([data-old]) "+comes))
}

// until waits for a condition in JavaScript, also while one page gives way to the next.
func (p *tab) until(condition string) {
	p.tb.Helper()

	p.ask("new Promise(done=>{const look=()=>{if(" + condition + "){done(true)}else{setTimeout(look,30)}};look()})")
}

// ask evaluates what changes nothing. A page that loads itself anew meanwhile is asked again.
func (p *tab) ask(script string) bool {
	p.tb.Helper()

	for {
		is, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise))

		var wrong *chromedp.ExceptionError

		switch {
		case err == nil:
			return is
		case p.ctx.Err() != nil, errors.As(err, &wrong):
			p.tb.Fatalf("%.200s: %v", script, err)
		}
	}
}

// fill writes into a field, or chooses a box.
func (p *tab) fill(selector, value string) {
	p.tb.Helper()

	if !p.yes(fmt.Sprintf(`(()=>{const e=document.querySelector(%q);if(!e)return false;if(e.type==="checkbox"||e.type==="radio")e.checked=true;else e.value=%q;return true})()`, selector, value)) {
		p.tb.Fatalf("no field %s on the page:\n%.1500s", selector, p.text())
	}
}

// says fails unless the page has a text, or has it not.
func (p *tab) says(text string, wanted bool) {
	p.tb.Helper()

	if p.ask(fmt.Sprintf("document.body.innerText.includes(%q)", text)) != wanted {
		p.tb.Errorf("%q on the page is %v:\n%.1500s", text, !wanted, p.text())
	}
}

// accessible fails when axe-core finds something, or the page scrolls sideways.
func (p *tab) accessible() {
	p.tb.Helper()

	// What the debugger evaluates is not subject to the page's content policy.
	raw, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](p.axe+`;axe.run(document,{resultTypes:["violations"]}).then(r=>JSON.stringify(r.violations.map(v=>v.id+": "+v.help+" "+v.nodes.slice(0,3).map(n=>n.html).join(" | "))))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		p.tb.Fatal(err)
	}

	var found []string
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		p.tb.Fatal(err)
	}

	for _, one := range found {
		p.tb.Errorf("axe: %s on the page:\n%.200s", one, p.text())
	}

	if p.ask("document.scrollingElement.scrollWidth > innerWidth") {
		p.tb.Errorf("the page scrolls sideways:\n%.200s", p.text())
	}
}

// shot keeps pictures of the page in three widths, where SLUSE_SHOTS names a folder for them.
func (p *tab) shot(name string) {
	p.tb.Helper()

	dir := os.Getenv("SLUSE_SHOTS")
	if dir == "" {
		return
	}

	for _, width := range []int64{1280, 820, 360} {
		p.do(chromedp.EmulateViewport(width, 800))

		picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)), picture, 0o600)
		}

		if err != nil {
			p.tb.Fatal(err)
		}
	}
}

func waitFor(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitReady(chromedp.CSS(selector))
}
