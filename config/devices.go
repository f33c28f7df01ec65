package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Devices are browsers that are remembered, and tablets of the municipality.
type Devices struct {
	Known      []care.DeviceKind `yaml:"known" doc:"What a citizen's or a contact's own browser can be remembered with: passkey (finger, face or screen lock) and code (four digits); default both; []: none is remembered. device must be among the identity methods too."`
	MinLevel   string            `yaml:"min_level" doc:"Level of assurance of the login after which a browser may be remembered: low, substantial or high; default substantial."`
	Level      string            `yaml:"level" doc:"Level of assurance that a remembered browser is noted with: none, low or substantial; default low. A tablet has none: it says nothing about the person."`
	Idle       time.Duration     `yaml:"idle" doc:"How long a remembered browser may go unused before it is forgotten; 24h to 720h, default 720h (30 days)."`
	TabletIdle time.Duration     `yaml:"tablet_idle" doc:"How long a tablet may go unseen before it is closed; 24h to 4320h, default 2160h (90 days)."`
	Silence    time.Duration     `yaml:"silence" doc:"How long a tablet may go unseen before the administrator is told, when its citizen has a visit within a day; 1h to 720h, default 24h."`
}

func (d *Devices) setDefaults() {
	if d.Known == nil {
		d.Known = []care.DeviceKind{care.PasskeyDevice, care.CodeDevice}
	}

	or(&d.MinLevel, "substantial")
	or(&d.Level, "low")
	or(&d.Idle, 720*time.Hour)
	or(&d.TabletIdle, 2160*time.Hour)
	or(&d.Silence, 24*time.Hour)
}

// Least returns the level of the login after which a browser may be remembered.
func (d Devices) Least() care.Assurance { return levels()[d.MinLevel] }

// Counts returns the level that a remembered browser is noted with.
func (d Devices) Counts() care.Assurance { return levels()[d.Level] }

func (d Devices) validate(k checker) {
	for n, kind := range d.Known {
		k.bad(kind != care.PasskeyDevice && kind != care.CodeDevice, fmt.Sprintf("known[%d]", n), "must be passkey or code")
	}

	k.bad(d.Least() == care.NoAssurance, "min_level", "must be low, substantial or high")
	k.bad(!slices.Contains([]string{"none", "low", "substantial"}, d.Level), "level", "must be none, low or substantial")
	k.span("idle", d.Idle, 24*time.Hour, 720*time.Hour)
	k.span("tablet_idle", d.TabletIdle, 24*time.Hour, 4320*time.Hour)
	k.span("silence", d.Silence, time.Hour, 720*time.Hour)
}
