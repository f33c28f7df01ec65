package sts

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Limits of an answer, far above those of real ones.
const (
	maxDepth      = 40
	maxTokens     = 20_000
	maxAttributes = 50
	maxValue      = 500 // bytes of an attribute's value
	maxCode       = 60
)

// The attributes by which VDX knows a system (vdx.md §3.1).
const (
	attrOrganisation = "dk:medcom:organisation_id"
	attrEmail        = "dk:medcom:email"
	attrRole         = "dk:medcom:video:role"
)

var (
	errFault    = errors.New("the answer is a fault")
	errTooLarge = errors.New("the answer is too deep or too long")
)

// Attributes are what the STS says of us.
type Attributes struct {
	Organisation string   // code of the organisation that we act for
	Email        string   // createdBy of every meeting that we make
	Roles        []string // as the STS spells them, for example meeting-planner
}

// assertion is an issued SAML assertion.
type assertion struct {
	xml        []byte    // as it came, with the namespaces in scope declared on it
	until      time.Time // NotOnOrAfter, UTC
	attributes Attributes
}

// scope is the namespaces that an element declares, by prefix.
type scope map[string]string

// reader goes through an answer token by token and knows where it is.
type reader struct {
	data    []byte
	decoder *xml.Decoder
	path    []xml.Name
	scopes  []scope
	tokens  int
}

func newReader(data []byte) *reader {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.Strict = true

	return &reader{data: data, decoder: decoder}
}

// next returns the next token and where it begins. Document types and processing instructions
// are refused: no answer has them, and a signature would not cover what they bring.
func (r *reader) next() (xml.Token, int, error) {
	begins := int(r.decoder.InputOffset())

	token, err := r.decoder.Token()
	if err != nil {
		return nil, begins, err //nolint:wrapcheck // io.EOF is looked for; the rest is wrapped by the callers
	}

	if r.tokens++; r.tokens > maxTokens {
		return nil, begins, errTooLarge
	}

	switch t := token.(type) {
	case xml.StartElement:
		if len(r.path) == maxDepth {
			return nil, begins, errTooLarge
		}

		r.path, r.scopes = append(r.path, t.Name), append(r.scopes, declared(t))
	case xml.Directive:
		return nil, begins, errors.New("the answer has a document type")
	case xml.ProcInst:
		if t.Target != "xml" || begins != 0 {
			return nil, begins, errors.New("the answer has a processing instruction")
		}
	}

	return token, begins, nil
}

// leave forgets the element that just ended.
func (r *reader) leave() {
	r.path, r.scopes = r.path[:len(r.path)-1], r.scopes[:len(r.scopes)-1]
}

// at reports whether the open elements are these, from the top down.
func (r *reader) at(names ...xml.Name) bool { return slices.Equal(r.path, names) }

// declared returns what a start tag declares.
func declared(t xml.StartElement) scope {
	s := scope{}

	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns":
			s[a.Name.Local] = a.Value
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			s[""] = a.Value
		}
	}

	return s
}

// readAnswer finds the one assertion in the answer to Issue. Its errors hold nothing of the
// answer; errFault: the STS refused.
func readAnswer(data []byte) (assertion, error) {
	if len(data) > maxAnswer {
		return assertion{}, errTooLarge
	}

	var (
		r     = newReader(data)
		found []byte
	)

	for {
		token, begins, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}

		if err != nil {
			return assertion{}, unreadable(err)
		}

		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "Fault" && len(r.path) == 3 {
				return assertion{}, errFault
			}

			if t.Name == (xml.Name{Space: nsSAML, Local: "Assertion"}) && r.issued() {
				if found != nil {
					return assertion{}, errors.New("the answer holds two assertions")
				}

				if found, err = r.cut(t, begins); err != nil {
					return assertion{}, unreadable(err)
				}
			}
		case xml.EndElement:
			r.leave()
		}
	}

	if found == nil {
		return assertion{}, errors.New("the answer holds no readable assertion") // or an encrypted one
	}

	return readAssertion(found)
}

func unreadable(err error) error {
	if _, isSyntax := errors.AsType[*xml.SyntaxError](err); isSyntax {
		return errors.New("the answer is not well-formed XML") // the decoder's text can quote it
	}

	return err
}

// issued reports whether the element that just began stands where an issued token stands. Some
// services leave the collection out.
func (r *reader) issued() bool {
	envelope, body := xml.Name{Space: nsSOAP, Local: "Envelope"}, xml.Name{Space: nsSOAP, Local: "Body"}
	name := func(local string) xml.Name { return xml.Name{Space: nsWST, Local: local} }
	response, token := name("RequestSecurityTokenResponse"), name("RequestedSecurityToken")
	last := r.path[len(r.path)-1]

	return r.at(envelope, body, name("RequestSecurityTokenResponseCollection"), response, token, last) ||
		r.at(envelope, body, response, token, last)
}

// cut copies the element that just began, byte for byte, and declares on it what is declared
// above it: the signature was made with all of that in scope.
func (r *reader) cut(start xml.StartElement, begins int) ([]byte, error) {
	inherited := scope{}
	for _, above := range r.scopes[:len(r.scopes)-1] {
		maps.Copy(inherited, above)
	}

	for prefix := range declared(start) {
		delete(inherited, prefix)
	}

	if inherited[""] == "" {
		delete(inherited, "") // nothing is declared, or it was taken back
	}

	depth := len(r.path)

	for len(r.path) >= depth {
		token, _, err := r.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("the answer was cut off")
			}

			return nil, err
		}

		if _, ends := token.(xml.EndElement); ends {
			r.leave()
		}
	}

	whole := r.data[begins:r.decoder.InputOffset()]
	name := 1 + bytes.IndexAny(whole[1:], " \t\r\n/>") // the tag's name ends here

	var out bytes.Buffer

	out.Write(whole[:name])

	for prefix, space := range inherited {
		attribute := "xmlns"
		if prefix != "" {
			attribute += ":" + prefix
		}

		out.WriteString(" " + attribute + `="`)

		if err := xml.EscapeText(&out, []byte(space)); err != nil {
			return nil, fmt.Errorf("write a namespace: %w", err)
		}

		out.WriteString(`"`)
	}

	out.Write(whole[name:])

	return out.Bytes(), nil
}

// assertionWire is what we read of an assertion; encoding/xml puts the parts together.
type assertionWire struct {
	XMLName    xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:assertion Assertion"`
	Conditions struct {
		NotOnOrAfter string `xml:"NotOnOrAfter,attr"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion Conditions"`
	Attributes []struct {
		Name   string   `xml:"Name,attr"`
		Values []string `xml:"urn:oasis:names:tc:SAML:2.0:assertion AttributeValue"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion AttributeStatement>Attribute"`
}

// readAssertion reads what we need to know of an assertion that stands by itself.
func readAssertion(data []byte) (assertion, error) {
	var w assertionWire
	if err := xml.Unmarshal(data, &w); err != nil {
		return assertion{}, errors.New("the assertion can't be read")
	}

	until, err := time.Parse(time.RFC3339, w.Conditions.NotOnOrAfter) // takes a fraction too
	if err != nil {
		return assertion{}, errors.New("the assertion does not say how long it holds")
	}

	a := assertion{xml: data, until: until.UTC()}

	for _, attribute := range w.Attributes[:min(len(w.Attributes), maxAttributes)] {
		for _, value := range attribute.Values {
			a.attributes.take(attribute.Name, strings.TrimSpace(value))
		}
	}

	return a, nil
}

func (a *Attributes) take(name, value string) {
	if value == "" || len(value) > maxValue {
		return
	}

	switch name {
	case attrOrganisation:
		a.Organisation = value
	case attrEmail:
		a.Email = value
	case attrRole:
		if len(a.Roles) < maxAttributes {
			a.Roles = append(a.Roles, value)
		}
	}
}

// inFaultCode reports whether text here is a code of a SOAP fault: Envelope, Body, Fault, then
// faultcode in 1.1, or Code and Value or Subcode and Value in 1.2.
func (r *reader) inFaultCode() bool {
	if len(r.path) < 4 || r.path[2].Local != "Fault" {
		return false
	}

	return r.path[len(r.path)-1].Local == "faultcode" || (r.path[3].Local == "Code" && r.path[len(r.path)-1].Local == "Value")
}

// faultCode returns the local name of the code of a SOAP fault (1.1: faultcode; 1.2: the
// innermost Value), or "" when there is none.
func faultCode(data []byte) string {
	if len(data) > maxAnswer {
		return ""
	}

	var (
		r    = newReader(data)
		code string
	)

	for {
		token, _, err := r.next()
		if err != nil {
			break // what was read until then counts
		}

		switch t := token.(type) {
		case xml.EndElement:
			r.leave()
		case xml.CharData:
			if r.inFaultCode() {
				code = string(t)
			}
		}
	}

	code = strings.TrimSpace(code)
	code = code[strings.LastIndexAny(code, ":}")+1:]

	if len(code) > maxCode {
		return ""
	}

	return code
}
