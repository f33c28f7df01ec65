package scheduler_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestCitizenCard tells what was and what is to come (D14, D25).
func TestCitizenCard(t *testing.T) {
	t.Parallel()

	later := with(with(with(nancy, colID, "A-9"), colStart, "15:00"), colEnd, "15:15")
	r := booked(t, []string{nancy, later, bruno}, []string{"A-1", "A-9"})
	r.until(on(8, 50))
	r.join(relative())
	r.enter().admit()
	must(t, r.Conclude(t.Context(), caregiver("LBH"), r.visit("A-1").ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}))

	card, err := r.CitizenCard(t.Context(), caregiver("MSK"), r.citizen("A-1"))
	must(t, err)

	if len(card.Past) != 1 || len(card.Next) != 1 || card.Next[0].Visit.Source.ID != "A-9" || len(card.Units) != 1 || card.Citizen.Name == "" {
		t.Fatalf("%d past, %d to come, %+v", len(card.Past), len(card.Next), card.Units)
	}

	past := card.Past[0]
	if past.StartedBy != "MSK" || past.End != "Gennemført" || !cmp.Equal(past.With, []string{"Pårørende"}) || len(past.Identity) != 1 || !strings.HasPrefix(past.Identity[0], "Borger: Engangskode") {
		t.Errorf("%+v %+v %+v %+v", past.StartedBy, past.End, past.With, past.Identity)
	}

	if c := card.Can; !c.Call || !c.Contacts || !c.Invite || c.Live != "" {
		t.Errorf("%+v", c)
	}

	r.cardsDuringACall()
}

func (r *rig) cardsDuringACall() {
	t := r.tb
	t.Helper()

	call := r.called("MSK")

	card, err := r.CitizenCard(t.Context(), planner(), r.citizen("A-1"))
	if err != nil || card.Can.Call || card.Can.CallWhy == "" || !card.Can.Contacts {
		t.Errorf("as a planner: %+v, %v", card.Can, err)
	}

	if card, err = r.CitizenCard(t.Context(), caregiver("MSK"), r.citizen("A-1")); err != nil || card.Can.Live != call.Visit.ID {
		t.Errorf("with a live call: %+v, %v", card.Can, err)
	}
}
