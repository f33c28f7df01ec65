package saml

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"time"

	crewjam "github.com/crewjam/saml"
)

// Metadata returns our EntityDescriptor as an XML document, for the identity provider. Its
// encryption methods ask for AES-GCM with OAEP: listing CBC would make several Danish
// providers choose it. AD FS, which reads it again by itself, learns that it is valid
// until our last certificate ends; for the Danish providers, which take the file by hand
// and keep it, it has no end.
func (p *Provider) Metadata() ([]byte, error) {
	return p.base.metadata()
}

func (x *exchange) metadata() ([]byte, error) {
	yes := true
	descriptor := crewjam.EntityDescriptor{
		EntityID:   x.cfg.EntityID,
		ValidUntil: x.validUntil(),
		SPSSODescriptors: []crewjam.SPSSODescriptor{{
			SSODescriptor: crewjam.SSODescriptor{
				RoleDescriptor: crewjam.RoleDescriptor{
					ProtocolSupportEnumeration: nsProtocol,
					KeyDescriptors:             x.keyDescriptors(),
				},
				// One binding first and foremost: older providers use the first only.
				SingleLogoutServices: []crewjam.Endpoint{
					{Binding: crewjam.HTTPRedirectBinding, Location: x.logoutURL(), ResponseLocation: x.logoutURL()},
					{Binding: crewjam.HTTPPostBinding, Location: x.logoutURL(), ResponseLocation: x.logoutURL()},
				},
				NameIDFormats: []crewjam.NameIDFormat{x.nameIDFormat()},
			},
			AuthnRequestsSigned:  &yes,
			WantAssertionsSigned: &yes,
			AssertionConsumerServices: []crewjam.IndexedEndpoint{{
				Binding: crewjam.HTTPPostBinding, Location: x.acsURL(), Index: 0, IsDefault: &yes,
			}},
			AttributeConsumingServices: []crewjam.AttributeConsumingService{x.attributeService()},
		}},
	}
	document, err := xml.MarshalIndent(descriptor, "", "  ")
	if err != nil {
		return nil, unavailable("metadata cannot be written", err)
	}
	// crewjam's structure writes the zero time out in full.
	document = bytes.Replace(document, []byte(` validUntil="0001-01-01T00:00:00Z"`), nil, 1)
	return append([]byte(xml.Header), append(document, '\n')...), nil
}

// validUntil is the zero time, which leaves it out, where the document is taken by hand.
func (x *exchange) validUntil() time.Time {
	var end time.Time
	if x.cfg.Profile != ProfilePlain {
		return end
	}
	for _, pair := range x.own {
		if pair.certificate.NotAfter.After(end) {
			end = pair.certificate.NotAfter.UTC()
		}
	}
	return end
}

// keyDescriptors lists every pair of ours for both uses, the one in use first.
func (x *exchange) keyDescriptors() []crewjam.KeyDescriptor {
	methods := []string{algAES256GCM, algAES128GCM, algOAEP, algOAEPMGF1P}
	if x.cfg.AllowCBC {
		methods = append(methods, algAES256CBC, algAES128CBC)
	}
	var signing, encryption []crewjam.KeyDescriptor
	for _, pair := range x.own {
		info := crewjam.KeyInfo{X509Data: crewjam.X509Data{X509Certificates: []crewjam.X509Certificate{
			{Data: base64.StdEncoding.EncodeToString(pair.certificate.Raw)},
		}}}
		signing = append(signing, crewjam.KeyDescriptor{Use: "signing", KeyInfo: info})
		opens := crewjam.KeyDescriptor{Use: "encryption", KeyInfo: info}
		for _, method := range methods {
			opens.EncryptionMethods = append(opens.EncryptionMethods, crewjam.EncryptionMethod{Algorithm: method})
		}
		encryption = append(encryption, opens)
	}
	return append(signing, encryption...)
}

func (x *exchange) attributeService() crewjam.AttributeConsumingService {
	yes, no := true, false
	service := crewjam.AttributeConsumingService{
		IsDefault:    &yes,
		ServiceNames: []crewjam.LocalizedName{{Lang: "da", Value: "Sluse"}},
	}
	add := func(name string, required *bool) {
		if name == "" {
			return
		}
		service.RequestedAttributes = append(service.RequestedAttributes, crewjam.RequestedAttribute{
			Attribute: crewjam.Attribute{
				Name: name, NameFormat: "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
			},
			IsRequired: required,
		})
	}
	for _, name := range requiredAttributes(x.cfg.Profile, x.cfg.Audience) {
		add(name, &yes)
	}
	add(x.cfg.Attributes.EmployeeID, &yes)
	add(x.cfg.Attributes.Name, &no)
	add(x.cfg.Attributes.Email, &no)
	add(x.cfg.Attributes.Groups, &no)
	return service
}

func (x *exchange) nameIDFormat() crewjam.NameIDFormat {
	if x.cfg.Profile == ProfileKOMBIT {
		return formatX509Name
	}
	return formatPersistent
}

// requiredAttributes are those that a profile's rules cannot do without.
func requiredAttributes(profile Profile, audience Audience) []string {
	switch {
	case audience == Person:
		return []string{attrSpecVersion, attrLevel, attrCPR}
	case profile == ProfileOIOSAML3:
		return []string{attrSpecVersion, attrLevel, attrCVR, attrOrgName}
	case profile == ProfileOIOSAML2:
		return []string{attrOldSpecVersion, attrOldLevel, attrOldCVR}
	case profile == ProfileKOMBIT:
		return []string{attrKombitVersion, attrSpecVersion, attrLevel, attrCVR, attrOrgName, attrPrivileges}
	}
	return nil
}
