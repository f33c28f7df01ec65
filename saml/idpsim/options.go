package idpsim

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The ways of speaking SAML the simulator knows.
const (
	// ProfilePlain answers like AD FS and Entra ID: signed assertion, claim names of
	// Microsoft, groups as values of one attribute.
	ProfilePlain = "plain"
	// ProfileOIOSAML3 answers like a Danish public-sector provider: encrypted assertion,
	// attribute names of data.gov.dk, NSIS level.
	ProfileOIOSAML3 = "oiosaml3"
	// ProfileNemLogin answers like NemLog-in 3: OIOSAML 3 for citizens with CPR number, and
	// for professionals when the request asks for one.
	ProfileNemLogin = "nemlogin"
	// ProfileKOMBIT answers like the Context Handler of KOMBIT: OIOSAML 3 with an
	// X509SubjectName and privileges, or OIOSAML 2 with Options.KombitVersion "1.0".
	ProfileKOMBIT = "kombit"
	// ProfileOIOSAML2 answers like a local provider of OIOSAML 2.0.9: the names of
	// dk:gov:saml:attribute, levels 1 to 4.
	ProfileOIOSAML2 = "oiosaml2"
)

// Profiles lists the profiles.
func Profiles() []string {
	return []string{ProfilePlain, ProfileOIOSAML3, ProfileNemLogin, ProfileKOMBIT, ProfileOIOSAML2}
}

// Encryption names the algorithms of an encrypted assertion by their URIs. Digest and MGF
// may be empty, which leaves the elements out.
type Encryption struct {
	Content, KeyTransport, Digest, MGF string
	// Place is where the EncryptedKey stands: PlaceInside (the default), PlaceBeside or
	// PlacePointer.
	Place Place
}

// Place is where the EncryptedKey of an encrypted assertion stands.
type Place string

// The places of the EncryptedKey (xmlenc-core1 §3.5).
const (
	PlaceInside  Place = ""        // in KeyInfo of the EncryptedData
	PlaceBeside  Place = "beside"  // after the EncryptedData
	PlacePointer Place = "pointer" // after it, and a RetrievalMethod in KeyInfo points there
)

// AES256GCM is what OS2faktor sends in OIOSAML 3 mode, and what NemLog-in's key transport
// looks like.
func AES256GCM() *Encryption {
	return &Encryption{Content: encAES256GCM, KeyTransport: encOAEP, Digest: digestSHA256, MGF: mgfSHA256}
}

// Options set up a simulator. Only Now is required.
type Options struct {
	// PublicURL is where the handler is reachable, for metadata; Start fills it in.
	PublicURL string
	// Profile is one of Profiles, default ProfilePlain.
	Profile string
	// Users are the test logins, default DefaultCitizens for nemlogin, else DefaultUsers.
	Users []User
	// Encrypt encrypts the assertions; default nil for plain, AES256GCM for the others.
	Encrypt *Encryption
	// CVR and Organisation go into OIOSAML assertions; default 29189846 and "Testkommunen".
	CVR, Organisation string
	// KombitVersion is the KombitSpecVer of ProfileKOMBIT: "2.0" (OIOSAML 3, the default)
	// or "1.0" (OIOSAML 2).
	KombitVersion string
	// SSO keeps a browser logged in: the next request without ForceAuthn is answered
	// without a click. Always on for nemlogin.
	SSO bool
	// MetadataURLs are where service providers publish their metadata; fetched when an
	// unknown one sends a request. Loopback only.
	MetadataURLs []string
	// Validity is how long assertions are valid, default 5 minutes.
	Validity time.Duration
	// Now is the clock.
	Now func() time.Time
}

func (o Options) defaulted() Options {
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	if o.Profile == "" {
		o.Profile = ProfilePlain
	}
	if len(o.Users) == 0 && o.Profile == ProfileNemLogin {
		o.Users = DefaultCitizens()
	}
	if len(o.Users) == 0 {
		o.Users = DefaultUsers()
	}
	if o.Profile != ProfilePlain && o.Encrypt == nil {
		o.Encrypt = AES256GCM()
	}
	if o.CVR == "" {
		o.CVR = "29189846"
	}
	if o.Organisation == "" {
		o.Organisation = "Testkommunen"
	}
	if o.KombitVersion == "" {
		o.KombitVersion = "2.0"
	}
	if o.Profile == ProfileNemLogin {
		o.SSO = true
	}
	if o.Validity == 0 {
		o.Validity = 5 * time.Minute
	}
	return o
}

func (o Options) validate() error {
	var problems []error
	if o.Now == nil {
		problems = append(problems, errors.New("idpsim: Now is missing"))
	}
	if o.Profile != "" && !slices.Contains(Profiles(), o.Profile) {
		problems = append(problems, fmt.Errorf("idpsim: unknown profile %q", o.Profile))
	}
	if o.KombitVersion != "" && o.KombitVersion != "1.0" && o.KombitVersion != "2.0" {
		problems = append(problems, fmt.Errorf("idpsim: unknown KombitVersion %q", o.KombitVersion))
	}
	urls := o.MetadataURLs
	if o.PublicURL != "" {
		urls = append([]string{o.PublicURL}, urls...)
	}
	for _, address := range urls {
		u, err := url.Parse(address)
		if err != nil || !loopback(u.Hostname()) {
			problems = append(problems, fmt.Errorf("idpsim: %q is not on loopback", address))
		}
	}
	seen := map[string]bool{}
	for _, u := range o.Users {
		if u.ID == "" || seen[u.ID] {
			problems = append(problems, fmt.Errorf("idpsim: user ID %q is empty or given twice", u.ID))
		}
		seen[u.ID] = true
	}
	return errors.Join(problems...)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
