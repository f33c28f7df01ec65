package idpsim

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	bindingRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	bindingPost     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
	maxMetadata     = 1 << 20
)

// Metadata returns the provider's EntityDescriptor (SAML metadata §2.4.3).
func (s *Server) Metadata() []byte {
	base := s.URL()
	binding := bindingRedirect
	if s.State().Logout == LogoutPOST {
		binding = bindingPost
	}
	var keys strings.Builder
	for _, k := range s.published() {
		keys.WriteString(`
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="` + nsSig + `"><ds:X509Data><ds:X509Certificate>` + encode(k.certificate) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
    </md:KeyDescriptor>`)
	}
	_, format := s.nameID(User{})
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + quoted(s.EntityID()) + `">
  <md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="` + nsSAMLP + `">` + keys.String() + `
    <md:SingleLogoutService Binding="` + binding + `" Location="` + quoted(base) + `/slo"/>
    <md:NameIDFormat>` + format + `</md:NameIDFormat>
    <md:SingleSignOnService Binding="` + bindingRedirect + `" Location="` + quoted(base) + `/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
`)
}

type spMetadata struct {
	XMLName  xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
	EntityID string   `xml:"entityID,attr"`
	Role     struct {
		Keys []struct {
			Use  string `xml:"use,attr"`
			Data string `xml:"KeyInfo>X509Data>X509Certificate"`
		} `xml:"KeyDescriptor"`
		ACS    []endpoint `xml:"AssertionConsumerService"`
		Logout []endpoint `xml:"SingleLogoutService"`
	} `xml:"SPSSODescriptor"`
}

type endpoint struct {
	Binding          string `xml:"Binding,attr"`
	Location         string `xml:"Location,attr"`
	ResponseLocation string `xml:"ResponseLocation,attr"`
}

// Trust takes a service provider's metadata. Only trusted ones get answers.
func (s *Server) Trust(metadata []byte) error {
	sp, err := parseSP(metadata)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers[sp.entityID] = sp
	return nil
}

func parseSP(metadata []byte) (serviceProvider, error) {
	var m spMetadata
	if err := xml.Unmarshal(metadata, &m); err != nil {
		return serviceProvider{}, fmt.Errorf("idpsim: metadata: %w", err)
	}
	sp := serviceProvider{entityID: m.EntityID, logout: make(map[Binding]endpoint)}
	for _, k := range m.Role.Keys {
		key, err := publicKey(k.Data)
		if err != nil {
			return serviceProvider{}, err
		}
		if k.Use != "encryption" {
			sp.signing = append(sp.signing, key)
		}
		if k.Use != "signing" {
			sp.encryption = append(sp.encryption, key)
		}
	}
	for _, e := range m.Role.ACS {
		if e.Binding == bindingPost {
			sp.acs = append(sp.acs, e.Location)
		}
	}
	for _, e := range m.Role.Logout {
		binding := map[string]Binding{bindingRedirect: LogoutRedirect, bindingPost: LogoutPOST}[e.Binding]
		if _, known := sp.logout[binding]; binding != "" && !known {
			sp.logout[binding] = e
		}
	}
	if sp.entityID == "" || len(sp.acs) == 0 || len(sp.signing) == 0 {
		return serviceProvider{}, errors.New("idpsim: metadata lacks entityID, signing key or POST endpoint")
	}
	return sp, nil
}

func publicKey(data string) (*rsa.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(data), ""))
	if err != nil {
		return nil, fmt.Errorf("idpsim: metadata certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("idpsim: metadata certificate: %w", err)
	}
	key, isRSA := certificate.PublicKey.(*rsa.PublicKey)
	if !isRSA {
		return nil, errors.New("idpsim: metadata certificate has no RSA key")
	}
	return key, nil
}

// peer returns a trusted service provider, after fetching the configured metadata once
// more when it is not known yet.
func (s *Server) peer(ctx context.Context, entityID string) (serviceProvider, bool) {
	s.mu.Lock()
	sp, known := s.peers[entityID]
	s.mu.Unlock()
	if known {
		return sp, true
	}
	for _, address := range s.opts.MetadataURLs {
		if err := s.fetch(ctx, address); err != nil {
			s.record(Event{Kind: "refused", Detail: err.Error()})
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sp, known = s.peers[entityID]
	return sp, known
}

func (s *Server) fetch(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("idpsim: metadata: %w", err)
	}
	resp, err := (&http.Client{}).Do(req)
	if err != nil {
		return fmt.Errorf("idpsim: metadata: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxMetadata))
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("idpsim: metadata from %s: status %d", address, resp.StatusCode)
	}
	return s.Trust(body)
}
