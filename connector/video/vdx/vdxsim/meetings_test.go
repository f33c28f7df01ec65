package vdxsim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

func TestCreateAnswersTheWholeMeeting(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) { o.Zone = time.FixedZone("CET", 3600) })
	a := b.book(t, idA, b.start.Add(time.Hour), b.start.Add(2*time.Hour),
		`"externalId":"sag-1","organizedByEmail":"sagsbehandler@kommune.example","labels":["jobcenter"],
		"additionalInformation":[{"key":"fagsystem","value":"demo"}],"projectCode":"JOB-114"`)
	got := map[string]any{}
	for _, k := range []string{
		"subject", "uuid", "externalId", "description", "projectCode", "startTime", "endTime", "createdTime",
		"updatedTime", "labels", "guestMicrophone", "guestPinRequired", "additionalInformation", "createdBy", "updatedBy", "organizedBy",
	} {
		got[k] = a.object[k]
	}
	want := map[string]any{
		"subject": "Samtale", "uuid": idA, "externalId": "sag-1", "description": nil, "projectCode": "JOB-114",
		"startTime": "2026-09-14T10:00:00+01:00", "endTime": "2026-09-14T11:00:00+01:00",
		"createdTime": "2026-09-14T09:00:00+01:00", "updatedTime": nil, "labels": []any{"jobcenter"},
		"guestMicrophone": "on", "guestPinRequired": false,
		"additionalInformation": []any{map[string]any{"key": "fagsystem", "value": "demo"}},
		"createdBy":             map[string]any{"organisationId": "sluse-kommune", "email": "vdx-system@sluse-kommune.example"},
		"updatedBy":             map[string]any{"organisationId": nil, "email": nil},
		"organizedBy":           map[string]any{"organisationId": "sluse-kommune", "email": "sagsbehandler@kommune.example"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(a.str("shortId")) != 12 || a.str("shortLink") != a.str("shortlink") || !strings.HasSuffix(a.str("shortLink"), a.str("shortId")) {
		t.Errorf("short id and links: %s", a.raw)
	}
	if strings.Contains(a.raw, "Pin\":") && strings.Contains(a.raw, "hostPin") {
		t.Error("the meeting shows a PIN")
	}
	if got := b.do(t, http.MethodGet, "/v2/meetings/"+strings.ToUpper(idA)+"/", ""); got.status != http.StatusOK {
		t.Errorf("trailing slash and upper case: %d", got.status)
	}
}

func TestRoomOfATemplateWithoutGuestPINLeaksTheHostPIN(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.book(t, idA, b.start.Add(time.Hour), b.start.Add(2*time.Hour), "")
	r := b.room(t, idA)
	if r.object["hostPin"] == nil || r.object["guestPin"] != nil {
		t.Fatalf("PINs: %s", r.raw)
	}
	with, without := r.str("uriWithDomain"), r.str("uriWithoutDomain")
	local, _, _ := strings.Cut(with, "@")
	if local == without || !strings.HasSuffix(local, without) {
		t.Errorf("uriWithDomain %q must have a prefix that uriWithoutDomain %q lacks", with, without)
	}
	rec, _ := b.Room(idA)
	if !strings.Contains(r.str("portalLink"), "pin="+itoa(rec.HostPIN)) || !strings.HasPrefix(r.str("portalLink"), b.urls.Portal) {
		t.Errorf("portal link %q lacks the host PIN or the simulator's address", r.str("portalLink"))
	}
	if r.str("provisionStatus") != "AWAITS_PROVISION" || r.object["provisionTimestamp"] != nil {
		t.Errorf("status: %s", r.raw)
	}
}

func TestCreateRefusals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 101)
	tests := map[string]struct {
		extra, body string
		lenient     bool
		want        string
	}{
		"duplicate uuid":               {body: booking(idA, time.Unix(1e9, 0).UTC(), time.Unix(1e9, 0).UTC(), ""), want: "Bad Request/24"},
		"duplicate external id":        {extra: `"externalId":"visit-1"`, want: "Bad Request/21"},
		"subject too long":             {extra: `"subject":"` + long + `"`, want: "Bad Request/10"},
		"project code too long":        {extra: `"projectCode":"` + long + `"`, want: "Bad Request/10"},
		"external id too long":         {extra: `"externalId":"` + long + long + `"`, want: "Bad Request/10"},
		"PIN too short":                {extra: `"guestPin":999`, want: "Bad Request/10"},
		"PIN too long":                 {extra: `"hostPin":1000000000`, want: "Bad Request/10"},
		"year of five digits":          {extra: `"endTime":"10000-01-01T00:00:00Z"`, want: "Bad Request/25"},
		"date without offset":          {extra: `"endTime":"2026-09-14T10:00:00"`, want: "Bad Request/"},
		"date as in v1":                {extra: `"endTime":"2026-09-14T10:00:00 +0000"`, want: "Bad Request/"},
		"unknown enum value":           {extra: `"guestMicrophone":"ON"`, want: "Bad Request/"},
		"uuid malformed":               {extra: `"schedulingInfoReservationId":"x"`, want: "Bad Request/"},
		"wrong type":                   {extra: `"maxParticipants":"five"`, want: "Bad Request/"},
		"not JSON":                     {body: `{`, want: "Bad Request/"},
		"missing members":              {body: `{}`, want: "Bad Request/10"},
		"pool without a pool":          {extra: `"meetingType":"POOL"`, want: "Bad Request/19"},
		"unknown reservation":          {extra: `"schedulingInfoReservationId":"` + idA + `"`, want: "Bad Request/29"},
		"reservation and PINs":         {extra: `"schedulingInfoReservationId":"` + idA + `","guestPin":1234`, want: "Bad Request/34"},
		"custom uri not allowed":       {extra: `"uriWithoutDomain":"abc"`, want: "Bad Request/31"},
		"duplicate information key":    {extra: `"additionalInformation":[{"key":"a","value":"1"},{"key":"a","value":"2"}]`, want: "Bad Request/35"},
		"null labels":                  {extra: `"labels":null`, lenient: true, want: "Internal Server Error/11"},
		"null participants":            {extra: `"maxParticipants":null`, lenient: true, want: "Internal Server Error/11"},
		"null PIN flag":                {extra: `"guestPinRequired":null`, lenient: true, want: "Internal Server Error/11"},
		"null description is harmless": {extra: `"description":null`, lenient: true, want: "OK/"},
		"unknown member is ignored":    {extra: `"subjet":"x"`, lenient: true, want: "OK/"},
		"end before start is fine":     {extra: `"endTime":"2020-01-01T00:00:00Z"`, want: "OK/"},
		"fraction is dropped":          {extra: `"endTime":"2026-09-14T10:00:00.123Z"`, want: "OK/"},
		"organizer is not checked":     {extra: `"organizedByEmail":"not an address"`, want: "OK/"},
		"organizer beyond the column":  {extra: `"organizedByEmail":"` + long + `"`, want: "Internal Server Error/11"},
		"strict: unknown member":       {extra: `"subjet":"x"`, want: "Bad Request/strict"},
		"strict: null":                 {extra: `"description":null`, want: "Bad Request/strict"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(o *vdxsim.Options) { o.Strict = !tt.lenient })
			b.standard(t)
			body := tt.body
			if body == "" {
				body = booking(idB, b.start.Add(time.Hour), b.start.Add(2*time.Hour), tt.extra)
			}
			a := b.do(t, http.MethodPost, "/v2/meetings", body)
			if a.code() != tt.want {
				t.Errorf("got %s (%s), want %s", a.code(), a.raw, tt.want)
			}
			if a.status >= 400 && (a.str("timestamp") == "" || a.str("path") != "/videoapi/v2/meetings" || a.object["status"] != float64(a.status)) {
				t.Errorf("error body: %s", a.raw)
			}
			if got := b.do(t, http.MethodGet, "/v2/meetings/"+idB, ""); (got.status == http.StatusOK) != (a.status == http.StatusOK) {
				t.Errorf("a refused create left something behind: %d", got.status)
			}
		})
	}
}

func TestStrictHeaders(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.header.Del("X-Request-Id")
	if a := b.do(t, http.MethodGet, "/v2/info", ""); a.code() != "Bad Request/strict" {
		t.Errorf("missing x-request-id: %s", a.code())
	}
	b.header.Set("X-Request-Id", "1")
	if a := b.do(t, http.MethodGet, query("/v2/meetings", "label", "x", "subjekt", "y"), ""); a.code() != "Bad Request/strict" {
		t.Errorf("unknown query parameter: %s", a.code())
	}
	b.header.Set("Content-Type", "text/plain")
	if a := b.do(t, http.MethodPost, "/v2/meetings", "{}"); a.code() != "Unsupported Media Type/strict" {
		t.Errorf("content type: %s", a.code())
	}
}

func TestUpdateByState(t *testing.T) {
	t.Parallel()
	patch := `{"subject":"Nyt","startTime":"2026-09-14T12:00:00Z","endTime":"2026-09-14T13:00:00Z","guestMicrophone":"muted",
		"guestPinRequired":true,"labels":["ny"],"guestPin":999999,"organizedByEmail":"b@x.example"}`
	tests := map[string]struct {
		status  vdxsim.ProvisionStatus
		pool    bool
		want    string
		subject string
		start   string
		guest   int
	}{
		"waiting":              {vdxsim.AwaitsProvision, false, "OK/", "Nyt", "2026-09-14T12:00:00Z", 999999},
		"provisioned":          {vdxsim.ProvisionedOK, false, "OK/", "Samtale", "2026-09-14T08:30:00Z", 771204},
		"provisioned, pool":    {vdxsim.ProvisionedOK, true, "OK/", "Nyt", "2026-09-14T12:00:00Z", 771204},
		"starting":             {vdxsim.StartingToProvision, false, "Not Acceptable/12", "", "", 0},
		"problems":             {vdxsim.ProvisionProblems, false, "Not Acceptable/12", "", "", 0},
		"deprovisioning":       {vdxsim.StartingToDeprovision, false, "Not Acceptable/12", "", "", 0},
		"deprovision problems": {vdxsim.DeprovisionProblems, false, "Not Acceptable/12", "", "", 0},
		"gone":                 {vdxsim.DeprovisionOK, false, "Not Acceptable/12", "", "", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(o *vdxsim.Options) {
				o.Organisations = vdxsim.DefaultOrganisations()
				if tt.pool {
					o.Organisations[0].PoolSize = 1
				}
			})
			b.standard(t)
			if tt.status != vdxsim.AwaitsProvision {
				if err := b.SetStatus(idA, tt.status); err != nil {
					t.Fatal(err)
				}
			}
			a := b.do(t, http.MethodPatch, "/v2/meetings/"+idA, patch)
			if a.code() != tt.want {
				t.Fatalf("got %s, want %s", a.code(), tt.want)
			}
			if a.status != http.StatusOK {
				return
			}
			if a.str("subject") != tt.subject || a.str("startTime") != tt.start {
				t.Errorf("booking: %s", a.raw)
			}
			if a.str("endTime") != "2026-09-14T13:00:00Z" || a.str("guestMicrophone") != "muted" ||
				a.object["guestPinRequired"] != true || !cmp.Equal(a.object["labels"], []any{"ny"}) {
				t.Errorf("what always takes effect: %s", a.raw)
			}
			rec, _ := b.Room(idA)
			if rec.GuestPIN != tt.guest {
				t.Errorf("guest PIN %d, want %d", rec.GuestPIN, tt.guest)
			}
		})
	}
}

func TestPortalLinkIsStaleAfterAPINChange(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	b.do(t, http.MethodPatch, "/v2/meetings/"+idA, `{"guestPin":888888}`)
	r := b.room(t, idA)
	if r.object["guestPin"] != float64(888888) || !strings.Contains(r.str("portalLink"), "pin=771204") {
		t.Errorf("after one patch: %s", r.raw)
	}
	b.do(t, http.MethodPatch, "/v2/meetings/"+idA, `{}`)
	if r = b.room(t, idA); !strings.Contains(r.str("portalLink"), "pin=888888") {
		t.Errorf("after a second patch: %s", r.str("portalLink"))
	}
}

func TestPutReplacesAndPatchNullClearsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) { o.Strict = false })
	b.book(t, idA, b.start.Add(time.Hour), b.start.Add(2*time.Hour), `"description":"d","labels":["a"],
		"additionalInformation":[{"key":"k","value":"v"}],"organizedByEmail":"a@x.example","guestMicrophone":"off"`)
	a := b.do(t, http.MethodPatch, "/v2/meetings/"+idA, `{"description":null,"labels":null,"subject":null}`)
	if a.str("description") != "d" || !cmp.Equal(a.object["labels"], []any{"a"}) || a.str("subject") != "Samtale" {
		t.Errorf("patch with null: %s", a.raw)
	}
	a = b.do(t, http.MethodPut, "/v2/meetings/"+idA, booking("", b.start.Add(time.Hour), b.start.Add(2*time.Hour), ""))
	if a.object["description"] != nil || len(a.object["labels"].([]any)) != 0 || len(a.object["additionalInformation"].([]any)) != 0 {
		t.Errorf("put replaces: %s", a.raw)
	}
	if a.str("guestMicrophone") != "off" {
		t.Error("put must keep the microphone")
	}
	if org := a.object["organizedBy"].(map[string]any); org["email"] != "vdx-system@sluse-kommune.example" {
		t.Errorf("organizer trap: %v", org)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	if a := b.do(t, http.MethodDelete, "/v2/meetings/"+idA, ""); a.status != http.StatusNoContent || a.raw != "" {
		t.Fatalf("delete: %d %s", a.status, a.raw)
	}
	if a := b.do(t, http.MethodDelete, "/v2/meetings/"+idA, ""); a.code() != "Not Found/11" {
		t.Errorf("repeat: %s", a.code())
	}
	b.standard(t) // uuid and externalId are free again
	b.Advance(20 * time.Minute)
	if a := b.do(t, http.MethodDelete, "/v2/meetings/"+idA, ""); a.code() != "Not Acceptable/13" {
		t.Errorf("after provisioning: %s", a.code())
	}
	rooms := b.Rooms()
	if len(rooms) != 2 || rooms[0].Deleted.IsZero() || !rooms[1].Deleted.IsZero() {
		t.Errorf("records: %+v", rooms)
	}
	if got := b.MaxLive(vdxsim.ByExternalID)["sluse-kommune/visit-1"]; got != 1 {
		t.Errorf("most live at once: %d", got)
	}
}
