package scheduler

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"math/big"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// What a tablet signs, with ECDSA on P-256 over SHA-256 (identity.md §5.4). The prefix keeps a
// signature for one purpose from being one for another.
const (
	enrolmentText = "sluse tablet enrolment\x00"
	challengeText = "sluse tablet challenge\x00"
)

// maxTabletKey is the largest public key, in bytes; one on P-256 has 91.
const maxTabletKey = 256

// tabletAhead is how far ahead a tablet tells of a visit.
const tabletAhead = 7 * 24 * time.Hour

// TabletStage is what a tablet shows.
type TabletStage string

// The stages.
const (
	TabletIdle     TabletStage = "idle"     // no visit is planned
	TabletNext     TabletStage = "next"     // a visit is planned
	TabletOpen     TabletStage = "open"     // the citizen may come in
	TabletRinging  TabletStage = "ringing"  // the caregiver is there
	TabletWaiting  TabletStage = "waiting"  // answered, the caregiver lets in
	TabletAdmitted TabletStage = "admitted" // may go to the room
)

// TabletView is what a tablet shows now. It holds no name.
type TabletView struct {
	Stage   TabletStage
	Planned time.Time // of the visit, UTC; zero without one
	// Session names the citizen's session, so that a page goes to the room by itself once only.
	Session care.AdmissionID
	// AutoAnswer: the citizen has agreed that the tablet answers by itself when it rings.
	AutoAnswer bool
	Now        time.Time // UTC; a tablet's own clock may be wrong
}

func tabletClosed() error {
	return care.NewError(care.Gone, "Tavlen er lukket.")
}

// EnrolTablet sets a tablet up: with the code that was shown, its public key (DER), and a signature
// over the code that proves the key. A wrong try is counted even though there is an error. Invalid,
// the same for every reason.
func (s *Service) EnrolTablet(ctx context.Context, typed string, key, signature []byte) (care.DeviceID, error) {
	wrong := care.NewError(care.Invalid, "Koden virker ikke. Tjek den, eller bed om en ny.")

	code, ok := care.ParseEnrolmentCode(typed)
	if !ok || !signed(key, enrolmentText+code.Reveal(), signature) {
		return "", wrong
	}

	d, err := s.store.DeviceBySelector(ctx, code.Selector())
	if care.KindOf(err) == care.NotFound {
		return "", wrong
	}

	if err != nil {
		return "", err
	}

	var refusal *care.Error

	err = s.store.UpdateDevice(ctx, d.ID, func(d *care.Device) (Effects, error) {
		right := subtle.ConstantTimeCompare([]byte(s.enrolmentHash(d.ID, code)), []byte(d.Enrolment.Hash)) == 1

		fresh := d.SeenAt.IsZero()

		var late *care.Error
		if refusal, late = d.TryEnrolment(right, key, s.now()); late != nil {
			return Effects{}, late
		}

		row := s.deviceRow("tablet", "enrol_tablet", *d)
		if refusal != nil {
			row.Action = "wrong_enrolment_code"
		}

		out := Effects{Audit: []AuditRow{row}}
		if fresh && refusal == nil {
			out = s.tellOfDevice(out, *d, care.TabletAssigned, d.MadeBy, string(d.MadeBy))
		}

		return out, nil
	})

	switch {
	case err != nil:
		return "", err
	case refusal != nil:
		return "", refusal
	}

	return d.ID, nil
}

// signed reports whether a signature (r and s, 32 bytes each, as WebCrypto writes it) over a text
// is one of the key. All of it is foreign.
func signed(key []byte, text string, signature []byte) bool {
	if len(key) > maxTabletKey || len(signature) != 64 {
		return false
	}

	parsed, err := x509.ParsePKIXPublicKey(key)
	if err != nil {
		return false
	}

	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return false
	}

	sum := sha256.Sum256([]byte(text))

	return ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

// ChallengeTablet returns what a tablet has to sign, once, within a minute. Gone for every tablet
// that is not ours any more.
func (s *Service) ChallengeTablet(ctx context.Context, id care.DeviceID) (care.SessionToken, error) {
	if _, err := s.liveTablet(ctx, id); err != nil {
		return care.SessionToken{}, err
	}

	nonce, err := newToken()
	if err != nil {
		return care.SessionToken{}, err
	}

	return nonce, s.store.KeepToken(ctx, DeviceToken{
		Hash: hashOf(nonce), Purpose: TabletNonce, Bound: string(id), Expires: s.now().Add(care.TabletNonceLife),
	})
}

func (s *Service) liveTablet(ctx context.Context, id care.DeviceID) (care.Device, error) {
	d, err := s.store.Device(ctx, id)
	if care.KindOf(err) == care.NotFound || err == nil && (d.Kind != care.TabletDevice || !d.Alive(s.set.Devices.Terms, s.now())) {
		return care.Device{}, tabletClosed()
	}

	return d, err
}

// ProveTablet checks what a tablet signed and gives it a session of a quarter of an hour.
// Unauthenticated: it has to ask for a new challenge. Gone: it is not ours any more.
func (s *Service) ProveTablet(ctx context.Context, id care.DeviceID, nonce care.SessionToken, signature []byte) (Entered, error) {
	kept, err := s.store.TakeToken(ctx, hashOf(nonce), TabletNonce, s.now())
	if care.KindOf(err) == care.NotFound || err == nil && kept.Bound != string(id) {
		return Entered{}, notProved()
	}

	if err != nil {
		return Entered{}, err
	}

	d, err := s.liveTablet(ctx, id)
	if err != nil {
		return Entered{}, err
	}

	if !signed(d.Key, challengeText+string(id)+"\x00"+nonce.Reveal(), signature) {
		return Entered{}, notProved()
	}

	token, err := newToken()
	if err != nil {
		return Entered{}, err
	}

	err = s.store.UpdateDevice(ctx, id, func(now *care.Device) (Effects, error) {
		if !now.Alive(s.set.Devices.Terms, s.now()) || string(now.Key) != string(d.Key) {
			return Effects{}, tabletClosed()
		}

		now.SeenAt = s.now()

		return Effects{}, nil
	})
	if err != nil {
		return Entered{}, err
	}

	out := Entered{Token: token, Expires: s.now().Add(care.TabletSessionLife)}

	return out, s.store.KeepToken(ctx, DeviceToken{Hash: hashOf(token), Purpose: TabletSession, Bound: string(id), Expires: out.Expires})
}

func notProved() error {
	return care.NewError(care.Unauthenticated, "Tavlen skal vise, hvem den er.")
}

// tablet reads the tablet of a session.
func (s *Service) tablet(ctx context.Context, token care.SessionToken) (care.Device, error) {
	if token.IsZero() {
		return care.Device{}, notProved()
	}

	kept, err := s.store.Token(ctx, hashOf(token), TabletSession, s.now())
	if care.KindOf(err) == care.NotFound {
		return care.Device{}, notProved()
	}

	if err != nil {
		return care.Device{}, err
	}

	return s.liveTablet(ctx, care.DeviceID(kept.Bound))
}

// TabletNow tells a tablet what to show. With citizen comes the session that it got when it answered; zero
// when it has none.
func (s *Service) TabletNow(ctx context.Context, token, citizen care.SessionToken) (TabletView, error) {
	d, err := s.tablet(ctx, token)
	if err != nil {
		return TabletView{}, err
	}

	view := TabletView{Stage: TabletIdle, AutoAnswer: d.AutoAnswer.Given(), Now: s.now()}

	v, ok, err := s.nextOf(ctx, d)
	if err != nil || !ok {
		return view, err
	}

	view.Planned = v.Facts.Planned.Start

	if s.door(v).Stage == StageEarly {
		view.Stage = TabletNext

		return view, nil
	}

	view.Stage = TabletOpen
	if d.Ringing(v.ID, s.now()) || calledJustNow(v, s.now()) {
		view.Stage = TabletRinging
	}

	i := -1
	if !citizen.IsZero() {
		i = sessionIn(v, hashOf(citizen))
	}

	if i < 0 {
		return view, nil
	}

	switch adm := v.Admissions[i]; adm.State {
	case care.AdmissionIdentified:
		view.Stage = TabletWaiting
	case care.AdmissionAdmitted:
		view.Stage, view.Session = TabletAdmitted, adm.ID
	case care.AdmissionWaiting, care.AdmissionRefused:
	}

	return view, nil
}

func sessionIn(v care.Snapshot, hash string) int {
	for i, a := range v.Admissions {
		if a.SessionHash == hash {
			return i
		}
	}

	return -1
}

// calledJustNow reports whether a visit is a call on the spot whose room has just been made: then
// the caregiver is there.
func calledJustNow(v care.Snapshot, now time.Time) bool {
	room, ok := v.LiveRoom()

	return ok && v.AdHoc() && !room.BookedAt.IsZero() && now.Sub(room.BookedAt) < care.RingFor
}

// nextOf returns the citizen's visit that goes on or comes next.
func (s *Service) nextOf(ctx context.Context, d care.Device) (care.Snapshot, bool, error) {
	now := s.now()

	visits, err := s.store.Visits(ctx, VisitQuery{
		Citizens: []care.CitizenID{d.Holder.Citizen}, Window: care.Interval{Start: now.Add(-longestOpen), End: now.Add(tabletAhead)},
	})
	if err != nil {
		return care.Snapshot{}, false, err
	}

	var best care.Snapshot

	for _, v := range visits { // in order of planned start
		switch stage := s.door(v).Stage; {
		case stage == StageEnded:
		case d.Ringing(v.ID, now) || v.AdHoc():
			return v, true, nil // somebody is there now
		case best.ID == "":
			best = v
		}
	}

	return best, best.ID != "", nil
}

// AnswerOnTablet lets the citizen into the waiting room from a tablet. It proves the tablet, not
// the person: the audit says so, and the caregiver recognises the citizen as always.
func (s *Service) AnswerOnTablet(ctx context.Context, token care.SessionToken) (Entered, error) {
	d, err := s.tablet(ctx, token)
	if err != nil {
		return Entered{}, err
	}

	v, ok, err := s.nextOf(ctx, d)
	if err == nil && !ok {
		err = care.NewError(care.Conflict, "Der er ikke noget skærmbesøg lige nu.")
	}

	if err == nil {
		err = s.shut(v)
	}

	if err != nil {
		return Entered{}, err
	}

	rule, err := s.identityRule(ctx, v, "")
	if err != nil {
		return Entered{}, err
	}

	session, err := newToken()
	if err != nil {
		return Entered{}, err
	}

	id := care.AdmissionID(randomID())
	row := &AuditRow{Actor: "tablet", Action: "answer_on_tablet", Detail: "device-authenticated " + string(d.ID)}

	err = s.update(ctx, v.ID, row, func(v *care.Visit) error {
		if err := v.Arrive(id, "", hashOf(session), s.now()); err != nil {
			return err
		}

		return v.Identify(id, care.Proof{Method: care.ByDevice, Provider: tabletProvider}, rule, s.now())
	})

	return Entered{Token: session, Expires: v.Facts.Planned.End.Add(s.set.Grace + s.set.HardCap)}, err
}

// ring makes the tablets of a visit's citizen ring, because the caregiver is there.
func (s *Service) ring(ctx context.Context, v care.Snapshot) error {
	all, err := s.store.DevicesOf(ctx, v.Facts.Citizen)
	if err != nil {
		return err
	}

	for _, d := range all {
		if d.Kind != care.TabletDevice || d.Holder.Contact != "" || !d.Alive(s.set.Devices.Terms, s.now()) {
			continue
		}

		err := s.store.UpdateDevice(ctx, d.ID, func(d *care.Device) (Effects, error) {
			if !d.EndedAt.IsZero() {
				return Effects{}, ErrSkip
			}

			d.Ring = care.Ring{Visit: v.ID, At: s.now()}

			return Effects{}, nil
		})
		if err != nil {
			return err
		}
	}

	return nil
}
