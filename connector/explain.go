package connector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
)

// Explain says in Danish what happened to a call, for whoever set the system up: one sentence that
// begins with a capital letter and ends in a full stop. It names neither the address nor anything of
// the answer but its HTTP status. What to do about it belongs to the caller, who knows the settings.
func Explain(err error) string {
	if text := unreached(err); text != "" {
		return text
	}

	text := map[Kind]string{
		Unavailable:  "Serveren kan ikke svare lige nu",
		RateLimited:  "Serveren beder os vente",
		Unknown:      "Serveren svarede ikke færdig",
		Pending:      "Serveren er ikke færdig",
		Unauthorized: "Serveren godkender ikke vores adgang",
		NotFound:     "Der er intet på adressen",
		Conflict:     "Serveren siger, at det er ændret imens",
		Rejected:     "Serveren afviser kaldet",
		Malformed:    "Svaret kan ikke læses; måske svarer en anden server eller en proxy",
		Unsupported:  "Serveren har ikke det, vi spørger efter",
	}[Shown(err)]
	if text == "" {
		text = "Det lykkedes ikke"
	}

	if e, ok := errors.AsType[*Error](err); ok && e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}

	return text + "."
}

// Shown is the kind of an error as it shows to whoever set the system up: an answer with another
// content than ours is Malformed, and nothing at the address is NotFound, even at a token endpoint.
func Shown(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		switch {
		case e.Status == http.StatusNotFound, e.Status == http.StatusGone:
			return NotFound
		case e.Status >= 200 && e.Status < 300:
			return Malformed
		}
	}

	return KindOf(err)
}

// unreached says why a server was not reached at all; empty: it was, or nobody knows.
func unreached(err error) string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)

	if name, ok := errors.AsType[*net.DNSError](err); ok && !name.IsTimeout {
		return "Navnet i adressen kan ikke slås op (DNS)."
	}

	switch {
	case errors.As(err, &authority):
		return "Serverens certifikat er fra en udsteder, som maskinen ikke har tillid til."
	case errors.As(err, &host):
		return "Serverens certifikat gælder et andet navn end det i adressen."
	case errors.As(err, &invalid):
		return "Serverens certifikat gælder ikke nu."
	// net/http tells the latter by its text alone.
	case errors.As(err, &record), err != nil && strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "Adressen taler ikke https."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Ingen svarer på adressen; forbindelsen afvises."
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "Der er ingen vej til adressen gennem netværket."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return "Der kom intet svar i tide."
	}

	return ""
}

func isTimeout(err error) bool {
	var slow net.Error

	return errors.As(err, &slow) && slow.Timeout()
}
