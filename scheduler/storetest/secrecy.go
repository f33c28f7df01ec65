package storetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func checkCodes(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 9) // the first and the last are of one citizen

	for i, id := range []care.VisitID{ids[0], ids[1], ids[8]} {
		must(t, b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
			book(t, v)

			session := care.AdmissionID("a-" + string(id))
			if err := v.Arrive(session, "", "s-"+string(id), Now()); err != nil {
				return scheduler.Effects{}, err
			}

			_, err := v.AskCode(session, Now().Add(time.Duration(i)*time.Hour))

			return scheduler.Effects{}, err
		}))
	}

	for since, want := range map[time.Time]int{Now(): 2, Now().Add(time.Hour): 1, Now().Add(3 * time.Hour): 0} {
		got, err := b.Store.CodesSent(t.Context(), "citizen-0", since)
		must(t, err)

		if got != want {
			t.Errorf("%d codes since %v, want %d", got, since, want)
		}
	}
}

func checkAudit(t *testing.T, b Bench) {
	t.Helper()

	must(t, b.Store.Record(t.Context(), nil))
	must(t, b.Store.Record(t.Context(), []scheduler.AuditRow{{At: Now(), Actor: "MSK", Action: "read_citizen", Citizen: "citizen-0"}, {Actor: "system", Action: "x"}}))

	for i, err := range b.Tamper(t.Context()) {
		if err == nil {
			t.Errorf("attempt %d to change the audit went through", i)
		}
	}
}

// checkEncryption fills every secret and personal field and searches for them in what the
// database keeps.
func checkEncryption(t *testing.T, b Bench) {
	t.Helper()

	file := []byte("CPR;Navn;Telefon\r\n" + numbers()[0] + ";Torre Mosebryggersen;20000017\r\n")
	must(t, b.Store.KeepUpload(t.Context(), "upload-1", ehr.File{Name: "torre.csv", Data: file}, "PLA", Now()))

	id := seed(t, b.Store, 1)[0]
	_, err := b.Store.UpdateVisits(t.Context(), []care.VisitID{id}, &care.Batch{ID: "batch-1", ByName: "Pia Planlægger", MadeAt: Now()},
		func(v *care.Visit) (scheduler.Effects, error) {
			book(t, v)

			o := care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen, At: Now(), Because: "Genboen svarede"}
			attest(t, v)

			if err := v.Conclude(o); err != nil {
				return scheduler.Effects{}, err
			}

			o.Because = "Svigersønnen så det"

			return scheduler.Effects{}, v.Correct(o)
		})
	must(t, err)
	must(t, b.Store.SaveImport(t.Context(), scheduler.Import{
		Record: scheduler.ListRecord{ID: "list-2", FileName: "torre.csv", At: Now()}, File: ehr.File{Name: "torre.csv", Data: file},
	}))

	raw, err := b.Raw(t.Context())
	must(t, err)

	if !bytes.Contains(raw, []byte("visit-0000")) {
		t.Fatal("the search does not even find the visit's id")
	}

	for _, secret := range []string{
		numbers()[0], numbers()[5], "Mosebryggersen", "Prøvevej", "20000017", "torre@", "918273645", "564738291",
		"https://rooms.example.invalid/", "naboen", "Genboen", "Svigersønnen", "Pia Plan", "torre.csv", "køreliste.csv", "CPR;Navn",
	} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%q is stored in clear", secret)
		}
	}
}
