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
	"strings"
)

// The URIs of XML encryption (xmlenc-core1 §5).
const (
	nsEnc        = "http://www.w3.org/2001/04/xmlenc#"
	encAES256GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
	encAES128GCM = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
	encAES192GCM = "http://www.w3.org/2009/xmlenc11#aes192-gcm"
	encAES128CBC = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
	encAES256CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
	encOAEP      = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
	encOAEPMGF1P = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
	encRSA15     = "http://www.w3.org/2001/04/xmlenc#rsa-1_5"
	mgfSHA1      = "http://www.w3.org/2009/xmlenc11#mgf1sha1"
	mgfSHA256    = "http://www.w3.org/2009/xmlenc11#mgf1sha256"
	mgfSHA512    = "http://www.w3.org/2009/xmlenc11#mgf1sha512"
)

// keyBytes is the length of the content key.
func (e Encryption) keyBytes() int {
	switch {
	case strings.Contains(e.Content, "aes128"):
		return 16
	case strings.Contains(e.Content, "aes192"):
		return 24
	}
	return 32
}

// encrypted returns an EncryptedAssertion around the plain text for the key.
func (e Encryption) encrypted(plain []byte, to *rsa.PublicKey) (string, error) {
	key := make([]byte, e.keyBytes())
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

// envelope writes the EncryptedAssertion in canonical form: namespaces are declared where
// they are first used.
func (e Encryption) envelope(content, wrapped []byte) string {
	xenc, ds := ` xmlns:xenc="`+nsEnc+`"`, ` xmlns:ds="`+nsSig+`"`
	if e.Place == PlaceInside {
		xenc, ds = "", ""
	}
	method := `<xenc:EncryptionMethod Algorithm="` + e.KeyTransport + `">`
	if e.Digest != "" {
		method += `<ds:DigestMethod` + ds + ` Algorithm="` + e.Digest + `"></ds:DigestMethod>`
	}
	if e.MGF != "" {
		method += `<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="` + e.MGF + `"></xenc11:MGF>`
	}
	method += `</xenc:EncryptionMethod>`
	const id = "_key"
	key := `<xenc:EncryptedKey` + xenc + ` Id="` + id + `">` + method +
		`<xenc:CipherData><xenc:CipherValue>` + encode(wrapped) + `</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>`
	info, beside := key, ""
	switch e.Place {
	case PlaceInside:
	case PlaceBeside:
		info, beside = "", key
	case PlacePointer:
		info = `<ds:RetrievalMethod Type="` + nsEnc + `EncryptedKey" URI="#` + id + `"></ds:RetrievalMethod>`
		beside = key
	}
	if info != "" {
		info = `<ds:KeyInfo xmlns:ds="` + nsSig + `">` + info + `</ds:KeyInfo>`
	}
	return `<saml:EncryptedAssertion xmlns:saml="` + nsSAML + `">` +
		`<xenc:EncryptedData xmlns:xenc="` + nsEnc + `" Type="` + nsEnc + `Element">` +
		`<xenc:EncryptionMethod Algorithm="` + e.Content + `"></xenc:EncryptionMethod>` + info +
		`<xenc:CipherData><xenc:CipherValue>` + encode(content) + `</xenc:CipherValue></xenc:CipherData>` +
		`</xenc:EncryptedData>` + beside + `</saml:EncryptedAssertion>`
}

func (e Encryption) seal(key, plain []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("idpsim: %w", err)
	}
	if strings.HasSuffix(e.Content, "-cbc") {
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
	switch e.Digest {
	case digestSHA256:
		options.Hash = crypto.SHA256
	case digestSHA512:
		options.Hash = crypto.SHA512
	}
	if e.KeyTransport == encOAEP {
		switch e.MGF {
		case mgfSHA256:
			options.MGFHash = crypto.SHA256
		case mgfSHA512:
			options.MGFHash = crypto.SHA512
		}
	}
	wrapped, err := rsa.EncryptOAEPWithOptions(rand.Reader, to, key, options)
	if err != nil {
		return nil, fmt.Errorf("idpsim: %w", err)
	}
	return wrapped, nil
}
