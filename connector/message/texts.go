package message

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluse/sluse/scheduler/care"
)

// EventTitle is the neutral title of every calendar file (requirement R11).
const EventTitle = "Aftale på skærm"

// DoorCodeDigits is how long the code of code-only mode is, in digits.
const DoorCodeDigits = 9

// MaxSender is the longest alphanumeric SMS sender in characters (ux.md §6.3).
const MaxSender = 11

// Data is what the texts are filled with. Names and Services are never printed: they are
// given so that Compose can refuse a text in which one of them stands.
type Data struct {
	Municipality string               // the full name, in e-mails: "Testby Kommune"
	Sender       string               // the short name, in SMS: "Testby"; at most MaxSender characters
	Start        time.Time            // when the visit begins; shown in Europe/Copenhagen
	Link         string               // the citizen's link; empty in code-only mode
	Door         string               // code-only mode: what the citizen types in the browser, "testby.dk/skaerm"
	DoorCode     care.Code            // code-only mode: the code to type there
	Origin       string               // host name that a one-time code is bound to (WebOTP); may be empty
	Phone        string               // the number to call for help, Danish, any spelling
	To           care.ParticipantKind // who is written to; empty: the citizen
	Now          bool                 // the call is made at this moment; for invitations
	Names        []string             // names of the people of the visit
	Services     []string             // services of the visit
}

// Draft is a composed message: Subject is empty for SMS.
type Draft struct {
	Subject string
	Text    string
}

// Compose writes the message of one kind for one channel, by ux.md §6.2–6.3: day, time,
// link or code, and the number to call; never a person, a service or a place of care
// (K27, V01). An SMS has at most 160 GSM-7 characters and says that it can't be answered
// (V02). The error is a *care.Error: Invalid when d lacks something, Internal when the
// finished text breaks a rule of Lint.
func Compose(kind care.InvitationKind, channel care.Channel, d Data) (Draft, error) {
	if err := d.check(channel, kind != care.Withdrawn); err != nil {
		return Draft{}, err
	}

	t, err := templateOf(kind, channel, d.To, d.Now)
	if err != nil {
		return Draft{}, err
	}

	return d.finish(channel, t)
}

// ComposeCode writes the SMS with a one-time code: it names the sender and no more
// (identity.md §5.2). With an Origin the last line binds the code to that host, so that
// a browser offers it on our page only. Errors as Compose.
func ComposeCode(d Data, code care.Code) (Draft, error) {
	if digits := code.Reveal(); len(digits) != 6 || strings.Trim(digits, "0123456789") != "" {
		return Draft{}, invalid("Engangskoden skal være seks cifre.")
	}

	d.DoorCode, d.Link, d.Door = code, "", ""
	if err := d.checkSender(care.SMS); err != nil {
		return Draft{}, err
	}

	t := Draft{Text: codeSMS}
	if d.Origin != "" {
		t.Text += "\n@{vært} #{kode}"
	}

	return d.finish(care.SMS, t)
}

// ComposeNumberChanged writes the SMS to a telephone number that is no longer a person's: it names
// nobody and no matter (C27). Sender and telephone are all it needs of d. Errors as Compose.
func ComposeNumberChanged(d Data) (Draft, error) {
	if err := d.checkSender(care.SMS); err != nil {
		return Draft{}, err
	}

	return d.finish(care.SMS, Draft{Text: numberSMS})
}

// Fits reports whether every SMS can be written with d on the day that takes most
// characters, so that a configuration with too long a host is refused at start. No
// Start is needed in d.
func Fits(d Data) error {
	d.Start = time.Date(2027, time.June, 24, 10, 0, 0, 0, care.Zone()) // "torsdag 24. juni kl. 10.00"

	var errs []error

	for _, kind := range []care.InvitationKind{care.Invite, care.Changed, care.Withdrawn, care.Reminder} {
		if _, err := Compose(kind, care.SMS, d); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", kind, err))
		}
	}

	for _, d.To = range care.ParticipantKinds() {
		for _, kind := range []care.InvitationKind{care.Invite, care.Changed, care.Withdrawn} {
			if _, err := Compose(kind, care.SMS, d); err != nil {
				errs = append(errs, fmt.Errorf("%s to %s: %w", kind, d.To, err))
			}
		}
	}

	return errors.Join(errs...)
}

// finish fills a template and is the last guard before a text leaves.
func (d Data) finish(channel care.Channel, t Draft) (Draft, error) {
	fill := d.replacer(channel)
	out := Draft{Subject: fill.Replace(t.Subject), Text: fill.Replace(t.Text)}
	rules := Rules{Channel: channel, Names: d.Names, Services: d.Services, Own: d.own()}

	findings := Lint(out.Text, rules)
	if channel == care.Mail {
		findings = append(findings, lintSubject(out.Subject, rules)...)
	}

	if len(findings) > 0 {
		return Draft{}, &care.Error{
			Kind: care.Internal, Message: "Beskeden blev ikke sendt: " + findings[0].Danish(), Err: &LintError{Findings: findings},
		}
	}

	return out, nil
}

func (d Data) replacer(channel care.Channel) *strings.Replacer {
	access := d.Link
	if access == "" {
		access = strings.NewReplacer("{adresse}", d.Door, "{kode}", spaced(d.DoorCode.Reveal(), 3)).Replace(doorText)
	}

	phone, _ := localNumber(d.Phone)
	when := shortTime(d.Start)

	if channel == care.Mail {
		phone, when = spaced(phone, 2), longTime(d.Start)
	}

	return strings.NewReplacer(
		"{afsender}", d.Sender, "{kommune}", d.Municipality, "{tid}", when, "{adgang}", access,
		"{telefon}", phone, "{kode}", d.DoorCode.Reveal(), "{vært}", d.Origin,
		"{minutter}", fmt.Sprintf("%.0f", care.CodeLife.Minutes()),
	)
}

// own lists the pieces that may hold digits or words that Lint would refuse elsewhere.
// They were checked one by one before.
func (d Data) own() []string {
	phone, _ := localNumber(d.Phone)
	code := d.DoorCode.Reveal()

	return []string{
		d.Link, d.Door, d.Origin, d.Municipality, d.Sender, shortTime(d.Start), longTime(d.Start),
		phone, spaced(phone, 2), code, spaced(code, 3),
	}
}

func (d Data) check(channel care.Channel, access bool) error {
	if err := d.checkSender(channel); err != nil {
		return err
	}

	if _, ok := localNumber(d.Phone); !ok {
		return invalid("Der mangler et dansk telefonnummer, som borgeren kan ringe til.")
	}

	switch {
	case d.Start.IsZero():
		return invalid("Der mangler et tidspunkt i beskeden.")
	case !access:
		return nil
	case d.Link != "":
		return d.checkLink()
	case d.Door == "" || len(d.DoorCode.Reveal()) != DoorCodeDigits:
		return invalid("Beskeden skal have et link eller en adresse med en kode på ni cifre.")
	case !publicHost("https://" + d.Door):
		return invalid("Adressen i beskeden skal høre under .dk.")
	}

	return d.checkPiece(d.Door)
}

func (d Data) checkSender(channel care.Channel) error {
	switch {
	case channel == care.SMS && (d.Sender == "" || utf8.RuneCountInString(d.Sender) > MaxSender):
		return invalid("SMS-afsenderen skal være på 1-11 tegn.")
	case channel == care.Mail && d.Municipality == "":
		return invalid("Kommunens navn mangler.")
	case d.Origin != "" && !publicHost("https://"+d.Origin):
		return invalid("Adressen i beskeden skal høre under .dk.")
	}

	for _, piece := range []string{d.Sender, d.Municipality, d.Origin} {
		if err := d.checkPiece(piece); err != nil {
			return err
		}
	}

	return nil
}

// checkLink holds the link to ux.md §6.3: https and .dk. Hosts that exist on no public
// network may be used as well, so that the demo and tests can run.
func (d Data) checkLink() error {
	u, err := url.Parse(d.Link)
	if err != nil || u.RawQuery != "" || u.User != nil || !publicHost(d.Link) {
		return invalid("Linket i beskeden skal være https, høre under .dk og må ikke have parametre.")
	}

	base := u.Path
	if u.Fragment == "" { // the locator is the last part of the path, and random
		base = u.Path[:strings.LastIndexByte(u.Path, '/')+1]
	}

	return d.checkPiece(u.Hostname() + base)
}

// checkPiece refuses a name of a service in a host name, a path or a sender.
func (d Data) checkPiece(piece string) error {
	if namesService(piece, d.Services) {
		return &care.Error{
			Kind: care.Invalid, Message: "Beskeden blev ikke sendt: " + FindingService.Danish(),
			Err: &LintError{Findings: []Finding{FindingService}},
		}
	}

	return nil
}

// publicHost reports whether a citizen may be sent to the link: https under .dk, or a host
// that is reserved for this machine and for tests (RFC 6761).
func publicHost(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return false
	}

	host := strings.ToLower(u.Hostname())
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}

	if host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".test") {
		return true
	}

	return u.Scheme == "https" && strings.HasSuffix(host, ".dk") && len(host) > len(".dk")
}

func invalid(message string) error { return care.NewError(care.Invalid, message) }
