package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sluse/sluse/scheduler/care"
)

// adminShots are the pages of logins, emergency access and audit.
func (s *served) adminShots(t *testing.T, submit func(selector, comes string) step) []shot {
	t.Helper()

	administrator, auditor := s.login(t, "ADM", care.Administrator), s.login(t, "REV", care.Auditor)
	s.login(t, "ADM", care.Administrator)
	leader := s.login(t, "LED", care.Leader)

	return []shot{
		{name: "administration", cookies: administrator, path: "/administration"},
		{name: "logins", cookies: administrator, path: "/administration/logins"},
		{name: "logins-ingen", cookies: administrator, path: "/administration/logins?medarbejder=XXX", picture: true},
		{name: "mine-logins", cookies: administrator, path: "/mine-logins"},
		{name: "noedkode", cookies: administrator, path: "/mine-logins/noedkode"},
		{name: "noedkode-uden", cookies: s.login(t, "PLA", care.Planner), path: "/mine-logins/noedkode", picture: true},
		{name: "noedkode-vist", cookies: administrator, path: "/mine-logins/noedkode", then: submit(`form[action="/mine-logins/noedkode"] button`, ".codecard")},
		{name: "noedadgange", cookies: administrator, path: "/administration/noedadgang"},
		{name: "noedadgang", path: "/noedadgang"},
		{name: "sletninger", cookies: auditor, path: "/sletninger"},
		{name: "sletninger-passer-ikke", cookies: auditor, path: "/sletninger", then: chromedp.Steps(
			chromedp.SetValue(chromedp.CSS("#besoeg"), "slettet"), chromedp.SetValue(chromedp.CSS("#cpr"), "210300-9996"), submit(`.contactform button`, ".attention"))},
		{name: "besoeg-slettet", cookies: leader, path: "/besoeg/slettet"},
		{name: "besoeg-beholdt", cookies: leader, path: "/besoeg/beholdt"},
		{name: "forloeb", cookies: leader, path: "/borgere/c1/forloeb"},
		{name: "forloeb-afsluttet", cookies: leader, path: "/borgere/c2/forloeb"},
		{name: "revision", cookies: auditor, path: "/revision?medarbejder=PLA"},
	}
}
