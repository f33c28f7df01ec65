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

	crewjam "github.com/crewjam/saml"
)

const maxMetadataBytes = 1 << 20

// identityProvider is what we keep of the provider's metadata. The certificates are the
// trust anchors themselves; no chain is built (contract: metadata pinning).
type identityProvider struct {
	entityID     string
	ssoURL       string // HTTP-Redirect
	sloURL       string // HTTP-Redirect; empty when the provider has none
	sloResponse  string // where our LogoutResponse goes
	certificates []*x509.Certificate
}

func loadIDP(cfg Config) (identityProvider, error) {
	document := []byte(cfg.IDPMetadata)
	if cfg.IDPMetadataFile != "" {
		var err error
		if document, err = os.ReadFile(cfg.IDPMetadataFile); err != nil {
			return identityProvider{}, fmt.Errorf("idp_metadata_file: %w", err)
		}
	}
	idp, err := parseIDP(document)
	if err != nil {
		return identityProvider{}, fmt.Errorf("idp_metadata: %w", err)
	}
	return idp, nil
}

// parseIDP reads one EntityDescriptor. The document comes from the operator, so it is
// checked for what we need, not for attacks.
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
	idp := identityProvider{entityID: entity.EntityID}
	for _, endpoint := range role.SingleSignOnServices {
		if endpoint.Binding == crewjam.HTTPRedirectBinding && idp.ssoURL == "" {
			idp.ssoURL = endpoint.Location
		}
	}
	for _, endpoint := range role.SingleLogoutServices {
		if endpoint.Binding == crewjam.HTTPRedirectBinding && idp.sloURL == "" {
			idp.sloURL, idp.sloResponse = endpoint.Location, endpoint.ResponseLocation
			setDefault(&idp.sloResponse, endpoint.Location)
		}
	}
	if err := checkEndpoints(idp); err != nil {
		return identityProvider{}, err
	}
	var err error
	idp.certificates, err = signingCertificates(role.KeyDescriptors)
	return idp, err
}

func checkEndpoints(idp identityProvider) error {
	if idp.ssoURL == "" {
		return errors.New("no SingleSignOnService with the HTTP-Redirect binding")
	}
	for _, location := range []string{idp.ssoURL, idp.sloURL, idp.sloResponse} {
		if location == "" {
			continue
		}
		if err := checkURL(location); err != nil {
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
