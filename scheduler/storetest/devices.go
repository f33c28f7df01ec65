package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// device is one of every column.
func device(i int) care.Device {
	return care.Device{
		ID: care.DeviceID(fmt.Sprintf("device-%d", i)), Kind: care.CodeDevice, Holder: care.Holder{Citizen: "citizen-0", Contact: "contact-0"},
		Label: "Ingeborgs iPhone", TokenHash: fmt.Sprintf("token-%d", i), CodeSalt: []byte("salt"), CodeHash: []byte("hash"), Passkey: []byte("passkey-record"),
		Failures: 2, Unit: "oest", Key: []byte("key"), AutoAnswer: care.Consent{Form: care.Orally, By: "MSK", At: Now()},
		Enrolment: care.Enrolment{Selector: fmt.Sprintf("S%d", i), Hash: "enrol", Until: Now().Add(time.Minute), Tries: 1},
		Ring:      care.Ring{Visit: "visit-0000", At: Now()}, MadeAt: Now().Add(time.Duration(i) * time.Second), MadeBy: "ADM", SeenAt: Now(),
	}
}

// checkDevices stores, finds, changes and ends devices.
func checkDevices(t *testing.T, b Bench) {
	t.Helper()

	seed(t, b.Store, 1)

	_, err := b.Store.Device(t.Context(), "device-0")
	wantKind(t, err, care.NotFound)

	for i := range 3 {
		must(t, b.Store.AddDevice(t.Context(), device(i), scheduler.Effects{}))
	}

	clash := device(7)
	clash.TokenHash = "token-0"
	wantKind(t, b.Twin.AddDevice(t.Context(), clash, scheduler.Effects{}), care.Conflict)

	want := device(1)
	want.Version = 1

	got, err := b.Twin.Device(t.Context(), want.ID)
	must(t, err)
	same(t, "device", want, got)

	got, err = b.Twin.DeviceBySelector(t.Context(), "S1")
	must(t, err)
	same(t, "device by selector", want, got)

	all, err := b.Store.DevicesByToken(t.Context(), []string{"token-1", "nobody's", "token-2"})
	must(t, err)

	if len(all) != 2 || all[0].ID != "device-2" {
		t.Errorf("by token: %+v", all)
	}

	must(t, b.Store.UpdateDevice(t.Context(), "device-1", func(d *care.Device) (scheduler.Effects, error) {
		d.Close(care.DeviceRevoked, "MSK", Now().Add(time.Hour))

		return scheduler.Effects{}, nil
	}))

	want.Version = 2
	want.Close(care.DeviceRevoked, "MSK", Now().Add(time.Hour))

	got, err = b.Twin.Device(t.Context(), want.ID)
	must(t, err)
	same(t, "ended device", want, got)

	if all, err = b.Store.DevicesByToken(t.Context(), []string{"token-1"}); err != nil || len(all) != 0 {
		t.Errorf("a dead device's cookie finds %d, %v", len(all), err)
	}

	if live, err := b.Store.LiveDevices(t.Context(), care.CodeDevice); err != nil || len(live) != 2 {
		t.Errorf("%d live, %v", len(live), err)
	}

	wantKind(t, b.Store.UpdateDevice(t.Context(), "device-9", func(*care.Device) (scheduler.Effects, error) { return scheduler.Effects{}, nil }), care.NotFound)
	checkDevicesOf(t, b)
}

// checkDevicesOf ends all devices of a citizen, all or none.
func checkDevicesOf(t *testing.T, b Bench) {
	t.Helper()

	failed, seen := errors.New("no"), 0

	err := b.Store.UpdateDevicesOf(t.Context(), "citizen-0", func(d *care.Device) (scheduler.Effects, error) {
		if seen++; seen == 2 {
			return scheduler.Effects{}, failed
		}

		d.Close(care.DeviceStopped, "PLA", Now())

		return scheduler.Effects{}, nil
	})
	if !errors.Is(err, failed) {
		t.Fatalf("%v", err)
	}

	if live, err := b.Store.LiveDevices(t.Context(), care.CodeDevice); err != nil || len(live) != 2 {
		t.Errorf("half of a change is stored: %d live, %v", len(live), err)
	}

	must(t, b.Twin.UpdateDevicesOf(t.Context(), "citizen-0", func(d *care.Device) (scheduler.Effects, error) {
		if d.ID == "device-0" {
			return scheduler.Effects{}, scheduler.ErrSkip
		}

		d.Close(care.DeviceStopped, "PLA", Now())

		return scheduler.Effects{Audit: []scheduler.AuditRow{{At: Now(), Actor: "PLA", Action: "stop"}}}, nil
	}))

	all, err := b.Store.DevicesOf(t.Context(), "citizen-0")
	must(t, err)

	if len(all) != 3 || all[0].End != care.DeviceStopped || all[1].End != care.DeviceRevoked || all[2].End != "" || all[2].Version != 1 {
		t.Errorf("%+v", all)
	}

	must(t, b.Store.PurgeDevices(t.Context(), Now(), Now().Add(time.Minute)))

	if all, err = b.Store.DevicesOf(t.Context(), "citizen-0"); err != nil || len(all) != 2 {
		t.Errorf("%d devices after the purge, %v", len(all), err)
	}
}

// checkDeviceRace counts wrong codes right when several are tried at once.
func checkDeviceRace(t *testing.T, b Bench) {
	t.Helper()

	seed(t, b.Store, 1)

	d := device(0)
	d.Failures = 0
	must(t, b.Store.AddDevice(t.Context(), d, scheduler.Effects{}))

	var (
		group            sync.WaitGroup
		mutex            sync.Mutex
		wrong, shut, bad int
	)

	terms := care.DeviceTerms{Idle: 30 * 24 * time.Hour}

	for i := range 12 {
		group.Go(func() {
			var refusal, gone *care.Error

			err := []scheduler.Store{b.Store, b.Twin}[i%2].UpdateDevice(t.Context(), d.ID, func(d *care.Device) (scheduler.Effects, error) {
				if refusal, gone = d.TryCode(false, terms, Now()); gone != nil {
					return scheduler.Effects{}, gone
				}

				return scheduler.Effects{}, nil
			})

			mutex.Lock()
			defer mutex.Unlock()

			switch {
			case err == nil && refusal != nil:
				wrong++
			case care.KindOf(err) == care.Gone:
				shut++
			default:
				bad++
				t.Errorf("try %d: %v", i, err)
			}
		})
	}

	group.Wait()

	got, err := b.Store.Device(t.Context(), d.ID)
	must(t, err)

	if wrong != care.DeviceFailures || shut != 12-care.DeviceFailures || got.Failures != care.DeviceFailures || got.End != care.DeviceLocked {
		t.Errorf("%d wrong, %d shut, %d bad, device %+v", wrong, shut, bad, got)
	}
}

// checkDeviceTokens hands out tokens that work once, in time, for one purpose.
func checkDeviceTokens(t *testing.T, b Bench) {
	t.Helper()

	keep := func(hash string) scheduler.DeviceToken {
		token := scheduler.DeviceToken{Hash: hash, Purpose: scheduler.TabletNonce, Bound: "device-0", Body: []byte("challenge-body"), Expires: Now().Add(time.Minute)}
		must(t, b.Store.KeepToken(t.Context(), token))

		return token
	}

	want := keep("n1")

	for name, f := range map[string]func() error{
		"wrong purpose": func() error {
			_, err := b.Store.TakeToken(t.Context(), "n1", scheduler.TabletSession, Now())

			return err
		},
		"too late": func() error {
			_, err := b.Store.TakeToken(t.Context(), "n1", scheduler.TabletNonce, Now().Add(time.Minute))

			return err
		},
		"unknown": func() error {
			_, err := b.Store.Token(t.Context(), "n2", scheduler.TabletNonce, Now())

			return err
		},
	} {
		if err := f(); care.KindOf(err) != care.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}

	got, err := b.Twin.Token(t.Context(), "n1", scheduler.TabletNonce, Now())
	must(t, err)
	same(t, "token", want, got)

	var (
		group sync.WaitGroup
		mutex sync.Mutex
		taken int
	)

	for i := range 6 {
		group.Go(func() {
			_, err := []scheduler.Store{b.Store, b.Twin}[i%2].TakeToken(t.Context(), "n1", scheduler.TabletNonce, Now())

			mutex.Lock()
			defer mutex.Unlock()

			if err == nil {
				taken++
			} else if care.KindOf(err) != care.NotFound {
				t.Errorf("taken by somebody else: %v", err)
			}
		})
	}

	group.Wait()

	if taken != 1 {
		t.Errorf("a token was taken %d times", taken)
	}

	keep("n3")

	raw, err := b.Raw(t.Context())
	must(t, err)

	if bytes.Contains(raw, []byte("challenge-body")) {
		t.Error("what a token is checked with is stored in clear")
	}

	must(t, b.Store.ForgetTokens(t.Context(), "device-0"))

	_, err = b.Store.Token(t.Context(), "n3", scheduler.TabletNonce, Now())
	wantKind(t, err, care.NotFound)
	checkDeviceSecrecy(t, b)
}

func checkDeviceSecrecy(t *testing.T, b Bench) {
	t.Helper()

	seed(t, b.Store, 1)
	must(t, b.Store.AddDevice(t.Context(), device(0), scheduler.Effects{}))

	raw, err := b.Raw(t.Context())
	must(t, err)

	for text, there := range map[string]bool{"device-0": true, "Ingeborgs": false, "passkey-record": false} {
		if bytes.Contains(raw, []byte(text)) != there {
			t.Errorf("%q is in the database: %t", text, !there)
		}
	}
}
