package store

import (
	"bytes"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// mark stands in every field that may hold a person's words or somebody's data.
const mark = "MAERKE"

// legible is an "encryption" that can be read, so that sealed columns are searched like all others.
type legible struct{}

func (legible) Encrypt(plain, _ []byte) ([]byte, error) {
	return append([]byte("clear:"), plain...), nil
}

func (legible) Decrypt(sealed, _ []byte) ([]byte, error) {
	return bytes.TrimPrefix(sealed, []byte("clear:")), nil
}

// set are columns that can't hold the mark, with what they hold instead. Whoever adds a column here has
// looked at what becomes of it.
func set() map[string]any {
	return map[string]any{
		"citizens.cpr_sealed": []byte("2512489996"), "citizens.phone_sealed": []byte("+4520000033"), "citizens.suitability": "egnet", "citizens.verdict": 1,
		"citizens.surrogate": false, "citizens.surrogate_sealed": nil,
		"visits.id": "v", "visits.citizen_id": "c", "visits.delivery": "screen", "visits.state": "completed", "visits.outcome_kind": "completed",
		"visits.means": "list", "visits.parts": 1<<10 - 1, "visits.planned_end": 2, "visits.hold_by": "", "visits.hold_at": nil, "visits.deleted_at": nil,
		"rooms.state": "closed", "rooms.host_pin_sealed": []byte("918273645"), "rooms.guest_pin_sealed": []byte("564738291"),
		"rooms.host_link_sealed": []byte("https://rooms.example.invalid/host/918273645"), "rooms.guest_link_sealed": []byte("https://rooms.example.invalid/guest/1"),
		"rooms.seat_links_sealed": []byte("https://rooms.example.invalid/guest/2"),
		"invitations.kind":        "invite", "invitations.state": "sent", "invitations.participant_id": "",
		"admissions.state": "admitted", "admissions.participant_id": "",
		"entries.kind": "result", "entries.means": "list", "entries.state": "written",
		"participants.kind": "relative", "participants.consent_form": "oral",
		"verdicts.why": `["` + mark + `"]`, "verdicts.basis": "[]", "verdicts.alarms": "[]",
		"contacts.kind": "relative", "contacts.consent_form": "oral",
		"consents.consent_form": "oral", "consents.consent_scope": "visit",
		"devices.kind": "code", "employee_links.proof": "override",
		"number_notices.phone_sealed": nil,
		"lists.last_day":              "2026-11-23", "lists.problems": `[{"severity":1,"text":"` + mark + `"}]`, "lists.row_refs_sealed": pack([]byte("[]")),
		"legs.role": "host", "follow_ups.stage": "talked", "exceptions.resolved_at": nil, "findings.state": "open", "findings.closed_at": nil,
		"reconcile_runs.kind": "night", "reconcile_runs.state": "done", "reconcile_runs.active": nil, "reconcile_runs.counts": `[{"category":"` + mark + `"}]`,
		"batches.decision":      "approved",
		"citizens.judged_again": "2027-01-01", "citizen_notes.topic": "device", "citizen_notes.state": "written", "citizen_notes.settled_by": "",
	}
}

// stays are the columns that keep what they held: keys of ours and of the record, when, how and by which
// employee a visit was given, and what it came to. Nothing of it names or describes a citizen.
func stays() []string {
	return []string{
		"visits.system", "visits.source_id", "visits.occurrence", "visits.list_id", "visits.list_name", "visits.unit", "visits.employee",
		"visits.law", "visits.shift", "visits.local_day", "visits.batch_id", "visits.means_why", "visits.outcome_reason",
		"visits.outcome_delivery", "visits.outcome_grade", "visits.outcome_by",
		"rooms.ref", "invitations.id", "invitations.channel", "admissions.id", "admissions.session_hash" /* made of the id */, "admissions.method", "admissions.decided_by",
		"admissions.identified_by", "admissions.identity_check", "admissions.name_match",
		"entries.id", "entries.entry_key", "entries.record_id", "entries.record_version",
		"former_outcomes.kind", "former_outcomes.reason", "former_outcomes.delivery", "former_outcomes.grade", "former_outcomes.decided_by",
		"follow_ups.id", "follow_ups.cause", "follow_ups.grade", "follow_ups.caused_by", "follow_ups.tried_by", "follow_ups.taken_by",
		"follow_ups.given_by", "follow_ups.ended_by",
		"tombstones.unit", "tombstones.local_day", "tombstones.system", "tombstones.source_id", "tombstones.occurrence", "tombstones.receipts",
		"lists.id", "lists.kept", "lists.first_day", "lists.made_by",
		"batches.id", "batches.made_by", "batches.made_by_name_sealed", "batches.unit", "batches.undone_by", "batches.kind", "batches.decided_by",
	}
}

// elsewhere are the tables that this deletion leaves alone, with the rule under which their rows go.
func elsewhere() map[string]string {
	return map[string]string{
		"tombstones": "is what stays", "audit": "kept for its own time: who did what with whose data", "audit_citizens": "as audit",
		"device_tokens": "expires within minutes, and goes with its device", "eid_logins": "expires within a day", "events": "kept for video.keep_events",
		"event_nodes": "no person", "notices": "no person", "chores": "no person", "availability": "no person", "system_health": "no person",
		"login_looks": "no citizen", "login_switches": "no citizen", "fetches": "no citizen, purged",
		"directory_state": "no person", "employees": "employees", "employee_grants": "employees", "employee_history": "employees", "units": "no person",
		"call_imports": "no citizen", "vendor_calls": "keyed hash of the citizen; go when their import is undone", "call_sightings": "as vendor_calls",
		"scim_groups": "employees", "scim_members": "employees", "staff_sessions": "employees, expires", "saml_requests": "employees, expires",
		"saml_replays": "no person, expires", "emergency_codes": "employees, expires",
		"batch_visits": "gone with the decision", "goose_db_version": "no person", "sqlite_sequence": "no person",
	}
}

// planted are the tables that get a row with marks, in the order in which their keys demand it.
func planted() []string {
	children := []string{"rooms", "invitations", "admissions", "entries", "exceptions", "legs", "verdicts", "former_outcomes", "participants", "follow_ups", "findings"}
	people := []string{"contacts", "consents", "devices", "employee_links", "citizen_units", "identity_settings", "codewords", "number_notices", "ended_courses", "citizen_notes"}

	return slices.Concat([]string{"lists", "uploads", "batches", "reconcile_runs", "citizens", "visits"}, children, people)
}

type walked struct {
	*testing.T
	db      *sql.DB
	dialect migrations.Dialect
}

// columns returns the columns of every table with their types.
func (w walked) columns() map[string]map[string]string {
	w.Helper()

	query := "SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
	if w.dialect == migrations.Postgres {
		query = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()"
	}

	rows, err := w.db.QueryContext(w.Context(), query)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()

	out := map[string]map[string]string{}

	for rows.Next() {
		var table, column, kind string
		if err := rows.Scan(&table, &column, &kind); err != nil {
			w.Fatal(err)
		}

		if out[table] == nil {
			out[table] = map[string]string{}
		}

		out[table][column] = strings.ToLower(kind)
	}

	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}

	return out
}

// plant puts one row into a table, with the mark in every column that takes it.
func (w walked) plant(table string, columns map[string]string) {
	w.Helper()

	var (
		names, holes []string
		values       []any
	)

	for _, column := range slices.Sorted(maps.Keys(columns)) {
		value, fixed := set()[table+"."+column]

		switch kind := columns[column]; {
		case fixed:
		case column == "seq":
			value = 0
		case column == "visit_id":
			value = "v"
		case column == "citizen_id":
			value = "c"
		case table == "citizens" && column == "id":
			value = "c"
		case kind == "text":
			value = mark
		case kind == "blob" || kind == "bytea":
			value = []byte("clear:" + mark)
		case kind == "boolean":
			value = false
		default:
			value = 1
		}

		names, values = append(names, column), append(values, value)
		holes = append(holes, map[migrations.Dialect]string{migrations.SQLite: "?", migrations.Postgres: fmt.Sprintf("$%d", len(values))}[w.dialect])
	}

	query := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(holes, ", "))
	if _, err := w.db.ExecContext(w.Context(), query, values...); err != nil {
		w.Fatalf("%s: %v", table, err)
	}
}

// holding returns the columns, as table.column, that hold the mark or something else that was planted.
func (w walked) holding(all map[string]map[string]string) map[string]bool {
	w.Helper()

	out := map[string]bool{}

	for table, columns := range all {
		for column := range columns {
			out[table+"."+column] = w.holds("SELECT " + column + " FROM " + table)
		}
	}

	return out
}

func (w walked) holds(query string) (found bool) {
	w.Helper()

	rows, err := w.db.QueryContext(w.Context(), query)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()

	for rows.Next() {
		var value sql.RawBytes
		if err := rows.Scan(&value); err != nil {
			w.Fatal(err)
		}

		for _, text := range []string{mark, "2512489996", "20000033", "918273645", "564738291", "example.invalid"} {
			found = found || bytes.Contains(value, []byte(text))
		}
	}

	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}

	return found
}

// TestNothingPersonalIsLeft walks over every column of the schema: what was planted in it is gone after
// the deletion, or the column stands in a list that says why it stays. A new table or column fails here
// until somebody has decided.
func TestNothingPersonalIsLeft(t *testing.T) {
	t.Parallel()

	for _, dialect := range migrations.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()

			url := "sqlite:" + filepath.Join(t.TempDir(), "walk.db")
			if dialect == migrations.Postgres {
				url = pg.URL(t)
			}

			db, err := Connect(t.Context(), Config{URL: url})
			if err != nil {
				t.Fatal(err)
			}

			t.Cleanup(func() { _ = db.Close() })

			if err := migrations.Up(t.Context(), db.Writer, db.Dialect); err != nil {
				t.Fatal(err)
			}

			keys := testKeys(t)
			keys.aead = legible{}

			s, err := New(db, keys, noJobs{}, slog.New(slog.DiscardHandler), func() time.Time { return time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC) })
			if err != nil {
				t.Fatal(err)
			}

			walk(walked{t, db.Writer, dialect}, s)
		})
	}
}

func walk(w walked, s *Store) {
	w.Helper()

	all := w.columns()

	for table := range all {
		if elsewhere()[table] == "" && !slices.Contains(planted(), table) {
			w.Errorf("what becomes of table %s when a visit is deleted?", table)
		}
	}

	for _, table := range planted() {
		w.plant(table, all[table])
	}

	w.forget(s)

	for column, holds := range w.holding(all) {
		if holds && !slices.Contains(stays(), column) {
			w.Errorf("%s still holds what was planted", column)
		}
	}

	w.keeps(s)

	for table, want := range map[string]int{"citizens": 1, "visits": 1, "tombstones": 1, "participants": 0, "legs": 0, "contacts": 0} {
		var n int
		if err := w.db.QueryRowContext(w.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil || n != want {
			w.Errorf("%d rows in %s, want %d, %v", n, table, want, err)
		}
	}
}

// forget does what the use case does for one visit and what hangs on it.
func (w walked) forget(s *Store) {
	w.Helper()

	ctx, now := w.Context(), s.clock()

	found, err := s.ToForget(ctx, scheduler.ForgetQuery{Before: now, Limit: 10})
	if err != nil || len(found) != 0 {
		w.Fatalf("with an open exception: %d visits, %v", len(found), err)
	}

	if _, err := w.db.ExecContext(ctx, "UPDATE exceptions SET resolved_at = 2"); err != nil {
		w.Fatal(err)
	}

	if found, err = s.ToForget(ctx, scheduler.ForgetQuery{Before: now, Limit: 10}); err != nil || len(found) != 0 {
		w.Fatalf("with an open finding: %d visits, %v", len(found), err)
	}

	if _, err := w.db.ExecContext(ctx, "UPDATE findings SET state = 'gone', closed_at = 2"); err != nil {
		w.Fatal(err)
	}

	if found, err = s.ToForget(ctx, scheduler.ForgetQuery{Before: now, Limit: 10}); err != nil || len(found) != 1 {
		w.Fatalf("%d visits, %v", len(found), err)
	}

	stands, err := s.StandIn(ctx, "c")
	if err == nil {
		stands, err = s.StandIn(ctx, "c") // again, as after a crash
	}

	if err != nil {
		w.Fatal(err)
	}

	err = s.UpdateVisit(ctx, "v", func(v *care.Visit) (scheduler.Effects, error) {
		before := v.Snapshot()
		stone := care.Tombstone{Visit: "v", Rule: care.ByReceipt, KeepDays: 1, Unit: before.Facts.Unit, Day: mark, Source: before.Source, Receipts: before.Receipts(), Proof: "p", DeletedAt: now}

		return scheduler.Effects{Tombstones: []care.Tombstone{stone}}, v.Forget(stands, "", now)
	})
	if err != nil {
		w.Fatal(err)
	}

	lists, err := s.ListsToForget(ctx, now, 10)
	if err != nil || len(lists) != 1 {
		w.Fatalf("%v, %v", lists, err)
	}

	if err := s.ForgetList(ctx, lists[0]); err != nil {
		w.Fatal(err)
	}

	if err := s.ForgetRest(ctx, now); err != nil {
		w.Fatal(err)
	}

	if n, err := s.ForgetCitizens(ctx, now, 10); n != 1 || err != nil {
		w.Fatalf("%d citizens, %v", n, err)
	}
}

// keeps reads what stays.
func (w walked) keeps(s *Store) {
	w.Helper()

	stone, err := s.Tombstone(w.Context(), "v")
	if err != nil || len(stone.Receipts) != 1 || stone.Receipts[0].RecordID != mark || stone.Rule != care.ByReceipt {
		w.Errorf("%+v, %v", stone, err)
	}

	for _, c := range []struct {
		query scheduler.TombstoneQuery
		want  int
	}{
		{scheduler.TombstoneQuery{}, 1},
		{scheduler.TombstoneQuery{From: "2027-03-01", To: "2027-03-01", Units: []care.UnitID{mark}, Limit: 1}, 1},
		{scheduler.TombstoneQuery{To: "2027-02-28"}, 0},
		{scheduler.TombstoneQuery{From: "2027-03-02"}, 0},
		{scheduler.TombstoneQuery{Skip: 1, Limit: 5}, 0},
	} {
		if list, err := s.Tombstones(w.Context(), c.query); err != nil || len(list) != c.want {
			w.Errorf("%+v: %v, %v", c.query, list, err)
		}
	}

	if ended, err := s.EndedCourses(w.Context(), []care.CitizenID{"c"}); err != nil || len(ended) != 0 {
		w.Errorf("%v, %v", ended, err)
	}
}
