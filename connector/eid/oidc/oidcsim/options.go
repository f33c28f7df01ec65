package oidcsim

import (
	"errors"
	"slices"
	"time"
)

// Dialect is whom the simulator speaks like. The zero value is MitID.
type Dialect string

// The dialects, with the claims in which they tell number and level.
const (
	MitID    Dialect = "mitid"    // dk.cpr (inside dk), loa, identity_type
	IDPorten Dialect = "idporten" // pid, acr
	Freja    Dialect = "freja"    // nin, registration_level; acr always the same
)

// Person is a test person.
type Person struct {
	ID           string // of the form's choice, and part of the subject
	Name         string
	Number       string // CPR number of an official test person, or an invented foreign one
	Level        string // "low", "substantial" or "high"
	Professional bool   // logs in for a company
}

// DefaultPeople are official test persons of the Danish CPR office, and an employee.
func DefaultPeople() []Person {
	return []Person{
		{ID: "nancy", Name: "Nancy Ann Berggren", Number: "2512489996", Level: "substantial"},
		{ID: "bruno", Name: "Bruno Elmer", Number: "2509479989", Level: "substantial"},
		{ID: "anders", Name: "Anders Jensen", Number: "3103979995", Level: "high"},
		{ID: "kirsten", Name: "Kirsten Berggren", Number: "2911829996", Level: "low"},
		{ID: "ansat", Name: "Medarbejder med MitID Erhverv", Number: "3001749995", Level: "substantial", Professional: true},
	}
}

// ForeignPeople are invented people with invented numbers.
func ForeignPeople() []Person {
	return []Person{
		{ID: "kari", Name: "Kari Prøve", Number: "TEST-0001", Level: "high"},
		{ID: "ola", Name: "Ola Prøve", Number: "TEST-0002", Level: "substantial"},
		{ID: "lav", Name: "Lars Lav", Number: "TEST-0003", Level: "low"},
	}
}

// Options set up a simulator. Now is required.
type Options struct {
	Now     func() time.Time
	Dialect Dialect
	// People can be chosen; default DefaultPeople, or ForeignPeople for other dialects than MitID.
	People []Person
	// ClientID and ClientSecret are the one client's; defaults "sluse" and "test-oidc-secret".
	ClientID, ClientSecret string
	// RedirectURIs are the return addresses that are registered; empty: every one on loopback.
	RedirectURIs []string
	// Push offers pushed authorization requests.
	Push bool
	// RSA signs with RS256; otherwise ES256 is used, whose keys are made faster.
	RSA bool
}

// Defaults of the client's credentials. Test values.
const (
	DefaultClientID     = "sluse"
	DefaultClientSecret = "test-oidc-secret"
)

func (o *Options) complete() error {
	if o.Now == nil {
		return errors.New("oidcsim: Now is missing")
	}

	if o.Dialect == "" {
		o.Dialect = MitID
	}

	if !slices.Contains([]Dialect{MitID, IDPorten, Freja}, o.Dialect) {
		return errors.New("oidcsim: unknown dialect")
	}

	if len(o.People) == 0 {
		o.People = DefaultPeople()
		if o.Dialect != MitID {
			o.People = ForeignPeople()
		}
	}

	if o.ClientID == "" {
		o.ClientID = DefaultClientID
	}

	if o.ClientSecret == "" {
		o.ClientSecret = DefaultClientSecret
	}

	return nil
}

// Fault is one way to answer wrongly. The zero value is: rightly.
type Fault string

// The faults. Those of the first group are honest: the provider says no, or is down.
const (
	Cancel       Fault = "cancel"        // access_denied
	Unmet        Fault = "unmet"         // unmet_authentication_requirements
	ServerError  Fault = "server_error"  // server_error in the answer
	TokenDown    Fault = "token_down"    // 503 at the token endpoint
	TokenRefused Fault = "token_refused" // invalid_grant
	ClientFault  Fault = "client_fault"  // invalid_client

	WrongState      Fault = "wrong_state"
	WrongIssParam   Fault = "wrong_iss_param" // RFC 9207: another issuer in the answer
	NoIssParam      Fault = "no_iss_param"
	TwoCodes        Fault = "two_codes" // the parameter code stands twice
	WrongIssuer     Fault = "wrong_issuer"
	WrongAudience   Fault = "wrong_audience"
	MoreAudiences   Fault = "more_audiences" // ours and another's, without azp
	WrongParty      Fault = "wrong_party"    // azp is somebody else
	WrongNonce      Fault = "wrong_nonce"
	NoNonce         Fault = "no_nonce"
	ExpiredToken    Fault = "expired"
	OldToken        Fault = "old_token"    // iat before the login began
	FutureToken     Fault = "future_token" // iat in an hour
	OldLogin        Fault = "old_login"    // auth_time of an earlier login
	NoAuthTime      Fault = "no_auth_time"
	UnknownKey      Fault = "unknown_key"   // a key that is not published, under its own id
	ForgedKey       Fault = "forged_key"    // a key that is not published, under the id of one that is
	AlgNone         Fault = "alg_none"      // unsigned
	AlgHMAC         Fault = "alg_hmac"      // HS256 with the public key as its secret
	BrokenSig       Fault = "broken_sig"    // one character of the signature is another
	ChangedClaims   Fault = "changed"       // another person's number under the first one's signature
	HugeToken       Fault = "huge"          // 40 KB of claims
	NoNumber        Fault = "no_number"     // no number claim
	TwoNumbers      Fault = "two_numbers"   // a list of two
	NumberAsNumber  Fault = "number_number" // a JSON number
	BadNumber       Fault = "bad_number"    // no CPR number
	NoLevel         Fault = "no_level"
	UnknownLevel    Fault = "unknown_level"
	NoSubject       Fault = "no_subject"
	OtherUserinfo   Fault = "other_userinfo"    // userinfo of another subject
	WrongAccessHash Fault = "wrong_access_hash" // at_hash of another access token
)

// Faults lists every fault.
func Faults() []Fault {
	return []Fault{
		Cancel, Unmet, ServerError, TokenDown, TokenRefused, ClientFault,
		WrongState, WrongIssParam, NoIssParam, TwoCodes, WrongIssuer, WrongAudience, MoreAudiences, WrongParty, WrongNonce, NoNonce,
		ExpiredToken, OldToken, FutureToken, OldLogin, NoAuthTime, UnknownKey, ForgedKey, AlgNone, AlgHMAC, BrokenSig, ChangedClaims,
		HugeToken, NoNumber, TwoNumbers, NumberAsNumber, BadNumber, NoLevel, UnknownLevel, NoSubject, OtherUserinfo, WrongAccessHash,
	}
}
