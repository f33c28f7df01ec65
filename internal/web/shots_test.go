package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// shots lists every page and state.
func (s *served) shots(t *testing.T) []shot {
	t.Helper()

	planner, leader := s.login(t, "PLA", care.Planner), s.login(t, "LED", care.Leader, care.Planner)
	caregiver := s.login(t, "MSK", care.Caregiver)
	administrator := s.login(t, "ADM", care.Administrator)
	waiting, running, trouble, done, physical := s.withStatus(scheduler.StatusWaiting), s.withStatus(scheduler.StatusRunning), s.withStatus(scheduler.StatusTrouble), s.withStatus(scheduler.StatusCompleted), s.withStatus(scheduler.StatusPhysical)

	s.use.known["qPzM8v3tR1"] = true
	s.use.known["citizen"] = true
	citizen := []*http.Cookie{{Name: "sluse-borger", Value: "citizen"}}
	at := func(stage scheduler.CitizenStage) func() {
		return func() {
			s.use.mu.Lock()
			defer s.use.mu.Unlock()
			s.use.citizen = scheduler.CitizenView{Stage: stage, Opens: testNow().Add(25 * time.Minute), PhoneHint: "•• •• •• 12", CodeLeft: 2}
		}
	}
	state := func(b care.BatchState) func() {
		return func() { s.use.mu.Lock(); defer s.use.mu.Unlock(); s.use.batchState = b }
	}
	outage := func(is bool) func() {
		return func() { s.use.mu.Lock(); defer s.use.mu.Unlock(); s.use.outage = is }
	}
	calling := func(stage scheduler.CallStage) func() {
		return func() { s.use.mu.Lock(); defer s.use.mu.Unlock(); s.use.stage = stage }
	}
	submit := func(selector, comes string) step {
		return chromedp.Steps(chromedp.Click(chromedp.CSS(selector)), chromedp.WaitReady(chromedp.CSS(comes)))
	}

	out := []shot{
		{name: "dagen", cookies: planner, path: "/dagen"},
		{name: "dagen-liste-valgt", cookies: leader, path: "/dagen?vis=liste&vaelg=egnede"},
		{name: "dagen-grunde", cookies: planner, path: "/dagen?egnethed=2", then: openAll()},
		{name: "dagen-tom", cookies: planner, path: "/dagen?dato=2026-12-24"},
		{name: "plan", cookies: leader, path: "/dagen?vaelg=egnede", then: submit(`.actionbar button[type=submit]`, ".does")},
		{name: "plan-roed", cookies: leader, path: "/dagen?egnethed=3&vis=liste", then: chromedp.Steps(chromedp.Focus(chromedp.CSS(".pick")), chromedp.KeyEvent(" "), submit(`.actionbar button[type=submit]`, ".does"))},
		{name: "omlaegninger", cookies: planner, path: "/omlaegninger", before: state(care.BatchRunning)},
		{name: "omlaegning-i-gang", cookies: planner, path: "/omlaegninger/b1"},
		{name: "omlaegning-faerdig", cookies: planner, path: "/omlaegninger/b1", before: state(care.BatchPartlyFailed)},
		{name: "omlaegning-fortrudt", cookies: planner, path: "/omlaegninger/b1?besked=fortrudt", before: state(care.BatchUndone)},
		{name: "omlaegning-telefon", cookies: planner, path: "/omlaegninger/b2", picture: true},
		{name: "fortryd-telefon", cookies: planner, path: "/omlaegninger/b2/fortryd", picture: true},
		{name: "fortryd", cookies: planner, path: "/omlaegninger/b1/fortryd", before: state(care.BatchDone)},
		{name: "kraever-handling", cookies: planner, path: "/kraever-handling"},
		{name: "opfoelgning", cookies: planner, path: "/opfoelgning", then: openAll()},
		{name: "opfoelgning-tom", cookies: s.login(t, "NY", care.Planner), path: "/opfoelgning"},
		{name: "kraever-handling-tom", cookies: planner, path: "/kraever-handling?dato=2026-12-24"},
		{name: "besoeg-problem", cookies: planner, path: "/besoeg/" + trouble},
		{name: "besoeg-venter", cookies: planner, path: "/besoeg/" + waiting, then: openAll()},
		{name: "besoeg-gennemfoert", cookies: planner, path: "/besoeg/" + done + "?besked=afsluttet"},
		{name: "besoeg-ikke-gennemfoert", cookies: planner, path: "/besoeg/" + s.withStatus(scheduler.StatusNot), then: openAll()},
		{name: "lobby-gennemfoert", cookies: caregiver, path: "/min-dag/" + done, picture: true},
		{name: "besoeg-findes-ikke", cookies: planner, path: "/besoeg/nej"},
		{name: "import", cookies: planner, path: "/import"},
		{name: "import-preview", cookies: planner, path: "/import/up1"},
		{name: "import-resultat", cookies: planner, path: "/import/l2/resultat"},
		{name: "hent", cookies: planner, path: "/import/hent?dato=2026-11-24"},
		{name: "hent-ingen", cookies: planner, path: "/import/hent?dato=2026-11-23", picture: true},
		{name: "min-dag", cookies: caregiver, path: "/min-dag"},
		{name: "lobby-venter", cookies: caregiver, path: "/min-dag/" + waiting, picture: true},
		{name: "lobby-i-gang", cookies: caregiver, path: "/min-dag/" + running, before: func() {
			s.use.verdict = care.Verdict{Decided: true, Why: []string{"Medarbejder og borger var i rummet samtidig."}, Outcome: care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen}}
		}},
		{name: "lobby-ring", cookies: caregiver, path: "/min-dag/" + s.withStatus(scheduler.StatusToCall)},
		{name: "lobby-fysisk", cookies: caregiver, path: "/min-dag/" + physical},
		{name: "borgere", cookies: caregiver, path: "/borgere"},
		{name: "borgere-ingen", cookies: s.login(t, "NY", care.Caregiver), path: "/borgere", picture: true},
		{name: "borger-kort", cookies: caregiver, path: "/borgere/c1"},
		{name: "borger-kort-nej", cookies: planner, path: "/borgere/c2", picture: true},
		{name: "borger-kort-tomt", cookies: caregiver, path: "/borgere/c3", picture: true},
		{name: "kontakt-ny", cookies: caregiver, path: "/borgere/c1/kontakter/ny?besoeg=" + waiting},
		{name: "kontakt-ret", cookies: planner, path: "/borgere/c1/kontakter/k3", then: openAll(), picture: true},
		{name: "opkald-booking", cookies: caregiver, path: "/opkald/" + running, before: calling(scheduler.CallBooking), picture: true},
		{name: "opkald-koe", cookies: caregiver, path: "/opkald/" + running, before: calling(scheduler.CallQueued)},
		{name: "opkald-klar", cookies: caregiver, path: "/opkald/" + running, before: calling(scheduler.CallInvited), picture: true},
		{name: "opkald-venter", cookies: caregiver, path: "/opkald/" + running, before: calling(scheduler.CallWaiting)},
		{name: "opkald-slut", cookies: caregiver, path: "/opkald/" + running, before: calling(scheduler.CallEnded), picture: true},
		{name: "lobby-tilfoej", cookies: caregiver, path: "/min-dag/" + waiting, then: openAll()},
		{name: "statistik", cookies: leader, path: "/statistik"},
		{name: "statistik-to", cookies: leader, path: "/statistik?opdel=employee&og=law&tal=citizens", picture: true},
		{name: "statistik-enheder", cookies: leader, path: "/statistik?enhed=*&opdel=unit", picture: true},
		{name: "statistik-tom", cookies: leader, path: "/statistik?fra=2026-12-24&til=2026-12-25"},
		{name: "statistik-fejl", cookies: leader, path: "/statistik?opdel=uge", picture: true},
		{name: "statistik-besoeg", cookies: leader, path: "/statistik/besoeg?maal=completed"},
		{name: "opkald", cookies: leader, path: "/statistik/opkald?import=c1", then: openAll()},
		{name: "opkald-tom", cookies: s.login(t, "NY", care.Leader, care.Planner), path: "/statistik/opkald"},
		{name: "opkald-preview", cookies: leader, path: "/statistik/opkald/opkald~viewcare~1"},
		{name: "opkald-forkert", cookies: leader, path: "/statistik/opkald/opkald~viewcare~3", picture: true},
		{name: "rapporter", cookies: leader, path: "/rapporter"},
		{name: "rapporter-tom", cookies: leader, path: "/rapporter/klgateway?enhed=nat", picture: true},
		{name: "rapporter-fejl", cookies: leader, path: "/rapporter/klgateway?fra=2026-11-30", picture: true},
		{name: "forbindelser", cookies: administrator, path: "/forbindelser"},
		{name: "forbindelser-nede", cookies: planner, path: "/forbindelser", before: outage(true)},
		{name: "dagen-nedbrud", cookies: planner, path: "/dagen?vis=liste&status=venter", before: outage(true), picture: true},
		{name: "kraever-handling-nedbrud", cookies: planner, path: "/kraever-handling?dato=2026-12-24", before: outage(true), picture: true},
		{name: "nedbrud", cookies: planner, path: "/nedbrud/video", before: outage(true)},
		{name: "nedbrud-intet", cookies: planner, path: "/nedbrud/record", before: outage(true), picture: true},
		{name: "forbindelser-maaned", cookies: administrator, path: "/forbindelser?maaned=2026-10-01", before: outage(false), picture: true},
		{name: "ingen-adgang", cookies: caregiver, path: "/statistik"},
		{name: "noedmaader", cookies: administrator, path: "/forbindelser/noedmaader"},
		{name: "login-nede", path: "/login", before: func() { s.use.staffDown = true }},
		{name: "logget-af", path: "/logget-af", before: func() { s.use.staffDown = false }},
		{name: "borger-landing", path: "/b/qPzM8v3tR1"},
		{name: "borger-forkert", path: "/b/ukendt"},
	}

	for _, stage := range []scheduler.CitizenStage{
		scheduler.StageEarly, scheduler.StageIdentify, scheduler.StageCode, scheduler.StageWaiting, scheduler.StageAdmitted,
		scheduler.StageRefused, scheduler.StageEnded, scheduler.StageWrong, scheduler.StageTerms, scheduler.StageDeclined,
	} {
		out = append(out,
			shot{name: "borger-" + string(stage), cookies: citizen, path: "/b", before: at(stage)},
			shot{name: "borger-" + string(stage) + "-en", cookies: citizen, path: "/b?sprog=en", before: at(stage), picture: stage != scheduler.StageCode && stage != scheduler.StageWaiting})
	}

	out = append(out, shot{name: "borger-terms-ar", cookies: citizen, path: "/b?sprog=ar", before: at(scheduler.StageTerms)})
	out = append(out, s.deviceShots(t, submit)...)
	out = append(out, s.judgementShots(t, submit)...)
	out = append(out, s.adminShots(t, submit)...)
	out = append(out, s.directoryShots(t)...)
	out = append(out, s.reconcileShots(t)...)

	return append(out,
		shot{name: "borger-kode-forkert", cookies: citizen, path: "/b", before: at(scheduler.StageCode), then: chromedp.Steps(
			chromedp.SendKeys(chromedp.CSS("#kode"), "111111"), submit(".code-form button", ".alert-error"),
		)},
		shot{name: "borger-fejl", cookies: citizen, path: "/b", before: func() {
			s.use.mu.Lock()
			defer s.use.mu.Unlock()
			s.use.fail = care.NewError(care.Unavailable, "Databasen svarer ikke.")
		}},
		shot{name: "fejl-500", cookies: planner, path: "/dagen"})
}

// withStatus returns the id of the first of MSK's visits with the status, else anybody's.
func (s *served) withStatus(status scheduler.Status) string {
	first := ""

	for _, v := range s.use.rows {
		if v.Status != status {
			continue
		}

		if v.Visit.Facts.Employee == "MSK" {
			return string(v.Visit.ID)
		}

		if first == "" {
			first = string(v.Visit.ID)
		}
	}

	return first
}
