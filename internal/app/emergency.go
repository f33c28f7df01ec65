package app

import (
	"context"
	"fmt"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/emergency"
)

// openEmergency wires emergency access. While it is "outage" it opens when the identity provider for
// employees is known to be down.
func (s *Site) openEmergency(p parts) error {
	var err error

	s.emergency, err = emergency.New(emergency.Deps{
		Store: s.store, Directory: s.directory, Now: p.o.Clock,
		Open: func(context.Context) bool {
			_, down := s.service.LoginOutage(scheduler.StaffLogin)

			return p.m.Sessions.Emergency == config.EmergencyAlways || down && p.m.Sessions.Emergency != config.EmergencyNever
		},
	})
	if err != nil {
		return fmt.Errorf("emergency access: %w", err)
	}

	return nil
}
