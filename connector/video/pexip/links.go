package pexip

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// The placeholders of a link template.
const (
	placeHost  = "{host}"
	placeAlias = "{alias}"
	placePIN   = "{pin}"
	placeName  = "{name}"
)

// An alias is prefix, seat and 96 bits that only we can make:
//
//	sluse-h-kdmbpa…   the employee
//	sluse-g0-pmcabd…  the citizen
//	sluse-g1-…        the next guest
//
// The secret part is spelt with letters only, so that no PIN can ever stand in it.
const (
	aliasLetters = "abcdefghijkmnopr" // 16 letters: 4 bits each
	aliasBytes   = 12
	hostSeat     = "h"
	guestSeat    = "g"
)

// name is the room's name on the platform; the key is our own random one.
func (p *Platform) name(ref care.RoomRef) string { return p.config.Prefix + "-" + string(ref) }

// address is how SIP and H.323 call the room; without a domain it is the room's name.
func (p *Platform) address(ref care.RoomRef) string {
	if p.config.DialDomain == "" {
		return p.name(ref)
	}

	return p.name(ref) + "@" + p.config.DialDomain
}

// alias derives the alias of a seat: the same one whenever it is asked for.
func (p *Platform) alias(ref care.RoomRef, seat string) string {
	mac := hmac.New(sha256.New, []byte(p.config.LinkKey.Reveal()))
	mac.Write([]byte("pexip alias\n" + string(ref) + "\n" + seat))
	sum := mac.Sum(nil)

	secret := make([]byte, 0, 2*aliasBytes)
	for _, b := range sum[:aliasBytes] {
		secret = append(secret, aliasLetters[b>>4], aliasLetters[b&0xf])
	}

	return p.config.Prefix + "-" + seat + "-" + string(secret)
}

// aliasesOf are the aliases of a new room.
func (p *Platform) aliasesOf(ref care.RoomRef, participants int) aliases {
	found := aliases{host: p.alias(ref, hostSeat)}
	for seat := range video.Seats(participants) {
		found.guests = append(found.guests, p.alias(ref, guestSeat+strconv.Itoa(seat)))
	}

	return found
}

// aliases are the addresses of a room's people.
type aliases struct {
	host   string
	guests []string // by seat
}

// seatOf reads whom an alias was made for: a guest's seat, or the host. A scheme and a domain,
// which a dial plan may add, don't matter.
func (p *Platform) seatOf(alias string) (seat int, host, ok bool) {
	alias = strings.ToLower(alias)
	for _, scheme := range []string{"sip:", "sips:", "h323:"} {
		alias = strings.TrimPrefix(alias, scheme)
	}

	alias, _, _ = strings.Cut(alias, "@")

	rest, ours := strings.CutPrefix(alias, p.config.Prefix+"-")
	if !ours {
		return 0, false, false
	}

	mark, secret, _ := strings.Cut(rest, "-")
	if len(secret) != 2*aliasBytes {
		return 0, false, false
	}

	if mark == hostSeat {
		return 0, true, true
	}

	number, guest := strings.CutPrefix(mark, guestSeat)
	seat, err := strconv.Atoi(number)

	return seat, false, guest && err == nil && seat >= 0 && seat < maxParticipants && strconv.Itoa(seat) == number
}

// readAliases sorts the aliases that a room has. Others, which an administrator may have added,
// are left out. Not ok: the employee's or a seat in the middle is missing.
func (p *Platform) readAliases(texts []string) (aliases, bool) {
	var (
		found  aliases
		guests = map[int]string{}
	)

	for _, text := range texts {
		seat, host, ok := p.seatOf(text)

		switch {
		case !ok:
		case host:
			found.host = text
		default:
			guests[seat] = text
		}
	}

	for seat := range len(guests) {
		found.guests = append(found.guests, guests[seat])
	}

	return found, found.host != "" && len(guests) > 0 && !slices.Contains(found.guests, "")
}

// fill puts a person's part of a room into a template.
func fill(template, host, alias, pin, name string) string {
	return strings.NewReplacer(
		placeHost, host, placeAlias, escape(alias), placePIN, escape(pin), placeName, escape(name),
	).Replace(template)
}

// escape makes a text safe in every part of an address.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// checkTemplate wants an address that a browser can open safely, and that names the room.
func checkTemplate(template string) error {
	if strings.Count(template, placeAlias) != 1 || strings.Count(template, placePIN) > 1 {
		return errors.New("must hold {alias} once, and {pin} at most once")
	}

	link := fill(template, "https://host.example", "alias", "100000", "Borger")
	if strings.ContainsAny(link, "{}") {
		return errors.New("knows only {host}, {alias}, {pin} and {name}")
	}

	if !isSafeLink(link) {
		return errors.New("must make an https address")
	}

	return nil
}

// isSafeLink reports whether a browser may be sent there: https, or http on this machine.
func isSafeLink(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}

	return u.Scheme == "https" || (u.Scheme == "http" && isLoopback(u.Hostname()))
}

// addLinks makes everybody's link. No guest link at all is better than one that holds the host
// PIN, so it reports whether all are there and safe.
func (p *Platform) addLinks(b *video.Booking, found aliases) bool {
	host, guest := b.HostPIN.Reveal(), b.GuestPIN.Reveal()
	if host == "" || guest == "" || host == guest || len(found.guests) == 0 {
		return false
	}

	var err error
	if b.HostLink, err = care.NewHostLink(fill(p.config.HostLink, p.config.WebHost, found.host, host, p.config.HostName)); err != nil {
		return false
	}

	b.SeatLinks = make([]care.GuestLink, len(found.guests))

	for seat, alias := range found.guests {
		name := p.config.GuestName
		if seat > 0 {
			name = p.config.OtherName + " " + strconv.Itoa(seat)
		}

		b.SeatLinks[seat], err = care.NewGuestLink(fill(p.config.GuestLink, p.config.WebHost, alias, guest, name), b.HostPIN)
		if err != nil {
			b.HostLink, b.SeatLinks = care.HostLink{}, nil

			return false
		}
	}

	b.GuestLink = b.SeatLinks[0]

	return true
}
