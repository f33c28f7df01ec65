package scheduler

import (
	"cmp"
	"context"
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

// How many visits a citizen's card shows.
const (
	cardNext = 10
	cardPast = 20
)

// CitizenCard is what an employee needs to know of a citizen before, between and after screen
// visits (D14).
type CitizenCard struct {
	Citizen  care.Citizen
	Units    []care.Unit // of the actor's that visit the citizen
	Contacts []care.Contact
	// Former are the consents that do not count any more, the newest end first; those of contacts who
	// were taken away are among them.
	Former []care.ConsentRecord
	Next   []CardVisit // screen visits that are to come or go on, the soonest first
	Past   []CardVisit // screen visits that are over, the newest first
	Can    CardActions
	Notes  []care.CitizenNote // in the care record, the newest first
}

// CardActions is what the actor can do now.
type CardActions struct {
	Call     bool
	CallWhy  string       // Danish: why not
	Live     care.VisitID // the actor's live call to the citizen; empty: none
	Contacts bool         // change the contact network
	Invite   bool         // invite others into a visit
	Risk     bool         // set the citizen's risk group
	Judge    bool         // judge whether the citizen is fit for screen visits
	Notes    bool         // have notes in the record written again, or settle them
}

// CardVisit is one screen visit with what D25 asks for: who began it, how long it lasted, with
// whom, how they were identified, and how it ended.
type CardVisit struct {
	VisitView

	StartedBy string   // employee id; empty: it never began
	Identity  []string // Danish: how each person who was let in was identified, the citizen first
	With      []string // Danish: roles of the others who were invited
	End       string   // Danish; empty while it is not over
}

// CitizenCard returns a citizen's card. Needs HostVisits or SeeDay in a unit that visits the
// citizen. The reading is audited.
func (s *Service) CitizenCard(ctx context.Context, actor care.Actor, id care.CitizenID) (CitizenCard, error) {
	links, err := s.linked(ctx, actor, id, care.HostVisits, care.SeeDay)
	if err != nil {
		return CitizenCard{}, err
	}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{id})
	if err != nil {
		return CitizenCard{}, err
	}

	card := CitizenCard{Citizen: citizens[id].Shown()}
	for _, l := range links {
		card.Units = append(card.Units, s.unit(l.Unit))
	}

	if card.Contacts, err = s.store.ContactsOf(ctx, id); err != nil {
		return CitizenCard{}, err
	}

	if card.Former, err = s.formerConsents(ctx, id); err != nil {
		return CitizenCard{}, err
	}

	if card.Notes, err = s.store.CitizenNotes(ctx, id); err != nil {
		return CitizenCard{}, err
	}

	if err := s.addVisits(ctx, &card, links); err != nil {
		return CitizenCard{}, err
	}

	if card.Can, err = s.actions(ctx, actor, card.Citizen, links); err != nil {
		return CitizenCard{}, err
	}

	return card, s.store.Record(ctx, []AuditRow{{At: s.now(), Actor: string(actor.Employee), Action: "see_citizen", Citizen: id}})
}

func (s *Service) formerConsents(ctx context.Context, id care.CitizenID) ([]care.ConsentRecord, error) {
	all, err := s.store.ConsentsOf(ctx, id)
	all = slices.DeleteFunc(all, func(c care.ConsentRecord) bool { return c.End == "" })
	slices.SortStableFunc(all, func(a, b care.ConsentRecord) int { return b.EndedAt.Compare(a.EndedAt) })

	return all, err
}

// addVisits reads the screen visits of the units that the actor works in.
func (s *Service) addVisits(ctx context.Context, card *CitizenCard, links []Link) error {
	units := make([]care.UnitID, 0, len(links))
	for _, l := range links {
		units = append(units, l.Unit)
	}

	visits, err := s.store.Visits(ctx, VisitQuery{Citizens: []care.CitizenID{card.Citizen.ID}, Units: units, Window: s.recent()})
	if err != nil {
		return err
	}

	var next, past []care.Snapshot

	for _, v := range visits {
		switch {
		case v.State.Active():
			next = append(next, v)
		case v.State.Final() && len(v.Rooms) > 0:
			past = append(past, v)
		}
	}

	slices.Reverse(past)

	if card.Next, err = s.cardVisits(ctx, next[:min(len(next), cardNext)]); err != nil {
		return err
	}

	card.Past, err = s.cardVisits(ctx, past[:min(len(past), cardPast)])

	return err
}

func (s *Service) cardVisits(ctx context.Context, visits []care.Snapshot) ([]CardVisit, error) {
	views, err := s.views(ctx, visits)
	if err != nil {
		return nil, err
	}

	out := make([]CardVisit, len(views))

	for i, view := range views {
		c := CardVisit{VisitView: view, End: endOf(view.Visit)}

		for _, p := range people(view.Visit, view.Citizen) {
			if p.Participant != "" && (!p.Removed || !p.Came.IsZero()) {
				c.With = append(c.With, p.Role)
			}

			if p.LetIn() {
				c.Identity = append(c.Identity, p.Role+": "+p.Admission.Identity())
				c.StartedBy = cmp.Or(c.StartedBy, string(p.Admission.DecidedBy))
			}
		}

		if view.Visit.AdHoc() {
			c.StartedBy = string(view.Visit.Facts.Employee)
		}

		out[i] = c
	}

	return out, nil
}

// endOf tells in Danish how a visit ended.
func endOf(v care.Snapshot) string {
	switch o := v.Outcome; {
	case v.State == care.Completed && o.Delivery == care.ByPhone:
		return "Gennemført på telefon"
	case v.State == care.Completed:
		return "Gennemført"
	case v.State == care.NotCompleted:
		return "Ikke gennemført: " + o.Reason.Danish()
	case v.State == care.Cancelled:
		return "Aflyst: " + o.Reason.Danish()
	}

	return ""
}

func (s *Service) actions(ctx context.Context, actor care.Actor, citizen care.Citizen, links []Link) (CardActions, error) {
	var (
		out     CardActions
		callers []Link
	)

	for _, l := range links {
		out.Contacts = out.Contacts || actor.May(care.ManageContacts, l.Unit)
		out.Risk = out.Risk || actor.May(care.SetIdentity, l.Unit)
		out.Judge = out.Judge || actor.May(care.JudgeSuitability, l.Unit)
		out.Notes = out.Notes || actor.May(care.JudgeSuitability, l.Unit) || actor.May(care.HandleTrouble, l.Unit)
		out.Invite = out.Invite || actor.May(care.InviteOthers, l.Unit)

		if actor.May(care.CallCitizens, l.Unit) {
			callers = append(callers, l)
		}
	}

	if len(callers) == 0 {
		out.CallWhy = "Kun medarbejdere i et team, der besøger borgeren, kan ringe op."

		return out, nil
	}

	live, _, err := s.callsOf(ctx, actor.Employee, citizen.ID)
	if err != nil {
		return out, err
	}

	if live != nil {
		out.Live = live.ID
	}

	_, err = s.callable(callers, citizen)
	out.Call = err == nil

	if err != nil {
		out.CallWhy = care.MessageOf(err)
	}

	return out, nil
}
