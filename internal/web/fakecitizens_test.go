package web_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// peopleOf joins the invited of a visit with what the fakes know of them.
func peopleOf(v scheduler.VisitView) []scheduler.Person {
	out := []scheduler.Person{{Role: "Borger", Name: v.Citizen.Name}}
	for _, p := range v.Visit.Participants {
		out = append(out, scheduler.Person{Participant: p.ID, Role: p.Kind.Danish(), Name: p.Name, Seat: p.Seat, Terms: p.Terms, Consent: p.Consent, Secrecy: p.Secrecy})
	}

	for i := range out {
		p := &out[i]

		for _, m := range v.Visit.Invitations {
			if m.To == p.Participant {
				p.Message = m
			}
		}

		for _, a := range v.Visit.Admissions {
			if a.Participant == p.Participant && p.Admission.State != care.AdmissionIdentified {
				p.Admission = a
			}
		}

		p.Here = i == 0 && v.Status == scheduler.StatusRunning
	}

	return out
}

func (f *fakeUse) MyCitizens(_ context.Context, actor care.Actor) ([]scheduler.KnownCitizen, error) {
	if actor.Employee == "NY" {
		return nil, f.call("MyCitizens")
	}

	var out []scheduler.KnownCitizen

	for i, v := range f.rows[:12] {
		k := scheduler.KnownCitizen{Citizen: v.Citizen, Units: []care.Unit{{ID: "oest", Name: "Øst"}}, MayCall: true, Mine: i == 1}
		k.Citizen.Suitability = []care.Suitability{care.Suitable, care.SuitabilityUnknown, care.Unsuitable}[i%3]

		if i%4 == 0 {
			k.Units = append(k.Units, care.Unit{ID: "vest", Name: "Vest"})
		}

		out = append(out, k)
	}

	return out, f.call("MyCitizens")
}

// CitizenCard is of a citizen with a network and a past, of one who can't be called (c2), or of
// one of whom nothing is known (c3).
func (f *fakeUse) CitizenCard(_ context.Context, actor care.Actor, id care.CitizenID) (scheduler.CitizenCard, error) {
	if err := f.call("CitizenCard"); err != nil {
		return scheduler.CitizenCard{}, err
	}

	card := scheduler.CitizenCard{Citizen: f.rows[0].Citizen, Units: []care.Unit{{ID: "oest", Name: "Øst"}}, Can: scheduler.CardActions{Call: true, Contacts: true, Invite: true}}
	card.Citizen.ID, card.Citizen.Suitability = id, care.Suitable
	card.Citizen.Risk, card.Can.Risk = care.HighRisk, actor.MayAnywhere(care.SetIdentity)

	judgedCard(&card)

	switch id {
	case "c2":
		card.Citizen.Suitability, card.Can.Call = care.Unsuitable, false
		card.Can.CallWhy = "Borgeren er vurderet ikke egnet til skærmbesøg. Ring på telefon i stedet."
	case "c3": // and who has no CPR number
		card.Citizen.CPR = care.CPR{}
		card.Citizen.Surrogate, _ = care.ParseSurrogateID("file", "B-17")

		return card, nil
	case "c4":
		card.Can.Live = f.rows[0].Visit.ID
	}

	card.Contacts = []care.Contact{
		{ID: "k1", Citizen: id, Kind: care.Interpreter, Name: "Nanna Tolkesen", Phone: care.NewPhone("+4520000077"), Consent: consent()},
		{ID: "k3", Citizen: id, Kind: care.Relative, Name: "Karla Datter", Phone: care.NewPhone("+4520000079"), Email: care.NewEmail("karla@borger.example"), Consent: care.Consent{Form: care.InWriting, By: "PLA", At: testNow().Add(-90 * 24 * time.Hour)}},
		{ID: "k4", Citizen: id, Kind: care.Authority, Name: "Lægerne på Torvet", Phone: care.NewPhone("+4520000080"), Consent: bounded()},
		{ID: "k5", Citizen: id, Kind: care.Relative, Name: "Nabo Nielsen", Phone: care.NewPhone("+4520000081"), Consent: lapsed()},
	}
	card.Former = formerConsents()

	for _, v := range f.rows {
		past := scheduler.CardVisit{VisitView: v, StartedBy: string(v.Visit.Facts.Employee), Identity: []string{"Borger: Engangskode på SMS", "Tolk: Engangskode på SMS"}, With: []string{"Tolk"}, End: "Ikke gennemført: Borgeren udeblev"}

		switch v.Status {
		case scheduler.StatusInvited:
			card.Next = append(card.Next, scheduler.CardVisit{VisitView: v, With: []string{"Pårørende"}})
		case scheduler.StatusCompleted:
			card.Past = append(card.Past, past)
		case scheduler.StatusNot:
			past.Identity, past.With = nil, nil
			card.Past = append(card.Past, past)
		case scheduler.StatusPhysical, scheduler.StatusToCall, scheduler.StatusBooking, scheduler.StatusPlanned, scheduler.StatusOpened, scheduler.StatusWaiting, scheduler.StatusRunning, scheduler.StatusPhone, scheduler.StatusCancelled, scheduler.StatusTrouble:
		}
	}

	return card, nil
}

func (f *fakeUse) AddContact(_ context.Context, _ care.Actor, _ care.CitizenID, req scheduler.ContactRequest) (care.Contact, error) {
	if req.Phone == "" {
		return care.Contact{}, care.NewError(care.Invalid, "Skriv kontaktens mobilnummer. Uden det kan kontakten ikke få en engangskode.")
	}

	if req.Guardian && req.Kind != care.Relative {
		return care.Contact{}, care.NewError(care.Invalid, "Kun en pårørende kan noteres som værge eller forælder.")
	}

	return care.Contact{ID: "k9"}, f.call("AddContact")
}

func (f *fakeUse) ChangeContact(_ context.Context, _ care.Actor, _ care.CitizenID, _ care.ContactID, req scheduler.ContactRequest) error {
	if req.Name == "" {
		return care.NewError(care.Invalid, "Skriv kontaktens navn, højst 120 tegn.")
	}

	return f.call("ChangeContact")
}

func (f *fakeUse) RemoveContact(context.Context, care.Actor, care.CitizenID, care.ContactID) error {
	return f.call("RemoveContact")
}

func (f *fakeUse) AddParticipant(_ context.Context, _ care.Actor, _ care.VisitID, req scheduler.ParticipantRequest) (care.ParticipantID, error) {
	if req.Contact == "" {
		return "", care.NewError(care.Conflict, "Der er plads til højst 5 i rummet. Fjern en anden deltager først.")
	}

	return "p9", f.call("AddParticipant")
}

func (f *fakeUse) RemoveParticipant(context.Context, care.Actor, care.VisitID, care.ParticipantID) error {
	return f.call("RemoveParticipant")
}

func (f *fakeUse) callView() scheduler.CallView {
	f.mu.Lock()
	defer f.mu.Unlock()

	v := scheduler.CallView{VisitView: f.rows[0], Stage: f.stage, MayEnd: true, Waited: 2 * time.Second, Text: "Vi gør et rum klar. Det tager normalt få sekunder."}
	v.Visit.Source = care.SourceRef{System: care.OwnSystem, ID: "k"}

	v.Open = f.stage != scheduler.CallBooking && f.stage != scheduler.CallQueued && f.stage != scheduler.CallEnded

	switch f.stage {
	case scheduler.CallQueued:
		v.Text = "Alle rum er i brug lige nu. Vi prøver igen, indtil et bliver ledigt. Du har ventet 2 minutter. Du kan vente, fortryde eller ringe på telefon."
	case scheduler.CallReady, scheduler.CallInvited:
		v.MayGo, v.Text = true, "Rummet er klar, og borgeren har fået en SMS. Gå ind, og vent på borgeren."
	case scheduler.CallWaiting:
		v.MayGo, v.Text = true, "Borgeren venter. Tjek, at det er den rigtige, og luk borgeren ind."
	case scheduler.CallRunning:
		v.MayGo, v.MayEnd, v.Text = true, false, "Samtalen er i gang."
	case scheduler.CallTrouble:
		v.Text = "SMS'en til borgeren kom ikke frem: nummeret findes ikke. Ring til borgeren."
	case scheduler.CallEnded:
		v.MayEnd, v.Text = false, "Vi fik ikke et rum i tide, og opkaldet er opgivet. Ring på telefon, eller prøv igen."
	case scheduler.CallBooking:
		v.MayGo = true
	}

	return v
}

func (f *fakeUse) CallNow(_ context.Context, _ care.Actor, id care.CitizenID) (scheduler.CallView, error) {
	if id == "c2" {
		return scheduler.CallView{}, care.NewError(care.Conflict, "Borgeren er vurderet ikke egnet til skærmbesøg. Ring på telefon i stedet.")
	}

	return f.callView(), f.call("CallNow")
}

func (f *fakeUse) Call(context.Context, care.Actor, care.VisitID) (scheduler.CallView, error) {
	return f.callView(), f.call("Call")
}

func (f *fakeUse) EndCall(context.Context, care.Actor, care.VisitID, bool) error {
	return f.call("EndCall")
}
