package config

import (
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

func TestDevicesDefaultsAreValid(t *testing.T) {
	t.Parallel()

	var d Devices

	d.setDefaults()

	if found := problemsOfDevices(d); len(found) > 0 || len(d.Known) != 2 || d.Least() != care.Substantial || d.Counts() != care.LowAssurance || d.Idle != 30*24*time.Hour {
		t.Errorf("%+v: %v", d, found)
	}

	none := Devices{Known: []care.DeviceKind{}}
	none.setDefaults()

	if len(none.Known) != 0 {
		t.Error("an empty list is not the default")
	}
}

func TestDevicesFaults(t *testing.T) {
	t.Parallel()

	d := Devices{Known: []care.DeviceKind{"tablet"}, MinLevel: "some", Level: "high", Idle: 721 * time.Hour, TabletIdle: time.Hour, Silence: time.Minute}

	if found := problemsOfDevices(d); len(found) != 6 {
		t.Errorf("%v", found)
	}
}

func problemsOfDevices(d Devices) ProblemsError {
	var out ProblemsError

	d.validate(checker{out: &out})

	return out
}
