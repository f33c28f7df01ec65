package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// contact is one person of the first citizen's contact network.
func contact(i int) care.Contact {
	return care.Contact{
		ID: care.ContactID(fmt.Sprintf("contact-%d", i)), Citizen: "citizen-0", Kind: care.Relative, Name: "Ingeborg Kvistgaard",
		Phone: care.NewPhone("+4520000044"), Email: care.NewEmail("ingeborg@example.invalid"),
		Consent: care.Consent{Form: care.Orally, By: "MSK", At: Now()}, AddedBy: "MSK", AddedAt: Now().Add(time.Duration(i) * time.Second), ChangedAt: Now(),
	}
}

func checkContacts(t *testing.T, b Bench) {
	t.Helper()

	seed(t, b.Store, 1)

	_, err := b.Store.Contact(t.Context(), "contact-0")
	wantKind(t, err, care.NotFound)

	for _, i := range []int{1, 0} {
		must(t, b.Store.SaveContact(t.Context(), contact(i), scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.FollowContactJob, Ref: "contact"}}}))
	}

	wantKind(t, b.Store.SaveContact(t.Context(), contact(0), scheduler.Effects{}), care.Conflict)

	want := contact(0)
	want.Version = 1

	got, err := b.Twin.Contact(t.Context(), want.ID)
	must(t, err)
	same(t, "contact", want, got)

	all, err := b.Twin.ContactsOf(t.Context(), "citizen-0")
	must(t, err)

	if len(all) != 2 || all[0].ID != "contact-0" {
		t.Fatalf("%+v", all)
	}

	gone := got.Remove(Now().Add(time.Hour))
	must(t, b.Store.SaveContact(t.Context(), gone, scheduler.Effects{}))
	wantKind(t, b.Twin.SaveContact(t.Context(), got, scheduler.Effects{}), care.Conflict) // it was changed meanwhile

	gone.Version = 2
	got, err = b.Store.Contact(t.Context(), gone.ID)
	must(t, err)
	same(t, "removed contact", gone, got)

	if all, err = b.Store.ContactsOf(t.Context(), "citizen-0"); err != nil || len(all) != 1 {
		t.Errorf("%d contacts, %v", len(all), err)
	}

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	if len(jobs) != 2 {
		t.Errorf("%d jobs", len(jobs))
	}

	fresh := contact(7)

	b.FailJobs(true)

	if err := b.Store.SaveContact(t.Context(), fresh, scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.FollowContactJob}}}); err == nil {
		t.Error("a contact was stored without its job")
	}

	b.FailJobs(false)

	_, err = b.Store.Contact(t.Context(), fresh.ID)
	wantKind(t, err, care.NotFound)
}

// checkParticipants stores people who take part, their messages, sessions and codes.
func checkParticipants(t *testing.T, b Bench) {
	t.Helper()

	id := seed(t, b.Store, 1)[0]
	model := care.Restore(read(t, b.Store, id))

	for i, step := range []func(v *care.Visit) error{
		func(v *care.Visit) error { book(t, v); return nil },
		func(v *care.Visit) error {
			_, err := v.AddParticipant(care.Invitee{ID: "p-1", Contact: contact(0)}, 5, "MSK", Now())

			return err
		},
		func(v *care.Visit) error {
			return v.MessageSent(care.InvitationID(string(id)+"-i1"), "provider", "locator-p", Now())
		},
		func(v *care.Visit) error { return v.Arrive("admission-p", "p-1", "session-p", Now()) },
		func(v *care.Visit) error { _, err := v.AskCode("admission-p", Now()); return err },
		func(v *care.Visit) error { return v.RemoveParticipant("p-1", "MSK", Now()) },
		func(v *care.Visit) error { // the same seat
			_, err := v.AddParticipant(care.Invitee{ID: "p-2", Contact: contact(0)}, 3, "MSK", Now())

			return err
		},
	} {
		must(t, b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) { return scheduler.Effects{}, step(v) }))
		must(t, step(model))

		want := model.Snapshot()
		want.Version = i + 2
		same(t, fmt.Sprintf("visit after step %d", i), want, read(t, b.Twin, id))
	}

	v, invitation, err := b.Store.VisitByLocator(t.Context(), "locator-p")
	must(t, err)

	if m, _ := v.InvitationOf(invitation); m.To != "p-1" || v.ID != id {
		t.Errorf("the participant's link leads to %q", m.To)
	}

	for phone, want := range map[string]int{"+4520000044": 1, "+4520000017": 0} {
		if n, err := b.Store.CodesSentTo(t.Context(), care.NewPhone(phone), Now()); err != nil || n != want {
			t.Errorf("%d codes to %s, %v", n, phone, err)
		}
	}

	if n, err := b.Store.CodesSent(t.Context(), "citizen-0", Now()); err != nil || n != 0 {
		t.Errorf("a participant's codes count as %d of the citizen's, %v", n, err)
	}

	if n, err := b.Store.CodesSentTo(t.Context(), care.NewPhone("+4520000044"), Now().Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("%d codes since later, %v", n, err)
	}
}

// checkAddVisit stores a visit that stands on no list, once, however many try at once.
func checkAddVisit(t *testing.T, b Bench) {
	t.Helper()

	seed(t, b.Store, 1)

	call := func(i int) *care.Visit {
		f := facts(0)
		f.List, f.ListName, f.Line = "", "", 0

		v, err := care.NewCall(care.VisitID(fmt.Sprintf("call-%d", i)), "key", f, care.OnListOnly(), care.RoomRef(fmt.Sprintf("call-room-%d", i)), Now())
		if err != nil {
			t.Error(err)
		}

		return v
	}

	var (
		group  sync.WaitGroup
		mutex  sync.Mutex
		stored []error
	)

	for i := range 6 {
		group.Go(func() {
			s := []scheduler.Store{b.Store, b.Twin}[i%2]
			err := s.AddVisit(t.Context(), call(i), scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.BookRoomJob, Urgent: true}}})

			mutex.Lock()
			defer mutex.Unlock()

			stored = append(stored, err)
		})
	}

	group.Wait()

	won := 0

	for _, err := range stored {
		var refused *care.Error

		switch {
		case err == nil:
			won++
		case !errors.As(err, &refused) || refused.Kind != care.Conflict:
			t.Errorf("a second one: %v", err)
		}
	}

	visits, err := b.Store.Visits(t.Context(), scheduler.VisitQuery{System: care.OwnSystem})
	must(t, err)

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	if won != 1 || len(visits) != 1 || len(jobs) != 1 || visits[0].State != care.BookingRoom || len(visits[0].Rooms) != 1 {
		t.Errorf("%d stored, %d visits, %d jobs", won, len(visits), len(jobs))
	}
}

// checkVisitLinks tells which units visit whom by their lists.
func checkVisitLinks(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 12)
	change := func(id care.VisitID, fn func(v *care.Visit)) {
		must(t, b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
			fn(v)

			return scheduler.Effects{}, nil
		}))
	}

	change(ids[1], func(v *care.Visit) { v.Drop("list-2", Now()) }) // citizen-1 has another visit, ids[9]
	change(ids[5], func(v *care.Visit) { v.Drop("list-2", Now()) }) // citizen-5 has none
	change(ids[8], func(v *care.Visit) {                            // citizen-0, whose laws differ then
		f := v.Snapshot().Facts
		f.Law = care.SEL83
		v.Relist(f, Now())
	})

	all := care.Interval{Start: Now().Add(-24 * time.Hour), End: Now().Add(24 * time.Hour)}

	got, err := b.Store.Links(t.Context(), scheduler.LinkQuery{Window: all, Units: []care.UnitID{"oest", "vest"}})
	must(t, err)

	if len(got) != 7 || got[0].Citizen != "citizen-0" || got[0].Visits != 2 || got[0].Law != care.LawUnknown || got[1].Visits != 1 || got[1].Law != care.SUL138 {
		t.Errorf("%+v", got)
	}

	if got[0].First.Equal(got[0].Last) || !got[0].First.Equal(facts(0).Planned.Start) || !got[0].Last.Equal(facts(8).Planned.Start) {
		t.Errorf("%v to %v", got[0].First, got[0].Last)
	}

	for name, q := range map[string]scheduler.LinkQuery{
		"no unit":      {Window: all},
		"other unit":   {Window: all, Units: []care.UnitID{"vest"}},
		"other window": {Window: care.Interval{Start: Now().Add(24 * time.Hour), End: Now().Add(48 * time.Hour)}, Units: []care.UnitID{"oest"}},
		"dropped":      {Window: all, Units: []care.UnitID{"oest"}, Citizens: []care.CitizenID{"citizen-5", "nobody"}},
	} {
		if got, err := b.Store.Links(t.Context(), q); err != nil || len(got) != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}

	one, err := b.Store.Links(t.Context(), scheduler.LinkQuery{Window: all, Units: []care.UnitID{"oest"}, Citizens: []care.CitizenID{"citizen-1"}})
	must(t, err)

	if len(one) != 1 || one[0].Visits != 1 {
		t.Errorf("%+v", one)
	}
}

// checkContactSecrecy searches for what is personal of contacts and participants.
func checkContactSecrecy(t *testing.T, b Bench) {
	t.Helper()

	id := seed(t, b.Store, 1)[0]
	must(t, b.Store.SaveContact(t.Context(), contact(0), scheduler.Effects{}))
	must(t, b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
		book(t, v)

		_, err := v.AddParticipant(care.Invitee{ID: "p-1", Contact: contact(0)}, 5, "MSK", Now())

		return scheduler.Effects{}, err
	}))

	raw, err := b.Raw(t.Context())
	must(t, err)

	if !bytes.Contains(raw, []byte("contact-0")) {
		t.Fatal("the search does not even find the contact's id")
	}

	for _, secret := range []string{"Kvistgaard", "20000044", "ingeborg@"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%q is stored in clear", secret)
		}
	}
}
