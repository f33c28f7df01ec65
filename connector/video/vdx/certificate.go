package vdx

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// aboutCertificate is the subject of the findings on it.
const aboutCertificate = "Certifikatet til VDX"

// How long before a certificate's end it is told. A new one takes a form at MedCom and their
// operator's work, and production and stage are two of them (vdx.md §3.1).
const (
	soon        = 60 * 24 * time.Hour
	verySoon    = 30 * 24 * time.Hour
	advisedLife = (2*366 + 1) * 24 * time.Hour // on stage, about two years
	minKeyBits  = 2048
)

// place is one of the platform's installations.
type place int

const (
	elsewhere  place = iota // a proxy, a simulator, an installation of one's own
	production              // vconf.dk
	stage                   // vconf-stage.dk
)

// placeOf recognises the public installations by the host (vdx.md §3.1).
func placeOf(address string) place {
	u, err := url.Parse(address)
	if err != nil {
		return elsewhere
	}

	host := strings.ToLower(u.Hostname())

	switch {
	case host == "vconf.dk" || strings.HasSuffix(host, ".vconf.dk"):
		return production
	case host == "vconf-stage.dk" || strings.HasSuffix(host, ".vconf-stage.dk"):
		return stage
	}

	return elsewhere
}

// addresses are those of the configuration that must belong to one installation.
func (c Config) addresses() []string {
	return slices.DeleteFunc([]string{c.BaseURL, c.STSURL, c.HistoryURL, c.TokenURL, c.OrganisationURL}, func(a string) bool { return a == "" })
}

// checkPlaces tells of addresses of production and stage side by side.
func (c Config) checkPlaces() []connector.Finding {
	var isProduction, isStage bool

	for _, a := range c.addresses() {
		isProduction = isProduction || placeOf(a) == production
		isStage = isStage || placeOf(a) == stage
	}

	if isProduction && isStage {
		return []connector.Finding{{
			Level: connector.Failing, Subject: "Adresser til VDX",
			Text: "Nogle adresser hører til VDX' produktion (vconf.dk) og andre til testmiljøet (vconf-stage.dk). Alle skal høre til samme miljø.",
		}}
	}

	return nil
}

// CheckCertificate looks at the system certificate: what MedCom demands of it, and how long it
// lasts (M19). It reads the two files and calls nobody. No findings: no certificate is configured.
func (c Config) CheckCertificate(now time.Time) []connector.Finding {
	if c.CertificateFile == "" {
		return nil
	}

	data, err := os.ReadFile(c.CertificateFile)
	if err != nil {
		return certificateFails("Filen med certifikatet (certificate_file) kan ikke læses.")
	}

	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return certificateFails("Filen certificate_file indeholder ikke et certifikat i PEM-format. Et certifikat fra en .p12- eller .cer-fil skal først omsættes til PEM.")
	}

	own, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return certificateFails("Certifikatet i certificate_file kan ikke læses.")
	}

	at := placeOf(c.BaseURL)

	found := checkKey(own, data, c.KeyFile)
	found = append(found, checkLife(own, now, at)...)
	found = append(found, checkOrigin(own, at)...)
	found = append(found, checkOwner(own)...)

	if len(found) == 0 {
		text := fmt.Sprintf("Certifikatet opfylder kravene og gælder til og med %s.", day(own.NotAfter))
		found = []connector.Finding{{Level: connector.Fine, Subject: aboutCertificate, Text: text}}
	}

	return found
}

func certificateFails(text string) []connector.Finding {
	return []connector.Finding{{Level: connector.Failing, Subject: aboutCertificate, Text: text}}
}

func certificateNotice(text string) []connector.Finding {
	return []connector.Finding{{Level: connector.Notice, Subject: aboutCertificate, Text: text}}
}

// day is a date as people in Denmark read it.
func day(t time.Time) string { return t.In(care.Zone()).Format("2.1.2006") }

// checkKey wants an RSA key that is the certificate's: the gateway knows no other kind.
func checkKey(own *x509.Certificate, certificate []byte, keyFile string) []connector.Finding {
	switch key := own.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minKeyBits {
			return certificateFails(fmt.Sprintf("Certifikatets RSA-nøgle er kun på %d bit. Den skal være på mindst %d.", key.N.BitLen(), minKeyBits))
		}
	case *ecdsa.PublicKey:
		return certificateFails("Certifikatet har en elliptisk nøgle (EC). VDX kan kun bruge RSA; bestil et nyt certifikat med RSA-nøgle.")
	default:
		return certificateFails("Certifikatets nøgle er ikke RSA, og VDX kan kun bruge RSA. Bestil et nyt certifikat med RSA-nøgle.")
	}

	key, err := os.ReadFile(keyFile)
	if err != nil {
		return certificateFails("Filen med den private nøgle (key_file) kan ikke læses.")
	}

	if _, err = tls.X509KeyPair(certificate, key); err != nil {
		return certificateFails("Den private nøgle i key_file passer ikke til certifikatet, eller den er krypteret eller ikke i PEM-format.")
	}

	if info, err := os.Stat(keyFile); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		return certificateNotice("Filen med den private nøgle (key_file) kan læses af alle på maskinen. Kør chmod o= på den.")
	}

	return nil
}

// checkLife forecasts the certificate's end.
func checkLife(own *x509.Certificate, now time.Time, at place) []connector.Finding {
	left := own.NotAfter.Sub(now)

	switch {
	case now.Before(own.NotBefore):
		return certificateFails(fmt.Sprintf("Certifikatet gælder først fra %s.", day(own.NotBefore)))
	case left <= 0:
		return certificateFails(fmt.Sprintf("Certifikatet udløb %s. VDX afviser alle kald, til et nyt er installeret hos MedCom og her.", day(own.NotAfter)))
	case left <= verySoon:
		return certificateNotice(fmt.Sprintf("Certifikatet udløber %s, om %d dage. Send straks den offentlige del af et nyt til vdx@medcom.dk.", day(own.NotAfter), int(left/(24*time.Hour))))
	case left <= soon:
		return certificateNotice(fmt.Sprintf("Certifikatet udløber %s, om %d dage. Bestil et nyt nu, for det skal også installeres hos MedCom.", day(own.NotAfter), int(left/(24*time.Hour))))
	case at == stage && own.NotAfter.Sub(own.NotBefore) > advisedLife:
		return certificateNotice("Certifikatet til testmiljøet gælder i mere end 2 år. MedCom anbefaler højst 2.")
	}

	return nil
}

// checkOrigin compares who issued the certificate with where it is used: production takes OCES3
// only, and the two installations must not share one (vdx.md §3.1).
func checkOrigin(own *x509.Certificate, at place) []connector.Finding {
	oces, test := isOCES3(own)
	self := own.Issuer.String() == own.Subject.String()

	switch at {
	case production:
		switch {
		case self:
			return certificateFails("Certifikatet er selvudstedt. VDX' produktion kræver et OCES3-certifikat fra Den Danske Stat.")
		case test:
			return certificateFails("Certifikatet er et OCES3-certifikat til test. VDX' produktion kræver et OCES3-certifikat til produktion.")
		case !oces:
			return certificateFails("Certifikatet er ikke et OCES3-certifikat (udsteder: " + issuerOf(own) + "). VDX' produktion kræver et OCES3-certifikat fra Den Danske Stat.")
		case len(own.CRLDistributionPoints) == 0 && len(own.OCSPServer) == 0:
			return certificateNotice("Certifikatet siger ikke, hvor man kan se, om det er spærret. MedCom kræver, at certifikatet kan spærres.")
		}
	case stage:
		if oces && !test {
			return certificateNotice("Certifikatet er et OCES3-certifikat til produktion, men bruges i testmiljøet. MedCom kræver forskellige certifikater til test og produktion.")
		}
	case elsewhere:
	}

	return nil
}

// isOCES3 recognises the issuing authorities of OCES3 by their names; those for test have the
// same, with a unit that says so.
func isOCES3(own *x509.Certificate) (oces, test bool) {
	issuer := own.Issuer
	oces = slices.Contains(issuer.Organization, "Den Danske Stat") && strings.HasPrefix(issuer.CommonName, "Den Danske Stat OCES udstedende-CA")

	for _, unit := range issuer.OrganizationalUnit {
		test = test || strings.HasPrefix(strings.ToLower(unit), "test")
	}

	return oces, oces && test
}

func issuerOf(own *x509.Certificate) string {
	if own.Issuer.CommonName != "" {
		return own.Issuer.CommonName
	}

	return "ukendt"
}

// checkOwner wants an e-mail address: it becomes the creator of every meeting.
func checkOwner(own *x509.Certificate) []connector.Finding {
	if len(own.EmailAddresses) > 0 {
		return nil
	}

	email := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1} // emailAddress, RFC 2985 §5.2.1
	for _, name := range own.Subject.Names {
		if text, ok := name.Value.(string); ok && name.Type.Equal(email) && text != "" {
			return nil
		}
	}

	return certificateFails("Der står ingen e-mailadresse i certifikatet. MedCom kræver en, fordi VDX viser den som opretter af alle møder.")
}
