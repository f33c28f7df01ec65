package app

import (
	"context"
	"fmt"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/scheduler/emergency"
)

// openEmergency wires emergency access. While it is "outage" it opens when the employees' login is
// known not to work.
func (s *Site) openEmergency(p parts) error {
	var err error

	s.emergency, err = emergency.New(emergency.Deps{
		Store: s.store, Directory: s.directory, Now: p.o.Clock,
		Open: func(ctx context.Context) bool {
			if p.m.Sessions.Emergency != config.EmergencyInOutage {
				return p.m.Sessions.Emergency == config.EmergencyAlways
			}

			down, err := s.service.StaffLoginDown(ctx)

			return err == nil && down
		},
	})
	if err != nil {
		return fmt.Errorf("emergency access: %w", err)
	}

	return nil
}
