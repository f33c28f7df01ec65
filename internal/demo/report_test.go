package demo

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	t.Parallel()

	whole := Report{
		Rows: 60, Converted: 45, RoomsBooked: 45, RoomsLive: 45, InvitationsDelivered: 45, Joined: 35, Completed: 38, NotCompleted: 7,
		EntriesPlanned: 45, EntriesResult: 45, wantPlanned: 45, wantResults: 45, TakenBack: 5, backInvited: 5, Restored: 4, RestoredExact: 4,
	}

	tests := map[string]struct {
		spoil func(*Report)
		want  string
	}{
		"whole":               {func(*Report) {}, ""},
		"few joined":          {func(r *Report) { r.Joined = 0 }, ""},
		"a room too many":     {func(r *Report) { r.RoomsBooked++ }, "one room per visit: 46 rooms for 45 visits, 0 doubled"},
		"a room too few":      {func(r *Report) { r.RoomsBooked-- }, "one room per visit: 44 rooms for 45 visits, 0 doubled"},
		"a doubled room":      {func(r *Report) { r.DuplicateRooms = 1 }, "one room per visit: 45 rooms for 45 visits, 1 doubled"},
		"no planned entry":    {func(r *Report) { r.EntriesPlanned-- }, "one planned entry per visit and means: 44 for 45"},
		"two planned entries": {func(r *Report) { r.EntriesPlanned++ }, "one planned entry per visit and means: 46 for 45"},
		"no result":           {func(r *Report) { r.EntriesResult-- }, "one result entry per visit and means: 44 for 45"},
		"doubled entry":       {func(r *Report) { r.DuplicateEntries = 2 }, "2 doubled entries"},
		"not invited":         {func(r *Report) { r.InvitationsDelivered-- }, "every citizen invited: 44 of 45"},
		"invited twice":       {func(r *Report) { r.DuplicateMessages = 1 }, "1 invitations came twice"},
		"after a cancel":      {func(r *Report) { r.MessagesAfterCancel = 3 }, "3 messages after a cancel"},
		"a room stands":       {func(r *Report) { r.RoomsOpenAfter = 1 }, "1 rooms still open"},
		"no outcome":          {func(r *Report) { r.Completed-- }, "37 completed and 7 not, of 45"},
		"lost":                {func(r *Report) { r.Lost = 1 }, "1 visits lost"},
		"not as before":       {func(r *Report) { r.RestoredExact-- }, "as before in the record: 3 of 4 visits that are physical again"},
		"no or two visits":    {func(r *Report) { r.ActiveViolations = 1 }, "1 moments in which a citizen had no visit or several"},
		"not told":            {func(r *Report) { r.silent = 2 }, "2 visits don't say that the record can't be told"},
		"odd":                 {func(r *Report) { r.odd = []string{"a", "b"} }, "the record holds otherwise than it should: a, b"},
		"not all invited":     {func(r *Report) { r.backInvited = 4 }, "every citizen invited before it was taken back: 4 of 5"},
		"two at once":         {func(r *Report) { r.Lost, r.RoomsOpenAfter = 1, 2 }, "2 rooms still open; 1 visits lost"},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := whole
			tt.spoil(&r)

			err := r.check()

			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (!errors.Is(err, ErrInvariant) || !strings.HasSuffix(err.Error(), ": "+tt.want)):
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestReportText(t *testing.T) {
	t.Parallel()

	text := Report{Rows: 60, Converted: 45, RoomsBooked: 44, RoomsLive: 43, Lost: 2, Seconds: 1.25}.Text()
	for _, want := range []string{"rækker på listen           60", "rum booket / brugbare      44 / 43", "tabt                       2", "sekunder                   1.2"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
}

// TestTheWalkWaitsForLateTries: what failed ten times waits for minutes, and is no loss.
func TestTheWalkWaitsForLateTries(t *testing.T) {
	t.Parallel()

	var all time.Duration
	for round := range lastRounds {
		all += stepOf(round)
	}

	if stepOf(0) != retryStep || all < 45*time.Minute {
		t.Errorf("the first step is %s, all are %s", stepOf(0), all)
	}
}
