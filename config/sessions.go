package config

import (
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Sessions are the rules for employees' logins.
type Sessions struct {
	Idle      time.Duration        `yaml:"idle" doc:"After how much rest an employee has to log in again; 30m to 12h, default 8h. The longest login is 24h, whatever stands here."`
	MinLevel  map[care.Role]string `yaml:"min_level" doc:"Lowest level of assurance (NSIS) that a role needs: low, substantial or high, by planner, caregiver, leader, administrator, auditor, service_desk; default none. Whoever logs in below it does not have the role. Set at least administrator and auditor to substantial when the identity provider tells levels."`
	Emergency string               `yaml:"emergency" doc:"When two employees' emergency codes open the program without the identity provider: outage (while it does not answer us, or an administrator says so), always or never; default outage."`
}

// The words of sessions.emergency.
const (
	EmergencyInOutage = "outage"
	EmergencyAlways   = "always"
	EmergencyNever    = "never"
)

func (s *Sessions) setDefaults() {
	or(&s.Idle, 8*time.Hour)
	or(&s.Emergency, EmergencyInOutage)
}

// Levels returns min_level in the domain's words. It must be valid.
func (s Sessions) Levels() map[care.Role]care.Assurance {
	out := make(map[care.Role]care.Assurance, len(s.MinLevel))
	for role, level := range s.MinLevel {
		out[role] = levels()[level]
	}

	return out
}

func (s Sessions) validate(k checker) {
	k.span("idle", s.Idle, 30*time.Minute, 12*time.Hour)
	k.bad(!slices.Contains([]string{EmergencyInOutage, EmergencyAlways, EmergencyNever}, s.Emergency), "emergency", "must be outage, always or never")

	for role, level := range s.MinLevel {
		k.bad(!slices.Contains(care.Roles(), role), "min_level."+string(role), "is no role: planner, caregiver, leader, administrator, auditor or service_desk")
		k.bad(levels()[level] == care.NoAssurance, "min_level."+string(role), "must be low, substantial or high")
	}
}
