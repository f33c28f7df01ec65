package scheduler

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

// VisitCodeDigits is how long a visit code is, which a citizen types at the municipality's short
// address where no links are sent (M21). Why nine are enough stands in docs/security.md: few codes work
// at a time, wrong tries are limited, and a code alone opens nothing.
const VisitCodeDigits = message.DoorCodeDigits

// codeAhead is how long before the start a visit code works at the least. The fewer codes work at
// one time, the less there is to be found by trying.
const codeAhead = time.Hour

// codeTries is how many codes are tried out for a message until one is nobody else's.
const codeTries = 20

// visitCode makes the n-th visit code of a message from our key, as the locators of links (ADR 5).
func (s *Service) visitCode(id care.InvitationID, n int) care.Code {
	number := new(big.Int).SetBytes(s.mac("visit_code", string(id), strconv.Itoa(n)))

	return care.NewCode(fmt.Sprintf("%0*d", VisitCodeDigits, number.Mod(number, big.NewInt(1_000_000_000)).Int64()))
}

// visitCodeHash is what is stored of a visit code. Nine digits can be tried out, so that a plain
// hash would not hide them from who has the database but not the key.
func (s *Service) visitCodeHash(c care.Code) string {
	return hex.EncodeToString(s.mac("visit_code_hash", c.Reveal()))
}

// sentCode returns the code that opens a message; false when a link does.
func (s *Service) sentCode(inv care.Invitation) (care.Code, bool) {
	if inv.LocatorHash == "" || inv.LocatorHash == hashOf(s.locator(inv.ID)) {
		return care.Code{}, false
	}

	for n := range codeTries {
		if code := s.visitCode(inv.ID, n); s.visitCodeHash(code) == inv.LocatorHash {
			return code, true
		}
	}

	return care.Code{}, false
}

// coded reports whether a message holds a visit code in place of a link: everywhere in the
// municipality, or for this citizen.
func (s *Service) coded(setting care.IdentitySetting, inv care.Invitation) bool {
	return s.set.CodeOnly || setting.CodeOnly && inv.To == ""
}

// byLink reports whether a link opens a message.
func (s *Service) byLink(inv care.Invitation) bool {
	return inv.LocatorHash != "" && inv.LocatorHash == hashOf(s.locator(inv.ID))
}

// named fixes the visit code of a message before it leaves, where codes take the place of links.
// A code that was fixed once stays, so that a repeated message holds the same code. A message that may
// have left with a link is overtaken by one with a code.
func (s *Service) named(ctx context.Context, job Job, v care.Snapshot, inv care.Invitation, setting care.IdentitySetting) (_ care.Invitation, overtaken bool, err error) {
	if !inv.Waiting() || !s.coded(setting, inv) || inv.Kind != care.Invite && inv.Kind != care.Changed || inv.LocatorHash != "" && !s.byLink(inv) {
		return inv, false, nil
	}

	if job.Attempt >= 2 && s.byLink(inv) {
		return inv, true, s.update(ctx, v.ID, nil, func(v *care.Visit) error {
			v.Invite(inv.Channel, s.now())

			return nil
		})
	}

	for n := range codeTries {
		hash := s.visitCodeHash(s.visitCode(inv.ID, n))

		_, _, err := s.store.VisitByLocator(ctx, hash)
		if err == nil {
			continue // somebody else's
		}

		if care.KindOf(err) != care.NotFound {
			return inv, false, err
		}

		inv.LocatorHash = hash

		return inv, false, s.update(ctx, v.ID, nil, func(v *care.Visit) error { return v.NameCode(inv.ID, hash) })
	}

	return inv, false, care.NewError(care.Internal, "Der kunne ikke laves en besøgskode.")
}

// SendCodes sends a citizen who gets no links any more a new message with a visit code for every
// visit whose message holds a link. The links are dead from then on. Invalid for a citizen who gets
// links. Needs SetIdentity in a unit that visits the citizen.
func (s *Service) SendCodes(ctx context.Context, actor care.Actor, id care.CitizenID) error {
	if _, err := s.linked(ctx, actor, id, care.SetIdentity); err != nil {
		return err
	}

	setting, err := s.store.IdentitySetting(ctx, id)

	switch {
	case err != nil:
		return err
	case setting.Stopped:
		return care.NewError(care.Conflict, "Al adgang er stoppet. Tryk »Send nye links«, når der må åbnes igen.")
	case !s.coded(setting, care.Invitation{}):
		return care.NewError(care.Invalid, "Sæt først kryds ved »Kode i stedet for link«, og gem.")
	}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{id})
	if err != nil {
		return err
	}

	channel := citizens[id].Channel()

	return s.eachAhead(ctx, id, by(actor, "send_codes"), func(v *care.Visit) error {
		link, ok := v.Snapshot().Link()
		if channel != "" && ok && s.byLink(link) && (v.State() == care.RoomIsBooked || v.State() == care.Open) {
			v.Reinvite(channel, s.now())
		}

		return nil
	})
}

// wrongCode is the one answer for visit codes that do not work, for whatever reason.
func wrongCode() error {
	return care.NewError(care.NotFound, "Koden virker ikke. Tjek alle ni tal. Koden virker tidligst en time før din aftale.")
}

// EnterByCode opens a session for somebody who typed a visit code. It finds the visit and no more;
// identity comes next. When the door opens later the session is zero and the view tells when.
// NotFound, always with the same words, for every code that does not work.
func (s *Service) EnterByCode(ctx context.Context, code care.Code) (Entered, CitizenView, error) {
	v, message, view, err := s.behind(ctx, s.visitCodeHash(code))
	if care.KindOf(err) == care.NotFound || err == nil && s.now().Before(v.Facts.Planned.Start.Add(-max(codeAhead, s.set.Door))) {
		return Entered{}, CitizenView{}, wrongCode()
	}

	if err != nil || view.Stage == StageEarly {
		return Entered{}, view, err
	}

	in, err := s.enter(ctx, v, message)

	return in, view, err
}
