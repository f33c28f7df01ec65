package saml

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // OAEP with SHA-1 is sound and what rsa-oaep-mgf1p prescribes
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
)

// The algorithms of OIO-ALG-01. RSA PKCS#1 v1.5 and 3DES are refused: both can be turned
// into decryption oracles.
const (
	algAES128GCM = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
	algAES192GCM = "http://www.w3.org/2009/xmlenc11#aes192-gcm"
	algAES256GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
	algAES128CBC = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
	algAES256CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
	algOAEPMGF1P = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
	algOAEP      = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
	typeElement  = "http://www.w3.org/2001/04/xmlenc#Element"
)

// errDecrypt is the one cause of every failure to decrypt and of a decrypted assertion
// that is not signed. A forged ciphertext must not learn from us which step refused it.
var errDecrypt = errors.New("assertion cannot be decrypted or is not signed by the provider")

// decryptAssertion opens an EncryptedAssertion and returns the Assertion within, parsed
// and pre-checked like any message. It is not trusted before its signature is verified.
func decryptAssertion(encrypted *node, key *rsa.PrivateKey, allowCBC bool) (*node, shape, error) {
	plain, err := openEncrypted(encrypted, key, allowCBC)
	if err != nil {
		return nil, shape{}, invalid("%v", errDecrypt)
	}
	root, s, err := parseMessage(plain)
	if err != nil || !root.is(nsAssertion, "Assertion") {
		return nil, shape{}, invalid("%v", errDecrypt)
	}
	return root, s, nil
}

// openEncrypted decrypts the content. What depends on public parts of the message alone, such
// as an algorithm out of bounds, is refused at once; what depends on secrets runs to the end.
func openEncrypted(encrypted *node, key *rsa.PrivateKey, allowCBC bool) ([]byte, error) {
	if err := encrypted.only(nsXMLEnc, "EncryptedData", "EncryptedKey"); err != nil {
		return nil, err
	}
	data, err := encrypted.one(nsXMLEnc, "EncryptedData")
	if err != nil {
		return nil, err
	}
	if t := data.attr("Type"); (t != "" && t != typeElement) || encrypted.count(nsXMLEnc, "EncryptedData") != 1 {
		return nil, errDecrypt
	}
	method, err := data.one(nsXMLEnc, "EncryptionMethod")
	if err != nil {
		return nil, err
	}
	open, size, err := contentCipher(method.attr("Algorithm"), allowCBC)
	if err != nil {
		return nil, err
	}
	sealed, err := cipherValue(data)
	if err != nil {
		return nil, err
	}
	wrapped, err := findEncryptedKey(encrypted, data)
	if err != nil {
		return nil, err
	}
	contentKey, err := unwrapKey(wrapped, key, size)
	if err != nil {
		return nil, err
	}
	return open(contentKey, sealed)
}

// contentCipher returns what opens the content by an algorithm of the allow-list, and the
// exact length of its key in bytes.
func contentCipher(alg string, allowCBC bool) (open func(key, sealed []byte) ([]byte, error), size int, err error) {
	switch alg {
	case algAES128GCM:
		return openGCM, 16, nil
	case algAES192GCM:
		return openGCM, 24, nil
	case algAES256GCM:
		return openGCM, 32, nil
	case algAES128CBC:
		size = 16
	case algAES256CBC:
		size = 32
	}
	if size == 0 || !allowCBC {
		return nil, 0, errDecrypt
	}
	return openCBC, size, nil
}

// findEncryptedKey finds the one EncryptedKey: inside KeyInfo of the data, or beside the
// data, in which case a RetrievalMethod may point at it.
func findEncryptedKey(encrypted, data *node) (*node, error) {
	beside := encrypted.all(nsXMLEnc, "EncryptedKey")
	var inside, pointers []*node
	if info, err := data.optional(nsDSig, "KeyInfo"); err != nil {
		return nil, err
	} else if info != nil {
		inside, pointers = info.all(nsXMLEnc, "EncryptedKey"), info.all(nsDSig, "RetrievalMethod")
	}
	found := slices.Concat(inside, beside)
	if len(found) != 1 || encrypted.count(nsXMLEnc, "EncryptedKey") != 1 {
		return nil, errDecrypt
	}
	if len(pointers) > 1 {
		return nil, errDecrypt
	}
	for _, p := range pointers {
		if len(beside) != 1 || beside[0].attr("Id") == "" || p.attr("URI") != "#"+beside[0].attr("Id") || len(p.children) != 0 {
			return nil, errDecrypt
		}
	}
	return found[0], nil
}

func cipherValue(n *node) ([]byte, error) {
	data, err := n.one(nsXMLEnc, "CipherData")
	if err != nil {
		return nil, err
	}
	value, err := data.one(nsXMLEnc, "CipherValue")
	if err != nil {
		return nil, err
	}
	text, err := value.leaf()
	if err != nil {
		return nil, err
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, errDecrypt
	}
	return decoded, nil
}

// unwrapKey returns the content key, or a random one when the wrapped key does not open or
// has another length than the content's algorithm wants: the content then fails to open like
// any other, and neither the answer nor the time tells that the key was at fault.
func unwrapKey(wrapped *node, key *rsa.PrivateKey, size int) ([]byte, error) {
	method, err := wrapped.one(nsXMLEnc, "EncryptionMethod")
	if err != nil {
		return nil, err
	}
	options, err := oaepOptions(method)
	if err != nil {
		return nil, err
	}
	sealed, err := cipherValue(wrapped)
	if err != nil {
		return nil, err
	}
	if len(sealed) != key.Size() {
		return nil, errDecrypt
	}
	random := make([]byte, size)
	if _, err := rand.Read(random); err != nil {
		return nil, errDecrypt
	}
	if opened, err := key.Decrypt(nil, sealed, options); err == nil && len(opened) == size {
		return opened, nil
	}
	return random, nil
}

// oaepOptions reads digest and mask function by xmlenc-core1 §5.5.2: rsa-oaep-mgf1p always
// masks with SHA-1 whatever its digest; rsa-oaep names its mask function, SHA-1 if not.
func oaepOptions(method *node) (*rsa.OAEPOptions, error) {
	options := &rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA1}
	if len(method.all(nsXMLEnc, "OAEPparams")) != 0 {
		return nil, errDecrypt
	}
	digest, err := method.optional(nsDSig, "DigestMethod")
	if err != nil {
		return nil, err
	}
	if digest != nil {
		if options.Hash, err = oaepDigest(digest.attr("Algorithm")); err != nil {
			return nil, err
		}
	}
	mask, err := method.optional(nsXMLEnc11, "MGF")
	if err != nil {
		return nil, err
	}
	switch method.attr("Algorithm") {
	case algOAEPMGF1P:
		return options, nil
	case algOAEP:
		if mask != nil {
			options.MGFHash, err = maskDigest(mask.attr("Algorithm"))
		}
		return options, err
	}
	return nil, errDecrypt
}

// oaepDigest knows the digests of OIO-ALG-01. The URI of SHA-256 in the namespace of XML
// signature does not exist; providers that send it are refused.
func oaepDigest(alg string) (crypto.Hash, error) {
	switch alg {
	case "http://www.w3.org/2000/09/xmldsig#sha1":
		return crypto.SHA1, nil
	case algSHA256:
		return crypto.SHA256, nil
	case "http://www.w3.org/2001/04/xmlenc#sha512":
		return crypto.SHA512, nil
	}
	return 0, errDecrypt
}

func maskDigest(alg string) (crypto.Hash, error) {
	switch alg {
	case "http://www.w3.org/2009/xmlenc11#mgf1sha1":
		return crypto.SHA1, nil
	case "http://www.w3.org/2009/xmlenc11#mgf1sha256":
		return crypto.SHA256, nil
	case "http://www.w3.org/2009/xmlenc11#mgf1sha512":
		return crypto.SHA512, nil
	}
	return 0, errDecrypt
}

func openGCM(key, sealed []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errDecrypt
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, errDecrypt
	}
	if len(sealed) < aead.NonceSize()+aead.Overhead() {
		return nil, errDecrypt
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		return nil, errDecrypt
	}
	return plain, nil
}

// openCBC returns the text even when its padding is wrong, cut by a whole block: like any
// other wrong text it is refused as XML or for its signature, so that a changed ciphertext
// learns nothing about its padding (Jager and Somorovsky, 2011).
func openCBC(key, sealed []byte) ([]byte, error) {
	if len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, errDecrypt
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errDecrypt
	}
	plain := make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, sealed[:aes.BlockSize]).CryptBlocks(plain, sealed[aes.BlockSize:])
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > aes.BlockSize {
		padding = aes.BlockSize
	}
	return plain[:len(plain)-padding], nil
}
