package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sluse/sluse/scheduler/care"
)

// judgementShots are the pages of suitability and of notes in the record.
func (s *served) judgementShots(t *testing.T, submit func(selector, comes string) step) []shot {
	t.Helper()

	nurse := s.login(t, "MSK", care.Caregiver)
	judge := func() step {
		return chromedp.Steps(
			chromedp.Click(chromedp.CSS(`label[for="v-egnet"]`)), chromedp.SetValue(chromedp.CSS("#fordi"), "Kan selv."), submit(`button[value="se"]`, ".notetext"))
	}

	return []shot{
		{name: "borger-notater", cookies: nurse, path: "/borgere/c1", then: openAll()},
		{name: "tavler-luk", cookies: s.login(t, "ADM", care.Administrator), path: "/administration/tavler/t1/luk"},
		{name: "egnethed", cookies: nurse, path: "/borgere/c1/egnethed"},
		{name: "egnethed-vist", cookies: nurse, path: "/borgere/c1/egnethed", then: judge()},
		{name: "egnethed-ikke-muligt", cookies: nurse, path: "/borgere/c2/egnethed", then: judge()},
	}
}
