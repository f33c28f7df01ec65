package vdx

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// The placeholders of a link template.
const (
	placePortal  = "{portal}"
	placeAddress = "{address}"
	placePIN     = "{pin}"
)

var (
	pinParameter = regexp.MustCompile(`(?i)(?:^|[?&#/;])pin=([^&#;]*)`)
	digits       = regexp.MustCompile(`[0-9]+`)
)

// fill puts a room into a template.
func fill(template, portal, address, pin string) string {
	return strings.NewReplacer(placePortal, portal, placeAddress, url.QueryEscape(address), placePIN, pin).Replace(template)
}

// portalOf is the address of the portal in a portal link: everything before what the
// platform fills in.
func portalOf(link string) string {
	if i := strings.IndexAny(link, "?#"); i >= 0 {
		return link[:i]
	}

	return link
}

// isSafeLink reports whether a browser may be sent there: https, or http on this machine.
func isSafeLink(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}

	return u.Scheme == "https" || (u.Scheme == "http" && isLoopback(u.Hostname()))
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)

	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// holdsPIN reports whether a portal link really opens the room with that PIN. The link is
// built before a changed PIN is stored and then shows the old one (vdx.md §2.7), and its
// shape is not promised: a parameter named pin decides; without one, a number equal to the
// PIN must stand in the link outside the room's address.
func holdsPIN(link, address string, pin care.GuestPIN) bool {
	plain, err := url.QueryUnescape(link)
	if err != nil {
		return false
	}

	if found := pinParameter.FindAllStringSubmatch(plain, -1); found != nil {
		for _, f := range found {
			if f[1] != pin.Reveal() {
				return false
			}
		}

		return true
	}

	if address != "" {
		plain = strings.ReplaceAll(plain, address, " ")
	}

	for _, number := range digits.FindAllString(plain, -1) {
		if number == pin.Reveal() {
			return true
		}
	}

	return false
}

// guestLink returns the platform's link when it is safe and fresh, else one from the
// template. No link at all is better than one that holds the host PIN.
func guestLink(template string, r room) (care.GuestLink, bool) {
	if r.guestPIN.IsZero() || r.hostPIN.IsZero() || r.guestPIN.Reveal() == r.hostPIN.Reveal() {
		return care.GuestLink{}, false
	}

	portal := r.portal.Reveal()
	if isSafeLink(portal) && holdsPIN(portal, r.address, r.guestPIN) {
		if link, err := care.NewGuestLink(portal, r.hostPIN); err == nil {
			return link, true
		}
	}

	built := fill(template, portalOf(portal), r.address, r.guestPIN.Reveal())
	if !isSafeLink(built) {
		return care.GuestLink{}, false
	}

	link, err := care.NewGuestLink(built, r.hostPIN)

	return link, err == nil
}

// hostLink makes the employee's link from the template; the platform has none for hosts.
func hostLink(template string, r room) (care.HostLink, bool) {
	built := fill(template, portalOf(r.portal.Reveal()), r.address, r.hostPIN.Reveal())
	if r.hostPIN.IsZero() || !isSafeLink(built) {
		return care.HostLink{}, false
	}

	link, err := care.NewHostLink(built)

	return link, err == nil
}
