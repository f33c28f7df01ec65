package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// ForgetDevice ends the known device that this browser is for the session's person, at once and at
// any stage. A browser that is none is no error.
func (s *Service) ForgetDevice(ctx context.Context, token care.SessionToken, browser []care.SessionToken) error {
	v, adm, err := s.session(ctx, token)
	if err != nil {
		return err
	}

	d, err := s.knownDevice(ctx, v, adm, browser)
	if care.KindOf(err) == care.NotFound {
		return nil
	}

	if err != nil {
		return err
	}

	return s.endDevice(ctx, d.ID, care.DeviceForgotten, visitor(adm.Participant), "")
}

// endDevice ends one device; one that has ended already is no error.
func (s *Service) endDevice(ctx context.Context, id care.DeviceID, why care.DeviceEnd, actor string, by care.EmployeeID) error {
	err := s.store.UpdateDevice(ctx, id, func(d *care.Device) (Effects, error) { return s.ended(d, why, actor, by) })
	if err != nil {
		return err
	}

	return s.store.ForgetTokens(ctx, string(id))
}

func (s *Service) ended(d *care.Device, why care.DeviceEnd, actor string, by care.EmployeeID) (Effects, error) {
	if !d.Close(why, by, s.now()) {
		return Effects{}, ErrSkip
	}

	row := s.deviceRow(actor, "end_device", *d)
	row.Detail += " " + string(why)

	return s.tellOfDevice(Effects{Audit: []AuditRow{row}}, *d, care.EventOf(why), by, string(by)), nil
}

// followContactDevices ends the devices of a contact who was taken away, or to whom the citizen does
// not agree any more.
func (s *Service) followContactDevices(ctx context.Context, c care.Contact) error {
	if c.RemovedAt.IsZero() && c.Consent.Given() {
		return nil
	}

	all, err := s.store.DevicesOf(ctx, c.Citizen)
	if err != nil {
		return err
	}

	for _, d := range all {
		if d.Holder.Contact != c.ID || d.End != "" {
			continue
		}

		if err := s.endDevice(ctx, d.ID, care.DeviceStopped, systemActor, ""); err != nil {
			return err
		}
	}

	return nil
}

// RevokeDevices ends every known device and tablet of a citizen and of the citizen's contacts, as
// part of stopping all access.
func (s *Service) RevokeDevices(ctx context.Context, citizen care.CitizenID, by care.EmployeeID) error {
	var ids []care.DeviceID

	err := s.store.UpdateDevicesOf(ctx, citizen, func(d *care.Device) (Effects, error) {
		ids = append(ids, d.ID)

		return s.ended(d, care.DeviceStopped, string(by), by)
	})
	if err != nil {
		return err
	}

	for _, id := range ids {
		if err := s.store.ForgetTokens(ctx, string(id)); err != nil {
			return err
		}
	}

	return nil
}

// KnownDevice is a device on a citizen's card.
type KnownDevice struct {
	Device care.Device
	Whose  string // Danish: Borger, Pårørende …
	Alive  bool
}

// cardEnded is how long an ended device stays on the citizen's card.
const cardEnded = 30 * 24 * time.Hour

// DevicesOf returns the devices that stand for a citizen and the citizen's contacts, and those that
// ended lately, the newest first. Needs HostVisits or SeeDay in a unit that visits the citizen.
func (s *Service) DevicesOf(ctx context.Context, actor care.Actor, citizen care.CitizenID) ([]KnownDevice, error) {
	if _, err := s.linked(ctx, actor, citizen, care.HostVisits, care.SeeDay); err != nil {
		return nil, err
	}

	all, err := s.store.DevicesOf(ctx, citizen)
	if err != nil {
		return nil, err
	}

	contacts, err := s.store.ContactsOf(ctx, citizen)
	if err != nil {
		return nil, err
	}

	var out []KnownDevice

	for _, d := range all {
		if !d.EndedAt.IsZero() && s.now().Sub(d.EndedAt) > cardEnded {
			continue
		}

		k := KnownDevice{Device: d, Whose: "Borger", Alive: d.Alive(s.set.Devices.Terms, s.now())}
		if i := slices.IndexFunc(contacts, func(c care.Contact) bool { return c.ID == d.Holder.Contact }); i >= 0 {
			k.Whose = contacts[i].Kind.Danish()
		}

		out = append(out, k)
	}

	return out, nil
}

// RevokeDevice ends one device of a citizen at once. Needs HostVisits or SeeDay in a unit that
// visits the citizen: whoever hears of a stolen telephone may act. NotFound.
func (s *Service) RevokeDevice(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.DeviceID) error {
	if _, err := s.linked(ctx, actor, citizen, care.HostVisits, care.SeeDay); err != nil {
		return err
	}

	d, err := s.store.Device(ctx, id)
	if err == nil && d.Holder.Citizen != citizen {
		err = care.NewError(care.NotFound, "Enheden findes ikke.")
	}

	if err != nil {
		return err
	}

	return s.endDevice(ctx, id, care.DeviceRevoked, string(actor.Employee), actor.Employee)
}
