package saml_test

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

// The algorithms of OIO-ALG-01, written out here once more.
const (
	gcm256 = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
	mgf1p  = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
	oaep   = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
	sha1   = "http://www.w3.org/2000/09/xmldsig#sha1"
	sha256 = "http://www.w3.org/2001/04/xmlenc#sha256"
	sha512 = "http://www.w3.org/2001/04/xmlenc#sha512"
	mask   = "http://www.w3.org/2009/xmlenc11#mgf1"
)

// allowedEncryption returns every combination of key transport, digest and mask function,
// and every content algorithm with every place of the wrapped key.
func allowedEncryption() []idpsim.Encryption {
	var out []idpsim.Encryption
	for _, digest := range []string{"", sha1, sha256, sha512} {
		out = append(out, idpsim.Encryption{Content: gcm256, KeyTransport: mgf1p, Digest: digest})
		for _, mgf := range []string{"", mask + "sha1", mask + "sha256", mask + "sha512"} {
			out = append(out, idpsim.Encryption{Content: gcm256, KeyTransport: oaep, Digest: digest, MGF: mgf})
		}
	}
	for _, content := range []string{
		"http://www.w3.org/2009/xmlenc11#aes128-gcm", "http://www.w3.org/2009/xmlenc11#aes192-gcm", gcm256,
		"http://www.w3.org/2001/04/xmlenc#aes128-cbc", "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
	} {
		for _, place := range []idpsim.Place{idpsim.PlaceInside, idpsim.PlaceBeside, idpsim.PlacePointer} {
			out = append(out, idpsim.Encryption{
				Content: content, KeyTransport: oaep, Digest: sha256, MGF: mask + "sha256", Place: place,
			})
		}
	}
	return out
}

func (b *bundle) encrypted(t *testing.T, fault string, e idpsim.Encryption) error {
	t.Helper()
	answer, err := b.idp.LoginAs(t.Context(), b.begin(t), idpsim.Choice{User: "PLAN", Fault: fault, Encrypt: &e})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = b.post(handle, answer)
	return err
}

// TestAlgorithms covers G1 to G8: the whole allow-list, CBC only where it is allowed.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	strict, lenient := setup(t), setup(t, func(b *bundle) { b.cfg.AllowCBC = true })
	for _, e := range allowedEncryption() {
		if err := lenient.encrypted(t, "", e); err != nil {
			t.Errorf("%+v: %s", e, explain(err))
		}
		if cbc := strings.HasSuffix(e.Content, "cbc"); cbc {
			if err := strict.encrypted(t, "", e); saml.KindOf(err) != saml.KindInvalid {
				t.Errorf("%+v without opt-in: %s", e, explain(err))
			}
		}
	}
	for name, e := range map[string]idpsim.Encryption{
		"G6, a dialect":       {Content: gcm256, KeyTransport: oaep, Digest: "http://www.w3.org/2000/09/xmldsig#sha256", MGF: mask + "sha256"},
		"SHA-384 as digest":   {Content: gcm256, KeyTransport: oaep, Digest: "http://www.w3.org/2001/04/xmldsig-more#sha384"},
		"SHA-384 as mask":     {Content: gcm256, KeyTransport: oaep, Digest: sha256, MGF: mask + "sha384"},
		"G9, PKCS #1 v1.5":    {Content: gcm256, KeyTransport: "http://www.w3.org/2001/04/xmlenc#rsa-1_5"},
		"G10, 3DES":           {Content: "http://www.w3.org/2001/04/xmlenc#tripledes-cbc", KeyTransport: mgf1p},
		"AES-192-CBC":         {Content: "http://www.w3.org/2001/04/xmlenc#aes192-cbc", KeyTransport: mgf1p},
		"no algorithm at all": {},
	} {
		if err := lenient.encrypted(t, "", e); saml.KindOf(err) != saml.KindInvalid {
			t.Errorf("%s: %s", name, explain(err))
		}
	}
}

// TestWrappedKeyPlaces points at the wrapped key in every way but the right one.
func TestWrappedKeyPlaces(t *testing.T) {
	t.Parallel()
	b := setup(t)
	location := b.begin(t)
	for name, change := range map[string]func(string) string{
		"pointer elsewhere": func(s string) string { return strings.Replace(s, `URI="#_key"`, `URI="#_other"`, 1) },
		"pointer to all":    func(s string) string { return strings.Replace(s, `URI="#_key"`, `URI=""`, 1) },
		"pointer outside":   func(s string) string { return strings.Replace(s, `URI="#_key"`, `URI="https://evil.example/key"`, 1) },
		"key without ID":    func(s string) string { return strings.Replace(s, ` Id="_key"`, "", 1) },
		"neither has one": func(s string) string {
			return strings.NewReplacer(` Id="_key"`, "", `URI="#_key"`, `URI="#"`).Replace(s)
		},
		"transforms": func(s string) string {
			return strings.Replace(s, "</ds:RetrievalMethod>", "<ds:Transforms></ds:Transforms></ds:RetrievalMethod>", 1)
		},
		"two pointers": func(s string) string {
			return strings.Replace(s, "</ds:KeyInfo>", `<ds:RetrievalMethod URI="#_key"></ds:RetrievalMethod></ds:KeyInfo>`, 1)
		},
		"two keys":           twice("xenc:EncryptedKey"),
		"two encrypted data": twice("xenc:EncryptedData"),
		"no key":             func(s string) string { return cutElement(s, "xenc:EncryptedKey") },
		"no cipher value":    func(s string) string { return cutElement(s, "xenc:CipherValue") },
		"reference for data": func(s string) string {
			return strings.Replace(s, "<xenc:CipherValue>", "<xenc:CipherReference/><xenc:CipherValue>", 1)
		},
	} {
		e := idpsim.AES256GCM()
		e.Place = idpsim.PlacePointer
		answer, err := b.idp.LoginAs(t.Context(), location, idpsim.Choice{User: "PLAN", Encrypt: e})
		if err != nil {
			t.Fatal(err)
		}
		document, err := base64.StdEncoding.DecodeString(answer.SAMLResponse)
		if err != nil {
			t.Fatal(err)
		}
		changed := change(string(document))
		if changed == string(document) {
			t.Errorf("%s: changes nothing", name)
		}
		answer.SAMLResponse = base64.StdEncoding.EncodeToString([]byte(changed))
		if _, _, err := b.post(handle, answer); saml.KindOf(err) != saml.KindInvalid {
			t.Errorf("%s: %s", name, explain(err))
		}
	}
}

// twice doubles the first element of a name.
func twice(element string) func(string) string {
	return func(s string) string {
		_, rest, _ := strings.Cut(s, "<"+element)
		inner, _, _ := strings.Cut(rest, "</"+element+">")
		whole := "<" + element + inner + "</" + element + ">"
		return strings.Replace(s, whole, whole+whole, 1)
	}
}

// TestDecryptionClassesLookAlike covers G9 to G18: all that an attacker could compare is the
// same. What a changed ciphertext does to our key, content key or padding takes about as much
// processor time too (the least of several, since the garbage of others may be collected).
func TestDecryptionClassesLookAlike(t *testing.T) {
	b := setup(t, func(b *bundle) { b.cfg.AllowCBC = true })
	location := b.begin(t)
	texts := map[string][]string{}
	cbc := idpsim.Encryption{Content: "http://www.w3.org/2001/04/xmlenc#aes256-cbc", KeyTransport: mgf1p}
	try := func(name, fault string, change func(idpsim.Answer) idpsim.Answer) time.Duration {
		answer, err := b.idp.LoginAs(t.Context(), location, idpsim.Choice{User: "PLAN", Fault: fault, Encrypt: &cbc})
		if err != nil {
			t.Fatal(err)
		}
		answer = change(answer)
		began := processorTime(t)
		_, _, err = b.post(handle, answer)
		spent := processorTime(t) - began
		if text := explain(err); !slices.Contains(texts[text], name) {
			texts[text] = append(texts[text], name)
		}
		return spent
	}
	for _, fault := range []string{
		"encrypted-rsa15", "encrypted-3des", "encrypted-wrong-digest", "encrypted-unsigned", "encrypted-short-cbc",
		"encrypted-short-gcm", "encrypted-no-root", "encrypted-other", "encrypted-empty", "encrypted-garbage",
		"encrypted-random-blocks", "encrypted-nothing", "encrypted-tampered", "encrypted-deep", "encrypted-twice",
	} {
		try(fault, fault, func(a idpsim.Answer) idpsim.Answer { return a })
	}
	least := map[string]time.Duration{}
	for name, change := range map[string]func(idpsim.Answer) idpsim.Answer{
		"last octet":     func(a idpsim.Answer) idpsim.Answer { return flipped(t, a, -1, 1) },
		"padding":        func(a idpsim.Answer) idpsim.Answer { return flipped(t, a, -17, 1) },
		"first block":    func(a idpsim.Answer) idpsim.Answer { return flipped(t, a, 17, 1) },
		"wrapped key":    func(a idpsim.Answer) idpsim.Answer { return flipped(t, a, 5, 0) },
		"its last octet": func(a idpsim.Answer) idpsim.Answer { return flipped(t, a, -1, 0) },
	} {
		for range 6 {
			if spent := try(name, "", change); least[name] == 0 || spent < least[name] {
				least[name] = spent
			}
		}
	}
	if len(texts) != 1 {
		t.Errorf("%d different answers: %v", len(texts), texts)
	}
	times := slices.Sorted(maps.Values(least))
	t.Logf("least times: %v", least)
	if times[len(times)-1] > 4*times[0] {
		t.Errorf("times differ by more than a factor of four: %v", least)
	}
}

// processorTime is what this process has used so far. Nothing else runs in it: the test is not
// parallel.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
