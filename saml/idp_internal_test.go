package saml

import (
	"strings"
	"testing"
)

// idpMetadata is a provider's document with the endpoints given.
func idpMetadata(certificate, endpoints string) string {
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example">` +
		`<IDPSSODescriptor protocolSupportEnumeration="` + nsProtocol + `"><KeyDescriptor use="signing">` +
		`<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + certificate + `</X509Certificate></X509Data></KeyInfo>` +
		`</KeyDescriptor>` + endpoints + `</IDPSSODescriptor></EntityDescriptor>`
}

func service(kind, binding, location string) string {
	return `<` + kind + ` Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-` + binding + `" Location="` + location + `"/>`
}

// testCertificate is a self-signed RSA 2048 certificate of CN=idp.example, made for this test.
const testCertificate = "MIIDDTCCAfWgAwIBAgIUWpFcBte6b6nLnRwLQw0ujv2+g6EwDQYJKoZIhvcNAQELBQAwFjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwHhcNMjYxMTIyMDMxNjMxWhcNMzYxMTE5MDMxNjMxWjAWMRQwEgYDVQQDDAtpZHAuZXhhbXBsZTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAK5mCLHoj6CpDDR/78KmKrOFQ5VMmoc6SqCNAoSTAgc1OVXBANsL9dd8wJE1bFE4b/X/8MkWfLRZ7eVRDyN7oX6wQKW90uUDBGH5TLc+g4BzeIBQ851sos36COhRPjKOfv+IWXXv848rn33ALy/ijHZ/N446yfsm15eEcuRi5r87/SW7JXFbWpOHobQqr6sgaqRT/bu6YA6T1YAJHaPfXlqA4ih75mpnG93zgv4sunyQzmMXB133MGlSrjNqknG96iDFm2Yz8ah7/rGjMsRgZX9Xr/F3vN+tnXFy7kYoR3WvU8n7qQDk9P46wyblNEwdfadp9wiIll1vMwZtbTfxkVsCAwEAAaNTMFEwHQYDVR0OBBYEFGPvArWfG/7xa1nSAJGNnVNXWjwqMB8GA1UdIwQYMBaAFGPvArWfG/7xa1nSAJGNnVNXWjwqMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAKa90exVajFuxExMBdFy+HJae5kwigGW2sA/FFrzZDJZUnhxYRbJBB9nXmKQUJ1peUdS03NXMrektld689wweTFyigzSaAWTTF8edCI9Km66GXKH9UYGsTkWbPRVSmAQWzo+O/PmTpJ2g8EQ7dJHVKBQEsSE0XZYTC8naXt1mzhxBz4lK0BSF80TdHskT0gbhR+TJuEnC6LeUER3X7MPd6NsAWnxVCdCLQVRkxeuQ5j8d2aK+gyEiv7jl1t4YC+N4l7eAYH2d1COwICWXC9eT0luiTrSUV/S4kM38R4bIFkKcNPL5B1vDwE4BYzgZsCQVuW9qTx3vP8JQRBX8Wcqn8o="

// TestEndpoints: redirect is preferred, POST does where there is nothing else.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	sso := func(binding string) string {
		return service("SingleSignOnService", binding, "https://idp.example/"+binding)
	}
	slo := func(binding string) string {
		return service("SingleLogoutService", binding, "https://idp.example/"+binding)
	}
	for name, test := range map[string]struct {
		endpoints string
		sso, slo  endpoint
	}{
		"redirect": {slo("Redirect") + sso("Redirect"), endpoint{url: "https://idp.example/Redirect"}, endpoint{url: "https://idp.example/Redirect"}},
		"both": {
			slo("POST") + slo("Redirect") + sso("POST") + sso("Redirect"),
			endpoint{url: "https://idp.example/Redirect"},
			endpoint{url: "https://idp.example/Redirect"},
		},
		"POST": {slo("POST") + sso("POST"), endpoint{url: "https://idp.example/POST", post: true}, endpoint{url: "https://idp.example/POST", post: true}},
		"mixed": {
			slo("POST") + sso("Redirect"), endpoint{url: "https://idp.example/Redirect"}, endpoint{url: "https://idp.example/POST", post: true},
		},
		"no logout": {sso("Redirect"), endpoint{url: "https://idp.example/Redirect"}, endpoint{}},
	} {
		idp, err := parseIDP([]byte(idpMetadata(testCertificate, test.endpoints)))
		if err != nil || idp.sso != test.sso || idp.slo != test.slo || idp.sloResponse != test.slo {
			t.Errorf("%s: %+v %v", name, idp, err)
		}
	}
	for name, endpoints := range map[string]string{
		"none": "", "SOAP": service("SingleSignOnService", "SOAP", "https://idp.example"), "artifact": sso("Artifact"),
		"in clear": service("SingleSignOnService", "Redirect", "http://idp.example/"),
		"script":   service("SingleSignOnService", "POST", "javascript:alert(1)"),
	} {
		if _, err := parseIDP([]byte(idpMetadata(testCertificate, endpoints))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzMetadata: whatever stands at a metadata address, there is no panic, and what is read has
// a name, an address over TLS and a certificate.
func FuzzMetadata(f *testing.F) {
	f.Add([]byte(idpMetadata(testCertificate, service("SingleSignOnService", "Redirect", "https://idp.example/"))))
	f.Add([]byte(idpMetadata("AAAA", service("SingleSignOnService", "POST", "http://127.0.0.1/"))))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, document []byte) {
		idp, err := parseIDP(document)
		if err != nil {
			return
		}
		if idp.entityID == "" || len(idp.certificates) == 0 || checkURL(idp.sso.url) != nil {
			t.Fatalf("unusable: %+v", idp)
		}
		if strings.Contains(idp.sso.url, "javascript:") {
			t.Fatalf("script: %s", idp.sso.url)
		}
	})
}
