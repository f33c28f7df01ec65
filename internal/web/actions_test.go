package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestStaffActions posts every form and looks at where it leads and what it called.
func TestStaffActions(t *testing.T) {
	t.Parallel()

	b := setup(t)
	use := b.use[testby]
	all := b.as(t, testby, "MSK", care.Planner, care.Leader, care.Caregiver)
	first := (&served{use: use}).withStatus
	screen, physical := first(scheduler.StatusWaiting), first(scheduler.StatusPhysical)
	ended := first(scheduler.StatusCompleted)
	v := func(pairs ...string) url.Values {
		out := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			out.Add(pairs[i], pairs[i+1])
		}

		return out
	}

	for name, c := range map[string]struct {
		path   string
		form   url.Values
		status int
		to     string // Location, or a part of the page
		calls  string
	}{
		"move":                   {"/besoeg/" + screen + "/flyt", v("dato", "2026-11-23", "start", "14:00", "slut", "14.20"), 303, "/besoeg/" + screen + "?besked=flyttet", "MoveVisit"},
		"move badly":             {"/besoeg/" + screen + "/flyt", v("dato", "2026-11-23", "start", "kl 2"), 422, "Skriv dato og klokkeslæt", ""},
		"cancel":                 {"/besoeg/" + screen + "/aflys", v("aarsag", "indlagt"), 303, "?besked=aflyst", "CancelVisit"},
		"cancel no reason":       {"/besoeg/" + screen + "/aflys", nil, 422, "Vælg en årsag", ""},
		"physical":               {"/besoeg/" + screen + "/fysisk", nil, 303, "?besked=fysisk", "MakePhysical"},
		"retry from list":        {"/besoeg/" + screen + "/problem/x1/proev-igen", v("liste", "2026-11-23"), 303, "/kraever-handling?besked=proevet&dato=2026-11-23", "Retry"},
		"settle":                 {"/besoeg/" + screen + "/problem/x1/klaret", v("liste", "http://evil"), 303, "/besoeg/" + screen + "?besked=klaret", "Settle"},
		"planner ends":           {"/besoeg/" + screen + "/afslut", v("resultat", "telefon"), 303, "?besked=afsluttet", "Conclude"},
		"dry run":                {"/omlaeg", v("id", physical), 200, "Besøg omlægges", "DryRun"},
		"dry run nothing":        {"/omlaeg", nil, 422, "Sæt kryds ved mindst ét besøg", ""},
		"convert":                {"/omlaegninger", v("id", screen), 303, "/omlaegninger/b1", "Convert"},
		"convert red":            {"/omlaegninger", v("id", physical), 422, "Skriv en begrundelse", "DryRun"},
		"undo":                   {"/omlaegninger/b1/fortryd", nil, 303, "/omlaegninger/b1?besked=fortrudt", "Undo"},
		"import":                 {"/import/up1", nil, 303, "/import/l2/resultat", "ImportList"},
		"import calls":           {"/statistik/opkald/opkald~viewcare~1", nil, 303, "/statistik/opkald?import=c1", "ImportCalls"},
		"import calls of none":   {"/statistik/opkald/opkald~viewcare~3", nil, 422, "ingen opkald, der kan importeres", ""},
		"undo calls":             {"/statistik/opkald/c1/fortryd", nil, 303, "/statistik/opkald?besked=opkald-fortrudt", "UndoCalls"},
		"undo calls twice":       {"/statistik/opkald/c0/fortryd", nil, 409, "allerede fortrudt", ""},
		"start":                  {"/min-dag/" + screen + "/start", nil, 303, use.hostLink, "HostLink"},
		"admit":                  {"/min-dag/" + screen + "/luk-ind/a1", v("genkendt", "ja"), 303, "?besked=lukket-ind", "Admit"},
		"admit unseen":           {"/min-dag/" + screen + "/luk-ind/a1", nil, 422, "genkendt", ""},
		"refuse":                 {"/min-dag/" + screen + "/afvis/a2", nil, 303, "?besked=afvist", "Refuse"},
		"conclude":               {"/min-dag/" + screen + "/afslut", v("resultat", "gennemfoert"), 303, "/min-dag?besked=afsluttet", "Conclude"},
		"conclude not":           {"/min-dag/" + screen + "/afslut", v("resultat", "ikke", "aarsag", "udeblevet"), 303, "/min-dag?besked=afsluttet", "Conclude"},
		"conclude why":           {"/min-dag/" + screen + "/afslut", v("resultat", "ikke", "aarsag", "fordi"), 422, "Vælg, hvorfor", ""},
		"conclude nothing":       {"/min-dag/" + screen + "/afslut", nil, 422, "Vælg, hvordan", ""},
		"correct":                {"/besoeg/" + ended + "/ret", v("resultat", "ikke", "aarsag", "udeblevet", "begrundelse", "Forkert knap"), 303, "/besoeg/" + ended + "?besked=rettet", "Correct"},
		"correct why":            {"/besoeg/" + ended + "/ret", v("resultat", "gennemfoert"), 422, "Skriv, hvorfor resultatet rettes", ""},
		"correct own":            {"/min-dag/" + ended + "/ret", v("resultat", "telefon", "begrundelse", "Vi ringede"), 303, "/min-dag/" + ended + "?besked=rettet", "Correct"},
		"correct own why":        {"/min-dag/" + ended + "/ret", v("resultat", "telefon"), 422, "Skriv, hvorfor resultatet rettes", ""},
		"call instead":           {"/besoeg/" + screen + "/ring", nil, 303, "/besoeg/" + screen + "?besked=ring", "CallInstead"},
		"fall back":              {"/nedbrud", v("id", screen, "maade", "telefon", "system", "video"), 303, "/omlaegninger/b1", "FallBack"},
		"in person":              {"/nedbrud", v("id", screen, "maade", "fysisk"), 303, "/omlaegninger/b1", "FallBack"},
		"fall back none":         {"/nedbrud", v("maade", "telefon", "system", "video"), 422, "Vælg mindst ét besøg", ""},
		"call now":               {"/borgere/c1/ring", nil, 303, "/opkald/", "CallNow"},
		"call refused":           {"/borgere/c2/ring", nil, 409, "ikke egnet til skærmbesøg", ""},
		"call cancelled":         {"/opkald/x/slut", nil, 303, "?besked=opkald-annulleret", "EndCall"},
		"call by phone":          {"/opkald/x/slut", v("telefon", "ja"), 303, "?besked=opkald-telefon", "EndCall"},
		"add contact":            {"/borgere/c1/kontakter", v("rolle", "relative", "navn", "Bo", "mobil", "20000001"), 303, "/borgere/c1?besked=kontakt", "AddContact"},
		"add no number":          {"/borgere/c1/kontakter", v("rolle", "relative", "navn", "Bo"), 422, "Skriv kontaktens mobilnummer", ""},
		"add and invite":         {"/borgere/c1/kontakter", v("rolle", "relative", "navn", "Bo", "mobil", "20000001", "samtykke", "oral", "besoeg", screen), 303, "/min-dag/" + screen + "?besked=inviteret", "AddParticipant"},
		"invite, planner":        {"/borgere/c1/kontakter", v("rolle", "relative", "navn", "Bo", "mobil", "20000001", "samtykke", "oral", "besoeg", screen, "side", "besoeg"), 303, "/besoeg/" + screen + "?besked=inviteret", "AddParticipant"},
		"no consent":             {"/borgere/c1/kontakter", v("rolle", "relative", "navn", "Bo", "mobil", "20000001", "besoeg", screen), 422, "notér samtykket", ""},
		"change contact":         {"/borgere/c1/kontakter/k1", v("rolle", "relative", "navn", "Bo", "mobil", "20000001"), 303, "?besked=kontakt", "ChangeContact"},
		"a number":               {"/borgere/c3/cpr", v("cpr", "251248-9996", "begrundelse", "Set"), 303, "/borgere/c3/adgang?besked=cpr", "GiveNumber"},
		"whose number":           {"/borgere/c3/cpr", v("cpr", "250947-9989", "begrundelse", "Set"), 422, "en anden borger har det", ""},
		"a guardian":             {"/borgere/c1/kontakter", v("rolle", "relative", "navn", "Bo", "mobil", "20000001", "vaerge", "ja"), 303, "/borgere/c1?besked=kontakt", "AddContact"},
		"no such guardian":       {"/borgere/c1/kontakter", v("rolle", "interpreter", "navn", "Bo", "mobil", "20000001", "vaerge", "ja"), 422, "Kun en pårørende", ""},
		"change badly":           {"/borgere/c1/kontakter/k1", v("rolle", "relative"), 422, "Skriv kontaktens navn", ""},
		"withdraw consent":       {"/borgere/c1/kontakter/k1/traek-samtykke", nil, 303, "?besked=samtykke-trukket", "WithdrawConsent"},
		"authority, not weighed": {"/borgere/c1/kontakter", v("rolle", "authority", "navn", "Bo", "mobil", "20000001", "samtykke", "oral", "besoeg", screen), 422, "vurderet tavshedspligten", ""},
		"authority, no rule":     {"/borgere/c1/kontakter", v("rolle", "authority", "navn", "Bo", "mobil", "20000001", "samtykke", "oral", "besoeg", screen, "tavshedspligt", "ja"), 422, "Vælg den regel", ""},
		"authority":              {"/borgere/c1/kontakter", v("rolle", "authority", "navn", "Bo", "mobil", "20000001", "samtykke", "oral", "besoeg", screen, "tavshedspligt", "ja", "hjemmel", "sul_41_1"), 303, "?besked=inviteret", "AddParticipant"},
		"remove contact":         {"/borgere/c1/kontakter/k1/fjern", nil, 303, "?besked=kontakt-fjernet", "RemoveContact"},
		"add guest":              {"/min-dag/" + screen + "/deltagere", v("kontakt", "k3"), 303, "/min-dag/" + screen + "?besked=inviteret", "AddParticipant"},
		"add one too many":       {"/min-dag/" + screen + "/deltagere", nil, 422, "plads til højst 5", ""},
		"planner adds":           {"/besoeg/" + screen + "/deltagere", v("kontakt", "k3"), 303, "/besoeg/" + screen + "?besked=inviteret", "AddParticipant"},
		"planner too many":       {"/besoeg/" + screen + "/deltagere", nil, 422, "plads til højst 5", ""},
		"remove guest":           {"/min-dag/" + screen + "/deltagere/p1/fjern", nil, 303, "?besked=deltager-fjernet", "RemoveParticipant"},
		"planner removes":        {"/besoeg/" + screen + "/deltagere/p1/fjern", nil, 303, "?besked=deltager-fjernet", "RemoveParticipant"},
		"to physical":            {"/min-dag/" + screen + "/afslut", v("resultat", "fysisk"), 303, "/min-dag?besked=afsluttet", "Conclude"},
		"fetch":                  {"/import/hent", v("dato", "2026-11-24"), 303, "/import/hent?dato=2026-11-24", "AskLists"},
		"fetch no day":           {"/import/hent", nil, 422, "Datoen skal skrives", ""},
	} {
		before := use.called(c.calls)
		w := b.post(t, all, c.path, c.form, c.status)

		if where := w.Header().Get("Location") + w.Body.String(); !strings.Contains(where, c.to) {
			t.Errorf("%s: no %q", name, c.to)
		}

		if c.calls != "" && use.called(c.calls) <= before {
			t.Errorf("%s did not call %s", name, c.calls)
		}
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)
	send := func(name, text string) *httptest.ResponseRecorder {
		var body bytes.Buffer

		w := multipart.NewWriter(&body)

		part, err := w.CreateFormFile("fil", name)
		if err != nil {
			t.Fatal(err)
		}

		_, _ = part.Write([]byte(text))
		_ = w.Close()

		r := httptest.NewRequest(http.MethodPost, "https://"+testby+"/import", &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.AddCookie(planner)

		return b.do(t, r)
	}

	if w := send(`C:\lister\dag.csv`, "Dato;Starttid\n"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/import/up1" {
		t.Errorf("upload: %d", w.Code)
	}

	for _, text := range []string{"", "hej"} {
		if w := send("x.csv", text); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Det gik ikke") {
			t.Errorf("upload of %q: %d", text, w.Code)
		}
	}
}

func TestFrontPageFollowsTheRole(t *testing.T) {
	t.Parallel()

	b := setup(t)

	for _, f := range []struct {
		role care.Role
		to   string
	}{{care.Leader, "/statistik"}, {care.Planner, "/dagen"}, {care.Caregiver, "/min-dag"}, {care.Administrator, "/forbindelser"}} {
		r := request(http.MethodGet, testby, "/")
		r.AddCookie(b.as(t, testby, "X", f.role))

		if w := b.do(t, r); w.Header().Get("Location") != f.to {
			t.Errorf("%s: %d %s", f.role, w.Code, w.Header().Get("Location"))
		}
	}

	b.get(t, b.as(t, testby, "X"), "/", http.StatusForbidden)

	if w := b.do(t, request(http.MethodGet, testby, "/dagen?dato=2026-11-23")); w.Header().Get("Location") != "/login?til=%2Fdagen%3Fdato%3D2026-11-23" {
		t.Errorf("without login: %s", w.Header().Get("Location"))
	}
}

func TestStatisticsFile(t *testing.T) {
	t.Parallel()

	b := setup(t)
	leader := b.as(t, testby, "LED", care.Leader)
	body := b.get(t, leader, "/statistik.csv?fra=2026-10-26&til=2026-11-22&opdel=employee", http.StatusOK)

	if !strings.HasPrefix(body, "\ufeffMedarbejder;Medarbejder (nøgle);") || !strings.Contains(body, "\r\nDatakatalog\r\n") || !strings.Contains(body, "completion;Gennemførelsesgrad;procent;3;") {
		t.Errorf("file:\n%.500s", body)
	}

	if !strings.Contains(body, `;'=cmd|`) || strings.Contains(body, `;=cmd`) || strings.Contains(body, "\n=cmd") {
		t.Error("a formula would run")
	}

	if body := b.get(t, leader, "/statistik.csv?fra=2026-11-02&til=2026-11-03&opdel=law", http.StatusOK); !strings.Contains(body, ";skjult;") {
		t.Errorf("small figures are told:\n%.900s", body)
	}

	if body := b.get(t, leader, "/statistik/besoeg.csv?fra=2026-11-02&til=2026-11-03", http.StatusOK); !strings.HasPrefix(body, "\ufeffid;source;date;") || strings.Contains(body, ";=cmd") {
		t.Errorf("visits:\n%.500s", body)
	}

	if body := b.get(t, leader, "/statistik/besoeg.json?fra=2026-11-02&til=2026-11-03", http.StatusOK); !strings.HasPrefix(body, "[\n{") || !strings.HasSuffix(body, "}\n]\n") {
		t.Errorf("visits:\n%.300s", body)
	}

	if body := b.get(t, leader, "/statistik.xlsx?fra=2026-11-02&til=2026-11-03", http.StatusOK); !strings.HasPrefix(body, "PK") {
		t.Error("no workbook")
	}

	b.get(t, leader, "/statistik.csv?fra=2020-01-01&til=2026-11-23", http.StatusUnprocessableEntity)
}

func TestAssetsProbesAndWas(t *testing.T) {
	t.Parallel()

	b := setup(t)
	page := b.get(t, nil, "/logget-af", http.StatusOK)

	for _, name := range []string{"css/dkfds.min.css", "css/sluse.css", "js/htmx.min.js", "js/sluse.js", "img/sluse.svg"} {
		i := strings.Index(page, name)
		if i < 0 {
			t.Fatalf("page does not load %s", name)
		}

		url := page[strings.LastIndex(page[:i], `"`)+1 : i+len(name)]
		w := b.do(t, request(http.MethodGet, testby, url))

		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %d %s", url, w.Code, w.Header().Get("Content-Type"))
		}
	}

	b.get(t, nil, "/assets/x/../../../etc/passwd", http.StatusNotFound)
	b.get(t, nil, "/readyz", http.StatusOK)
	b.get(t, nil, "/metrics", http.StatusNotFound)

	if w := b.do(t, request(http.MethodGet, testby, "/was")); w.Header().Get("Location") != "https://was.digst.dk/skaerm.testby.dk" {
		t.Errorf("was: %s", w.Header().Get("Location"))
	}
}

// TestCallPageFollowsTheCall has the page loaded again when its buttons are others, and only then.
func TestCallPageFollowsTheCall(t *testing.T) {
	t.Parallel()

	b := setup(t)
	use := b.use[testby]
	caregiver := b.as(t, testby, "MSK", care.Caregiver)

	for stage, key := range map[scheduler.CallStage]string{
		scheduler.CallBooking: "booking-link", scheduler.CallQueued: "no_room", scheduler.CallReady: "room_ready-link", scheduler.CallInvited: "invited-link",
		scheduler.CallWaiting: "waiting-link", scheduler.CallRunning: "running-link", scheduler.CallTrouble: "trouble", scheduler.CallEnded: "ended",
	} {
		use.stage = stage

		for shown, want := range map[string]string{key: "", "x": "true"} {
			r := request(http.MethodGet, testby, "/opkald/x/nyt?trin="+shown)
			r.AddCookie(caregiver)

			if got := b.do(t, r).Header().Get("HX-Refresh"); got != want {
				t.Errorf("%s shown as %s: refresh %q", stage, shown, got)
			}
		}

		if body := b.get(t, caregiver, "/opkald/x", http.StatusOK); strings.Contains(body, "hx-get") == (stage == scheduler.CallEnded) {
			t.Errorf("%s: asks for news or not", stage)
		}
	}
}
