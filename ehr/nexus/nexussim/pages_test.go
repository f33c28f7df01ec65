package nexussim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
)

func TestPages(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	ref := b.visit(func(v *nexussim.NewVisit) { v.Repeat = append(v.Repeat, v.Start.AddDate(0, 0, 1)) })
	if err := b.sim.Categorise(ref, "Planlagt skærmbesøg"); err != nil {
		t.Fatal(err)
	}
	if err := b.sim.Admit(nancy); err != nil {
		t.Fatal(err)
	}
	body, create := b.task()
	b.call(http.StatusOK, http.MethodPost, create, body)
	var id int
	for _, c := range b.sim.Citizens() {
		if c.CPR == nancy {
			id = c.ID
		}
	}
	page := func(want int, path string, wants ...string) {
		t.Helper()
		got := b.call(want, http.MethodGet, strings.TrimSuffix(b.urls.Page, "/")+path, nil)
		for _, w := range wants {
			if !strings.Contains(got.raw, w) {
				t.Errorf("%s lacks %q", path, w)
			}
		}
		if strings.Contains(got.raw, "9996") {
			t.Errorf("%s shows a whole CPR number", path)
		}
	}
	page(200, "/", "Øst dag, mandag den 23. november 2026", "Mona Skov", "14.00–14.15", "Planlagt skærmbesøg", "▣", "Indlagt", "Nøgleboks ved dør", "Gentages", "besøgstype")
	b.sim.Advance(-24 * time.Hour) // nothing is on the list yet: its first day is shown
	page(200, "/", "Øst dag, mandag den 23. november 2026", "Mona Skov")
	b.sim.Advance(24 * time.Hour)
	page(200, "/?liste=nonsense&dato=2026-11-24", "tirsdag den 24. november 2026")
	page(200, "/borger/"+jsonInt(float64(id)), "251248-••••", "Borgerkalender", "Sundhedsloven § 138", "Registrér skærmbesøg", "Åben")
	page(404, "/borger/1")
	page(404, "/borger/x")
	page(200, "/opgaver", "Besøget kl. 14.00", "23.11.2026", "Sluse (systembruger)")
	page(200, "/style.css", "background: #CFE8FF")
	if b.sim.DefineType(nexussim.EventType{Name: "Nyt", Color: "red;}"}) == nil {
		t.Error("a colour that is none was taken")
	}
}

func TestProtectedPeopleOnThePages(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	if err := b.sim.EditCitizen(nancy, func(c *nexussim.Citizen) {
		c.RestrictedPhones, c.Address.Restricted, c.AllowVideo = true, true, true
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range b.sim.Citizens() {
		if c.CPR != nancy {
			continue
		}
		got := b.get(b.urls.Page + "borger/" + jsonInt(float64(c.ID))).raw
		if !strings.Contains(got, "Beskyttet adresse") || strings.Contains(got, c.Mobile) || strings.Contains(got, c.Address.Line) {
			t.Error("a protected citizen's address or number is shown")
		}
	}
}
