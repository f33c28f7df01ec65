package saml

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	crewjam "github.com/crewjam/saml"
)

const maxMetadataBytes = 1 << 20

// identityProvider is what we keep of the provider's metadata. The certificates are the
// trust anchors themselves; no chain is built (contract: metadata pinning).
type identityProvider struct {
	entityID     string
	validUntil   time.Time // zero when the document does not say
	sso, slo     endpoint  // slo is empty when the provider has no logout
	sloResponse  endpoint  // where our LogoutResponse goes
	certificates []*x509.Certificate
}

// endpoint is one of the provider's addresses with the binding that it takes.
type endpoint struct {
	url  string
	post bool // HTTP-POST; else HTTP-Redirect
}

// loadIDP reads the metadata of the configuration, nil when there is an address only.
func loadIDP(cfg Config) (*identityProvider, error) {
	document := []byte(cfg.IDPMetadata)
	if cfg.IDPMetadataFile != "" {
		var err error
		if document, err = os.ReadFile(cfg.IDPMetadataFile); err != nil {
			return nil, fmt.Errorf("idp_metadata_file: %w", err)
		}
	}
	if len(document) == 0 && cfg.IDPMetadataFile == "" {
		return nil, nil //nolint:nilnil // no document is no error with an address
	}
	idp, err := parseIDP(document)
	if err != nil {
		return nil, fmt.Errorf("idp_metadata: %w", err)
	}
	if cfg.IDPEntityID != "" && idp.entityID != cfg.IDPEntityID {
		return nil, errors.New("idp_entity_id: the metadata are another provider's")
	}
	return &idp, nil
}

// parseIDP reads one EntityDescriptor. Certificates are trust anchors only once somebody
// has confirmed them.
func parseIDP(document []byte) (identityProvider, error) {
	if len(document) > maxMetadataBytes {
		return identityProvider{}, fmt.Errorf("larger than %d bytes", maxMetadataBytes)
	}
	var entity crewjam.EntityDescriptor
	if err := xml.Unmarshal(document, &entity); err != nil {
		return identityProvider{}, fmt.Errorf("not an EntityDescriptor: %w", err)
	}
	if entity.EntityID == "" || len(entity.IDPSSODescriptors) != 1 {
		return identityProvider{}, errors.New("needs an entityID and exactly one IDPSSODescriptor")
	}
	role := entity.IDPSSODescriptors[0]
	idp := identityProvider{entityID: entity.EntityID, validUntil: entity.ValidUntil}
	idp.sso, _ = choose(role.SingleSignOnServices)
	idp.slo, idp.sloResponse = choose(role.SingleLogoutServices)
	if err := checkEndpoints(idp); err != nil {
		return identityProvider{}, err
	}
	var err error
	idp.certificates, err = signingCertificates(role.KeyDescriptors)
	return idp, err
}

// choose prefers the redirect binding, which NemLog-in has on its own and which needs no
// page in between, and takes POST where there is nothing else.
func choose(services []crewjam.Endpoint) (requests, responses endpoint) {
	for _, binding := range []string{crewjam.HTTPRedirectBinding, crewjam.HTTPPostBinding} {
		for _, s := range services {
			if s.Binding != binding {
				continue
			}
			post := binding == crewjam.HTTPPostBinding
			requests, responses = endpoint{url: s.Location, post: post}, endpoint{url: s.ResponseLocation, post: post}
			setDefault(&responses.url, s.Location)
			return requests, responses
		}
	}
	return endpoint{}, endpoint{}
}

func checkEndpoints(idp identityProvider) error {
	if idp.sso.url == "" {
		return errors.New("no SingleSignOnService with the HTTP-Redirect or HTTP-POST binding")
	}
	for _, e := range []endpoint{idp.sso, idp.slo, idp.sloResponse} {
		if e.url == "" {
			continue
		}
		if err := checkURL(e.url); err != nil {
			return fmt.Errorf("service location: %w", err)
		}
	}
	return nil
}

func signingCertificates(keys []crewjam.KeyDescriptor) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for _, key := range keys {
		if key.Use != "" && key.Use != "signing" {
			continue
		}
		for _, entry := range key.KeyInfo.X509Data.X509Certificates {
			certificate, err := parsePinned(entry.Data)
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(certificates, certificate.Equal) {
				certificates = append(certificates, certificate)
			}
		}
	}
	if len(certificates) == 0 {
		return nil, errors.New("no signing certificate")
	}
	return certificates, nil
}

func parsePinned(data string) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(data), ""))
	if err != nil {
		return nil, errors.New("signing certificate is not base64")
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("signing certificate: %w", err)
	}
	key, isRSA := certificate.PublicKey.(*rsa.PublicKey)
	if !isRSA || key.N.BitLen() < minKeyBits {
		return nil, fmt.Errorf("signing certificate needs an RSA key of %d bits or more", minKeyBits)
	}
	return certificate, nil
}
