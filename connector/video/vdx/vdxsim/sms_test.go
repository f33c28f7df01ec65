package vdxsim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

func TestSMSDelivery(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) { o.UndeliverableNumbers = []string{"+45 20 00 00 01"} })
	target := "/sms/v1/meeting/" + idA
	if a := b.do(t, http.MethodPost, target, `{"message":"hej","to":"+4520123456"}`); a.status != 404 {
		t.Errorf("without a meeting: %d", a.status)
	}
	m := b.standard(t)
	if a := b.do(t, http.MethodGet, target, ""); a.status != 404 {
		t.Errorf("nothing sent: %d", a.status)
	}
	if a := b.do(t, http.MethodPost, target, `{"message":"Gå til %meeting_url%","to":"+4520123456"}`); a.status != 200 || a.object == nil {
		t.Fatalf("send: %d %s", a.status, a.raw)
	}
	if a := b.do(t, http.MethodPost, target, `{"message":"","to":"20123456"}`); a.status != 400 {
		t.Errorf("empty message: %d", a.status)
	}
	status := func() string {
		a := b.do(t, http.MethodGet, target, "")
		if a.status != 200 || len(a.list) != 1 {
			t.Fatalf("status: %d %s", a.status, a.raw)
		}
		s, _ := a.list[0]["status"].(string)
		return s
	}
	for _, want := range []string{"QUEUED", "SENT", "DELIVERED"} {
		if got := status(); got != want {
			t.Errorf("status %s, want %s", got, want)
		}
		b.Advance(2 * time.Second)
	}
	b.do(t, http.MethodPost, target, `{"message":"igen","to":"20000001"}`)
	b.Advance(time.Minute)
	sent := b.SMS()
	if len(sent) != 2 || sent[1].Status != vdxsim.SMSFailed || sent[0].Text != "Gå til "+m.str("shortLink") || sent[0].AfterCancel {
		t.Errorf("messages: %+v", sent)
	}
	b.do(t, http.MethodPatch, "/v2/meetings/"+idA, `{"endTime":"`+b.Now().Format(time.RFC3339)+`"}`)
	b.do(t, http.MethodPost, target, `{"message":"for sent","to":"20123456"}`)
	if c := b.Counts(); c.SMS != 3 || c.SMSAfterCancel != 1 || c.SMSFailed != 1 || c.SMSPerRoom[idA] != 3 {
		t.Errorf("counts: %+v", c)
	}
}

func TestSMSCallback(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.RawQuery }))
	defer receiver.Close()
	b := setup(t, func(o *vdxsim.Options) {
		o.Organisations = vdxsim.DefaultOrganisations()
		o.Organisations[0].SMSCallbackURL = receiver.URL + "/cb?ref=%reference%&s=%status%"
	})
	b.standard(t)
	a := b.do(t, http.MethodPost, "/sms/v1/meeting/"+idA, `{"message":"hej","to":"20123456"}`)
	b.Advance(time.Minute)
	if q := <-got; q != "ref="+a.str("reference")+"&s=DELIVERED" {
		t.Errorf("callback query %q", q)
	}
}

func TestInboxPage(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	b.do(t, http.MethodPost, "/sms/v1/meeting/"+idA, `{"message":"Hej <b>du</b>","to":"20123456"}`)
	a := b.do(t, http.MethodGet, b.urls.Inbox+"?to=%2B4520123456", "")
	for _, want := range []string{"Hej &lt;b&gt;du&lt;/b&gt;", "SluseKomm", "i kø", `lang="da"`} {
		if !strings.Contains(a.raw, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(a.raw, "https://") || strings.Contains(a.raw, "<script") {
		t.Error("the page reaches out")
	}
	if a = b.do(t, http.MethodGet, b.urls.Inbox+"?to=99999999", ""); !strings.Contains(a.raw, "ingen beskeder") {
		t.Error("the filter does not filter")
	}
}
