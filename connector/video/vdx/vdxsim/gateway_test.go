package vdxsim_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// sharedKeys are made once: RSA keys take time.
var sharedKeys = sync.OnceValues(func() (*vdxsim.Keys, error) {
	return vdxsim.NewKeys(time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC), append(vdxsim.DefaultRegistrations(),
		vdxsim.Registration{Name: "expired", Organisation: "sluse-kommune", Email: "x@sluse-kommune.example", Validity: -time.Hour})...)
})

// door is a client of the gateway with a certificate.
type door struct {
	*bench
	name   string
	client *http.Client
	pair   tls.Certificate
	serial int
}

func setupGateway(t *testing.T, change func(*vdxsim.Options)) *bench {
	t.Helper()
	keys, err := sharedKeys()
	if err != nil {
		t.Fatal(err)
	}
	return setup(t, func(o *vdxsim.Options) {
		o.Gateway = &vdxsim.Gateway{Keys: keys}
		if change != nil {
			change(o)
		}
	})
}

func (b *bench) door(t *testing.T, name string) *door {
	t.Helper()
	config, err := b.Keys().ClientTLS(name)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{bench: b, name: name, client: &http.Client{Transport: &http.Transport{TLSClientConfig: config}, CheckRedirect: noRedirect}}
	if name != "" {
		d.pair = config.Certificates[0]
	}
	t.Cleanup(d.client.CloseIdleConnections)
	return d
}

// send makes a call to the gateway with exactly these headers.
func (d *door) send(t *testing.T, method, target, body string, header map[string]string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Request-Id", "test")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.object)
	return a
}

// exchange is POST {base}/token.
func (d *door) exchange(t *testing.T, base, assertion string) answer {
	t.Helper()
	return d.send(t, http.MethodPost, base+"/token", "saml-token="+base64.StdEncoding.EncodeToString([]byte(assertion)),
		map[string]string{"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"})
}

func (d *door) call(t *testing.T, token, method, target, body string) answer {
	t.Helper()
	header := map[string]string{"Authorization": "Holder-of-key " + token, "X-Api-Key": "history-key-of-sluse-kommune"}
	if body != "" {
		header["Content-Type"] = "application/json"
	}
	return d.send(t, method, target, body, header)
}

// TestAColdStart is §3.3: STS, token, booking, room; then a message and the history, each with
// a session of its own.
func TestAColdStart(t *testing.T) {
	t.Parallel()
	b := setupGateway(t, nil)
	d, at := b.door(t, "sluse-planner"), b.urls.Gateway
	for range 6 { // with its namespaces declared here and there
		assertion, fault := d.ask(t, d.rst(t))
		if fault != "" {
			t.Fatal(fault)
		}
		first := d.exchange(t, at.Video, assertion)
		if first.status != http.StatusOK || first.str("token_type") != "Holder-of-key" || first.object["expires_in"] != float64(8*3600) {
			t.Fatalf("token: %d %s %v", first.status, first.raw, first.header)
		}
		if kind := first.header.Get("Content-Type"); strings.Contains(kind, "json") {
			t.Errorf("the gateway does not say that its answer is JSON: %s", kind)
		}
	}
	assertion, _ := d.ask(t, d.rst(t))
	verifiedByAnother(t, b, assertion)
	video, sms, history := d.exchange(t, at.Video, assertion).str("access_token"), d.exchange(t, at.SMS, assertion).str("access_token"), d.exchange(t, at.History, assertion).str("access_token")
	made := d.call(t, video, http.MethodPost, at.Video+"/meetings", booking(idA, b.start.Add(time.Hour), b.start.Add(2*time.Hour), ""))
	if made.status != http.StatusOK || !strings.Contains(made.raw, `"email":"vdx-system@sluse-kommune.example"`) {
		t.Fatalf("create: %d %s", made.status, made.raw)
	}
	if room := d.call(t, video, http.MethodGet, at.Video+"/scheduling-info/"+idA, ""); room.str("provisionStatus") != "AWAITS_PROVISION" {
		t.Errorf("room: %s", room.raw)
	}
	if sent := d.call(t, sms, http.MethodPost, at.SMS+"/v1/meeting/"+idA, `{"message":"Se %meeting_url%","to":"+4520123456"}`); sent.status != http.StatusOK {
		t.Errorf("sms: %d %s", sent.status, sent.raw)
	}
	if list := d.call(t, history, http.MethodGet, at.History+"/apikey/history/v1/conference?limit=1", ""); list.status != http.StatusOK || list.object["meta"] == nil {
		t.Errorf("history: %d %s", list.status, list.raw)
	}
	for base, token := range map[string]string{at.Video + "/meetings/" + idA: sms, at.SMS + "/v1/meeting/" + idA: video, at.History + "/apikey/history/v1/conference": sms} {
		if a := d.call(t, token, http.MethodGet, base, ""); a.status != http.StatusUnauthorized {
			t.Errorf("a session of another base at %s: %d", base, a.status)
		}
	}
	if got := b.Requests(vdxsim.OpSTS); len(got) != 7 || got[0].Client != "sluse-planner" || got[0].API != "sts" {
		t.Errorf("requests: %d", len(got))
	}
}

// verifiedByAnother checks the assertion's signature with goxmldsig.
func verifiedByAnother(t *testing.T, b *bench, assertion string) {
	t.Helper()
	block, _ := pem.Decode(b.Keys().STS())
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromString(assertion); err != nil {
		t.Fatal(err)
	}
	known := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{root}})
	if _, err := known.Validate(doc.Root()); err != nil {
		t.Errorf("goxmldsig: %v", err)
	}
}

func TestWhatTheGatewayRefuses(t *testing.T) {
	t.Parallel()
	b := setupGateway(t, nil)
	d, user, nobody := b.door(t, "sluse-planner"), b.door(t, "sluse-user"), b.door(t, "")
	at := b.urls.Gateway
	assertion, fault := d.ask(t, d.rst(t))
	if fault != "" {
		t.Fatal(fault)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(assertion))
	byCertificate := d.rst(t)
	byCertificate.key = "<ds:X509Data><ds:X509Certificate>" + byCertificate.token + "</ds:X509Certificate></ds:X509Data>"
	inX509, fault := d.ask(t, byCertificate)
	if fault != "" {
		t.Fatal(fault)
	}
	tests := map[string]struct {
		by   *door
		body string
		want int
	}{
		"good":                  {d, "saml-token=" + encoded, 200},
		"without the prefix":    {d, encoded, 200},
		"no certificate":        {nobody, "saml-token=" + encoded, 400},
		"escaped":               {d, "saml-token=" + strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(encoded), 401},
		"unpadded":              {d, "saml-token=" + strings.TrimRight(encoded[:len(encoded)-1], "="), 401},
		"another's certificate": {user, "saml-token=" + encoded, 401},
		"no assertion":          {d, "saml-token=" + base64.StdEncoding.EncodeToString([]byte("<a/>")), 401},
		"nothing":               {d, "", 401},
		"changed":               {d, "saml-token=" + base64.StdEncoding.EncodeToString([]byte(strings.Replace(assertion, "meeting-planner", "meeting-admin", 1))), 401},
		"indented":              {d, "saml-token=" + base64.StdEncoding.EncodeToString([]byte(strings.Replace(assertion, "<saml2:Conditions", "\n<saml2:Conditions", 1))), 401},
		"X.509 in the key info": {d, "saml-token=" + base64.StdEncoding.EncodeToString([]byte(inX509)), 401},
	}
	for name, tt := range tests {
		a := tt.by.send(t, http.MethodPost, at.Video+"/token", tt.body, nil)
		if a.status != tt.want || (tt.want == 401 && a.header.Get("WWW-Authenticate") == "") {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
	}
	token := d.exchange(t, at.Video, assertion).str("access_token")
	calls := map[string]struct {
		by     *door
		header string
		want   int
	}{
		"good":                {d, "Holder-of-key " + token, 200},
		"any scheme":          {d, "Whatever " + token, 200},
		"one word":            {d, token, 401},
		"none":                {d, "", 401},
		"unknown":             {d, "Holder-of-key 0d0f6a8e-0000-4000-8000-000000000000", 401},
		"another certificate": {user, "Holder-of-key " + token, 401},
		"no certificate":      {nobody, "Holder-of-key " + token, 400},
	}
	for name, tt := range calls {
		if a := tt.by.send(t, http.MethodGet, at.Video+"/info", "", map[string]string{"Authorization": tt.header}); a.status != tt.want {
			t.Errorf("%s: %d, want %d", name, a.status, tt.want)
		}
	}
	b.ExpireTokens()
	if a := d.call(t, token, http.MethodGet, at.Video+"/info", ""); a.status != 401 {
		t.Errorf("after ExpireTokens: %d", a.status)
	}
	if token = d.exchange(t, at.Video, assertion).str("access_token"); token == "" {
		t.Error("the assertion outlives the session")
	}
	b.Advance(8*time.Hour - time.Second)
	if a := d.call(t, token, http.MethodGet, at.Video+"/info", ""); a.status != 200 {
		t.Errorf("a second before the end: %d", a.status)
	}
	b.Advance(time.Second)
	if a := d.call(t, token, http.MethodGet, at.Video+"/info", ""); a.status != 401 {
		t.Errorf("at the end: %d", a.status)
	}
	if a := d.exchange(t, at.Video, assertion); a.status != 401 {
		t.Errorf("expired assertion: %d", a.status)
	}
}

func TestARoleFailureAtTheGatewayIs401(t *testing.T) {
	t.Parallel()
	b := setupGateway(t, nil)
	d := b.door(t, "sluse-provisioner")
	assertion, fault := d.ask(t, d.rst(t))
	if fault != "" {
		t.Fatal(fault)
	}
	token := d.exchange(t, b.urls.Gateway.Video, assertion).str("access_token")
	if a := d.call(t, token, http.MethodGet, b.urls.Gateway.Video+"/scheduling-info-reserve", ""); a.status != http.StatusUnauthorized {
		t.Errorf("reserve as provisioner: %d %s", a.status, a.raw)
	}
}

func TestFaultsAtTheGateway(t *testing.T) {
	t.Parallel()
	b := setupGateway(t, nil)
	d, at := b.door(t, "sluse-planner"), b.urls.Gateway
	script := func(kind vdxsim.FaultKind, op string) {
		t.Helper()
		if err := b.Script(vdxsim.Fault{Kind: kind, Op: op}); err != nil {
			t.Fatal(err)
		}
	}
	script(vdxsim.FaultUnavailable, vdxsim.OpSTS)
	if _, fault := d.ask(t, d.rst(t)); !strings.HasPrefix(fault, "503") {
		t.Errorf("STS: %s", fault)
	}
	assertion, fault := d.ask(t, d.rst(t))
	if fault != "" {
		t.Fatal(fault)
	}
	script(vdxsim.FaultBadGatewayAfter, vdxsim.OpSession)
	if a := d.exchange(t, at.Video, assertion); a.status != 502 {
		t.Errorf("token: %d", a.status)
	}
	token := d.exchange(t, at.Video, assertion).str("access_token")
	script(vdxsim.FaultUnauthorized, vdxsim.OpInfo)
	if a := d.call(t, token, http.MethodGet, at.Video+"/info", ""); a.status != 401 || a.header.Get("WWW-Authenticate") == "" || a.raw != "" {
		t.Errorf("session gone: %d %v %s", a.status, a.header, a.raw)
	}
	script(vdxsim.FaultServerError, vdxsim.OpInfo)
	if a := d.call(t, token, http.MethodGet, at.Video+"/info", ""); a.status != 500 || a.str("path") == "" {
		t.Errorf("v1 has no code in a 500: %d %s", a.status, a.raw)
	}
	script(vdxsim.FaultResetAfter, vdxsim.OpMeetingCreate)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at.Video+"/meetings", strings.NewReader(booking(idA, b.start, b.start, "")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Holder-of-key " + token}, "Content-Type": {"application/json"}, "X-Request-Id": {"test"}}
	if resp, err := d.client.Do(req); err == nil {
		_ = resp.Body.Close()
		t.Errorf("the connection was not dropped: %d", resp.StatusCode)
	}
	if a := d.call(t, token, http.MethodGet, at.Video+"/meetings/"+idA, ""); a.status != 200 {
		t.Errorf("the lost booking stands: %d", a.status)
	}
	got := b.Requests(vdxsim.OpMeetingCreate)
	if len(got) != 1 || got[0].Door != vdxsim.DoorGateway || !got[0].Effect || got[0].Key != idA {
		t.Errorf("history: %+v", got)
	}
}
