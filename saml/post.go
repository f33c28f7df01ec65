package saml

import (
	"encoding/base64"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"
)

// send brings a message to an endpoint by the binding that it takes.
func (x *exchange) send(to endpoint, param string, message *etree.Element, relayState string) (Outgoing, error) {
	if to.post {
		return x.form(to.url, param, message, relayState)
	}
	return x.redirect(to.url, param, message, relayState)
}

// form encodes a message for the HTTP-POST binding and signs it within the XML (SAML
// bindings §3.5.4).
func (x *exchange) form(location, param string, message *etree.Element, relayState string) (Outgoing, error) {
	signing, err := crewjam.GetSigningContext(x.crewjamSP())
	if err != nil {
		return Outgoing{}, unavailable("no signing key", err)
	}
	signature, err := signing.ConstructSignature(message, true)
	if err != nil {
		return Outgoing{}, unavailable("message cannot be signed", err)
	}
	// The schema wants the signature right after the issuer.
	message.InsertChildAt(message.SelectElement("Issuer").Index()+1, signature)
	octets, err := etree.NewDocumentWithRoot(message).WriteToBytes()
	if err != nil {
		return Outgoing{}, unavailable("message cannot be written", err)
	}
	out := Outgoing{URL: location, Fields: []Field{{Name: param, Value: base64.StdEncoding.EncodeToString(octets)}}}
	if relayState != "" {
		out.Fields = append(out.Fields, Field{Name: paramRelayState, Value: relayState})
	}
	return out, nil
}
