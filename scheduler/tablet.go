package scheduler

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// TabletRequest registers a tablet.
type TabletRequest struct {
	Serial     string         // the manufacturer's
	Who        string         // the citizen's CPR number, id in the care record, or words of the name
	Citizen    care.CitizenID // who was chosen among those whom Who can mean; empty: nobody yet
	Unit       care.UnitID
	AutoAnswer care.ConsentForm // how the citizen agreed that it answers by itself; empty: it never does
}

// TabletOffer is a tablet that is to be set up.
type TabletOffer struct {
	Device care.Device
	Code   care.EnrolmentCode // shown once
	Until  time.Time
	Note   NotePreview // what the record gets once the tablet is set up for the first time
	// Choices are the citizens who can be meant, when they are several: then no tablet was registered.
	Choices []care.Citizen
}

// TabletCard is one line of the list of tablets.
type TabletCard struct {
	Device  care.Device
	Citizen string
	Unit    care.Unit
	// Waits: it can be set up now with the code that was shown. Ready: it was set up.
	Waits, Ready bool
	Expires      time.Time
	Closing      []TabletClosing // in the order of CloseReasons
}

// TabletClosing is one reason for closing a tablet, with what the record gets then.
type TabletClosing struct {
	Why  care.DeviceEnd
	Note NotePreview
}

// RegisterTablet registers a tablet for a citizen whom a unit visits and makes the code with which
// it is set up within ten minutes. Needs ManageAccess in the unit. A citizen whom nobody knows and one
// whom another unit visits are refused alike. Whoever is shown several citizens is audited.
func (s *Service) RegisterTablet(ctx context.Context, actor care.Actor, req TabletRequest) (TabletOffer, error) {
	if err := actor.Must(care.ManageAccess, req.Unit); err != nil {
		return TabletOffer{}, err
	}

	serial := strings.TrimSpace(req.Serial)
	if serial == "" || len([]rune(serial)) > care.MaxSerial {
		return TabletOffer{}, care.NewError(care.Invalid, "Skriv tavlens serienummer.")
	}

	if told := s.set.Notes[care.DeviceNote]; !told.Off() && care.CheckNoteText(serial) != nil {
		return TabletOffer{}, care.NewError(care.Invalid, "Serienummeret ligner et personnummer, en kode eller et link og kan ikke stå i journalen. Er det rigtigt, så skriv det med SN foran, uden mellemrum.")
	}

	citizens, err := s.tabletFor(ctx, req)
	if err != nil {
		return TabletOffer{}, err
	}

	if len(citizens) > 1 {
		ids := make([]care.CitizenID, len(citizens))
		for i, c := range citizens {
			ids[i] = c.ID
		}

		return TabletOffer{Choices: citizens}, s.shown(ctx, actor, "find_by_name", ids)
	}

	live, err := s.store.LiveDevices(ctx, care.TabletDevice)
	if err != nil {
		return TabletOffer{}, err
	}

	for _, d := range live {
		if strings.EqualFold(d.Label, serial) {
			return TabletOffer{}, care.NewError(care.Conflict, "Tavlen med det serienummer er allerede registreret. Luk den først.")
		}
	}

	now := s.now()
	d := care.Device{
		ID: care.DeviceID(randomID()), Kind: care.TabletDevice, Holder: care.Holder{Citizen: citizens[0].ID}, Label: serial, Unit: req.Unit,
		MadeAt: now, MadeBy: actor.Employee,
	}

	if req.AutoAnswer != "" {
		d.AutoAnswer = care.Consent{Form: req.AutoAnswer, By: actor.Employee, At: now}
		if !d.AutoAnswer.Given() {
			return TabletOffer{}, care.NewError(care.Invalid, "Vælg, hvordan borgeren har givet samtykke.")
		}
	}

	code, offer := s.enrolment(d.ID)
	d.Enrolment = offer

	row := s.deviceRow(string(actor.Employee), "register_tablet", d)

	return TabletOffer{Device: d, Code: code, Until: offer.Until, Note: s.previewDevice(d, care.TabletAssigned, d.MadeBy)}, s.store.AddDevice(ctx, d, Effects{Audit: []AuditRow{row}})
}

// enrolment makes a code and what is kept of it.
func (s *Service) enrolment(id care.DeviceID) (care.EnrolmentCode, care.Enrolment) {
	var random [12]byte

	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	code := care.NewEnrolmentCode(random)

	return code, care.Enrolment{Selector: code.Selector(), Hash: s.enrolmentHash(id, code), Until: s.now().Add(care.EnrolmentLife)}
}

func (s *Service) enrolmentHash(id care.DeviceID, code care.EnrolmentCode) string {
	return hex.EncodeToString(s.mac("tablet enrolment", string(id), code.Reveal()))
}

// mustManage returns nil for a tablet that the actor may manage. NotFound for every other device.
func (s *Service) mustManage(ctx context.Context, actor care.Actor, id care.DeviceID) error {
	d, err := s.store.Device(ctx, id)
	if err == nil && (d.Kind != care.TabletDevice || !actor.May(care.ManageAccess, d.Unit)) {
		err = care.NewError(care.NotFound, "Tavlen findes ikke.")
	}

	return err
}

// OfferTablet makes a new code for a tablet, one that was never set up or one that was reset. The
// key that it had is dead. Needs ManageAccess in its unit.
func (s *Service) OfferTablet(ctx context.Context, actor care.Actor, id care.DeviceID) (TabletOffer, error) {
	if err := s.mustManage(ctx, actor, id); err != nil {
		return TabletOffer{}, err
	}

	code, offer := s.enrolment(id)
	out := TabletOffer{Code: code, Until: offer.Until}

	err := s.store.UpdateDevice(ctx, id, func(d *care.Device) (Effects, error) {
		if err := d.Offer(offer); err != nil {
			return Effects{}, err
		}

		out.Device, out.Note = *d, NotePreview{Off: true}
		if d.SeenAt.IsZero() {
			out.Note = s.previewDevice(*d, care.TabletAssigned, d.MadeBy)
		}

		return Effects{Audit: []AuditRow{s.deviceRow(string(actor.Employee), "offer_tablet", *d)}}, nil
	})
	if err != nil {
		return TabletOffer{}, err
	}

	return out, s.store.ForgetTokens(ctx, string(id))
}

// CloseReasons are why an employee closes a tablet.
func CloseReasons() []care.DeviceEnd {
	return []care.DeviceEnd{care.DeviceReturned, care.DeviceLost, care.DeviceRevoked}
}

// CloseTablet ends a tablet for one of CloseReasons; within half a minute it clears itself. Needs
// ManageAccess in its unit.
func (s *Service) CloseTablet(ctx context.Context, actor care.Actor, id care.DeviceID, why care.DeviceEnd) error {
	if err := s.mustManage(ctx, actor, id); err != nil {
		return err
	}

	if !slices.Contains(CloseReasons(), why) {
		return care.NewError(care.Invalid, "Vælg, hvorfor tavlen lukkes.")
	}

	return s.endDevice(ctx, id, why, string(actor.Employee), actor.Employee)
}

// Tablets returns the tablets of the units in which the actor has ManageAccess, by unit, then age.
// The reading is audited.
func (s *Service) Tablets(ctx context.Context, actor care.Actor) ([]TabletCard, error) {
	if !actor.MayAnywhere(care.ManageAccess) {
		return nil, actor.Must(care.ManageAccess, care.EveryUnit)
	}

	live, err := s.store.LiveDevices(ctx, care.TabletDevice)
	if err != nil {
		return nil, err
	}

	var (
		out   []TabletCard
		whose []care.CitizenID
	)

	for _, d := range live {
		if actor.May(care.ManageAccess, d.Unit) {
			out, whose = append(out, s.tabletCard(d, actor)), append(whose, d.Holder.Citizen)
		}
	}

	citizens, err := s.store.Citizens(ctx, whose)
	if err != nil {
		return nil, err
	}

	for i := range out {
		out[i].Citizen = citizens[out[i].Device.Holder.Citizen].Name
	}

	return out, s.store.Record(ctx, []AuditRow{{At: s.now(), Actor: string(actor.Employee), Action: "see_tablets", Citizens: whose}})
}

func (s *Service) tabletCard(d care.Device, actor care.Actor) TabletCard {
	var closing []TabletClosing

	for _, why := range CloseReasons() {
		c := TabletClosing{Why: why, Note: NotePreview{Off: true}}
		if !d.SeenAt.IsZero() {
			c.Note = s.previewDevice(d, care.EventOf(why), actor.Employee)
		}

		closing = append(closing, c)
	}

	return TabletCard{
		Closing: closing,
		Device:  d, Unit: s.unit(d.Unit), Expires: d.Expires(s.set.Devices.Terms), Ready: len(d.Key) > 0,
		Waits: d.Enrolment.Hash != "" && s.now().Before(d.Enrolment.Until),
	}
}

// TabletUnits returns the units in which the actor may register tablets.
func (s *Service) TabletUnits(actor care.Actor) []care.Unit {
	return s.unitsFor(actor, care.ManageAccess)
}

// previewDevice is what the record would be told of a tablet.
func (s *Service) previewDevice(d care.Device, e care.DeviceEvent, by care.EmployeeID) NotePreview {
	return s.previewNote(s.deviceHappening(d, e, by, string(by)))
}
