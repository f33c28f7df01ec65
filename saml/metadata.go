package saml

import (
	"encoding/base64"
	"encoding/xml"

	crewjam "github.com/crewjam/saml"
)

// Metadata returns our EntityDescriptor as an XML document, for the identity provider. It
// is valid until our certificate expires, and its encryption methods ask for AES-GCM with
// OAEP: listing CBC would make several Danish providers choose it.
func (p *Provider) Metadata() ([]byte, error) {
	yes := true
	descriptor := crewjam.EntityDescriptor{
		EntityID:   p.cfg.EntityID,
		ValidUntil: p.own.certificate.NotAfter.UTC(),
		SPSSODescriptors: []crewjam.SPSSODescriptor{{
			SSODescriptor: crewjam.SSODescriptor{
				RoleDescriptor: crewjam.RoleDescriptor{
					ProtocolSupportEnumeration: nsProtocol,
					KeyDescriptors:             p.keyDescriptors(),
				},
				// One binding first and foremost: older providers use the first only.
				SingleLogoutServices: []crewjam.Endpoint{
					{Binding: crewjam.HTTPRedirectBinding, Location: p.logoutURL(), ResponseLocation: p.logoutURL()},
					{Binding: crewjam.HTTPPostBinding, Location: p.logoutURL(), ResponseLocation: p.logoutURL()},
				},
				NameIDFormats: []crewjam.NameIDFormat{formatPersistent},
			},
			AuthnRequestsSigned:  &yes,
			WantAssertionsSigned: &yes,
			AssertionConsumerServices: []crewjam.IndexedEndpoint{{
				Binding: crewjam.HTTPPostBinding, Location: p.acsURL(), Index: 0, IsDefault: &yes,
			}},
			AttributeConsumingServices: []crewjam.AttributeConsumingService{p.attributeService()},
		}},
	}
	document, err := xml.MarshalIndent(descriptor, "", "  ")
	if err != nil {
		return nil, unavailable("metadata cannot be written", err)
	}
	return append([]byte(xml.Header), append(document, '\n')...), nil
}

func (p *Provider) keyDescriptors() []crewjam.KeyDescriptor {
	info := crewjam.KeyInfo{X509Data: crewjam.X509Data{X509Certificates: []crewjam.X509Certificate{
		{Data: base64.StdEncoding.EncodeToString(p.own.certificate.Raw)},
	}}}
	methods := []string{algAES256GCM, algAES128GCM, algOAEP, algOAEPMGF1P}
	if p.cfg.AllowCBC {
		methods = append(methods, algAES256CBC, algAES128CBC)
	}
	encryption := crewjam.KeyDescriptor{Use: "encryption", KeyInfo: info}
	for _, method := range methods {
		encryption.EncryptionMethods = append(encryption.EncryptionMethods, crewjam.EncryptionMethod{Algorithm: method})
	}
	return []crewjam.KeyDescriptor{{Use: "signing", KeyInfo: info}, encryption}
}

func (p *Provider) attributeService() crewjam.AttributeConsumingService {
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
	if p.cfg.Profile == ProfileOIOSAML3 {
		for _, name := range []string{attrSpecVersion, attrLevel, attrCVR, attrOrgName} {
			add(name, &yes)
		}
	}
	add(p.cfg.Attributes.EmployeeID, &yes)
	add(p.cfg.Attributes.Name, &no)
	add(p.cfg.Attributes.Email, &no)
	add(p.cfg.Attributes.Groups, &no)
	return service
}
