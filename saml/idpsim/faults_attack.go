package idpsim

import (
	"strings"
)

// messageFaults change a correctly signed message on its way, below the level of XML
// structure: text tricks, parser tricks, floods.
func messageFaults() []Fault {
	swap := func(name, danish string, pairs ...string) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) {
			d.afterwards = strings.NewReplacer(pairs...).Replace
		}}
	}
	change := func(name, danish string, how func(string) string) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) { d.afterwards = how }}
	}
	const root, end = "<samlp:Response ", "</samlp:Response>"
	return []Fault{
		swap("tampered-attribute", "Ændret attribut", "sluse-", "admin-", "https://data.gov.dk/model/core/eid/fullName", "urn:x"),
		swap("tampered-name-id", "Ændret NameID", ">staff-", ">admin-"),
		swap("comment-in-name-id", "Kommentar i NameID", ">staff-", ">staff-<!---->"),
		swap("comment-in-response", "Kommentar i svaret", "<samlp:Status>", "<!-- x --><samlp:Status>"),
		swap("instruction", "Processing instruction", ">staff-", "><?x y?>staff-"),
		change("doctype", "DOCTYPE", func(s string) string { return "<!DOCTYPE x>" + s }),
		change("doctype-entity", "DOCTYPE med entitet", func(s string) string {
			return `<!DOCTYPE x [<!ENTITY e "ATTACKER">]>` + strings.Replace(s, ">staff-", ">&e;staff-", 1)
		}),
		swap("appended-name-id", "Ekstra NameID", "</saml:NameID>", "</saml:NameID><saml:NameID>ATTACKER</saml:NameID>"),
		swap("foreign-child", "Fremmed element i svaret", "<samlp:Status>", `<x:y xmlns:x="urn:x"/><samlp:Status>`),
		swap("namespaced-id", "ID i et navnerum", root, `<samlp:Response xmlns:x="urn:x" x:ID="_evil" `),
		swap("colon-name", "Attribut ved navn :x", root, `<samlp:Response :x="1" `),
		swap("double-colon-name", "Attribut ved navn a::x", root, `<samlp:Response xmlns:a="urn:a" a::x="1" `),
		swap("attribute-twice-raw", "Samme XML-attribut to gange", root, `<samlp:Response Consent="a" Consent="b" `),
		swap("relative-namespace", "Relativt navnerum", root, `<samlp:Response xmlns:x="1" `),
		swap("undeclared-prefix", "Ukendt præfiks", "<samlp:Status>", "<y:z/><samlp:Status>"),
		swap("deep", "Indlejret 50.000 gange", "</samlp:Status>",
			strings.Repeat("<a>", 20000)+strings.Repeat("</a>", 20000)+"</samlp:Status>"),
		swap("deep-inside", "Indlejret 1.000 gange i billetten", "</saml:AttributeStatement>",
			nest(1000)+"</saml:AttributeStatement>"),
		swap("wide", "50.000 elementer", "</samlp:Status>", strings.Repeat("<a/>", 50000)+"</samlp:Status>"),
		swap("many-attributes", "Mange attributter", "<samlp:Status>", "<samlp:Status "+manyAttributes(500)+">"),
		swap("large", "For stort svar", "</samlp:Status>", strings.Repeat(" ", 300<<10)+"</samlp:Status>"),
		swap("two-roots", "To rødder", end, end+"<a/>"),
		swap("trailing-text", "Tekst efter svaret", end, end+"ATTACKER"),
		change("truncated", "Afkortet", func(s string) string { return s[:len(s)*2/3] }),
		change("not-xml", "Ikke XML", func(string) string { return "SAML" }),
		{
			Name: "cdata", Danish: "CDATA i NameID (tilladt)", Harmless: true,
			apply: func(_ *Server, d *draft) {
				d.afterwards = strings.NewReplacer(">staff-", "><![CDATA[staff-]]>").Replace
			},
		},
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a" + strings.Repeat("x", i+1) + `="1"`)
	}
	return b.String()
}

// parts is a finished message taken apart for signature wrapping.
type parts struct {
	head, assertion, tail string
	signature             string
	bare                  string // the assertion without its signature
	evil                  string // bare, with an attacker in it and an ID of its own
}

func takeApart(response string) (parts, bool) {
	start := strings.Index(response, "<saml:Assertion ")
	end := strings.Index(response, "</saml:Assertion>")
	if start < 0 || end < 0 {
		return parts{}, false
	}
	end += len("</saml:Assertion>")
	p := parts{head: response[:start], assertion: response[start:end], tail: response[end:]}
	from := strings.Index(p.assertion, "<ds:Signature ")
	to := strings.Index(p.assertion, "</ds:Signature>")
	if from < 0 || to < 0 {
		return parts{}, false
	}
	to += len("</ds:Signature>")
	p.signature = p.assertion[from:to]
	p.bare = p.assertion[:from] + p.assertion[to:]
	p.evil = strings.NewReplacer(` ID="`, ` ID="_evil`, ">staff-", ">ATTACKER-", "sluse-", "ATTACKER-").Replace(p.bare)
	return p, true
}

// wrappingFaults are the signature wrapping attacks XSW1 to XSW8 of Somorovsky et al. (On
// Breaking SAML, 2012, names of SAML Raider) and later relatives: the genuine signature
// stays valid, and a forged assertion waits where a careless reader looks.
func wrappingFaults() []Fault {
	wrap := func(name, danish string, how func(parts) string) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) {
			d.encrypt = nil
			d.afterwards = func(s string) string {
				p, ok := takeApart(s)
				if !ok {
					return s
				}
				return how(p)
			}
		}}
	}
	object := func(s string) string { return "<ds:Object>" + s + "</ds:Object></ds:Signature>" }
	withSignature := func(p parts, signature string) string { return afterIssuer(p.evil, signature) }
	unclosed := func(p parts) string { return strings.TrimSuffix(p.signature, "</ds:Signature>") }
	return []Fault{
		wrap("xsw1", "XSW1: svaret pakket ind i signaturen", func(p parts) string {
			return p.head + withSignature(p, unclosed(p)+object(p.head+p.bare+p.tail)) + p.tail
		}),
		wrap("xsw2", "XSW2: svaret foran signaturen", func(p parts) string {
			return p.head + withSignature(p, p.head+p.bare+p.tail+p.signature) + p.tail
		}),
		wrap("xsw3", "XSW3: falsk billet først", func(p parts) string { return p.head + p.evil + p.assertion + p.tail }),
		wrap("xsw4", "XSW4: ægte billet i den falske", func(p parts) string {
			return p.head + strings.Replace(p.evil, "</saml:Assertion>", p.assertion+"</saml:Assertion>", 1) + p.tail
		}),
		wrap("xsw5", "XSW5: signatur i den falske", func(p parts) string {
			return p.head + withSignature(p, p.signature) + p.bare + p.tail
		}),
		wrap("xsw6", "XSW6: ægte billet i signaturen", func(p parts) string {
			return p.head + withSignature(p, unclosed(p)+p.bare+"</ds:Signature>") + p.tail
		}),
		wrap("xsw7", "XSW7: falsk billet i Extensions", func(p parts) string {
			return p.head + "<samlp:Extensions>" + p.evil + "</samlp:Extensions>" + p.assertion + p.tail
		}),
		wrap("xsw8", "XSW8: ægte billet i Object", func(p parts) string {
			return p.head + withSignature(p, unclosed(p)+object(p.bare)) + p.tail
		}),
		wrap("xsw-same-id", "To billetter med samme ID", func(p parts) string {
			return p.head + strings.Replace(p.evil, "_evil", "", 1) + p.assertion + p.tail
		}),
		wrap("xsw-two-signatures", "To signaturer i billetten", func(p parts) string {
			return p.head + strings.Replace(p.assertion, p.signature, p.signature+p.signature, 1) + p.tail
		}),
		wrap("xsw-two-signed-infos", "To SignedInfo", func(p parts) string {
			info := p.signature[strings.Index(p.signature, "<ds:SignedInfo>"):strings.Index(p.signature, "<ds:SignatureValue>")]
			return p.head + strings.Replace(p.assertion, info, info+info, 1) + p.tail
		}),
		wrap("two-assertions", "To billetter", func(p parts) string { return p.head + p.assertion + p.evil + p.tail }),
		wrap("evil-only", "Kun falsk billet, signatur i svaret", func(p parts) string {
			return strings.Replace(p.head, "<samlp:Status>", p.signature+"<samlp:Status>", 1) + p.evil + p.tail
		}),
		wrap("nested-response", "Svar i svar", func(p parts) string {
			return strings.Replace(p.head, "<samlp:Status>", "<samlp:Extensions>"+p.head+p.assertion+p.tail+
				"</samlp:Extensions><samlp:Status>", 1) + p.evil + p.tail
		}),
		wrap("digest-elsewhere", "Kontrolsum uden for signaturen (CVE-2024-45409)", func(p parts) string {
			return strings.Replace(p.head, "</samlp:Status>", "<samlp:StatusDetail>"+p.signature+
				"</samlp:StatusDetail></samlp:Status>", 1) + p.assertion + p.tail
		}),
		wrap("foreign-assertion", "Billet i fremmed navnerum", func(p parts) string {
			return p.head + `<x:Assertion xmlns:x="urn:x"></x:Assertion>` + p.assertion + p.tail
		}),
		wrap("other-encrypted", "Krypteret billet ved siden af", func(p parts) string {
			return p.head + p.assertion + `<saml:EncryptedAssertion xmlns:saml="` + nsSAML + `"/>` + p.tail
		}),
	}
}
