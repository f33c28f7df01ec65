package idpsim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// FaultReplay sends the previous answer once more.
const FaultReplay = "replay"

// Fault is an entry of the catalogue of wrong and hostile answers.
type Fault struct {
	// Name is the word used to choose it.
	Name string
	// Danish is the line on the login page.
	Danish string
	// Harmless is set for unusual answers that a service provider has to accept.
	Harmless bool
	// Refusal is set for the provider's own refusals, which need no user.
	Refusal bool

	profiles []string // nil: all
	apply    func(*Server, *draft)
}

// Special reports whether the fault belongs to some profiles only.
func (f Fault) Special() bool { return f.profiles != nil }

// Fits reports whether the fault makes sense in a profile.
func (f Fault) Fits(profile string) bool {
	return f.profiles == nil || slices.Contains(f.profiles, profile)
}

// Faults returns the catalogue in a fixed order: mistakes of a provider, odd content
// signed by the provider, signatures, encryption, and attacks on the finished message.
func Faults() []Fault {
	return slices.Concat(replayFault(), statusFaults(), addressFaults(), timeFaults(), contentFaults(),
		attributeFaults(), signatureFaults(), encryptionFaults(), messageFaults(), wrappingFaults())
}

func replayFault() []Fault {
	return []Fault{{Name: FaultReplay, Danish: "Forrige svar igen", apply: func(*Server, *draft) {}}}
}

func knownFault(name string) bool {
	return slices.ContainsFunc(Faults(), func(f Fault) bool { return f.Name == name })
}

// refuses reports whether a fault is a refusal of the provider.
func refuses(name string) bool {
	return slices.ContainsFunc(Faults(), func(f Fault) bool { return f.Name == name && f.Refusal })
}

// spoil applies a fault of the catalogue to a draft.
func (s *Server) spoil(d *draft, name string) error {
	if name == "" {
		return nil
	}
	all := Faults()
	i := slices.IndexFunc(all, func(f Fault) bool { return f.Name == name })
	if i < 0 {
		return fmt.Errorf("idpsim: unknown fault %q", name)
	}
	all[i].apply(s, d)
	return nil
}

// statusFaults are refusals of the provider itself (SAML core §3.2.2.2).
func statusFaults() []Fault {
	refuse := func(name, danish, top, second string) Fault {
		return Fault{Name: name, Danish: danish, Refusal: true, apply: func(_ *Server, d *draft) {
			d.noAssertion = true
			d.status = statusCode("urn:oasis:names:tc:SAML:2.0:status:"+top, second)
		}}
	}
	return []Fault{
		refuse("status-authn-failed", "Login afbrudt", "Responder", "AuthnFailed"),
		refuse("status-no-authn-context", "Sikringsniveau kan ikke nås", "Requester", "NoAuthnContext"),
		refuse("status-no-passive", "Kræver et klik", "Responder", "NoPassive"),
		refuse("status-unknown-principal", "Ukendt bruger", "Responder", "UnknownPrincipal"),
		refuse("status-request-denied", "Adgang afvist", "Responder", "RequestDenied"),
		refuse("status-responder", "Fejl hos udbyderen", "Responder", ""),
		{Name: "status-failed-with-assertion", Danish: "Afvist, men med billet", apply: func(_ *Server, d *draft) {
			d.status = statusCode("urn:oasis:names:tc:SAML:2.0:status:Responder", "AuthnFailed")
		}},
		{Name: "status-success-without-assertion", Danish: "Godkendt uden billet", apply: func(_ *Server, d *draft) {
			d.noAssertion = true
		}},
	}
}

// addressFaults are answers meant for somebody else.
func addressFaults() []Fault {
	const other = "https://other.example/saml"
	set := func(name, danish string, change func(*draft)) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) { change(d) }}
	}
	return []Fault{
		set("wrong-audience", "Forkert modtager (Audience)", func(d *draft) { d.audience = other }),
		set("wrong-recipient", "Forkert adresse (Recipient)", func(d *draft) { d.recipient = other }),
		set("wrong-destination", "Forkert adresse (Destination)", func(d *draft) { d.destination = other }),
		set("wrong-issuer", "Forkert udsteder", func(d *draft) { d.issuer = other }),
		set("wrong-in-response-to", "Svar på et andet login", func(d *draft) {
			d.inResponseTo, d.confirmationInResponseTo = "_other", "_other"
		}),
		set("wrong-in-response-to-outside", "Svar på et andet login (kun yderst)", func(d *draft) {
			d.inResponseTo = "_other"
		}),
		set("wrong-in-response-to-inside", "Svar på et andet login (kun i billetten)", func(d *draft) {
			d.confirmationInResponseTo = "_other"
		}),
		set("unsolicited", "Svar uden forespørgsel", func(d *draft) {
			d.inResponseTo, d.confirmationInResponseTo = "", ""
		}),
		{
			Name: "no-destination", Danish: "Uden adresse (tilladt)", Harmless: true,
			apply: func(_ *Server, d *draft) { d.destination = "" },
		},
		{Name: "no-destination-signed", Danish: "Uden adresse, men svaret er signeret", apply: func(_ *Server, d *draft) {
			d.destination, d.signResponse = "", d.signAssertion
		}},
	}
}

// timeFaults are answers at the wrong time.
func timeFaults() []Fault {
	set := func(name, danish string, change func(*draft)) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) { change(d) }}
	}
	mild := func(name, danish string, change func(*draft)) Fault {
		f := set(name, danish, change)
		f.Harmless = true
		return f
	}
	return []Fault{
		set("expired", "Udløbet", func(d *draft) {
			d.notOnOrAfter = d.issued.Add(-6 * time.Minute)
			d.confirmationEnd = d.notOnOrAfter
		}),
		set("confirmation-expired", "Udløbet bekræftelse", func(d *draft) {
			d.confirmationEnd = d.issued.Add(-6 * time.Minute)
		}),
		set("not-yet-valid", "Endnu ikke gyldig", func(d *draft) { d.notBefore = d.issued.Add(6 * time.Minute) }),
		set("issued-in-future", "Udstedt i fremtiden", func(d *draft) { d.issued = d.issued.Add(48 * time.Hour) }),
		set("issued-long-ago", "Udstedt for længe siden", func(d *draft) { d.issued = d.issued.Add(-time.Hour) }),
		set("valid-ten-years", "Gyldig i ti år", func(d *draft) {
			d.notOnOrAfter = d.issued.AddDate(10, 0, 0)
		}),
		set("confirmation-ten-years", "Bekræftelse gyldig i ti år", func(d *draft) {
			d.confirmationEnd = d.issued.AddDate(10, 0, 0)
		}),
		set("expired-190s", "Udløbet for 190 sekunder siden", func(d *draft) {
			d.notOnOrAfter = d.issued.Add(-190 * time.Second)
		}),
		set("confirmation-expired-190s", "Bekræftelse udløbet for 190 sekunder siden", func(d *draft) {
			d.confirmationEnd = d.issued.Add(-190 * time.Second)
		}),
		set("early-190s", "Gyldig om 190 sekunder", func(d *draft) { d.notBefore = d.issued.Add(190 * time.Second) }),
		mild("expired-170s", "Udløbet for 170 sekunder siden (tilladt)", func(d *draft) {
			d.notOnOrAfter = d.issued.Add(-170 * time.Second)
			d.confirmationEnd = d.notOnOrAfter
		}),
		mild("early-170s", "Gyldig om 170 sekunder (tilladt)", func(d *draft) {
			d.notBefore = d.issued.Add(170 * time.Second)
		}),
		set("session-over", "Sessionen er slut", func(d *draft) { d.sessionEnd = d.issued.Add(-time.Hour) }),
		{
			Name: "slow-clock", Danish: "Ur 100 sekunder bagud (tilladt)", Harmless: true,
			apply: func(_ *Server, d *draft) {
				late := -100 * time.Second
				d.issued, d.notBefore = d.issued.Add(late), d.notBefore.Add(late)
			},
		},
	}
}

// contentFaults are assertions the provider itself signed with odd content: a provider
// that can be talked into it, or the provider of another municipality.
func contentFaults() []Fault {
	swap := func(name, danish string, pairs ...string) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) {
			d.beforeSigning = strings.NewReplacer(pairs...).Replace
		}}
	}
	drop := func(name, danish, element string) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) {
			d.beforeSigning = func(s string) string { return cut(s, element) }
		}}
	}
	const foreign = `<x:NameID xmlns:x="urn:x">FOREIGN</x:NameID>`
	return []Fault{
		drop("no-subject", "Uden Subject", "Subject"),
		drop("no-subject-confirmation", "Uden SubjectConfirmation", "SubjectConfirmation"),
		drop("no-confirmation-data", "Uden SubjectConfirmationData", "SubjectConfirmationData"),
		drop("no-conditions", "Uden Conditions", "Conditions"),
		drop("no-audience", "Uden AudienceRestriction", "AudienceRestriction"),
		drop("no-authn-statement", "Uden AuthnStatement", "AuthnStatement"),
		drop("no-attributes", "Uden attributter", "AttributeStatement"),
		swap("holder-of-key", "Holder-of-key", bearer, "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
		{Name: "confirmation-not-before", Danish: "NotBefore i bekræftelsen", apply: func(_ *Server, d *draft) {
			d.beforeSigning = strings.NewReplacer(` NotOnOrAfter="`+instant(d.confirmationEnd)+`" Recipient`,
				` NotBefore="`+instant(d.issued.Add(-time.Hour))+`" NotOnOrAfter="`+instant(d.confirmationEnd)+`" Recipient`).Replace
		}},
		swap("second-restriction", "To modtagerkrav, det ene for andre", `</saml:Conditions>`,
			`<saml:AudienceRestriction><saml:Audience>urn:other</saml:Audience></saml:AudienceRestriction></saml:Conditions>`),
		swap("foreign-name-id", "NameID i fremmed navnerum",
			`<saml:NameID `, `<x:NameID xmlns:x="urn:x" `, `</saml:NameID>`, `</x:NameID>`),
		swap("foreign-name-id-before", "Fremmed NameID forrest", `<saml:NameID `, foreign+`<saml:NameID `),
		swap("foreign-name-id-after", "Ekstra NameID i fremmed navnerum", `</saml:NameID>`, `</saml:NameID>`+foreign),
		swap("foreign-audience", "Audience i fremmed navnerum",
			`<saml:Audience>`, `<x:Audience xmlns:x="urn:x">`, `</saml:Audience>`, `</x:Audience>`),
		swap("foreign-conditions", "Conditions i fremmed navnerum",
			`<saml:Conditions `, `<x:Conditions xmlns:x="urn:x" `, `</saml:Conditions>`, `</x:Conditions>`),
		swap("second-name-id", "To NameID", `</saml:NameID>`, `</saml:NameID><saml:NameID>ATTACKER</saml:NameID>`),
		swap("nested-name-id", "Element i NameID", `</saml:NameID>`, `<saml:Issuer>x</saml:Issuer></saml:NameID>`),
		swap("advice", "Advice-element", `<saml:AuthnStatement `, `<saml:Advice></saml:Advice><saml:AuthnStatement `),
		swap("local-time", "Tidspunkt uden UTC", `.000Z" Version`, `.000+01:00" Version`),
		{
			Name: "two-audiences", Danish: "To modtagere, den ene os (tilladt)", Harmless: true,
			apply: func(_ *Server, d *draft) {
				d.beforeSigning = strings.NewReplacer(`</saml:Audience>`,
					`</saml:Audience><saml:Audience>urn:other</saml:Audience>`).Replace
			},
		},
		{
			Name: "two-audiences-other-first", Danish: "To modtagere, den anden er os (tilladt)", Harmless: true,
			apply: func(_ *Server, d *draft) {
				d.beforeSigning = strings.NewReplacer(`<saml:Audience>`,
					`<saml:Audience>urn:other</saml:Audience><saml:Audience>`).Replace
			},
		},
	}
}

// cut removes the first saml element of that name with everything in it.
func cut(document, element string) string {
	start := strings.Index(document, "<saml:"+element+" ")
	if start < 0 {
		start = strings.Index(document, "<saml:"+element+">")
	}
	end := "</saml:" + element + ">"
	stop := strings.Index(document, end)
	if start < 0 || stop < 0 {
		return document
	}
	return document[:start] + document[stop+len(end):]
}
