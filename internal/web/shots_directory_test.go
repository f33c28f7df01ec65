package web_test

import (
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

// directoryShots are the pages of employees, units and citizens from files, of who is linked with a
// citizen, of the search, and of conversions that wait.
func (s *served) directoryShots(t *testing.T) []shot {
	t.Helper()

	administrator, leader := s.login(t, "SYS", care.Administrator), s.login(t, "LED", care.Leader, care.Planner)

	return []shot{
		{name: "medarbejdere", cookies: administrator, path: "/administration/medarbejdere"},
		{name: "medarbejdere-ingen", cookies: administrator, path: "/administration/medarbejdere?navn=ingen", picture: true},
		{name: "medarbejder", cookies: administrator, path: "/administration/medarbejdere/MSK"},
		{name: "medarbejder-ny", cookies: administrator, path: "/administration/ny-medarbejder"},
		{name: "enheder", cookies: administrator, path: "/administration/enheder"},
		{name: "kartotekfil", cookies: administrator, path: "/administration/filer/employees-1"},
		{name: "kartotekfil-fejl", cookies: administrator, path: "/administration/filer/employees-fejl"},
		{name: "borgerfil", cookies: administrator, path: "/administration/borgere"},
		{name: "borgerfil-vist", cookies: administrator, path: "/administration/filer/citizens-1"},
		{name: "tilknytninger", cookies: leader, path: "/borgere/c1/medarbejdere"},
		{name: "find-borger", cookies: leader, path: "/borgere/find"},
		{name: "adgang-kode", cookies: leader, path: "/borgere/c1/adgang"},
		{name: "godkendelse", cookies: leader, path: "/omlaegninger/b3", then: openAll()},
		{name: "godkendelse-egen", cookies: leader, path: "/omlaegninger/b4", picture: true},
		{name: "godkendelse-nej", cookies: leader, path: "/omlaegninger/b5"},
		{name: "omlaegninger-venter", cookies: leader, path: "/omlaegninger", picture: true},
	}
}
