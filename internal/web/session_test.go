package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// fakeDirectory is a municipality's own directory.
type fakeDirectory struct {
	mu    sync.Mutex
	left  map[care.EmployeeID]bool
	extra map[care.EmployeeID][]care.Grant
	fail  error
}

func newFakeDirectory() *fakeDirectory {
	return &fakeDirectory{left: map[care.EmployeeID]bool{}, extra: map[care.EmployeeID][]care.Grant{}}
}

func (f *fakeDirectory) Grants(_ context.Context, id care.EmployeeID, fromLogin []care.Grant) ([]care.Grant, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	if f.fail != nil || f.left[id] {
		return nil, false, f.fail
	}

	return append(append([]care.Grant{}, fromLogin...), f.extra[id]...), true, nil
}

// listed is a directory with one employee.
func listed(id care.EmployeeID) *fakeDirectory {
	f := newFakeDirectory()
	f.set(id, false, care.Grant{Unit: "oest", Role: care.Administrator})

	return f
}

func (f *fakeDirectory) set(id care.EmployeeID, left bool, grants ...care.Grant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left[id], f.extra[id] = left, grants
}

func TestChangedRolesEndTheSession(t *testing.T) {
	t.Parallel()

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)
	other := b.as(t, testby, "MSK", care.Planner)

	b.get(t, planner, "/dagen", http.StatusOK)
	b.directory[testby].set("PLA", false, care.Grant{Unit: "vest", Role: care.Leader})

	body := b.get(t, planner, "/dagen", http.StatusUnauthorized)
	if !strings.Contains(body, "Din adgang er ændret") || !strings.Contains(body, `href="/login?til=%2Fdagen"`) {
		t.Errorf("the person is not told why:\n%s", body)
	}

	b.get(t, planner, "/dagen", http.StatusSeeOther) // the session is gone for good
	b.get(t, other, "/dagen", http.StatusOK)         // others' are not

	again := b.as(t, testby, "PLA", care.Planner)
	b.get(t, again, "/dagen", http.StatusOK)
}

func TestWhoHasLeftIsOut(t *testing.T) {
	t.Parallel()

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)
	b.directory[testby].set("PLA", true)

	body := b.get(t, planner, "/dagen", http.StatusForbidden)
	if !strings.Contains(body, "Du har ikke adgang til skærmbesøg") || strings.Contains(body, "besøg i dag") {
		t.Errorf("no neutral refusal:\n%s", body)
	}

	b.get(t, planner, "/dagen", http.StatusSeeOther)

	if w := b.answer(t, testby, url.Values{"user": {"PLA"}, "groups": {"planner"}}); w.Code != http.StatusForbidden || sessionOf(w) != nil {
		t.Errorf("who has left gets a new session: %d", w.Code)
	}

	b.directory[testby].fail = care.NewError(care.Unavailable, "Databasen svarer ikke.")

	if w := b.answer(t, testby, url.Values{"user": {"MSK"}, "groups": {"planner"}}); w.Code != http.StatusServiceUnavailable || sessionOf(w) != nil {
		t.Errorf("a session without an answer of the directory: %d", w.Code)
	}
}

func TestLevelTooLowDropsRoles(t *testing.T) {
	t.Parallel()

	b := setup(t)

	w := b.answer(t, testby, url.Values{"user": {"ADM"}, "groups": {"administrator planner"}, "level": {"1"}})
	if at := w.Header().Get("Location"); at != "/?besked=niveau" {
		t.Errorf("after a weak login: %s", at)
	}

	weak := sessionOf(w)
	b.get(t, weak, "/dagen", http.StatusOK)

	if body := b.get(t, weak, "/dagen?besked=niveau", http.StatusOK); !strings.Contains(body, "lavere sikringsniveau") {
		t.Error("the person is not told that roles are missing")
	}

	if body := b.get(t, weak, "/administration/logins", http.StatusForbidden); !strings.Contains(body, "niveau Betydelig eller højere") {
		t.Errorf("no word about the level:\n%s", body)
	}

	strong := sessionOf(b.answer(t, testby, url.Values{"user": {"ADM"}, "groups": {"administrator planner"}, "level": {"2"}}))
	b.get(t, strong, "/administration/logins", http.StatusOK)
}

func TestStepUp(t *testing.T) {
	t.Parallel()

	b := setup(t)
	admin := b.as(t, testby, "ADM", care.Administrator)

	*b.now = b.now.Add(15 * time.Minute)
	b.get(t, admin, "/administration/logins", http.StatusOK)
	*b.now = b.now.Add(time.Second)

	r := request(http.MethodGet, testby, "/administration/logins?medarbejder=PLA")
	r.AddCookie(admin)

	if w := b.do(t, r); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login?igen=1&til=%2Fadministration%2Flogins%3Fmedarbejder%3DPLA" {
		t.Errorf("a page with an old login: %d %s", w.Code, w.Header().Get("Location"))
	}

	b.get(t, admin, "/forbindelser", http.StatusOK) // what is no administration goes on

	w := b.post(t, admin, "/administration/logins/afslut", url.Values{"medarbejder": {"PLA"}, "login": {"x"}}, http.StatusUnauthorized)
	if body := w.Body.String(); !strings.Contains(body, "Dine felter er ikke gemt") || !strings.Contains(body, "/login?igen=1&amp;til=%2Fadministration%2Flogins") {
		t.Errorf("a form with an old login:\n%s", body)
	}

	b.do(t, request(http.MethodGet, testby, "/login?igen=1&til=/administration/logins"))

	if got := b.login[testby].last(); !got.ForceAuthn || got.MinLevel != care.Substantial || got.ReturnTo != "/administration/logins" {
		t.Errorf("the fresh login asks for %+v", got)
	}

	// A login at the provider that is older than ours does not count as fresh.
	old := sessionOf(b.answer(t, testby, url.Values{"user": {"ADM"}, "groups": {"administrator"}, "ago": {"16m"}}))
	b.get(t, old, "/administration/logins", http.StatusSeeOther)
}

func TestOwnLogins(t *testing.T) {
	t.Parallel()

	b := setup(t)
	one, two, three := b.as(t, testby, "PLA", care.Planner), b.as(t, testby, "PLA", care.Planner), b.as(t, testby, "PLA", care.Planner)
	other := b.as(t, testby, "MSK", care.Caregiver)

	body := b.get(t, one, "/mine-logins", http.StatusOK)
	if n := strings.Count(body, `name="login"`); n != 2 || !strings.Contains(body, "Denne browser") {
		t.Errorf("%d others can be ended:\n%s", n, body)
	}

	id := loginIDs(body)[0]

	b.post(t, other, "/mine-logins/afslut", url.Values{"login": {id}}, http.StatusNotFound) // of somebody else
	b.post(t, one, "/mine-logins/afslut", url.Values{"login": {id}}, http.StatusSeeOther)
	b.get(t, one, "/dagen", http.StatusOK)
	b.post(t, one, "/mine-logins/afslut-andre", nil, http.StatusSeeOther)
	b.get(t, one, "/dagen", http.StatusOK)
	b.get(t, two, "/dagen", http.StatusSeeOther)
	b.get(t, three, "/dagen", http.StatusSeeOther)
	b.get(t, other, "/min-dag", http.StatusOK)
}

func TestAdministratorEndsLogins(t *testing.T) {
	t.Parallel()

	b := setup(t)
	desk, planner := b.as(t, testby, "SVC", care.ServiceDesk), b.as(t, testby, "PLA", care.Planner)

	body := b.get(t, desk, "/administration/logins?medarbejder=PLA", http.StatusOK)
	if !strings.Contains(body, "Test PLA") || strings.Contains(body, `value="SVC"`) {
		t.Errorf("the list of one employee:\n%s", body)
	}

	b.post(t, desk, "/administration/logins/afslut", url.Values{"medarbejder": {"PLA"}, "login": {loginIDs(body)[0]}}, http.StatusSeeOther)
	b.get(t, planner, "/dagen", http.StatusSeeOther)

	rows := b.audit[testby].actions()
	if strings.Join(rows, " ") != "end_login" {
		t.Errorf("audit: %v", rows)
	}
}
