package care

import (
	"net/url"
	"strings"
)

// HostLink opens a room as host. It is shown to the visit's employee alone.
type HostLink struct{ secret }

// GuestLink opens a room as guest. By construction it never holds the host PIN.
type GuestLink struct{ secret }

// NewHostLink wraps an absolute http(s) URL.
func NewHostLink(link string) (HostLink, error) {
	if err := checkLink(link); err != nil {
		return HostLink{}, err
	}

	return HostLink{secret{link}}, nil
}

// NewGuestLink wraps an absolute http(s) URL and refuses one in which the host PIN stands
// in any spelling: plain, percent-encoded, or as part of a longer number. VDX puts the host
// PIN into the portal link when a room has no guest PIN (vdx.md §2.7); with such a link the
// citizen would be host. A host PIN must be given: without it nothing can be ruled out.
func NewGuestLink(link string, host HostPIN) (GuestLink, error) {
	if err := checkLink(link); err != nil {
		return GuestLink{}, err
	}

	if host.IsZero() {
		return GuestLink{}, NewError(Internal, "Gæstelinket kan ikke kontrolleres uden værtspin.")
	}

	for _, spelling := range spellings(link) {
		if strings.Contains(spelling, host.plain) {
			return GuestLink{}, NewError(Internal, "Gæstelinket indeholder værtspin og blev kasseret.")
		}
	}

	return GuestLink{secret{link}}, nil
}

func checkLink(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return NewError(Invalid, "Rummets link er ikke en gyldig adresse.")
	}

	return nil
}

// spellings returns the link as it stands and after each round of percent-decoding,
// because a portal may decode more than once.
func spellings(link string) []string {
	out := []string{link}

	for range 4 {
		next, err := url.QueryUnescape(out[len(out)-1])
		if err != nil || next == out[len(out)-1] {
			break
		}

		out = append(out, next)
	}

	return out
}
