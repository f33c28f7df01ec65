package scheduler

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

// IdentityRequest is how a citizen may be identified from now on, as somebody typed it.
type IdentityRequest struct {
	MitIDOnly bool
	NoSMS     bool
	CodeOnly  bool                  // visit codes in place of links
	Protected bool                  // the address is protected
	Methods   []care.IdentityMethod // those that are left; empty: all
	Reason    string                // at most care.MaxBecause characters; no CPR number
}

func (r IdentityRequest) check() error {
	reason := strings.TrimSpace(r.Reason)

	switch {
	case reason == "" || utf8.RuneCountInString(reason) > care.MaxBecause:
		return care.NewError(care.Invalid, "Skriv hvorfor, med højst 500 tegn.")
	case personNumber().MatchString(reason):
		return care.NewError(care.Invalid, "Begrundelsen må ikke indeholde et personnummer.")
	}

	for _, m := range r.Methods {
		if !slices.Contains(care.IdentityMethods(), m) || m == care.VouchedByCitizen {
			return care.NewError(care.Invalid, "Vælg de måder, som borgeren må bruge.")
		}
	}

	return nil
}

// CitizenIdentity returns how a citizen may be identified, for whoever works with the citizen. Needs
// HostVisits, SeeDay or StopAccess in a unit that visits the citizen.
func (s *Service) CitizenIdentity(ctx context.Context, actor care.Actor, id care.CitizenID) (care.IdentitySetting, error) {
	if _, err := s.linked(ctx, actor, id, care.HostVisits, care.SeeDay, care.StopAccess); err != nil {
		return care.IdentitySetting{}, err
	}

	return s.store.IdentitySetting(ctx, id)
}

// SetIdentity says how a citizen may be identified from now on. Needs SetIdentity in a unit that
// visits the citizen.
func (s *Service) SetIdentity(ctx context.Context, actor care.Actor, id care.CitizenID, req IdentityRequest) error {
	if _, err := s.linked(ctx, actor, id, care.SetIdentity); err != nil {
		return err
	}

	if err := req.check(); err != nil {
		return err
	}

	return s.changeIdentity(ctx, actor, id, "set_identity", func(now *care.IdentitySetting) {
		now.MitIDOnly, now.NoSMS, now.CodeOnly, now.Protected, now.Methods = req.MitIDOnly, req.NoSMS, req.CodeOnly, req.Protected, req.Methods
		now.Reason, now.By, now.At = strings.TrimSpace(req.Reason), actor.Employee, s.now()
	})
}

func (s *Service) changeIdentity(ctx context.Context, actor care.Actor, id care.CitizenID, action string, change func(*care.IdentitySetting)) error {
	setting, err := s.store.IdentitySetting(ctx, id)
	if err != nil {
		return err
	}

	change(&setting)

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: action, Citizen: id}

	return s.store.SaveIdentitySetting(ctx, setting, Effects{Audit: []AuditRow{row}})
}

// RevealContact returns a citizen with telephone number and address for whoever has to reach the
// citizen and says why. Both are audited. Needs HostVisits or SeeDay in a unit that visits the
// citizen.
func (s *Service) RevealContact(ctx context.Context, actor care.Actor, id care.CitizenID, reason string) (care.Citizen, error) {
	if _, err := s.linked(ctx, actor, id, care.HostVisits, care.SeeDay); err != nil {
		return care.Citizen{}, err
	}

	if err := (IdentityRequest{Reason: reason}).check(); err != nil {
		return care.Citizen{}, err
	}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{id})
	if err != nil {
		return care.Citizen{}, err
	}

	row := *by(actor, "reveal_contact")
	row.At, row.Citizen, row.Reason = s.now(), id, strings.TrimSpace(reason)

	return citizens[id], s.store.Record(ctx, []AuditRow{row})
}

// StopRequest is why all access to a citizen's visits is stopped.
type StopRequest struct {
	MitIDOnly bool   // from now on logins only: somebody else may hold the citizen's telephone (C27)
	Reason    string // as in IdentityRequest
}

// StopAccess ends, at once, every way in to a citizen's screen visits: links of the citizen and of
// participants, sessions at the door, known devices. No message with a link leaves before
// SendNewLinks. It is safe to repeat after a failure. Whoever is in a room already must be put out
// there; the exception list says so. Needs StopAccess in a unit that visits the citizen.
func (s *Service) StopAccess(ctx context.Context, actor care.Actor, id care.CitizenID, req StopRequest) error {
	if _, err := s.linked(ctx, actor, id, care.StopAccess); err != nil {
		return err
	}

	if err := (IdentityRequest{Reason: req.Reason}).check(); err != nil {
		return err
	}

	// The setting comes first: from here on no link and no session is good (see shutOut).
	err := s.changeIdentity(ctx, actor, id, "stop_access", func(now *care.IdentitySetting) {
		now.Stopped, now.StoppedAt = true, s.now()
		now.MitIDOnly = now.MitIDOnly || req.MitIDOnly
		now.Reason, now.By, now.At = strings.TrimSpace(req.Reason), actor.Employee, s.now()
	})
	if err != nil {
		return err
	}

	if err := s.RevokeDevices(ctx, id, actor.Employee); err != nil {
		return err
	}

	return s.eachAhead(ctx, id, by(actor, "stop_access"), func(v *care.Visit) error {
		v.StopAccess(actor.Employee, s.now())

		return nil
	})
}

// SendNewLinks opens the door again and invites the citizen and the participants of every visit
// anew. Links and sessions from before stay dead. Needs SetIdentity in a unit that visits the
// citizen.
func (s *Service) SendNewLinks(ctx context.Context, actor care.Actor, id care.CitizenID) error {
	if _, err := s.linked(ctx, actor, id, care.SetIdentity); err != nil {
		return err
	}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{id})
	if err != nil {
		return err
	}

	err = s.changeIdentity(ctx, actor, id, "send_new_links", func(now *care.IdentitySetting) {
		now.Stopped, now.StoppedAt = false, s.now()
	})
	if err != nil {
		return err
	}

	channel := citizens[id].Channel()

	return s.eachAhead(ctx, id, by(actor, "send_new_links"), func(v *care.Visit) error {
		v.AccessOpened(string(actor.Employee), s.now())

		if v.State() == care.RoomIsBooked || v.State() == care.Open {
			tell(v, channel, s.now())
		}

		return nil
	})
}

// eachAhead changes every visit of a citizen that is on its way to be given by screen.
func (s *Service) eachAhead(ctx context.Context, id care.CitizenID, row *AuditRow, change func(*care.Visit) error) error {
	visits, err := s.store.Visits(ctx, VisitQuery{Citizens: []care.CitizenID{id}, Window: care.Interval{Start: s.now().Add(-longestVisit)}})
	if err != nil {
		return err
	}

	for _, v := range visits {
		if !v.State.Active() {
			continue
		}

		if err := s.update(ctx, v.ID, row, change); err != nil {
			return err
		}
	}

	return nil
}

// shutOut reports whether what came to be at a time, a link or a session, is dead because all access
// to the citizen was stopped.
func (s *Service) shutOut(ctx context.Context, v care.Snapshot, since time.Time) (bool, error) {
	setting, err := s.store.IdentitySetting(ctx, v.Facts.Citizen)
	if err != nil {
		return false, err
	}

	return setting.Stopped || !setting.StoppedAt.IsZero() && !since.After(setting.StoppedAt), nil
}

// withheld reports, in Danish, why a message with a way in must not leave; empty when it may.
func withheld(setting care.IdentitySetting, inv care.Invitation) string {
	switch {
	case inv.Kind == care.Withdrawn:
	case setting.Stopped:
		return "Adgangen til borgerens skærmbesøg er stoppet, så beskeden er ikke sendt. Aftal med borgeren, og tryk »Send nye links« på borgerens kort."
	case setting.NoSMS && inv.To == "" && inv.Channel == care.SMS:
		return "Borgeren må ikke få SMS, så beskeden er ikke sendt. Ring til borgeren."
	}

	return ""
}

// NumberNotice is a message to a telephone number that a citizen no longer has (C27).
type NumberNotice struct {
	ID      string
	Citizen care.CitizenID
	Phone   care.Phone // the old one; removed when the notice has left or failed
}

// numberChanged is what tells the old number that it is no longer the citizen's.
func (s *Service) numberChanged(citizen care.CitizenID, old care.Phone) Effects {
	n := NumberNotice{ID: randomID(), Citizen: citizen, Phone: old}

	return Effects{
		Numbers: []NumberNotice{n},
		Jobs:    []Job{{Kind: TellOldNumberJob, Ref: n.ID, At: s.set.Quiet.SendAt(s.now(), s.now().AddDate(0, 0, 2))}},
		Audit:   []AuditRow{{At: s.now(), Actor: systemActor, Action: "change_number", Citizen: citizen}},
	}
}

// tellOldNumber sends the notice. A channel that sends for meetings only, or refuses the number,
// can't: that is no reason to keep the number.
func (s *Service) tellOldNumber(ctx context.Context, job Job) error {
	n, err := s.store.NumberNotice(ctx, job.Ref)
	if err != nil || n.Phone.IsZero() {
		return err
	}

	sender, ok := s.messages[care.SMS]
	if !ok {
		return s.store.NumberNoticeDone(ctx, n.ID, s.now(), "no SMS")
	}

	draft, err := message.ComposeNumberChanged(message.Data{Municipality: s.set.Name, Sender: s.set.Sender, Phone: s.set.Phone})
	if err != nil {
		return s.store.NumberNoticeDone(ctx, n.ID, s.now(), care.MessageOf(err))
	}

	m := message.Message{Key: n.ID, Channel: care.SMS, Phone: n.Phone, Text: draft.Text}

	if finder, can := sender.(message.Finder); can && job.Attempt >= 2 {
		switch _, err := finder.Find(ctx, m); {
		case err == nil:
			return s.store.NumberNoticeDone(ctx, n.ID, s.now(), "")
		case !connector.Is(err, connector.NotFound):
			return lookup(care.SMS, err)
		}
	}

	_, err = sender.Send(ctx, m)
	if err != nil && passing(err) {
		return err
	}

	failure := ""
	if err != nil {
		failure = "refused"
	}

	return s.store.NumberNoticeDone(ctx, n.ID, s.now(), failure)
}
