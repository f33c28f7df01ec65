package saml_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

// TestMutations takes a genuine answer and deletes, doubles, empties, renames and moves
// every element, and deletes and changes every attribute. Whatever comes out is either
// refused or still speaks of the genuine person; nothing panics.
func TestMutations(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"", "both-signed", "encrypted-aes256-gcm"} {
		t.Run("answer "+fault, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.store.keep = true
			answer := b.answer(t, b.start(t), "PLAN", fault)
			genuine, err := base64.StdEncoding.DecodeString(answer.SAMLResponse)
			if err != nil {
				t.Fatal(err)
			}
			accepted, all := 0, mutants(t, genuine)
			if fault != "" {
				sample(t, all, 2)
			}
			for name, document := range all {
				answer.SAMLResponse = base64.StdEncoding.EncodeToString(document)
				who, _, err := b.post(handle, answer)
				if err == nil {
					accepted++
					if who.EmployeeID != "PLAN" || who.Name != "Planlægger PLAN" {
						t.Errorf("%s: accepted as %q", name, who.EmployeeID)
					}
				} else if strings.Contains(explain(err), "panicked") {
					t.Errorf("%s: %s", name, explain(err))
				}
			}
			t.Logf("%d of %d mutants were harmless", accepted, len(all))
			if accepted == 0 && fault == "" {
				t.Error("not one was harmless: the test does not reach the end of the checks")
			}
		})
	}
}

// sample keeps every n-th mutant, chosen by a printed seed: they are many, and each costs two
// RSA operations.
func sample(t *testing.T, all map[string][]byte, n int) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if random.IntN(n) != 0 {
			delete(all, name)
		}
	}
}

// TestMutationsInside does the same to the plain text of an encrypted assertion, as whoever
// knows our public key and an assertion can.
func TestMutationsInside(t *testing.T) {
	t.Parallel()
	b := setup(t, nemLogin)
	b.store.keep = true
	location := b.begin(t)
	answer := func(change func(string) string) idpsim.Answer {
		got, err := b.idp.LoginAs(t.Context(), location, idpsim.Choice{User: citizen, Change: change})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	genuine := ""
	first := answer(func(s string) string {
		genuine = s
		return s
	})
	if _, _, err := b.post(handle, first); err != nil {
		t.Fatal(explain(err))
	}
	accepted, all := 0, mutants(t, []byte(genuine))
	sample(t, all, 3)
	for name, document := range all {
		who, _, err := b.post(handle, answer(func(string) string { return string(document) }))
		if err == nil {
			accepted++
			if who.CPR.Reveal() != citizen || who.Name != "Einer Lauridsen" {
				t.Errorf("%s: accepted as somebody else", name)
			}
		} else if strings.Contains(explain(err), "panicked") {
			t.Errorf("%s: %s", name, explain(err))
		}
	}
	t.Logf("%d of %d mutants were harmless", accepted, len(all))
}

// TestFlippedBits changes single bits of an answer at places chosen by a printed seed.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.store.keep = true
	answer := b.answer(t, b.start(t), "PLAN", "both-signed")
	genuine, err := base64.StdEncoding.DecodeString(answer.SAMLResponse)
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 250 {
		document := bytes.Clone(genuine)
		at, bit := random.IntN(len(document)), random.IntN(8)
		document[at] ^= 1 << bit
		answer.SAMLResponse = base64.StdEncoding.EncodeToString(document)
		who, _, err := b.post(handle, answer)
		if err == nil && (who.EmployeeID != "PLAN" || who.Name != "Planlægger PLAN") {
			t.Errorf("octet %d, bit %d: accepted as %q", at, bit, who.EmployeeID)
		} else if err != nil && strings.Contains(explain(err), "panicked") {
			t.Errorf("octet %d, bit %d: %s", at, bit, explain(err))
		}
	}
}

// TestLogoutMutations changes a signed LogoutRequest in every way.
func TestLogoutMutations(t *testing.T) {
	t.Parallel()
	b := setup(t, ownIDP(idpsim.Options{}))
	who := b.login(t, "TKR")
	document, id, err := b.idp.LogoutDocument("TKR")
	if err != nil {
		t.Fatal(err)
	}
	accepted, all := 0, mutants(t, []byte(b.idp.Sign(document, id, false)))
	for name, mutant := range all {
		b.store.used = map[string]time.Time{}
		got, err := b.postLogout(string(mutant))
		if err == nil {
			accepted++
			if got.NameID != who.NameID {
				t.Errorf("%s: accepted for somebody else", name)
			}
		} else if strings.Contains(explain(err), "panicked") {
			t.Errorf("%s: %s", name, explain(err))
		}
	}
	t.Logf("%d of %d mutants were harmless", accepted, len(all))
}

// mutants returns changed copies of a document by name.
func mutants(t *testing.T, genuine []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	total := len(elements(parse(t, genuine).Root()))
	for i := range total {
		for name, change := range elementChanges() {
			doc := parse(t, genuine)
			el := elements(doc.Root())[i]
			label := fmt.Sprintf("%s element %d %s", name, i, el.Tag)
			change(el)
			out[label] = write(t, doc)
		}
		for k := range elements(parse(t, genuine).Root())[i].Attr {
			for name, change := range attributeChanges() {
				doc := parse(t, genuine)
				el := elements(doc.Root())[i]
				label := fmt.Sprintf("%s attribute %s of element %d %s", name, el.Attr[k].Key, i, el.Tag)
				change(el, k)
				out[label] = write(t, doc)
			}
		}
	}
	return out
}

func elementChanges() map[string]func(*etree.Element) {
	return map[string]func(*etree.Element){
		"delete": func(e *etree.Element) {
			if e.Parent() != nil {
				e.Parent().RemoveChild(e)
			}
		},
		"double": func(e *etree.Element) {
			if e.Parent() != nil {
				e.Parent().InsertChildAt(e.Index(), e.Copy())
			}
		},
		"empty":  func(e *etree.Element) { e.Child = nil },
		"rename": func(e *etree.Element) { e.Tag = "Renamed" },
		"prefix": func(e *etree.Element) { e.CreateAttr("xmlns:evil", "urn:evil"); e.Space = "evil" },
		"text":   func(e *etree.Element) { e.SetText("ATTACKER") },
		"to root": func(e *etree.Element) {
			root := e
			for root.Parent() != nil && root.Parent().Tag != "" {
				root = root.Parent()
			}
			if root != e {
				root.AddChild(e)
			}
		},
	}
}

func attributeChanges() map[string]func(*etree.Element, int) {
	return map[string]func(*etree.Element, int){
		"delete": func(e *etree.Element, k int) { e.Attr = append(e.Attr[:k:k], e.Attr[k+1:]...) },
		"change": func(e *etree.Element, k int) { e.Attr[k].Value = "ATTACKER" },
		"empty":  func(e *etree.Element, k int) { e.Attr[k].Value = "" },
	}
}

func elements(e *etree.Element) []*etree.Element {
	out := []*etree.Element{e}
	for _, c := range e.ChildElements() {
		out = append(out, elements(c)...)
	}
	return out
}

func parse(t *testing.T, document []byte) *etree.Document {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(document); err != nil {
		t.Fatal(err)
	}
	return doc
}

func write(t *testing.T, doc *etree.Document) []byte {
	t.Helper()
	out, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// FuzzCallback feeds documents to the login endpoint. Whatever is accepted must be the
// genuine person, and nothing may panic.
func FuzzCallback(f *testing.F) {
	b := setup(f)
	b.store.keep = true
	location := b.start(f)
	for _, fault := range idpsim.Faults() {
		if fault.Name == "deep" || fault.Name == "wide" || fault.Name == "large" {
			continue // slow to mutate, and covered by TestVectors
		}
		document, err := base64.StdEncoding.DecodeString(b.answer(f, location, "PLAN", fault.Name).SAMLResponse)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		r := postForm(b.cfg.BaseURL+saml.PathACS, url.Values{
			"SAMLResponse": {base64.StdEncoding.EncodeToString(document)},
		})
		who, _, err := b.provider.Callback(r, handle)
		if err == nil && (who.EmployeeID != "PLAN" || who.Name != "Planlægger PLAN") {
			t.Errorf("accepted as %q", who.EmployeeID)
		}
		if err != nil && strings.Contains(explain(err), "panicked") {
			t.Error(explain(err))
		}
	})
}

// FuzzDecrypt feeds plain texts that are then encrypted for us, and whole EncryptedAssertions:
// what anybody can make who has our metadata. None of them is signed.
func FuzzDecrypt(f *testing.F) {
	b := setup(f)
	b.store.keep = true
	location := b.start(f)
	f.Add([]byte("hello"), true)
	for _, fault := range []string{"encrypted-aes256-gcm", "encrypted-cbc", "encrypted-garbage", "encrypted-short-gcm", "unsigned"} {
		document, err := base64.StdEncoding.DecodeString(b.answer(f, location, "PLAN", fault).SAMLResponse)
		if err != nil {
			f.Fatal(err)
		}
		_, assertion, _ := strings.Cut(string(document), "</samlp:Status>")
		f.Add([]byte(strings.TrimSuffix(assertion, "</samlp:Response>")), fault == "unsigned")
	}
	document, err := base64.StdEncoding.DecodeString(b.answer(f, location, "PLAN", "encrypted-nothing").SAMLResponse)
	if err != nil {
		f.Fatal(err)
	}
	head, _, _ := strings.Cut(string(document), "<saml:EncryptedAssertion")
	f.Fuzz(func(t *testing.T, text []byte, plain bool) {
		answer := idpsim.Answer{ACS: b.cfg.BaseURL + saml.PathACS}
		answer.SAMLResponse = base64.StdEncoding.EncodeToString([]byte(head + string(text) + "</samlp:Response>"))
		if plain {
			var err error
			answer, err = b.idp.LoginAs(t.Context(), location, idpsim.Choice{
				User: "PLAN", Encrypt: idpsim.AES256GCM(), Change: func(string) string { return string(text) },
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		who, _, err := b.post(handle, answer)
		if err == nil && who.EmployeeID != "PLAN" || err != nil && strings.Contains(explain(err), "panicked") {
			t.Errorf("accepted as %q: %s", who.EmployeeID, explain(err))
		}
	})
}

// FuzzLogoutQuery feeds raw queries to the logout endpoint. None of them is signed.
func FuzzLogoutQuery(f *testing.F) {
	b := setup(f)
	f.Add("SAMLRequest=x&SigAlg=y&Signature=z")
	f.Add("SAMLResponse=%zz&RelayState=&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature=AA==")
	f.Fuzz(func(t *testing.T, query string) {
		r := get(b.cfg.BaseURL + saml.PathLogout)
		r.URL.RawQuery = query
		if _, err := b.provider.HandleLogout(r, handle); err == nil || strings.Contains(explain(err), "panicked") {
			t.Error(explain(err))
		}
	})
}

// FuzzLogoutPost feeds documents to the logout endpoint by POST, a genuine one among them.
func FuzzLogoutPost(f *testing.F) {
	b := setup(f, ownIDP(idpsim.Options{}))
	who := b.login(f, "TKR")
	document, id, err := b.idp.LogoutDocument("TKR")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.idp.Sign(document, id, false))
	f.Add(document)
	f.Add(answerTo(b, "_x"))
	f.Fuzz(func(t *testing.T, document string) {
		got, err := b.postLogout(document)
		if err == nil && got.NameID != who.NameID || err != nil && strings.Contains(explain(err), "panicked") {
			t.Errorf("accepted for %q: %s", got.NameID.Value, explain(err))
		}
	})
}

// BenchmarkHostile measures what the most expensive refused messages cost.
func BenchmarkHostile(b *testing.B) {
	for _, fault := range []string{"", "deep", "wide", "large", "deep-inside", "encrypted-garbage"} {
		b.Run("answer "+fault, func(b *testing.B) {
			s := setup(b)
			answer := s.answer(b, s.start(b), "PLAN", fault)
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = s.post("OTHER"+fault, answer)
			}
		})
	}
}

// flipped changes one bit of the octet at a place in the k-th CipherValue of an answer: 0 is the
// wrapped key, 1 the content; places below zero count from the end.
func flipped(t *testing.T, answer idpsim.Answer, place, k int) idpsim.Answer {
	t.Helper()
	document, err := base64.StdEncoding.DecodeString(answer.SAMLResponse)
	if err != nil {
		t.Fatal(err)
	}
	doc := parse(t, document)
	el := doc.FindElements("//CipherValue")[k]
	octets, err := base64.StdEncoding.DecodeString(el.Text())
	if err != nil {
		t.Fatal(err)
	}
	if place < 0 {
		place += len(octets)
	}
	octets[place] ^= 1
	el.SetText(base64.StdEncoding.EncodeToString(octets))
	answer.SAMLResponse = base64.StdEncoding.EncodeToString(write(t, doc))
	return answer
}
