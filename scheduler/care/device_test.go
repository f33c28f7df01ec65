package care

import (
	"fmt"
	"testing"
	"time"
)

func deviceNow() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

func deviceTerms() DeviceTerms {
	return DeviceTerms{Idle: 30 * 24 * time.Hour, TabletIdle: 90 * 24 * time.Hour}
}

func TestDeviceCodeIsNotEasy(t *testing.T) {
	t.Parallel()

	cpr, _, _ := ParseCPR("0107729995") // an official test citizen

	for code, good := range map[string]bool{
		"4829": true, "9073": true, "5162": true, "0000": false, "7777": false, "1234": false, "4321": false, "8642": false, "7890": false,
		"1212": false, "0107": false, "0701": false, "1972": false, "2072": false, "7207": false, "9995": false, "0772": false,
		"": false, "123": false, "48291": false, "48 9": false, "æ82": false, "４８２９": false,
	} {
		_, err := NewDeviceCode(code, cpr)
		if (err == nil) != good {
			t.Errorf("%q: %v", code, err)
		}
	}

	if _, err := NewDeviceCode("0107", CPR{}); err != nil {
		t.Errorf("a code of somebody without a number: %v", err)
	}

	code := TypedDeviceCode("4829")
	if text := fmt.Sprintf("%v %+v %s %d", code, code, code, code); text != "••• ••• ••• •••" {
		t.Errorf("a code prints as %q", text)
	}
}

func TestDeviceLocksAfterFiveErrorsInAll(t *testing.T) {
	t.Parallel()

	d := Device{ID: "d", Kind: CodeDevice, TokenHash: "t", CodeHash: []byte("h"), MadeAt: deviceNow()}

	for i := range DeviceFailures {
		if refusal, err := d.TryCode(true, deviceTerms(), deviceNow()); refusal != nil || err != nil {
			t.Fatalf("the right code after %d errors: %v %v", i, refusal, err)
		}

		refusal, err := d.TryCode(false, deviceTerms(), deviceNow())
		if err != nil || refusal == nil || (refusal.Kind == TooMany) != (i == DeviceFailures-1) {
			t.Fatalf("error %d: %v %v", i+1, refusal, err)
		}
	}

	if d.End != DeviceLocked || d.Alive(deviceTerms(), deviceNow()) || d.TokenHash != "" || d.CodeHash != nil {
		t.Errorf("the locked device is %+v", d)
	}

	if _, err := d.TryCode(true, deviceTerms(), deviceNow()); err == nil || err.Kind != Gone {
		t.Errorf("the right code on a dead device: %v", err)
	}

	if d.Close(DeviceRevoked, "MSK", deviceNow()) || d.End != DeviceLocked {
		t.Error("a dead device died again")
	}
}

func TestDeviceExpires(t *testing.T) {
	t.Parallel()

	day := 24 * time.Hour
	made := deviceNow()
	pending := Enrolment{Selector: "ABC", Hash: "h", Until: made.Add(EnrolmentLife)}

	for name, c := range map[string]struct {
		d     Device
		after time.Duration
		alive bool
	}{
		"known":               {Device{Kind: CodeDevice, MadeAt: made}, 30*day - time.Second, true},
		"known, idle":         {Device{Kind: CodeDevice, MadeAt: made}, 30 * day, false},
		"known, used":         {Device{Kind: PasskeyDevice, MadeAt: made, SeenAt: made.Add(10 * day)}, 39 * day, true},
		"tablet, not set up":  {Device{Kind: TabletDevice, MadeAt: made, Enrolment: pending}, time.Minute, false},
		"tablet":              {Device{Kind: TabletDevice, MadeAt: made, Key: []byte("k")}, 89 * day, true},
		"tablet, unseen":      {Device{Kind: TabletDevice, MadeAt: made, Key: []byte("k")}, 90 * day, false},
		"tablet, seen lately": {Device{Kind: TabletDevice, MadeAt: made, SeenAt: made.Add(80 * day), Key: []byte("k")}, 169 * day, true},
		"revoked":             {Device{Kind: TabletDevice, MadeAt: made, Key: []byte("k"), EndedAt: made, End: DeviceRevoked}, 0, false},
	} {
		if got := c.d.Alive(deviceTerms(), made.Add(c.after)); got != c.alive {
			t.Errorf("%s: alive is %t", name, got)
		}
	}
}

func TestTabletIsSetUpOnce(t *testing.T) {
	t.Parallel()

	fresh := func() Device {
		return Device{Kind: TabletDevice, MadeAt: deviceNow(), Enrolment: Enrolment{Selector: "ABC", Hash: "h", Until: deviceNow().Add(EnrolmentLife)}}
	}

	d := fresh()
	if refusal, err := d.TryEnrolment(true, []byte("key"), deviceNow()); refusal != nil || err != nil || !d.Alive(deviceTerms(), deviceNow()) {
		t.Fatalf("%v %v %+v", refusal, err, d)
	}

	if _, err := d.TryEnrolment(true, []byte("other"), deviceNow()); err == nil || string(d.Key) != "key" {
		t.Error("a code was used twice")
	}

	d = fresh()
	if _, err := d.TryEnrolment(true, []byte("key"), deviceNow().Add(EnrolmentLife)); err == nil {
		t.Error("a code was used too late")
	}

	d = fresh()

	for range EnrolmentTries {
		if refusal, err := d.TryEnrolment(false, nil, deviceNow()); refusal == nil || err != nil {
			t.Fatalf("%v %v", refusal, err)
		}
	}

	if _, err := d.TryEnrolment(true, []byte("key"), deviceNow()); err == nil || len(d.Key) > 0 {
		t.Error("the code works after five wrong tries")
	}

	if err := d.Offer(Enrolment{Selector: "XYZ", Hash: "h2", Until: deviceNow().Add(EnrolmentLife)}); err != nil {
		t.Fatal(err)
	}

	if refusal, err := d.TryEnrolment(true, []byte("key"), deviceNow()); refusal != nil || err != nil {
		t.Errorf("a new code: %v %v", refusal, err)
	}

	d.Close(DeviceRevoked, "ADM", deviceNow())

	if err := d.Offer(Enrolment{}); err == nil {
		t.Error("a closed tablet got a new code")
	}
}

func TestTabletRings(t *testing.T) {
	t.Parallel()

	d := Device{Ring: Ring{Visit: "v", At: deviceNow()}}
	if !d.Ringing("v", deviceNow()) || d.Ringing("v", deviceNow().Add(RingFor)) || d.Ringing("w", deviceNow()) || (Device{}).Ringing("", deviceNow()) {
		t.Error("rings at the wrong time or for the wrong visit")
	}
}

func TestDeviceWordsAreDanish(t *testing.T) {
	t.Parallel()

	for _, k := range DeviceKinds() {
		if k.Danish() == string(k) {
			t.Errorf("%s has no Danish word", k)
		}
	}

	for _, e := range DeviceEnds() {
		if e.Danish() == string(e) {
			t.Errorf("%s has no Danish word", e)
		}
	}
}
