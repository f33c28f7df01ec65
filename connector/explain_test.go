package connector_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/sluse/sluse/connector"
)

// TestExplain: every kind and the usual troubles of a network have a Danish sentence of their own.
func TestExplain(t *testing.T) {
	t.Parallel()

	failed := func(kind connector.Kind, status int, err error) error {
		return fmt.Errorf("call: %w", &connector.Error{System: "nexus", Op: "home", Kind: kind, Status: status, Err: err})
	}

	for want, err := range map[string]error{
		"Navnet i adressen kan ikke slås op (DNS).":                  failed(connector.Unavailable, 0, &net.DNSError{Name: "hemmelig.example", IsNotFound: true}),
		"Ingen svarer på adressen; forbindelsen afvises.":            failed(connector.Unavailable, 0, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}),
		"Der er ingen vej til adressen gennem netværket.":            failed(connector.Unavailable, 0, &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}),
		"Der kom intet svar i tide.":                                 failed(connector.Unavailable, 0, context.DeadlineExceeded),
		"Serverens certifikat er fra en udsteder, som maskinen ikke": failed(connector.Unavailable, 0, x509.UnknownAuthorityError{}),
		"Serverens certifikat gælder et andet navn":                  failed(connector.Unavailable, 0, x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}),
		"Serverens certifikat gælder ikke nu.":                       failed(connector.Unavailable, 0, x509.CertificateInvalidError{Reason: x509.Expired}),
		"Adressen taler ikke https.":                                 failed(connector.Unavailable, 0, errors.New("http: server gave HTTP response to HTTPS client")),
		"Serveren kan ikke svare lige nu (HTTP 503).":                failed(connector.Unavailable, 503, nil),
		"Serveren beder os vente (HTTP 429).":                        failed(connector.RateLimited, 429, nil),
		"Serveren godkender ikke vores adgang (HTTP 401).":           failed(connector.Unauthorized, 401, nil),
		"Der er intet på adressen (HTTP 404).":                       failed(connector.Unauthorized, 404, nil),
		"Svaret kan ikke læses;":                                     failed(connector.Unavailable, 200, nil),
		"Serveren afviser kaldet (HTTP 400).":                        failed(connector.Rejected, 400, nil),
		"Det lykkedes ikke.":                                         errors.New("hemmelig"),
	} {
		if got := connector.Explain(err); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ".") || strings.Contains(got, "hemmelig") {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
