package config

import "time"

// Defaults of the settings for which 0 means something else than the default.
const (
	hardCap     = time.Hour
	bridge      = 2 * time.Minute
	clockSkew   = 5 * time.Second
	fallback    = 30 * time.Minute
	minimumLead = 30 * time.Minute
)

// keepEvents is how long the video platform's events are kept.
const keepEvents = 30 * 24 * time.Hour

// UnmarshalYAML reads the section over its defaults, so that an explicit 0s stays 0s.
func (r *Rules) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Rules

	*r = Rules{MinimumLead: minimumLead, read: true}

	return unmarshal((*plain)(r))
}

// UnmarshalYAML reads the section over its defaults, so that an explicit 0s stays 0s.
func (t *Times) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Times

	*t = Times{HardCap: hardCap, Fallback: fallback, Bridge: bridge, ClockSkew: clockSkew, read: true}

	return unmarshal((*plain)(t))
}

func or[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

// setDefaults fills what the file leaves out.
func (c *Config) setDefaults() {
	or(&c.Listen, "127.0.0.1:8080")
	or(&c.LogLevel, "info")
	or(&c.StopTimeout, 20*time.Second)

	for i := range c.Municipalities {
		c.Municipalities[i].setDefaults()
	}
}

func (m *Municipality) setDefaults() {
	m.Database.SetDefaults()
	or(&m.Login.BaseURL, m.PublicURL)
	m.Login = m.Login.WithDefaults()
	m.Directory.setDefaults()
	m.Video.setDefaults()
	or(&m.Messages.Concurrency, min(max(m.Video.Concurrency, 1), 64)) // a wrong number is told once
	m.Messages.setDefaults()
	m.Protection.setDefaults(m.PublicURL)
	m.Record.setDefaults()
	m.Rules.setDefaults()
	m.Times.setDefaults()
	m.Sessions.setDefaults(m.Login.Profile)

	for i := range m.CitizenLogin {
		m.CitizenLogin[i].setDefaults(m.PublicURL)
	}

	m.Identity.setDefaults()
	m.Devices.setDefaults()
	or(&m.Calls.Length, 15*time.Minute)
	or(&m.Calls.Linked, 720*time.Hour)
	m.Conversion.setDefaults()
	m.FollowUp.setDefaults()
}

func (v *Video) setDefaults() {
	or(&v.Kind, VDX)
	or(&v.Concurrency, 8)
	or(&v.Participants, 5)
	v.VDX.SetDefaults()
	v.Pexip.SetDefaults()

	if v.Hook != nil {
		or(&v.Hook.Keep, keepEvents)
		or(&v.Hook.Silence, 10*time.Minute)
	}
}

func (m *Messages) setDefaults() {
	or(&m.LinkMode, LinkMode)
	or(&m.QuietFrom, "21:00")
	or(&m.QuietUntil, "08:00")

	if m.SMS != nil {
		m.SMS.SetDefaults()
	}

	if m.Gateway != nil {
		m.Gateway.SetDefaults()
	}

	if m.Mail != nil {
		m.Mail.SetDefaults()
	}
}

func (r *Record) setDefaults() {
	or(&r.Kind, "file")
	or(&r.Concurrency, 4)
	r.File.SetDefaults()
	r.FHIR.SetDefaults()
	r.Nexus.SetDefaults()
	r.Handover.SetDefaults()
	r.setRuleDefaults()

	if r.Momentum != nil {
		r.Momentum.SetDefaults()
	}
}

func (r *Rules) setDefaults() {
	or(&r.UnknownSuitability, "yellow")

	if !r.read {
		r.MinimumLead = minimumLead
	}

	if r.ScreenCategories == nil {
		r.ScreenCategories = []string{"Planlagt skærmbesøg"}
	}

	if r.AbsentStatuses == nil {
		r.AbsentStatuses = []string{"Aflyst", "Indlagt", "Hospital", "Død"}
	}
}

func (t *Times) setDefaults() {
	or(&t.Door, 15*time.Minute)
	or(&t.Grace, 15*time.Minute)

	if !t.read {
		t.HardCap, t.Fallback, t.Bridge, t.ClockSkew = hardCap, fallback, bridge, clockSkew
	}

	or(&t.Together, 30*time.Second)
	or(&t.RoomCheck, 5*time.Minute)
}
