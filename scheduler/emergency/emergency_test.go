package emergency_test

import (
	"context"
	"database/sql"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/sqlite"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/emergency"
)

// noJobs is a queue for a store that is given no jobs.
type noJobs struct{}

func (noJobs) InsertJobs(context.Context, *sql.Tx, []scheduler.Job) error { return nil }

// people is a directory: planner PLA, leader LED, administrator SYS, caregiver MSK; OLD has left.
type people map[care.EmployeeID][]care.Grant

func (p people) Grants(_ context.Context, id care.EmployeeID, _ []care.Grant) ([]care.Grant, bool, error) {
	return p[id], id != "OLD", nil
}

type rig struct {
	*emergency.Service

	t     *testing.T
	ctx   context.Context
	store *store.Store
	now   time.Time
	open  bool
	codes map[care.EmployeeID]care.Secret
}

func newRig(t *testing.T) *rig {
	t.Helper()

	config := store.Config{URL: sqlite.URL(t)}
	config.SetDefaults()

	db, err := store.Connect(t.Context(), config)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })

	material, err := store.GenerateKeys()
	must(t, err)
	keys, err := store.NewKeys(material)
	must(t, err)

	r := &rig{
		t: t, now: time.Date(2026, 11, 23, 7, 20, 0, 0, time.UTC), open: true, codes: map[care.EmployeeID]care.Secret{},
		ctx: scheduler.WithOrigin(t.Context(), scheduler.Origin{Address: "192.0.2.7", Method: scheduler.ByLogin}),
	}

	r.store, err = store.New(db, keys, noJobs{}, slog.New(slog.NewTextHandler(t.Output(), nil)), func() time.Time { return r.now })
	must(t, err)

	r.Service, err = emergency.New(emergency.Deps{
		Store: r.store, Open: func(context.Context) bool { return r.open }, Now: func() time.Time { return r.now }, Iterations: 2,
		Directory: people{
			"PLA": {{Unit: "oest", Role: care.Planner}}, "LED": {{Unit: "oest", Role: care.Leader}}, "MSK": {{Unit: "oest", Role: care.Caregiver}},
			"SYS": {{Unit: "*", Role: care.Administrator}}, "OLD": {{Unit: "oest", Role: care.Leader}},
		},
	})
	must(t, err)

	for _, id := range []care.EmployeeID{"PLA", "LED", "MSK", "SYS", "OLD"} {
		r.codes[id], err = r.Make(r.ctx, actor(id))
		must(t, err)
	}

	return r
}

func must(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

func actor(id care.EmployeeID, grants ...care.Grant) care.Actor {
	return care.Actor{Employee: id, Name: "Test " + string(id), Grants: grants}
}

func (r *rig) party(id care.EmployeeID) emergency.Party {
	return emergency.Party{Employee: string(id), Code: r.codes[id]}
}

func (r *rig) enter(first, second emergency.Party) (emergency.Entry, error) {
	return r.Enter(r.ctx, first, second, "Kommunens login er nede")
}

func TestCodesLookLikeCodes(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	form := regexp.MustCompile(`^[2-9A-HJ-NP-Z]{5}(-[2-9A-HJ-NP-Z]{5}){4}$`)
	seen := map[string]bool{}

	for _, code := range r.codes {
		text := code.Reveal()
		if !form.MatchString(text) || seen[text] {
			t.Errorf("code %q", text)
		}

		if strings.Contains(code.String(), text) {
			t.Error("a code prints itself")
		}

		seen[text] = true
	}

	stored, err := r.store.EmergencyCode(r.ctx, "PLA")
	must(t, err)

	if strings.Contains(stored.Hash, strings.ReplaceAll(r.codes["PLA"].Reveal(), "-", "")) {
		t.Error("the code is stored")
	}
}

func TestTwoPeopleComeIn(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	typed := r.party("PLA")
	typed.Code = care.NewSecret(strings.ToLower(strings.ReplaceAll(typed.Code.Reveal(), "-", " ")))
	typed.Employee = " PLA "

	entry, err := r.enter(typed, r.party("LED"))
	if err != nil || entry.Employee != "PLA" || entry.Name != "Test PLA" || !entry.Ends.Equal(r.now.Add(time.Hour)) {
		t.Fatalf("entry %+v, %v", entry, err)
	}

	if _, err := r.enter(r.party("PLA"), r.party("LED")); care.KindOf(err) != care.Forbidden {
		t.Errorf("codes open twice: %v", err)
	}

	if _, err := r.Mine(r.ctx, actor("LED")); care.KindOf(err) != care.NotFound {
		t.Errorf("the second code is not used up: %v", err)
	}

	all := care.Grant{Unit: "*", Role: care.Administrator}

	open, err := r.Unsigned(r.ctx, actor("SYS", all))
	if err != nil || len(open) != 1 || !strings.Contains(open[0].Text, "PLA kom ind") || strings.Contains(open[0].Text, "nede") {
		t.Fatalf("notice: %+v, %v", open, err)
	}

	about := open[0].About
	for who, want := range map[string]care.Kind{"LED": care.Forbidden, "PLA": care.Forbidden} {
		if err := r.SignOff(r.ctx, actor(care.EmployeeID(who), all), about); care.KindOf(err) != want {
			t.Errorf("%s, who took part, signs off: %v", who, err)
		}
	}

	if err := r.SignOff(r.ctx, actor("MSK", care.Grant{Unit: "*", Role: care.ServiceDesk}), about); care.KindOf(err) != care.Forbidden {
		t.Errorf("a service desk signs off: %v", err)
	}

	must(t, r.SignOff(r.ctx, actor("SYS", all), about))

	if err := r.SignOff(r.ctx, actor("SYS", all), about); care.KindOf(err) != care.NotFound {
		t.Errorf("signed off twice: %v", err)
	}
}

// TestEverythingElseIsRefusedAlike tries what must not open, and compares the words.
func TestEverythingElseIsRefusedAlike(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	wrong := care.NewSecret("22222-22222-22222-22222-22222")
	words := map[string]bool{}

	for name, try := range map[string][2]emergency.Party{
		"wrong first code":             {{Employee: "PLA", Code: wrong}, r.party("LED")},
		"wrong second code":            {r.party("PLA"), {Employee: "LED", Code: wrong}},
		"codes swapped":                {{Employee: "PLA", Code: r.codes["LED"]}, {Employee: "LED", Code: r.codes["PLA"]}},
		"the same person twice":        {r.party("LED"), r.party("LED")},
		"nobody may approve":           {r.party("PLA"), r.party("MSK")},
		"unknown first":                {{Employee: "XXX", Code: wrong}, r.party("LED")},
		"unknown second":               {r.party("PLA"), {Employee: "XXX", Code: wrong}},
		"no second":                    {r.party("PLA"), {}},
		"left":                         {r.party("PLA"), r.party("OLD")},
		"left first":                   {r.party("OLD"), r.party("LED")},
		"an administrator, only":       {r.party("SYS"), r.party("LED")},
		"case of an id is part of it":  {{Employee: "pla", Code: r.codes["PLA"]}, r.party("LED")},
		"an empty code for an unknown": {{Employee: "XXX"}, r.party("LED")},
	} {
		_, err := r.enter(try[0], try[1])
		if care.KindOf(err) != care.Forbidden {
			t.Errorf("%s: %v", name, err)
		}

		words[care.MessageOf(err)] = true
	}

	if len(words) != 1 {
		t.Errorf("the answers differ: %v", words)
	}

	if _, err := r.enter(r.party("PLA"), r.party("LED")); err != nil {
		t.Errorf("wrong tries used the codes up: %v", err)
	}
}

func TestWhenItIsClosed(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.open = false

	if _, err := r.enter(r.party("PLA"), r.party("LED")); care.KindOf(err) != care.Unavailable {
		t.Errorf("closed: %v", err)
	}

	r.open = true

	if _, err := r.Enter(r.ctx, r.party("PLA"), r.party("LED"), "  "); care.KindOf(err) != care.Invalid {
		t.Errorf("no reason: %v", err)
	}

	if _, err := r.Enter(r.ctx, r.party("PLA"), r.party("LED"), strings.Repeat("å", 501)); care.KindOf(err) != care.Invalid {
		t.Errorf("a reason without end: %v", err)
	}

	r.now = r.now.Add(emergency.CodeLife)

	if _, err := r.enter(r.party("PLA"), r.party("LED")); care.KindOf(err) != care.Forbidden {
		t.Errorf("codes after 180 days: %v", err)
	}

	must(t, r.store.PurgeEmergencyCodes(r.ctx, r.now))

	if _, err := r.store.EmergencyCode(r.ctx, "PLA"); care.KindOf(err) != care.NotFound {
		t.Errorf("an expired code is kept: %v", err)
	}
}

func TestCodesAreReplacedAndRevoked(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	old := r.party("PLA")

	code, err := r.Make(r.ctx, actor("PLA"))
	must(t, err)

	if _, err := r.enter(old, r.party("LED")); care.KindOf(err) != care.Forbidden {
		t.Errorf("the old code opens: %v", err)
	}

	must(t, r.Revoke(r.ctx, actor("LED")))

	if _, err := r.enter(emergency.Party{Employee: "PLA", Code: code}, r.party("LED")); care.KindOf(err) != care.Forbidden {
		t.Errorf("a revoked code opens: %v", err)
	}

	inside := scheduler.WithOrigin(r.ctx, scheduler.Origin{Method: scheduler.ByEmergency})
	if _, err := r.Make(inside, actor("PLA")); care.KindOf(err) != care.Forbidden {
		t.Errorf("emergency access makes the next one: %v", err)
	}
}
