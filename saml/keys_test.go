package saml_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

func TestKeyRollover(t *testing.T) {
	t.Parallel()
	other := setup(t, ownIDP(idpsim.Options{}))
	b := setup(t)
	certificate := regexp.MustCompile(`(?s)<md:KeyDescriptor.*</md:KeyDescriptor>`)
	added := certificate.FindString(string(other.idp.Metadata()))
	b.cfg.IDPMetadata = strings.Replace(string(b.idp.Metadata()), "<md:KeyDescriptor", added+"<md:KeyDescriptor", 1)
	var err error
	if b.provider, err = saml.New(b.cfg, b.store, b.clock.now); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []string{"", "no-key-info"} {
		if _, _, err := b.post(handle, b.answer(t, b.start(t), "PLAN", fault)); err != nil {
			t.Errorf("%q with two pinned certificates: %s", fault, explain(err))
		}
	}
}

func TestPinnedCertificateExpires(t *testing.T) {
	t.Parallel()
	b := setup(t, ownIDP(idpsim.Options{}))
	idp, own := b.provider.CertificatesExpire()
	if idp.IsZero() || own.IsZero() {
		t.Fatal("no expiry")
	}
	b.clock.advance(idp.Sub(b.clock.now()) + time.Hour)
	if _, _, err := b.post(handle, b.answer(t, b.start(t), "PLAN", "")); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("signed by an expired certificate: %s", explain(err))
	}
}
