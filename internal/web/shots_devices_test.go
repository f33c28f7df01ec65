package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// deviceShots are the pages of known devices and tablets.
func (s *served) deviceShots(t *testing.T, submit func(selector, comes string) step) []shot {
	t.Helper()

	administrator := s.login(t, "ADM", care.Administrator)
	citizen := []*http.Cookie{{Name: "sluse-borger", Value: "citizen"}}
	tablet := []*http.Cookie{{Name: "sluse-tavle", Value: "tablet"}}

	offers := func(view scheduler.DeviceView, stage scheduler.CitizenStage) func() {
		return func() {
			s.use.mu.Lock()
			defer s.use.mu.Unlock()

			s.use.devices.view = view
			s.use.citizen = scheduler.CitizenView{Stage: stage, Opens: testNow(), PhoneHint: "•• •• •• 12", CodeLeft: 2, Methods: []care.IdentityMethod{care.ByDevice, care.ByCode}}
		}
	}
	shows := func(stage scheduler.TabletStage) func() {
		return func() {
			s.use.mu.Lock()
			defer s.use.mu.Unlock()

			s.use.devices.tablet = scheduler.TabletView{Stage: stage, Planned: testNow().Add(2 * time.Hour), Now: testNow(), AutoAnswer: true}
		}
	}
	both := []care.DeviceKind{care.PasskeyDevice, care.CodeDevice}
	rung := chromedp.WaitVisible(chromedp.CSS("#svar"))

	return []shot{
		{name: "borger-husk", cookies: citizen, path: "/b", before: offers(scheduler.DeviceView{Remember: both}, scheduler.StageWaiting)},
		{name: "borger-husket", cookies: citizen, path: "/b", before: offers(scheduler.DeviceView{Known: care.CodeDevice}, scheduler.StageWaiting), picture: true},
		{name: "enhed", cookies: citizen, path: "/b/enhed", before: offers(scheduler.DeviceView{Remember: both}, scheduler.StageWaiting)},
		{name: "enhed-en", cookies: citizen, path: "/b/enhed?sprog=en", picture: true},
		{name: "enhed-forkert", cookies: citizen, path: "/b/enhed", then: chromedp.Steps(
			chromedp.SendKeys(chromedp.CSS("#kode"), "1234"), chromedp.SendKeys(chromedp.CSS("#igen"), "1234"), submit(".device-code button", ".alert-error"),
		)},
		{name: "borger-kendt-kode", cookies: citizen, path: "/b", before: offers(scheduler.DeviceView{Known: care.CodeDevice}, scheduler.StageIdentify)},
		{name: "borger-kendt-noegle", cookies: citizen, path: "/b", before: offers(scheduler.DeviceView{Known: care.PasskeyDevice}, scheduler.StageIdentify)},
		{name: "tavler", cookies: administrator, path: "/administration/tavler", before: offers(scheduler.DeviceView{}, scheduler.StageIdentify)},
		{name: "tavler-flere", cookies: administrator, path: "/administration/tavler", then: chromedp.Steps(
			chromedp.SendKeys(chromedp.CSS("#serie"), "SN-9"), chromedp.SendKeys(chromedp.CSS("#hvem"), "Berggren"), submit(`.contactform button`, ".chosen"),
		)},
		{name: "tavle-kode", cookies: administrator, path: "/administration/tavler", then: submit(`.table form[action$="/kode"] button`, ".enrol-code")},
		{name: "tavle-ny", path: "/tavle/ny"},
		{name: "tavle-ingen", path: "/tavle", then: chromedp.WaitVisible(chromedp.CSS("#saet-op"))},
		{name: "tavle-naeste", cookies: tablet, path: "/tavle", before: shows(scheduler.TabletNext)},
		{name: "tavle-ringer", cookies: tablet, path: "/tavle", before: shows(scheduler.TabletRinging), then: rung},
		{name: "tavle-venter", cookies: tablet, path: "/tavle", before: shows(scheduler.TabletWaiting), picture: true},
		{name: "tavle-aaben", cookies: tablet, path: "/tavle", before: shows(scheduler.TabletOpen), then: rung, picture: true},
	}
}
