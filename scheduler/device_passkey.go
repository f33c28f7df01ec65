package scheduler

import (
	"context"
	"encoding/json"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// DeviceCloned tells that a passkey seems to exist twice.
const DeviceCloned NoticeKind = "device_cloned"

// Challenge is what a browser has to answer with a passkey.
type Challenge struct {
	Handle  care.SessionToken // names the challenge in the answer
	Options json.RawMessage   // for navigator.credentials
}

// PasskeyAnswer is what a browser answers. It is foreign.
type PasskeyAnswer struct {
	Handle care.SessionToken
	Answer []byte
}

// passkeyState is what a challenge's answer is checked with.
type passkeyState struct {
	Device care.DeviceID `json:"device"`
	State  []byte        `json:"state"`
}

// OfferPasskey begins to remember a browser with a passkey.
func (s *Service) OfferPasskey(ctx context.Context, token care.SessionToken) (Challenge, error) {
	_, adm, err := s.remembering(ctx, token, care.PasskeyDevice)
	if err != nil {
		return Challenge{}, err
	}

	id := care.DeviceID(randomID())

	options, state, err := s.credentials.OfferPasskey([]byte(id))
	if err != nil {
		return Challenge{}, err
	}

	return s.challenge(ctx, PasskeyMaking, adm, options, passkeyState{Device: id, State: state})
}

// challenge keeps what an answer is checked with, for one use within five minutes by this session.
func (s *Service) challenge(ctx context.Context, p DevicePurpose, adm care.Admission, options []byte, state passkeyState) (Challenge, error) {
	body, err := json.Marshal(state)
	if err != nil {
		return Challenge{}, &care.Error{Kind: care.Internal, Message: "Der skete en fejl hos os. Prøv igen om lidt.", Err: err}
	}

	handle, err := newToken()
	if err != nil {
		return Challenge{}, err
	}

	kept := DeviceToken{Hash: hashOf(handle), Purpose: p, Bound: string(adm.ID), Body: body, Expires: s.now().Add(care.PasskeyChallengeLife)}

	return Challenge{Handle: handle, Options: options}, s.store.KeepToken(ctx, kept)
}

// answered takes the challenge that an answer names. It is gone then, right or wrong.
func (s *Service) answered(ctx context.Context, p DevicePurpose, adm care.Admission, handle care.SessionToken) (passkeyState, error) {
	late := care.NewError(care.Conflict, "Der gik for lang tid. Prøv igen.")

	kept, err := s.store.TakeToken(ctx, hashOf(handle), p, s.now())
	if care.KindOf(err) == care.NotFound || err == nil && kept.Bound != string(adm.ID) {
		return passkeyState{}, late
	}

	if err != nil {
		return passkeyState{}, err
	}

	var state passkeyState
	if err := json.Unmarshal(kept.Body, &state); err != nil {
		return passkeyState{}, &care.Error{Kind: care.Internal, Message: "Der skete en fejl hos os. Prøv igen om lidt.", Err: err}
	}

	return state, nil
}

// RememberByPasskey remembers a browser with the passkey that it made.
func (s *Service) RememberByPasskey(ctx context.Context, token care.SessionToken, browser []care.SessionToken, a PasskeyAnswer, label string) (Remembered, error) {
	v, adm, err := s.remembering(ctx, token, care.PasskeyDevice)
	if err != nil {
		return Remembered{}, err
	}

	state, err := s.answered(ctx, PasskeyMaking, adm, a.Handle)
	if err != nil {
		return Remembered{}, err
	}

	record, err := s.credentials.TakePasskey([]byte(state.Device), state.State, a.Answer)
	if err != nil {
		return Remembered{}, err
	}

	return s.remember(ctx, v, adm, browser, care.Device{ID: state.Device, Kind: care.PasskeyDevice, Passkey: record}, label)
}

// AskPasskey begins to identify a session by the passkey of this known device.
func (s *Service) AskPasskey(ctx context.Context, token care.SessionToken, browser []care.SessionToken) (Challenge, error) {
	_, adm, d, err := s.returning(ctx, token, browser, care.PasskeyDevice)
	if err != nil {
		return Challenge{}, err
	}

	options, state, err := s.credentials.AskPasskey([]byte(d.ID), d.Passkey)
	if err != nil {
		return Challenge{}, err
	}

	return s.challenge(ctx, PasskeyLogin, adm, options, passkeyState{Device: d.ID, State: state})
}

// EnterPasskey identifies a session by the answer of this known device's passkey. A passkey that
// seems to exist twice identifies nobody: the device ends, and the staff are told.
func (s *Service) EnterPasskey(ctx context.Context, token care.SessionToken, browser []care.SessionToken, a PasskeyAnswer) error {
	v, adm, d, err := s.returning(ctx, token, browser, care.PasskeyDevice)
	if err != nil {
		return err
	}

	state, err := s.answered(ctx, PasskeyLogin, adm, a.Handle)
	if err != nil {
		return err
	}

	if state.Device != d.ID {
		return care.NewError(care.Conflict, care.MessageOf(unknownDevice()))
	}

	record, cloned, err := s.credentials.CheckPasskey([]byte(d.ID), d.Passkey, state.State, a.Answer)
	if err != nil {
		return err
	}

	if cloned {
		return s.cloned(ctx, d, adm)
	}

	err = s.store.UpdateDevice(ctx, d.ID, func(now *care.Device) (Effects, error) {
		if !now.Alive(s.set.Devices.Terms, s.now()) || now.Version != d.Version {
			return Effects{}, care.NewError(care.Conflict, care.MessageOf(unknownDevice())) // revoked, or used elsewhere in this moment
		}

		now.Passkey, now.SeenAt = record, s.now()

		return Effects{}, nil
	})
	if err != nil {
		return err
	}

	return s.identifyByDevice(ctx, v, adm, passkeyProvider, s.set.Devices.Level)
}

func (s *Service) cloned(ctx context.Context, d care.Device, adm care.Admission) error {
	if err := s.endDevice(ctx, d.ID, care.DeviceCloned, visitor(adm.Participant), ""); err != nil {
		return err
	}

	text := "En borgers enhed er glemt, fordi dens nøgle så ud til at findes to steder. Borgeren skal logge ind med MitID igen. Se loggen, og spørg borgeren, om andre har brugt telefonen."
	if _, err := s.store.RaiseNotice(ctx, s.notice(DeviceCloned, string(d.ID), connector.Notice, text), Effects{}); err != nil {
		return err
	}

	return care.NewError(care.Conflict, "Enheden kan ikke bruges længere. Brug en af de andre måder.")
}
