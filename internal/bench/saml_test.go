package bench_test

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	crewjam "github.com/crewjam/saml"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

const (
	samlRounds   = 7  // our turn and the library's turn, one after the other
	samlMessages = 40 // in one turn
	samlBrowser  = "BROWSER"

	// What one hostile message may cost us.
	hostileTime   = 50 * time.Millisecond
	hostileMemory = 32 << 20
)

// openStore keeps logins open, so that one answer can be judged many times.
type openStore struct {
	mu       sync.Mutex
	requests map[string]saml.Request
}

func (s *openStore) SaveRequest(_ context.Context, req saml.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[req.ID] = req

	return nil
}

func (s *openStore) Request(_ context.Context, id string) (saml.Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	req, found := s.requests[id]
	if !found {
		return saml.Request{}, saml.ErrNoRequest
	}

	return req, nil
}

func (*openStore) CompleteRequest(context.Context, string, string, time.Time) error { return nil }
func (*openStore) RememberMessage(context.Context, string, time.Time) error         { return nil }

// samlRig is one simulated provider, our service provider and the library's, with the same key.
type samlRig struct {
	idp      *idpsim.Server
	cfg      saml.Config
	provider *saml.Provider
	library  *crewjam.ServiceProvider
	request  string // where the browser is sent
}

func newSAMLRig(b *testing.B) *samlRig {
	b.Helper()

	idp, err := idpsim.New(idpsim.Options{PublicURL: "http://127.0.0.1:1", Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}

	certificate, key, err := saml.NewKeyPair("bench", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		b.Fatal(err)
	}

	dir := b.TempDir()
	r := &samlRig{idp: idp, cfg: saml.Config{
		BaseURL: "https://sp.testkommunen.example", IDPMetadata: string(idp.Metadata()),
		CertificateFile: filepath.Join(dir, "sp.crt"), KeyFile: filepath.Join(dir, "sp.key"), AllowCBC: true,
	}}

	for name, data := range map[string][]byte{r.cfg.CertificateFile: certificate, r.cfg.KeyFile: key} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			b.Fatal(err)
		}
	}

	if r.provider, err = saml.New(r.cfg, &openStore{requests: map[string]saml.Request{}}, time.Now); err != nil {
		b.Fatal(err)
	}

	metadata, err := r.provider.Metadata()
	if err != nil {
		b.Fatal(err)
	}

	if err := idp.Trust(metadata); err != nil {
		b.Fatal(err)
	}

	r.library = libraryProvider(b, r, certificate, key)

	out, err := r.provider.Login(b.Context(), samlBrowser, saml.LoginRequest{ReturnTo: "/"})
	if err != nil {
		b.Fatal(err)
	}

	r.request = out.URL

	return r
}

// answer is what the simulator says to the rig's login.
func (r *samlRig) answer(b *testing.B, c idpsim.Choice) idpsim.Answer {
	b.Helper()

	c.User = "PLAN"

	answer, err := r.idp.LoginAs(b.Context(), r.request, c)
	if err != nil {
		b.Fatal(err)
	}

	return answer
}

// ours judges a message as the web handler would.
func (r *samlRig) ours(encoded string) error {
	form := url.Values{"SAMLResponse": {encoded}}.Encode()
	req := httptest.NewRequest(http.MethodPost, r.cfg.BaseURL+saml.PathACS, strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, _, err := r.provider.Callback(req, samlBrowser)

	return err
}

// libraryProvider is crewjam/saml as it comes, for the same addresses and keys.
func libraryProvider(b *testing.B, r *samlRig, certificate, key []byte) *crewjam.ServiceProvider {
	b.Helper()

	pair, err := parsePair(certificate, key)
	if err != nil {
		b.Fatal(err)
	}

	var idp crewjam.EntityDescriptor
	if err := xml.Unmarshal([]byte(r.cfg.IDPMetadata), &idp); err != nil {
		b.Fatal(err)
	}

	acs, _ := url.Parse(r.cfg.BaseURL + saml.PathACS)
	metadata, _ := url.Parse(r.cfg.BaseURL + saml.PathMetadata)

	return &crewjam.ServiceProvider{
		EntityID: metadata.String(), Key: pair.key, Certificate: pair.certificate,
		AcsURL: *acs, MetadataURL: *metadata, IDPMetadata: &idp,
	}
}

// requestID is the ID of the rig's AuthnRequest.
func (r *samlRig) requestID(b *testing.B) string {
	b.Helper()

	history := r.idp.History()
	for _, e := range history {
		if e.Kind == "authn_request" {
			return e.ID
		}
	}

	b.Fatal("the provider saw no request")

	return ""
}

// BenchmarkSAML is row 7: one answer judged by us, from the form to the last rule, and by
// the library's ParseXMLResponse, which skips most rules. Processor time, the least of several turns.
func BenchmarkSAML(b *testing.B) {
	messages := []struct {
		name   string
		choice idpsim.Choice
	}{
		{"signed", idpsim.Choice{}},
		{"signed and encrypted, AES-128-GCM", idpsim.Choice{Fault: "encrypted-aes128-gcm"}},
		{"signed twice and encrypted, AES-256-CBC", idpsim.Choice{Fault: "both-signed", Encrypt: &idpsim.Encryption{
			Content: "http://www.w3.org/2001/04/xmlenc#aes256-cbc", KeyTransport: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
			Digest: "http://www.w3.org/2000/09/xmldsig#sha1",
		}}},
	}
	for _, m := range messages {
		b.Run(m.name, func(b *testing.B) {
			for b.Loop() {
				compareSAML(b, m.name, m.choice)
			}
		})
	}
}

func compareSAML(b *testing.B, name string, choice idpsim.Choice) {
	b.Helper()

	r := newSAMLRig(b)
	answer := r.answer(b, choice)
	ids := []string{r.requestID(b)}

	document, err := base64.StdEncoding.DecodeString(answer.SAMLResponse)
	if err != nil {
		b.Fatal(err)
	}

	ours := func() error { return r.ours(answer.SAMLResponse) }
	library := func() error {
		_, err := r.library.ParseXMLResponse(document, ids, r.library.AcsURL)

		return err
	}

	var least, baseline time.Duration

	for range samlRounds {
		mine, theirs := processorTime(b, samlMessages, ours), processorTime(b, samlMessages, library)
		if least == 0 || mine < least {
			least = mine
		}

		if baseline == 0 || theirs < baseline {
			baseline = theirs
		}
	}

	ratio := float64(least) / float64(baseline)
	report(row{
		what: "7 SAML answer, " + name, target: "≤ 1.0 × crewjam", measured: perMessage(least),
		baseline: "crewjam " + perMessage(baseline), ratio: fmt.Sprintf("%.2f", ratio), met: ratio <= 1,
	})
	b.ReportMetric(ratio, "×crewjam")
}

func perMessage(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

// processorTime is what one call costs, of n of them, with the collection of its garbage.
func processorTime(b *testing.B, n int, call func() error) time.Duration {
	b.Helper()
	runtime.GC()

	begun := processorSpent(b)

	for range n {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}

	return (processorSpent(b) - begun) / time.Duration(n)
}

// processorSpent is the processor time of this process so far.
func processorSpent(b *testing.B) time.Duration {
	b.Helper()

	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}

	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkHostile measures the most expensive messages that anybody can send who has begun a
// login: each is refused, and its cost has to stay bounded.
func BenchmarkHostile(b *testing.B) {
	for b.Loop() {
		r := newSAMLRig(b)
		for _, name := range slices.Sorted(maps.Keys(hostileMessages())) {
			hostile(b, r, name)
		}

		bomb(b, r)
	}
}

// hostileMessages change the genuine answer; what they add fills the limits as far as they go.
func hostileMessages() map[string]func(string) string {
	inside := func(what string) func(string) string {
		return func(s string) string {
			return strings.Replace(s, "</saml:AttributeStatement>", what+"</saml:AttributeStatement>", 1)
		}
	}
	attributes := func(n int, format string) string {
		var out strings.Builder
		for i := range n {
			fmt.Fprintf(&out, format, i)
		}

		return out.String()
	}
	nested := func(n int, start, body string) string {
		return strings.Repeat(start, n) + body + strings.Repeat("</saml:x>", n)
	}

	return map[string]func(string) string{
		"1,900 elements":                  inside(strings.Repeat("<saml:x></saml:x>", 1900)),
		"1,000 elements of 28 attributes": inside(strings.Repeat("<saml:x"+attributes(28, ` a%d="1"`)+"/>", 1000)),
		"as deep as allowed":              inside(nested(27, "<saml:x>", strings.Repeat("<saml:y/>", 1800))),
		"prefixes as allowed, 1,900 times one more": inside(nested(1, "<saml:x"+attributes(28, ` xmlns:p%d="urn:p"`)+">",
			strings.Repeat(`<saml:y xmlns:q="urn:q"/>`, 1900))),
		"240 kB of text":        inside("<saml:x>" + strings.Repeat("&lt;", 60<<10) + "</saml:x>"),
		"nested 20,000 times":   inside(nested(20000, "<saml:x>", "")),
		"50,000 elements":       inside(strings.Repeat("<a/>", 50000)),
		"500 attributes":        inside("<saml:x" + attributes(500, ` a%d="1"`) + "/>"),
		"300 prefixes":          inside(nested(30, "<saml:x"+attributes(10, ` xmlns:p%d="urn:p"`)+">", "")),
		"500 kB of white space": inside(strings.Repeat(" ", 360<<10)),
	}
}

func hostile(b *testing.B, r *samlRig, name string) {
	b.Helper()

	change := hostileMessages()[name]

	document, err := base64.StdEncoding.DecodeString(r.answer(b, idpsim.Choice{}).SAMLResponse)
	if err != nil {
		b.Fatal(err)
	}

	encoded := base64.StdEncoding.EncodeToString([]byte(change(string(document))))
	measureHostile(b, "hostile: "+name, len(encoded), func() error { return r.ours(encoded) })

	// The same within what anybody can encrypt with our public certificate.
	encrypted := r.answer(b, idpsim.Choice{Encrypt: idpsim.AES256GCM(), Change: change}).SAMLResponse
	measureHostile(b, "hostile, encrypted: "+name, len(encrypted), func() error { return r.ours(encrypted) })
}

// bomb is a redirect of a few kilobytes that inflates to megabytes, signed by the provider:
// unsigned ones are refused before.
func bomb(b *testing.B, r *samlRig) {
	b.Helper()

	address, err := r.idp.SignedURL(r.cfg.BaseURL+saml.PathLogout, "SAMLRequest", "<a>"+strings.Repeat(" ", 32<<20)+"</a>", "", nil)
	if err != nil {
		b.Fatal(err)
	}

	measureHostile(b, "hostile: logout of 32 MB, deflated", len(address), func() error {
		_, err := r.provider.HandleLogout(httptest.NewRequest(http.MethodGet, address, http.NoBody), "")

		return err
	})

	var deflated bytes.Buffer

	w, _ := flate.NewWriter(&deflated, flate.BestCompression)
	_, _ = w.Write(bytes.Repeat([]byte(" "), 64<<20))
	_ = w.Close()

	unsigned := r.cfg.BaseURL + saml.PathLogout + "?SAMLRequest=" + url.QueryEscape(base64.StdEncoding.EncodeToString(deflated.Bytes())) +
		"&SigAlg=" + url.QueryEscape("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256") + "&Signature=AAAA"
	measureHostile(b, "hostile: logout of 64 MB, deflated, unsigned", len(unsigned), func() error {
		_, err := r.provider.HandleLogout(httptest.NewRequest(http.MethodGet, unsigned, http.NoBody), "")

		return err
	})
}

func measureHostile(b *testing.B, name string, size int, call func() error) {
	b.Helper()

	const times = 12

	var before, after runtime.MemStats

	least := time.Duration(0)

	runtime.ReadMemStats(&before)

	for range times {
		begun := processorSpent(b)

		if err := call(); err == nil {
			b.Fatalf("%s: accepted", name)
		}

		if cost := processorSpent(b) - begun; least == 0 || cost < least {
			least = cost
		}
	}

	runtime.ReadMemStats(&after)

	memory := (after.TotalAlloc - before.TotalAlloc) / times
	report(row{
		what: name, target: fmt.Sprintf("≤ %d ms, ≤ %d MB", hostileTime.Milliseconds(), hostileMemory>>20),
		measured: fmt.Sprintf("%s, %.1f MB", perMessage(least), float64(memory)/(1<<20)),
		baseline: fmt.Sprintf("%d kB sent", size>>10), ratio: "–", met: least <= hostileTime && memory <= hostileMemory,
	})
}

// keyPair is a key with its certificate, as the library wants them.
type keyPair struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

func parsePair(certificate, key []byte) (keyPair, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return keyPair{}, fmt.Errorf("read key pair: %w", err)
	}

	private, isRSA := pair.PrivateKey.(*rsa.PrivateKey)
	if !isRSA {
		return keyPair{}, errors.New("not an RSA key")
	}

	return keyPair{pair.Leaf, private}, nil
}
