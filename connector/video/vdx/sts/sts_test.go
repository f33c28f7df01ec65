package sts

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

func get(t *testing.T, c *outbound.Client) (*outbound.Answer, error) {
	t.Helper()

	return c.Do(t.Context(), outbound.Call{Op: "read", Method: http.MethodGet, Path: []string{"x"}})
}

func want(t *testing.T, p *peer, calls string) {
	t.Helper()

	if diff := cmp.Diff(calls, p.seen()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func mustGet(t *testing.T, c *outbound.Client) {
	t.Helper()

	if answer, err := get(t, c); err != nil || answer.Status != 200 {
		t.Fatalf("got %+v, %v", answer, err)
	}
}

// TestThreeSteps: one assertion for all services, one session for each, and both are renewed
// when they near their end.
func TestThreeSteps(t *testing.T) {
	t.Parallel()

	p := newPeer(t)
	i := p.issuer(t)
	film, text := p.service(t, i, "/videoapi"), p.service(t, i, "/sms")

	mustGet(t, film)
	mustGet(t, film)
	want(t, p, "sts videoapi/token videoapi/x videoapi/x")
	mustGet(t, text)
	want(t, p, "sms/token sms/x")

	p.advance(8*time.Hour - 5*time.Minute - time.Second)
	mustGet(t, film)
	want(t, p, "videoapi/x")
	p.advance(2 * time.Second)
	mustGet(t, film)
	mustGet(t, text)
	want(t, p, "sts videoapi/token videoapi/x sms/token sms/x")

	known, err := i.Known(t.Context())
	if diff := cmp.Diff(Attributes{Organisation: "testby", Email: "vdx@testby.example", Roles: []string{"meeting-planner", "meeting-user"}}, known); err != nil || diff != "" {
		t.Errorf("%v; attributes (-want +got):\n%s", err, diff)
	}
}

func TestOneSessionForManyCallers(t *testing.T) {
	t.Parallel()

	p := newPeer(t)
	c := p.service(t, p.issuer(t), "/videoapi")

	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if answer, err := get(t, c); err != nil || answer.Status != 200 {
				t.Errorf("got %v, %v", answer, err)
			}
		})
	}

	wg.Wait()

	calls := p.seen()
	if strings.Count(calls, "sts") != 1 || strings.Count(calls, "token") != 1 {
		t.Errorf("calls %s: want one assertion and one session", calls)
	}
}

// TestSecondRefusalIsFinal: a lost session is renewed once; 401 after that is the answer.
func TestSecondRefusalIsFinal(t *testing.T) {
	t.Parallel()

	p := newPeer(t)
	c := p.service(t, p.issuer(t), "/videoapi")
	p.answer = func(name string, n int) (int, string, bool) { return 401, "", name == "videoapi/x" && n == 1 }

	mustGet(t, c)
	want(t, p, "sts videoapi/token videoapi/x videoapi/token videoapi/x")

	p.answer = func(name string, _ int) (int, string, bool) { return 401, "", name == "videoapi/x" }

	if answer, err := get(t, c); err != nil || answer.Status != 401 {
		t.Errorf("got %v, %v; want 401", answer, err)
	}

	want(t, p, "videoapi/x videoapi/token videoapi/x")
}

// TestRefusedAssertionIsReplacedOnce: what the gateway refuses may have been withdrawn.
func TestRefusedAssertionIsReplacedOnce(t *testing.T) {
	t.Parallel()

	p := newPeer(t)
	i := p.issuer(t)
	mustGet(t, p.service(t, i, "/sms"))
	p.seen()

	c := p.service(t, i, "/videoapi")
	p.answer = func(name string, n int) (int, string, bool) { return 401, "", name == "videoapi/token" && n == 1 }

	mustGet(t, c)
	want(t, p, "videoapi/token sts videoapi/token videoapi/x")

	c = p.service(t, i, "/history")
	p.answer = func(name string, _ int) (int, string, bool) { return 401, "", name == "history/token" }

	if _, err := get(t, c); !connector.Is(err, connector.Unauthorized) {
		t.Errorf("got %v, want Unauthorized", err)
	}

	want(t, p, "history/token sts history/token")
}

func TestSHA1OnlyBySetting(t *testing.T) {
	t.Parallel()

	p := newPeer(t)
	mustGet(t, p.service(t, p.issuer(t), "/videoapi"))

	if bytes.Contains(p.request, []byte("sha1")) {
		t.Errorf("SHA-1 in %s", p.request)
	}

	mustGet(t, p.service(t, p.issuer(t, func(o *Options) { o.SHA1 = true }), "/videoapi"))

	if !bytes.Contains(p.request, []byte("xmldsig#rsa-sha1")) || !bytes.Contains(p.request, []byte("xmldsig#sha1")) || bytes.Contains(p.request, []byte("256")) {
		t.Errorf("no SHA-1 in %s", p.request)
	}
}

// TestEveryPartIsSigned: whatever is changed in a request, it does not verify.
func TestEveryPartIsSigned(t *testing.T) {
	t.Parallel()

	p := newPeer(t)

	octets, err := p.issuer(t).request()
	if err != nil {
		t.Fatal(err)
	}

	if err = verifyRequest(octets, p.client.Leaf, began); err != nil {
		t.Fatal(err)
	}

	for _, change := range [][2]string{
		{testAudience, "urn:medcom:other"},
		{"/sts</wsa:To>", "/other</wsa:To>"},
		{"urn:uuid:", "urn:uuid:0"},
		{"RST/Issue", "RST/Renew"},
		{"07:35:00.000Z", "07:36:00.000Z"},
		{anonymous, "http://other.example"},
		{"AQAB", "AQAC"},
	} {
		spoiled := bytes.Replace(octets, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(spoiled, octets) {
			t.Errorf("%s does not stand in the request", change[0])
		} else if err = verifyRequest(spoiled, p.client.Leaf, began); err == nil {
			t.Errorf("%s instead of %s verifies", change[1], change[0])
		}
	}
}

// TestIssueRefused: what the STS answers decides whether an alarm or patience is due, and no
// error tells what was sent.
func TestIssueRefused(t *testing.T) {
	t.Parallel()

	fault := func(code string) string {
		return `<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body><s:Fault><faultcode>` + code + `</faultcode><faultstring>for 251248-9996</faultstring></s:Fault></s:Body></s:Envelope>`
	}
	fault12 := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value>` +
		`<s:Subcode><s:Value>wst:RequestFailed</s:Value></s:Subcode></s:Code><s:Detail><Value>x</Value></s:Detail></s:Fault></s:Body></s:Envelope>`
	unlimited := strings.Replace(newPeer(t).issue(), " NotOnOrAfter=", " After=", 1)

	for name, tt := range map[string]struct {
		status int
		body   string
		kind   connector.Kind
		code   string
	}{
		"not known":        {500, fault("wst:FailedAuthentication"), connector.Unauthorized, "FailedAuthentication"},
		"not known, 1.2":   {500, fault12, connector.Unauthorized, "RequestFailed"},
		"fault with 200":   {200, fault("wsse:InvalidSecurity"), connector.Unauthorized, "InvalidSecurity"},
		"trouble":          {500, fault("soap:Server"), connector.Unavailable, "Server"},
		"trouble with 200": {200, fault("soap:Server"), connector.Unavailable, "Server"},
		"no fault":         {500, "", connector.Unavailable, ""},
		"gateway":          {502, "<html>", connector.Unavailable, ""},
		"busy":             {429, "", connector.RateLimited, ""},
		"no certificate":   {403, "", connector.Unauthorized, ""},
		"empty":            {200, "", connector.Unavailable, ""},
		"web page":         {200, "<html><body></html>", connector.Unavailable, ""},
		"no end":           {200, unlimited, connector.Unauthorized, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p := newPeer(t)
			p.answer = func(path string, _ int) (int, string, bool) { return tt.status, tt.body, path == "sts" }

			_, err := get(t, p.service(t, p.issuer(t), "/videoapi"))

			var code string
			if e, ok := asError(err); ok {
				code = e.Code
			}

			if connector.KindOf(err) != tt.kind || code != tt.code {
				t.Errorf("got %v, want %v %s", err, tt.kind, tt.code)
			}

			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "251248") || strings.Contains(text, "<") {
				t.Errorf("the error tells %s", text)
			}
		})
	}
}

// TestOverdueAssertion: with a wrong clock there is no use in trying again at once.
func TestOverdueAssertion(t *testing.T) {
	t.Parallel()

	p := newPeer(t)
	p.life = -time.Minute

	if _, err := get(t, p.service(t, p.issuer(t), "/videoapi")); !connector.Is(err, connector.Unauthorized) {
		t.Errorf("got %v, want Unauthorized", err)
	}
}

func TestTokenAnswers(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		body  string
		token string
		life  time.Duration
	}{
		"full":         {`{"access_token":"a-b","token_type":"Holder-of-key","expires_in":3600}`, "a-b", time.Hour},
		"spelling":     {`{"access_token":"a","token_type":"holder-of-KEY","expires_in":"60"}`, "a", time.Minute},
		"no life":      {`{"access_token":"a"}`, "a", shortLife},
		"over already": {`{"access_token":"a","expires_in":-1}`, "a", shortLife},
		"very long":    {`{"access_token":"a","expires_in":1e300}`, "a", maxLife},
		"bearer":       {`{"access_token":"a","token_type":"Bearer"}`, "", 0},
		"two lines":    {`{"access_token":"a\r\nX: y"}`, "", 0},
		"nothing":      {`{}`, "", 0},
		"no JSON":      {`<html>`, "", 0},
	} {
		token, life, problem := readToken([]byte(tt.body))
		if token != tt.token || life != tt.life || (problem == "") != (tt.token != "") {
			t.Errorf("%s: got %q, %v, %q", name, token, life, problem)
		}
	}
}

func TestBadCertificates(t *testing.T) {
	t.Parallel()

	p := newPeer(t)

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	for name, spoil := range map[string]func(*Options){
		"elliptic curve": func(o *Options) { o.Certificate = tls.Certificate{Leaf: p.client.Leaf, PrivateKey: key} },
		"none":           func(o *Options) { o.Certificate = tls.Certificate{} },
		"no audience":    func(o *Options) { o.Audience = "" },
		"plain http":     func(o *Options) { o.Service.BaseURL = "http://sts.example" },
	} {
		o := Options{Service: p.outbound("/sts"), Audience: testAudience, Certificate: p.client}
		spoil(&o)

		if _, err := NewIssuer(o); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}

	if _, err := NewSession(p.issuer(t), outbound.Options{System: "vdx", Now: p.clock, BaseURL: "x"}); err == nil {
		t.Error("a session of nowhere: want an error")
	}
}
