package saml

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"time"
)

const minKeyBits = 2048

// keyPair is our own key with its certificate.
type keyPair struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

// loadKeyPairs reads our pair and, during a rollover, the one that will follow.
func loadKeyPairs(cfg Config) ([]keyPair, error) {
	own, err := loadKeyPair(cfg.CertificateFile, cfg.KeyFile)
	if err != nil || cfg.NextCertificateFile == "" {
		return []keyPair{own}, err
	}
	next, err := loadKeyPair(cfg.NextCertificateFile, cfg.NextKeyFile)
	if err != nil {
		return nil, fmt.Errorf("next pair: %w", err)
	}
	if next.certificate.Equal(own.certificate) {
		return nil, errors.New("next_certificate_file: is the same certificate as certificate_file")
	}
	return []keyPair{own, next}, nil
}

func loadKeyPair(certificateFile, keyFile string) (keyPair, error) {
	certificatePEM, err := os.ReadFile(certificateFile)
	if err != nil {
		return keyPair{}, fmt.Errorf("certificate_file: %w", err)
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return keyPair{}, fmt.Errorf("key_file: %w", err)
	}
	certificate, err := parseCertificatePEM(certificatePEM)
	if err != nil {
		return keyPair{}, fmt.Errorf("certificate_file: %w", err)
	}
	key, err := parseKeyPEM(keyPEM)
	if err != nil {
		return keyPair{}, fmt.Errorf("key_file: %w", err)
	}
	if !key.PublicKey.Equal(certificate.PublicKey) {
		return keyPair{}, errors.New("certificate_file: belongs to another key than key_file")
	}
	if key.N.BitLen() < minKeyBits {
		return keyPair{}, fmt.Errorf("key_file: RSA key shorter than %d bits", minKeyBits)
	}
	return keyPair{certificate: certificate, key: key}, nil
}

func parseCertificatePEM(data []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no CERTIFICATE block in PEM form")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errors.New("not an X.509 certificate")
	}
	return certificate, nil
}

// parseKeyPEM reads PKCS #8 and PKCS #1. Its errors never quote the file.
func parseKeyPEM(data []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("no private key in PEM form")
	}
	var key crypto.PrivateKey
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	rsaKey, isRSA := key.(*rsa.PrivateKey)
	if err != nil || !isRSA {
		return nil, errors.New("not an RSA private key (PKCS #8 or PKCS #1, unencrypted)")
	}
	return rsaKey, nil
}

// NewKeyPair makes an RSA 3072 key and a self-signed certificate for it, both in PEM form,
// for the demo, for tests, and for providers that pin our key from the metadata. NemLog-in
// and KOMBIT demand an OCES3 certificate instead. Keep keyPEM secret.
func NewKeyPair(commonName string, notBefore, notAfter time.Time) (certificatePEM, keyPEM []byte, err error) {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return nil, nil, fmt.Errorf("generate key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, fmt.Errorf("generate serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    notBefore,
		NotAfter:     notAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, fmt.Errorf("create certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}

// newID returns a fresh SAML ID: 128 random bits as an XML name.
func newID() string { return "_" + rand.Text() }

// NewBrowserHandle returns a fresh random handle (at least 128 bits) for the cookie that
// binds a login to the browser which started it. The provider posts its answer from
// another site, so that cookie has to be SameSite=None; Secure; HttpOnly.
func NewBrowserHandle() string { return rand.Text() }

// hash returns SHA-256 in hex over the parts, each closed by a newline.
func hash(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}
