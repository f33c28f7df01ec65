package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/saml/idpsim"
)

// controlPage is where a simulated identity provider is controlled.
const controlPage = "/control/"

// lookAfter is more than the program lets pass between two looks at an identity provider.
const lookAfter = time.Minute

// staffSwitch is the key of the employees' provider among the switches.
const staffSwitch = "login"

// frontSwitch takes an identity provider down and up again.
type frontSwitch struct {
	Key, Name string
	Down      bool
	Tells     string // what to look at while it is down
}

// switches are the identity providers that can be taken down.
func (d *Demo) switches() []frontSwitch {
	var out []frontSwitch

	if d.World.MitID != nil {
		out = append(out, frontSwitch{
			world.MitIDKey, "Borgernes MitID", d.World.MitID.State().Down != idpsim.Up,
			"Borgernes side siger, at MitID ikke virker, og viser de andre veje ind.",
		})
	}

	if d.World.OIDC != nil {
		out = append(out, frontSwitch{
			world.BrokerKey, "Borgernes anden udbyder", d.World.OIDC.State().Down != "",
			"Er den første udbyder oppe, kan borgeren bruge den.",
		})
	}

	return append(out, frontSwitch{
		staffSwitch, "Medarbejdernes login", d.World.IDP.State().Down != idpsim.Up,
		"Den, der er logget ind, arbejder videre. To medarbejdere kan komme ind med deres nødkoder.",
	})
}

var errNoSwitch = errors.New("den udbyder er her ikke")

// turn takes an identity provider down or up, and lets the program notice.
func (d *Demo) turn(rw http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
	defer cancel()

	home(rw, r, "Udbyderen kunne ikke skifte: ", d.turnTo(ctx, r.PostFormValue("hvem"), r.PostFormValue("nede") != ""))
}

// turnTo lets the program look before as well: a provider that has never been seen is not down.
func (d *Demo) turnTo(ctx context.Context, key string, down bool) error {
	for _, step := range []func() error{
		func() error { return d.watch(ctx) },
		func() error { return d.set(key, down) },
		func() error { return d.look(ctx) },
	} {
		if err := step(); err != nil {
			return err
		}
	}

	return nil
}

// watch is one look at the identity providers.
func (d *Demo) watch(ctx context.Context) error {
	if err := d.App.Site(municipality).Service().WatchLogins(ctx); err != nil {
		return fmt.Errorf("look at the identity providers: %w", err)
	}

	return nil
}

func (d *Demo) set(key string, down bool) error {
	state := idpsim.State{}
	if down {
		state.Down = idpsim.DownUnavailable
	}

	switch {
	case key == world.MitIDKey && d.World.MitID != nil:
		return d.World.MitID.SetState(state)
	case key == world.BrokerKey && d.World.OIDC != nil:
		d.World.OIDC.Down(down)

		return nil
	case key == staffSwitch:
		return d.World.IDP.SetState(state)
	}

	return errNoSwitch
}

// look lets the program look twice at the identity providers, as it would by itself within two
// minutes: it believes an outage when two looks in a row say so. The clock is moved on between them.
func (d *Demo) look(ctx context.Context) error {
	for range 2 {
		if err := d.Jump(ctx, d.Now().Add(lookAfter)); err != nil {
			return err
		}

		if err := d.watch(ctx); err != nil {
			return err
		}
	}

	return nil
}

// notice lets the program look again after the clock was moved while a provider is down: what it saw
// long ago counts no more.
func (d *Demo) notice(ctx context.Context) error {
	if !slices.ContainsFunc(d.switches(), func(s frontSwitch) bool { return s.Down }) {
		return nil
	}

	return d.look(ctx)
}
