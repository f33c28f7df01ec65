package idpsim

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/xml"
	"strings"
	"testing"
	"time"
)

func newSim(t *testing.T, o Options) *Server {
	t.Helper()
	o.PublicURL, o.Now = "http://127.0.0.1:1", time.Now
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestProfiles checks name and attributes of each profile against the contract.
func TestProfiles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		options  Options
		user     string
		format   string
		nameID   string // prefix
		want     map[string]string
		unwanted []string
	}{
		{
			"citizen at NemLog-in",
			Options{Profile: ProfileNemLogin},
			"0201609995", persistent,
			"https://data.gov.dk/model/core/eid/person/uuid/",
			map[string]string{
				"https://data.gov.dk/model/core/specVersion":   "OIO-SAML-3.0",
				"https://data.gov.dk/concept/core/nsis/loa":    "Substantial",
				"https://data.gov.dk/model/core/eid/cprNumber": "0201609995",
				"https://data.gov.dk/model/core/eid/fullName":  "Einer Lauridsen",
			},
			[]string{"https://data.gov.dk/model/core/eid/professional/cvr"},
		},
		{
			"professional at NemLog-in",
			Options{Profile: ProfileNemLogin},
			"ANSAT", persistent,
			"https://data.gov.dk/model/core/eid/professional/uuid/",
			map[string]string{
				"https://data.gov.dk/model/core/eid/professional/cvr": "29189846",
			},
			[]string{"https://data.gov.dk/model/core/eid/cprNumber"},
		},
		{
			"OIOSAML 2", Options{Profile: ProfileOIOSAML2}, "PLAN", persistent, "staff-", map[string]string{
				"dk:gov:saml:attribute:SpecVer": "DK-SAML-2.0", "dk:gov:saml:attribute:AssuranceLevel": "3",
				"dk:gov:saml:attribute:CvrNumberIdentifier": "29189846",
			}, []string{"https://data.gov.dk/concept/core/nsis/loa"},
		},
		{
			"Context Handler",
			Options{Profile: ProfileKOMBIT, CVR: "12345678"},
			"PLAN", x509SubjectName,
			"C=DK,O=12345678,CN=Planlægger PLAN,Serial=",
			map[string]string{
				"dk:gov:saml:attribute:KombitSpecVer":                       "2.0",
				"https://data.gov.dk/model/core/eid/professional/cvr":       "12345678",
				"https://data.gov.dk/model/core/eid/privilegesIntermediate": "xmlns:bpp=\"" + bppOld,
			},
			[]string{"https://data.gov.dk/model/core/eid/cprNumber"},
		},
		{
			"Context Handler of OIOSAML 2",
			Options{Profile: ProfileKOMBIT, KombitVersion: "1.0"},
			"PLAN", x509SubjectName,
			"C=DK,O=29189846,",
			map[string]string{
				"dk:gov:saml:attribute:KombitSpecVer":           "1.0",
				"dk:gov:saml:attribute:Privileges_intermediate": RoleURI("sluse-planner"),
			},
			[]string{"https://data.gov.dk/model/core/specVersion"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSim(t, tt.options)
			user, _ := s.user(tt.user)
			value, format := s.nameID(user)
			if format != tt.format || !strings.HasPrefix(value, tt.nameID) || !strings.Contains(value, uuidOf(user)[:8]) {
				t.Errorf("name %q of format %q", value, format)
			}
			got := map[string]string{}
			for _, a := range s.attributes(user) {
				got[a.name] = strings.Join(a.values, "|")
				if strings.Contains(strings.ToLower(a.name), "privileges") {
					decoded, _ := base64.StdEncoding.DecodeString(got[a.name])
					got[a.name] = string(decoded)
				}
			}
			for name, want := range tt.want {
				if !strings.Contains(got[name], want) {
					t.Errorf("%s = %q, want %q", name, got[name], want)
				}
			}
			for _, name := range tt.unwanted {
				if _, sent := got[name]; sent {
					t.Errorf("%s is sent", name)
				}
			}
		})
	}
}

// TestCanonical compares with what W3C xml-exc-c14n prescribes.
func TestCanonical(t *testing.T) {
	t.Parallel()
	const in = `<?xml version="1.0"?><a:x xmlns:a="urn:a" xmlns:b="urn:b" xmlns:c="urn:c"><b:y z="&lt;'" b:k="1" a:k="2" xmlns="urn:d">` +
		`<e/>t &amp; <![CDATA[<]]><b:f/><s:Signature xmlns:s="` + nsSig + `"><s:g/></s:Signature></b:y></a:x>`
	const want = `<b:y xmlns:a="urn:a" xmlns:b="urn:b" z="&lt;'" a:k="2" b:k="1"><e xmlns="urn:d"></e>t &amp; &lt;<b:f></b:f></b:y>`
	got, err := canonical([]byte(in), "urn:b", "y", "Signature")
	if err != nil || got != want {
		t.Errorf("%v\n%s\n%s", err, got, want)
	}
	for _, bad := range []string{"", "<a/>", "<a", "<!DOCTYPE a><a/>"} {
		if _, err := canonical([]byte(bad), "urn:b", "y", ""); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// TestVerifyXML checks a posted message against its signature, and changed ones.
func TestVerifyXML(t *testing.T) {
	t.Parallel()
	s := newSim(t, Options{})
	const document = `<samlp:LogoutRequest xmlns:samlp="` + nsSAMLP + `" ID="_1" Version="2.0">` +
		`<saml:Issuer xmlns:saml="` + nsSAML + `">sp</saml:Issuer></samlp:LogoutRequest>`
	good := s.Sign(document, "_1", false)
	verify := func(text string) error {
		var m requestXML
		if err := xml.Unmarshal([]byte(text), &m); err != nil { //nolint:musttag // XMLName takes whatever the root is called
			t.Fatal(err)
		}
		return verifyXML([]byte(text), m, []*rsa.PublicKey{&s.own.key.PublicKey})
	}
	if err := verify(good); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]string{
		"unsigned": document, "forged": s.Sign(document, "_1", true),
		"changed":         strings.Replace(good, ">sp<", ">other<", 1),
		"other reference": strings.Replace(good, `ID="_1"`, `ID="_2"`, 1),
		"SHA-1":           strings.Replace(good, sigRSASHA256, sigRSASHA1, 1),
		"changed info":    strings.Replace(good, "<ds:Transforms>", "<ds:Transforms> ", 1),
	} {
		if err := verify(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
