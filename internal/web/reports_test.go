package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

// TestReportFile downloads the report of KL's Gateway: leaders and administrators may, nobody may
// keep it on the way.
func TestReportFile(t *testing.T) {
	t.Parallel()

	b := setup(t)

	const path = "/rapporter/klgateway?fra=2026-11-16&til=2026-11-22"

	for _, role := range []care.Role{care.Leader, care.Administrator} {
		r := request(http.MethodGet, testby, path)
		r.AddCookie(b.as(t, testby, "LED", role))

		w := b.do(t, r)
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Header().Get("Content-Disposition"), "klgateway-2026-11-16-2026-11-22.ndjson") ||
			w.Header().Get("Content-Type") != "application/fhir+ndjson" {
			t.Errorf("%s: %d %v", role, w.Code, w.Header())
		}
	}

	for _, role := range []care.Role{care.Planner, care.Caregiver, care.Auditor, care.ServiceDesk} {
		b.get(t, b.as(t, testby, "ANDEN", role), path, http.StatusForbidden)
	}
}
