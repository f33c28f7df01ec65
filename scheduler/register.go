package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Registers stores what a register says of citizens beyond their visits.
type Registers interface {
	// RegisterEntries reads the citizens with one of the keys, and everybody who belongs to a unit by a
	// register, in order of id. Contacts that were removed are not in it.
	RegisterEntries(ctx context.Context, keys []care.CitizenKey) ([]care.RegisterEntry, error)
	// SaveRegister writes changes, all or none. Conflict when a citizen, a setting or a contact was
	// changed since it was read.
	SaveRegister(ctx context.Context, list []RegisterChange, effects Effects) error
	// IdentitySettings reads the settings of citizens, as Identities.IdentitySetting does for one.
	IdentitySettings(ctx context.Context, ids []care.CitizenID) (map[care.CitizenID]care.IdentitySetting, error)
}

// RegisterChange is what is written of one citizen; nil is left as it is.
type RegisterChange struct {
	ID       care.CitizenID
	Citizen  *care.Citizen
	Seen     time.Time // as in care.RegisterEntry
	Setting  *care.IdentitySetting
	Contacts []care.Contact
	Joined   []care.UnitID
	Gone     []care.UnitID
}

// Registered returns the citizens with one of the keys, and everybody who belongs to a unit by a
// register. It is for the import of a register, which decides who may ask.
func (s *Service) Registered(ctx context.Context, keys []care.CitizenKey) ([]care.RegisterEntry, error) {
	return s.store.RegisterEntries(ctx, keys)
}

// Register takes over what a register says of citizens, all or none: each as it was read by Registered
// with what is new about it, or without an id for somebody whom nobody knew. The old telephone
// number is told, visits are invited anew over the new one, and who may do less from now on can do
// no more. Conflict when something was changed since Registered. By is an employee or "system"; it
// is for the import of a register, which decides who may ask.
func (s *Service) Register(ctx context.Context, by string, list []care.RegisterEntry) error {
	return s.register(ctx, by, list, AuditRow{Action: "import_citizens", Detail: fmt.Sprintf("citizens %d", len(list))})
}

// register is Register with what the audit is to tell; citizens, who and when are filled in.
func (s *Service) register(ctx context.Context, by string, list []care.RegisterEntry, told AuditRow) error {
	keys := make([]care.CitizenKey, 0, len(list))
	for _, e := range list {
		keys = append(keys, e.Citizen.Key())
	}

	known, err := s.store.RegisterEntries(ctx, keys)
	if err != nil {
		return err
	}

	old := make(map[care.CitizenID]care.RegisterEntry, len(known))
	for _, e := range known {
		old[e.Citizen.ID] = e
	}

	var (
		changes []RegisterChange
		effects Effects
		shown   []care.CitizenID
	)

	for _, e := range list {
		was, ok := old[e.Citizen.ID]
		if !ok && e.Citizen.ID != "" {
			return care.NewError(care.Conflict, "Borgerne er ændret imens. Se ændringerne igen.")
		}

		change, more := s.registerOne(by, was, e)
		changes, shown = append(changes, change), append(shown, change.ID)
		effects.Jobs, effects.Numbers, effects.Audit = append(effects.Jobs, more.Jobs...), append(effects.Numbers, more.Numbers...), append(effects.Audit, more.Audit...)
	}

	told.At, told.Actor, told.Citizens = s.now(), by, shown
	effects.Audit = append(effects.Audit, told)

	return s.store.SaveRegister(ctx, changes, effects)
}

// registerOne compares one citizen with what is stored.
func (s *Service) registerOne(by string, was, is care.RegisterEntry) (RegisterChange, Effects) {
	now := s.now()
	fresh := was.Citizen.ID == ""

	if fresh {
		is.Citizen.ID = care.CitizenID(randomID())
	}

	out := RegisterChange{ID: is.Citizen.ID, Seen: is.Seen}

	if is.Citizen != was.Citizen {
		is.Citizen.UpdatedAt = now
		out.Citizen = &is.Citizen
	}

	if narrower(was.Setting, is.Setting) {
		is.Setting.Citizen, is.Setting.By, is.Setting.At = out.ID, care.EmployeeID(by), now
		out.Setting = &is.Setting
	}

	out.Joined = slices.DeleteFunc(slices.Clone(is.Units), func(u care.UnitID) bool { return slices.Contains(was.Units, u) })
	out.Gone = slices.DeleteFunc(slices.Clone(was.Units), func(u care.UnitID) bool { return slices.Contains(is.Units, u) })

	var effects Effects

	for _, c := range is.Contacts {
		i := slices.IndexFunc(was.Contacts, func(o care.Contact) bool { return o.ID == c.ID })
		if i >= 0 && sameContact(was.Contacts[i], c) {
			continue
		}

		action, before := "change_contact", care.Contact{}
		if i >= 0 {
			before = was.Contacts[i]
		} else {
			action, c.ID, c.Citizen, c.AddedBy, c.AddedAt = "add_contact", care.ContactID(randomID()), out.ID, care.EmployeeID(by), now
		}

		c.ChangedAt = now
		out.Contacts = append(out.Contacts, c)
		effects = join(effects, s.contactEffects(care.Actor{Employee: care.EmployeeID(by)}, action, before, c))
	}

	if change := phoneChangeOf(was.Citizen, is.Citizen); !fresh && change != samePhone {
		if change != foundPhone {
			effects = join(effects, s.numberChanged(out.ID, was.Citizen.Phone))
		}

		effects.Jobs = append(effects.Jobs, Job{Kind: FollowCitizenJob, Ref: string(out.ID)})
	}

	if out.Setting != nil {
		effects.Audit = append(effects.Audit, AuditRow{At: now, Actor: by, Action: "set_identity", Citizen: out.ID})
	}

	return out, effects
}

func join(a, b Effects) Effects {
	return Effects{Jobs: append(a.Jobs, b.Jobs...), Audit: append(a.Audit, b.Audit...), Numbers: append(a.Numbers, b.Numbers...)}
}

// narrower reports whether a register takes something away from how a citizen may be identified and
// reached.
func narrower(was, is care.IdentitySetting) bool {
	return is.MitIDOnly && !was.MitIDOnly || is.NoSMS && !was.NoSMS || is.CodeOnly && !was.CodeOnly || is.Protected && !was.Protected
}

func sameContact(a, b care.Contact) bool {
	return a.Kind == b.Kind && a.Name == b.Name && a.Phone == b.Phone && a.Email == b.Email && a.Guardian == b.Guardian
}

// followCitizen makes visits follow a telephone number that a register changed: a message with a new
// link goes to the new number, and somebody calls who has none any more. It is safe to repeat: what was
// sent since the change is left alone.
func (s *Service) followCitizen(ctx context.Context, job Job) error {
	id := care.CitizenID(job.Ref)

	all, err := s.store.Citizens(ctx, []care.CitizenID{id})
	if err != nil {
		return err
	}

	c := all[id]
	row := AuditRow{Actor: systemActor, Action: "follow_citizen"}

	return s.eachAhead(ctx, id, &row, func(v *care.Visit) error {
		if c.Phone.IsZero() {
			v.NumberLost(c.Channel(), s.now())

			return nil
		}

		v.NumberFound(s.now())

		// Whoever has the old number may read the old link: it must not stay the valid one (identity.md §5.1).
		if link, ok := v.Snapshot().Link(); v.State() == care.RoomIsBooked && ok && link.QueuedAt.Before(c.UpdatedAt) {
			v.Reinvite(c.Channel(), s.now())
		}

		return nil
	})
}
