package idpsim

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// The two ways of speaking SAML the simulator knows.
const (
	// ProfilePlain answers like AD FS and Entra ID: signed assertion, claim names of
	// Microsoft, groups as values of one attribute.
	ProfilePlain = "plain"
	// ProfileOIOSAML3 answers like a Danish public-sector provider: encrypted assertion,
	// attribute names of data.gov.dk, NSIS level.
	ProfileOIOSAML3 = "oiosaml3"
)

// User is somebody who can log in.
type User struct {
	// ID is the employee's identifier in the driving lists, such as initials.
	ID string
	// Title is the line on the login page, such as the job.
	Title string
	Name  string
	Email string
	// Groups are the directory groups.
	Groups []string
	// Level is the NSIS level: Low, Substantial or High.
	Level string
	// UUID is the stable key in OIOSAML; it is derived from ID when empty.
	UUID string
}

// Encryption names the algorithms of an encrypted assertion by their URIs. Digest and MGF
// may be empty, which leaves the elements out.
type Encryption struct {
	Content, KeyTransport, Digest, MGF string
}

// AES256GCM is what OS2faktor sends in OIOSAML 3 mode, and what NemLog-in's key transport
// looks like.
func AES256GCM() *Encryption {
	return &Encryption{Content: encAES256GCM, KeyTransport: encOAEP, Digest: digestSHA256, MGF: mgfSHA256}
}

// Options set up a simulator. Only Now is required.
type Options struct {
	// PublicURL is where the handler is reachable, for metadata; Start fills it in.
	PublicURL string
	// Profile is ProfilePlain (default) or ProfileOIOSAML3.
	Profile string
	// Users are the test logins, default DefaultUsers.
	Users []User
	// Encrypt encrypts the assertions; default nil for plain, AES256GCM for oiosaml3.
	Encrypt *Encryption
	// CVR and Organisation go into OIOSAML assertions; default 29189846 and "Testkommunen".
	CVR, Organisation string
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
	if len(o.Users) == 0 {
		o.Users = DefaultUsers()
	}
	if o.Profile == ProfileOIOSAML3 && o.Encrypt == nil {
		o.Encrypt = AES256GCM()
	}
	if o.CVR == "" {
		o.CVR = "29189846"
	}
	if o.Organisation == "" {
		o.Organisation = "Testkommunen"
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
	if o.Profile != "" && o.Profile != ProfilePlain && o.Profile != ProfileOIOSAML3 {
		problems = append(problems, fmt.Errorf("idpsim: unknown profile %q", o.Profile))
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

// DefaultUsers are a planner, a leader, an administrator and the five employees of the
// sample driving list koreliste-dag.csv. The names are made up from the identifiers.
func DefaultUsers() []User {
	users := []User{
		staff("PLAN", "Planlægger", "sluse-planner"),
		staff("LEDER", "Teamleder", "sluse-leader", "sluse-planner"),
		staff("ADMIN", "Systemforvalter", "sluse-administrator"),
	}
	for _, id := range []string{"AØJ", "LBH", "MSK", "PÆN", "TKR"} {
		users = append(users, staff(id, "Medarbejder", "sluse-caregiver"))
	}
	return users
}

func staff(id, title string, groups ...string) User {
	mail := strings.NewReplacer("æ", "ae", "ø", "oe", "å", "aa").Replace(strings.ToLower(id))
	return User{
		ID: id, Title: title, Name: title + " " + id, Email: mail + "@testkommunen.example",
		Groups: groups, Level: "Substantial",
	}
}
