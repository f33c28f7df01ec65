package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// script posts JSON as the pages' scripts do.
func (b *bundle) script(t *testing.T, path, body string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	t.Helper()

	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+testby+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")

	for _, c := range cookies {
		r.AddCookie(c)
	}

	return b.do(t, r)
}

func (b *bundle) offers(view scheduler.DeviceView, stage scheduler.CitizenStage) {
	b.use[testby].mu.Lock()
	defer b.use[testby].mu.Unlock()

	b.use[testby].devices.view = view
	b.use[testby].citizen = scheduler.CitizenView{Stage: stage, PhoneHint: "•• •• •• 12", CodeLeft: 2}
}

func cookieOf(w *httptest.ResponseRecorder, name string) *http.Cookie {
	for _, c := range w.Result().Cookies() {
		if c.Name == name {
			return c
		}
	}

	return nil
}

// TestDevicePages walks a browser's life: offered, remembered, used, forgotten.
func TestDevicePages(t *testing.T) {
	t.Parallel()

	b := setup(t)
	citizen := b.enter(t)

	b.offers(scheduler.DeviceView{}, scheduler.StageWaiting)

	if body := b.get(t, citizen, "/b", 200); strings.Contains(body, "/b/enhed") {
		t.Error("a device is offered although there is nothing to offer")
	}

	b.get(t, citizen, "/b/enhed", http.StatusSeeOther)
	b.offers(scheduler.DeviceView{Remember: []care.DeviceKind{care.PasskeyDevice, care.CodeDevice}}, scheduler.StageWaiting)

	for path, text := range map[string]string{"/b": "Husk denne enhed", "/b/enhed": "En kode på 4 tal", "/b/enhed?sprog=en": "A code of 4 digits"} {
		if body := b.get(t, citizen, path, 200); !strings.Contains(body, text) {
			t.Errorf("%s lacks %q", path, text)
		}
	}

	b.post(t, citizen, "/b/enhed/kode", url.Values{"kode": {"4829"}, "igen": {"4820"}}, http.StatusUnprocessableEntity)
	b.post(t, citizen, "/b/enhed/kode", url.Values{"kode": {"1234"}, "igen": {"1234"}}, http.StatusUnprocessableEntity)

	w := b.post(t, citizen, "/b/enhed/kode", url.Values{"kode": {"4829"}, "igen": {"4829"}}, http.StatusSeeOther)

	device := cookieOf(w, "__Host-sluse-enhed")
	if device == nil || !device.Secure || !device.HttpOnly || device.SameSite != http.SameSiteLaxMode || device.MaxAge != int(30*24*time.Hour/time.Second) || device.Value != "device-new" {
		t.Fatalf("cookie %+v", device)
	}

	b.offers(scheduler.DeviceView{Known: care.CodeDevice}, scheduler.StageIdentify)

	if body := b.get(t, citizen, "/b", 200); !strings.Contains(body, "Vi kender denne enhed") || !strings.Contains(body, "Send mig en kode") {
		t.Error("the device's code, or the other way, is not offered")
	}

	for _, c := range []struct {
		code string
		want int
	}{{"1111", http.StatusUnprocessableEntity}, {"4829", http.StatusSeeOther}} {
		r := form(testby, "/b/enhed/svar", url.Values{"enhedskode": {c.code}})
		r.AddCookie(citizen)
		r.AddCookie(device)

		if w := b.do(t, r); w.Code != c.want {
			t.Errorf("code %s: %d", c.code, w.Code)
		}
	}

	b.post(t, citizen, "/b/enhed/svar", url.Values{"enhedskode": {"4829"}}, http.StatusUnprocessableEntity) // without the cookie
	b.post(t, citizen, "/b/enhed/glem", nil, http.StatusSeeOther)

	if b.use[testby].called("ForgetDevice") != 1 {
		t.Error("nothing was forgotten")
	}
}

// TestPasskeyScripts speaks as device.js does.
func TestPasskeyScripts(t *testing.T) {
	t.Parallel()

	b := setup(t)
	citizen := b.enter(t)
	two := &http.Cookie{Name: "__Host-sluse-enhed", Value: "one.two"}

	for _, path := range []string{"/b/enhed/noegle", "/b/enhed/login"} {
		w := b.script(t, path, "{}", citizen)

		var got struct {
			Handle  string `json:"handle"`
			Options struct {
				Challenge string `json:"challenge"`
			} `json:"options"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Handle != "handle" || got.Options.Challenge != "AAAA" {
			t.Errorf("%s: %d %s %v", path, w.Code, w.Body, err)
		}
	}

	answer := `{"handle":"handle","answer":{"id":"x"}}`

	w := b.script(t, "/b/enhed/noegle/gem", answer, citizen, two)
	if c := cookieOf(w, "__Host-sluse-enhed"); w.Code != 200 || c == nil || c.Value != "device-new.one.two" || !strings.Contains(w.Body.String(), `"til":"/b"`) {
		t.Errorf("%d %s %+v", w.Code, w.Body, c)
	}

	if w := b.script(t, "/b/enhed/login/svar", answer, citizen, two); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}

	for _, bad := range []string{"", "[]", "{}", `{"handle":""}`, `{"handle":"x"}`, strings.Repeat("x", 20_000)} {
		for _, path := range []string{"/b/enhed/noegle/gem", "/b/enhed/login/svar"} {
			if w := b.script(t, path, bad, citizen); w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("%s %.10q: %d", path, bad, w.Code)
			}
		}
	}

	for _, f := range []struct {
		kind care.Kind
		want int
	}{{care.Forbidden, 403}, {care.Conflict, 409}, {care.TooMany, 429}, {care.Unavailable, 503}, {care.NotFound, 401}} {
		b.use[testby].fail = care.NewError(f.kind, "En sætning.")

		if w := b.script(t, "/b/enhed/login", "{}", citizen); w.Code != f.want || !strings.Contains(w.Body.String(), "En sætning.") {
			t.Errorf("%s: %d %s", f.kind, w.Code, w.Body)
		}
	}
}

// TestTabletIsSetUp looks at the tablet's pages, and sets one up.
func TestTabletIsSetUp(t *testing.T) {
	t.Parallel()

	b := setup(t)

	for path, text := range map[string]string{"/tavle": "Ved akut fare: ring 112", "/tavle/ny": "Sæt tavlen op", "/tavle/arbejder.js": "sluse-tavle"} {
		if body := b.get(t, nil, path, 200); !strings.Contains(body, text) {
			t.Errorf("%s lacks %q", path, text)
		}
	}

	if body := b.get(t, nil, "/tavle", 200); strings.Contains(body, `href="tel:`) || strings.Contains(body, "/was") {
		t.Error("the tablet's page has a way out")
	}

	if w := b.script(t, "/tavle/ny", `{"kode":"AAAA"}`); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("wrong code: %d", w.Code)
	}

	if w := b.script(t, "/tavle/ny", `{"kode":"ABCDEFGHJKLM","noegle":"AAAA","underskrift":"AAAA"}`); w.Code != 200 || !strings.Contains(w.Body.String(), `"id":"t1"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}

	b.get(t, nil, "/tavle/nu", http.StatusUnauthorized)
}

// TestTabletScripts speaks as kiosk.js does.
func TestTabletScripts(t *testing.T) {
	t.Parallel()

	b := setup(t)

	if w := b.script(t, "/tavle/udfordring", `{"id":"t1"}`); w.Code != 200 || !strings.Contains(w.Body.String(), `"udfordring":"nonce"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}

	w := b.script(t, "/tavle/bevis", `{"id":"t1","udfordring":"nonce","underskrift":"AAAA"}`)

	tablet := cookieOf(w, "__Host-sluse-tavle")
	if w.Code != http.StatusNoContent || tablet == nil || !tablet.Secure || !tablet.HttpOnly || tablet.SameSite != http.SameSiteStrictMode {
		t.Fatalf("%d %+v", w.Code, tablet)
	}

	planned := time.Date(2026, 11, 23, 9, 15, 0, 0, time.UTC)

	for stage, want := range map[scheduler.TabletStage]string{
		scheduler.TabletIdle: "Ingen skærmbesøg", scheduler.TabletNext: "Dit skærmbesøg kl. 10.15", scheduler.TabletOpen: "Gå ind", scheduler.TabletRinging: `"nedtaelling":10`,
		scheduler.TabletWaiting: "lukker dig ind", scheduler.TabletAdmitted: "Gå ind til mødet",
	} {
		b.use[testby].devices.tablet = scheduler.TabletView{Stage: stage, Planned: planned, Now: testNow(), AutoAnswer: stage == scheduler.TabletRinging}

		if body := b.get(t, tablet, "/tavle/nu", 200); !strings.Contains(body, want) {
			t.Errorf("%s: %s", stage, body)
		}
	}

	w = b.script(t, "/tavle/svar", "{}", tablet)
	if c := cookieOf(w, "__Host-sluse-borger"); w.Code != http.StatusNoContent || c == nil || c.Value != "session-tablet" {
		t.Errorf("%d %+v", w.Code, c)
	}

	if w := b.do(t, form(testby, "/tavle/ind", nil)); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/tavle" {
		t.Errorf("into the room without a session: %d %s", w.Code, w.Header().Get("Location"))
	}

	b.use[testby].devices.gone = true
	b.get(t, tablet, "/tavle/nu", http.StatusGone)

	if w := b.script(t, "/tavle/udfordring", `{"id":"t1"}`); w.Code != http.StatusGone {
		t.Errorf("a closed tablet: %d", w.Code)
	}
}

// TestTabletsPage registers, sets up anew and closes.
func TestTabletsPage(t *testing.T) {
	t.Parallel()

	b := setup(t)
	desk := b.as(t, testby, "SD", care.ServiceDesk)

	body := b.get(t, desk, "/administration/tavler", 200)
	for _, text := range []string{"SN-001", "Sat op", "Venter på koden", "Koden er udløbet", "Samtykke mundtligt"} {
		if !strings.Contains(body, text) {
			t.Errorf("the list lacks %q", text)
		}
	}

	w := b.post(t, desk, "/administration/tavler", url.Values{"serie": {"SN-9"}, "enhed": {"vest"}, "hvem": {"x"}, "svarer": {"oral"}}, http.StatusUnprocessableEntity)
	if body := w.Body.String(); !strings.Contains(body, `value="SN-9"`) || !strings.Contains(body, `value="vest" selected`) || !strings.Contains(body, "ingen borger") {
		t.Error("what was typed is gone")
	}

	w = b.post(t, desk, "/administration/tavler", url.Values{"serie": {"SN-9"}, "enhed": {"vest"}, "hvem": {"010772-9995"}}, 200)
	if body := w.Body.String(); !strings.Contains(body, "ABC-DEF-GHJ-KLM") || strings.Contains(body, "9995") {
		t.Error("the code is not shown, or the person number is")
	}

	b.post(t, desk, "/administration/tavler/t1/kode", nil, 200)
	b.post(t, desk, "/administration/tavler/t1/luk", url.Values{"aarsag": {"returned"}}, http.StatusSeeOther)
	b.post(t, desk, "/administration/tavler/t1/luk", nil, http.StatusUnprocessableEntity)

	nurse := b.as(t, testby, "MSK", care.Caregiver)
	if body := b.get(t, nurse, "/borgere/c1", 200); !strings.Contains(body, "Kendte enheder") || !strings.Contains(body, "Lukket af en medarbejder") {
		t.Error("the devices are not on the card")
	}

	b.post(t, nurse, "/borgere/c1/enheder/d1/luk", nil, http.StatusSeeOther)
}
