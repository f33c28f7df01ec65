package idpsim

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
)

// The URIs of XML encryption (xmlenc-core1 §5).
const (
	nsEnc        = "http://www.w3.org/2001/04/xmlenc#"
	encAES256GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
	encAES128GCM = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
	encAES256CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
	encOAEP      = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
	encOAEPMGF1P = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
	encRSA15     = "http://www.w3.org/2001/04/xmlenc#rsa-1_5"
	mgfSHA256    = "http://www.w3.org/2009/xmlenc11#mgf1sha256"
)

// encrypted returns an EncryptedAssertion around the plain text for the key.
func (e Encryption) encrypted(plain []byte, to *rsa.PublicKey) (string, error) {
	size := 32
	if e.Content == encAES128GCM {
		size = 16
	}
	key := make([]byte, size)
	if _, err := rand.Read(key); err != nil {
		return "", fmt.Errorf("idpsim: random key: %w", err)
	}
	content, err := e.seal(key, plain)
	if err != nil {
		return "", err
	}
	wrapped, err := e.wrap(key, to)
	if err != nil {
		return "", err
	}
	return e.envelope(content, wrapped), nil
}

func (e Encryption) envelope(content, wrapped []byte) string {
	method := `<xenc:EncryptionMethod Algorithm="` + e.KeyTransport + `">`
	if e.Digest != "" {
		method += `<ds:DigestMethod Algorithm="` + e.Digest + `"></ds:DigestMethod>`
	}
	if e.MGF != "" {
		method += `<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="` + e.MGF + `"></xenc11:MGF>`
	}
	method += `</xenc:EncryptionMethod>`
	return `<saml:EncryptedAssertion xmlns:saml="` + nsSAML + `">` +
		`<xenc:EncryptedData xmlns:xenc="` + nsEnc + `" Type="` + nsEnc + `Element">` +
		`<xenc:EncryptionMethod Algorithm="` + e.Content + `"></xenc:EncryptionMethod>` +
		`<ds:KeyInfo xmlns:ds="` + nsSig + `"><xenc:EncryptedKey>` + method +
		`<xenc:CipherData><xenc:CipherValue>` + encode(wrapped) + `</xenc:CipherValue></xenc:CipherData>` +
		`</xenc:EncryptedKey></ds:KeyInfo>` +
		`<xenc:CipherData><xenc:CipherValue>` + encode(content) + `</xenc:CipherValue></xenc:CipherData>` +
		`</xenc:EncryptedData></saml:EncryptedAssertion>`
}

func (e Encryption) seal(key, plain []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("idpsim: %w", err)
	}
	if e.Content == encAES256CBC {
		padding := aes.BlockSize - len(plain)%aes.BlockSize
		padded := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(padding)}, padding)...)
		sealed := make([]byte, aes.BlockSize+len(padded))
		if _, err := rand.Read(sealed[:aes.BlockSize]); err != nil {
			return nil, fmt.Errorf("idpsim: random vector: %w", err)
		}
		cipher.NewCBCEncrypter(block, sealed[:aes.BlockSize]).CryptBlocks(sealed[aes.BlockSize:], padded) //nolint:gosec // the vector was filled with random octets above
		return sealed, nil
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("idpsim: %w", err)
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("idpsim: random nonce: %w", err)
	}
	return aead.Seal(nonce, nonce, plain, nil), nil
}

func (e Encryption) wrap(key []byte, to *rsa.PublicKey) ([]byte, error) {
	if to == nil {
		return nil, errors.New("idpsim: service provider has no encryption key")
	}
	if e.KeyTransport == encRSA15 {
		wrapped, err := rsa.EncryptPKCS1v15(rand.Reader, to, key) //nolint:staticcheck // made to be refused
		if err != nil {
			return nil, fmt.Errorf("idpsim: %w", err)
		}
		return wrapped, nil
	}
	options := &rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA1}
	if e.Digest == digestSHA256 {
		options.Hash = crypto.SHA256
	}
	if e.KeyTransport == encOAEP && e.MGF == mgfSHA256 {
		options.MGFHash = crypto.SHA256
	}
	wrapped, err := rsa.EncryptOAEPWithOptions(rand.Reader, to, key, options)
	if err != nil {
		return nil, fmt.Errorf("idpsim: %w", err)
	}
	return wrapped, nil
}
