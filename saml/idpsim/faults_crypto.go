package idpsim

import (
	"crypto/rsa"
	"strings"
)

// signatureFaults are answers whose signature is missing, outdated or not the provider's.
func signatureFaults() []Fault {
	sign := func(name, danish string, harmless bool, change func(*signing)) Fault {
		return Fault{Name: name, Danish: danish, Harmless: harmless, apply: func(_ *Server, d *draft) { change(d.signAssertion) }}
	}
	return []Fault{
		{Name: "unsigned", Danish: "Uden signatur", apply: func(_ *Server, d *draft) { d.signAssertion = nil }},
		{Name: "response-signed-only", Danish: "Kun det ydre svar er signeret", apply: func(_ *Server, d *draft) {
			d.signResponse, d.signAssertion = d.signAssertion, nil
		}},
		{
			Name: "both-signed", Danish: "Svar og billet er signeret (tilladt)", Harmless: true,
			apply: func(_ *Server, d *draft) { d.signResponse = d.signAssertion },
		},
		{Name: "unknown-key", Danish: "Signeret med ukendt nøgle", apply: func(s *Server, d *draft) {
			d.signAssertion.by = s.stranger
		}},
		{Name: "unknown-key-inside", Danish: "Ydre signatur ægte, indre ukendt", apply: func(s *Server, d *draft) {
			outer := s.goodSigning()
			d.signResponse, d.signAssertion.by = &outer, s.stranger
		}},
		{Name: "unknown-key-outside", Danish: "Indre signatur ægte, ydre ukendt", apply: func(s *Server, d *draft) {
			outer := s.goodSigning()
			outer.by = s.stranger
			d.signResponse = &outer
		}},
		sign("sha1", "Signeret med SHA-1", false, func(g *signing) { g.method, g.digest = sigRSASHA1, digestSHA1 }),
		sign("sha1-digest", "Kontrolsum med SHA-1", false, func(g *signing) { g.digest = digestSHA1 }),
		sign("sha512", "Signeret med SHA-512", false, func(g *signing) { g.method, g.digest = sigRSASHA512, digestSHA512 }),
		sign("c14n-with-comments", "Kanonisering med kommentarer", false, func(g *signing) { g.c14n = excC14N + "WithComments" }),
		sign("c14n-inclusive", "Inklusiv kanonisering", false, func(g *signing) {
			g.c14n = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
		}),
		sign("empty-reference", "Tom reference", false, func(g *signing) { g.emptyURI = true }),
		sign("no-key-info", "Uden certifikat i svaret (tilladt)", true, func(g *signing) { g.keyInfo = false }),
		{Name: "two-references", Danish: "To referencer (CVE-2026-33487)", apply: func(_ *Server, d *draft) {
			d.signAssertion.reference = "something else"
		}},
	}
}

// encryptionFaults are encrypted answers: what anybody can make who has our certificate,
// and algorithms that are out of bounds.
func encryptionFaults() []Fault {
	with := func(name, danish string, harmless bool, e Encryption) Fault {
		return Fault{Name: name, Danish: danish, Harmless: harmless, apply: func(_ *Server, d *draft) { d.encrypt = &e }}
	}
	plain := func(name, danish string, change func(string) string) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) {
			d.encrypt, d.beforeEncryption = AES256GCM(), change
		}}
	}
	raw := func(name, danish string, e Encryption, content []byte) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) {
			d.encrypt = &e
			d.afterwards = func(s string) string { return withCipherText(s, e, content, d.recipientKey()) }
		}}
	}
	gcm := *AES256GCM()
	cbc := Encryption{Content: encAES256CBC, KeyTransport: encOAEPMGF1P, Digest: digestSHA1}
	return []Fault{
		with("encrypted-aes256-gcm", "Krypteret, AES-256-GCM (tilladt)", true, gcm),
		with("encrypted-aes128-gcm", "Krypteret, AES-128-GCM (tilladt)", true,
			Encryption{Content: encAES128GCM, KeyTransport: encOAEPMGF1P, Digest: digestSHA1}),
		with("encrypted-mgf1p-sha256", "Krypteret, mgf1p med SHA-256 (tilladt)", true,
			Encryption{Content: encAES256GCM, KeyTransport: encOAEPMGF1P, Digest: digestSHA256}),
		with("encrypted-cbc", "Krypteret, AES-256-CBC", false, cbc),
		with("encrypted-rsa15", "Krypteret, RSA 1.5", false, Encryption{Content: encAES256GCM, KeyTransport: encRSA15}),
		with("encrypted-3des", "Krypteret, 3DES", false,
			Encryption{Content: nsEnc + "tripledes-cbc", KeyTransport: encOAEPMGF1P}),
		with("encrypted-wrong-digest", "Krypteret, ukendt kontrolsum", false,
			Encryption{Content: encAES256GCM, KeyTransport: encOAEP, Digest: nsSig + "sha256", MGF: mgfSHA256}),
		{
			Name: "encrypted-next-key", Danish: "Krypteret til tjenestens næste nøgle (tilladt)", Harmless: true,
			apply: func(_ *Server, d *draft) {
				if len(d.encryptTo) > 1 {
					d.encrypt, d.encryptTo = AES256GCM(), d.encryptTo[1:]
				}
			},
		},
		{Name: "encrypted-unsigned", Danish: "Krypteret uden signatur", apply: func(_ *Server, d *draft) {
			d.encrypt, d.signAssertion = AES256GCM(), nil
		}},
		plain("encrypted-empty", "Krypteret tom billet", func(string) string {
			return `<saml:Assertion xmlns:saml="` + nsSAML + `"/>`
		}),
		plain("encrypted-no-root", "Krypteret tekst uden element", func(string) string { return "hello" }),
		plain("encrypted-other", "Krypteret andet element", func(string) string { return `<a/>` }),
		plain("encrypted-tampered", "Krypteret og ændret", func(s string) string { return intoNameID(s, "ATTACKER") }),
		plain("encrypted-twice", "Krypteret to gange", func(s string) string {
			return `<saml:EncryptedAssertion xmlns:saml="` + nsSAML + `">` + s + `</saml:EncryptedAssertion>`
		}),
		plain("encrypted-deep", "Krypteret, dybt indlejret", func(s string) string {
			return strings.Replace(s, "</saml:AttributeStatement>", nest(1000)+"</saml:AttributeStatement>", 1)
		}),
		raw("encrypted-short-gcm", "For kort GCM-tekst", gcm, []byte("abc")),
		raw("encrypted-short-cbc", "For kort CBC-tekst", cbc, []byte("12345678901234567")),
		raw("encrypted-garbage", "Tilfældig krypteret tekst", gcm, []byte(strings.Repeat("garbage ", 16))),
		raw("encrypted-random-blocks", "Tilfældige blokke i CBC", cbc, []byte(strings.Repeat("0123456789abcdef", 20))),
		raw("encrypted-nothing", "Ingen krypteret tekst", gcm, nil),
	}
}

// withCipherText replaces the encrypted content and leaves a well wrapped key.
func withCipherText(response string, e Encryption, content []byte, to *rsa.PublicKey) string {
	before, _, found := strings.Cut(response, "<saml:EncryptedAssertion")
	end := strings.LastIndex(response, "</samlp:Response>")
	wrapped, err := e.wrap(make([]byte, 32), to)
	if !found || err != nil {
		return ""
	}
	return before + e.envelope(content, wrapped) + response[end:]
}

func nest(depth int) string {
	return strings.Repeat("<saml:x>", depth) + strings.Repeat("</saml:x>", depth)
}
