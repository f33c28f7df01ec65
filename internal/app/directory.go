package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/internal/web/scim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// openDirectory wires the directory of employees and reads its units. The use cases come first: a
// file of citizens is theirs.
func (s *Site) openDirectory(ctx context.Context, p parts) error {
	configured := make([]directory.Unit, 0, len(p.m.Units))
	for _, u := range p.m.Units {
		configured = append(configured, directory.Unit{
			Unit: care.Unit{ID: u.ID, Name: u.Name, Parent: u.Parent, LiveFrom: care.Day(u.LiveFrom)}, Lists: u.Lists,
		})
	}

	administers := slices.ContainsFunc(p.m.Roles, func(r config.Role) bool { return r.Role == care.Administrator && r.Unit == care.EveryUnit })

	var err error

	s.directory, err = directory.New(directory.Deps{
		Store: s.store.Directory(), Sheets: file.Sheets{}, Citizens: s.service, Configured: configured, Groups: grants(p.m.Roles, p.m.Units), LoginAdministers: administers, Now: p.o.Clock,
	})
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}

	if err := s.directory.Refresh(ctx); err != nil {
		return err
	}

	return s.openSCIM(p) //nolint:contextcheck // its routes live by the requests' own contexts
}

// openSCIM wires the addresses by which the municipality's own directory tells who works there.
func (s *Site) openSCIM(p parts) error {
	if p.m.Directory.SCIMToken.IsZero() {
		return nil
	}

	server, err := scim.New(scim.Options{
		UseCases: s.directory, PublicURL: p.m.PublicURL, Token: p.m.Directory.SCIMToken, Key: p.m.Directory.SCIMKey, Log: p.log,
	})
	if err != nil {
		return err
	}

	s.scim = server.Routes()

	return nil
}

// Directory returns the municipality's directory of employees.
func (s *Site) Directory() *directory.Service { return s.directory }

// units are the units of configuration and directory as they are now.
func (s *Site) units() []scheduler.UnitRule {
	known := s.directory.Units()
	out := make([]scheduler.UnitRule, 0, len(known))

	for _, u := range known {
		out = append(out, scheduler.UnitRule{Unit: u.Unit, Lists: u.Lists})
	}

	return out
}
