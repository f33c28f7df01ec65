package config

import (
	"slices"
	"time"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
)

// Sessions are the rules for employees' logins.
type Sessions struct {
	Idle      time.Duration        `yaml:"idle" doc:"After how much rest an employee has to log in again; 30m to 12h, default 8h. The longest login is 24h, whatever stands here."`
	MinLevel  map[care.Role]string `yaml:"min_level" doc:"Lowest level of assurance (NSIS) that a role needs: low, substantial or high, by planner, caregiver, leader, administrator, auditor, service_desk; default administrator and auditor substantial, the others none; with login.profile plain, which tells no level, none for all. What stands here replaces the default wholly; {}: none. Whoever logs in below it does not have the role. Write the choice into the risk assessment."`
	Emergency string               `yaml:"emergency" doc:"When two employees' emergency codes open the program without the identity provider: outage (while it does not answer us, or an administrator says so), always or never; default outage."`
}

// The words of sessions.emergency.
const (
	EmergencyInOutage = "outage"
	EmergencyAlways   = "always"
	EmergencyNever    = "never"
)

// setDefaults asks more of those who see or change what concerns everybody: the guidance on NSIS
// recommends Substantial, where the provider's profile tells a level.
func (s *Sessions) setDefaults(profile saml.Profile) {
	if s.MinLevel == nil && profile != saml.ProfilePlain {
		s.MinLevel = map[care.Role]string{care.Administrator: "substantial", care.Auditor: "substantial"} //nolint:exhaustive // none for the others
	}

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
