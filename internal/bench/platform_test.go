package bench_test

import (
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/internal/world"
)

// platform is a video platform as row 1 looks at it.
type platform struct {
	video       world.VideoKind
	name        string
	perRoom     int     // calls for a room: k
	concurrency int     // C, where it is not varied
	perSecond   float64 // calls that its operator allows; 0: no such limit
	bare        bool    // there is a bare loop to compare with
}

func vdx2() platform {
	return platform{video: world.VDX2, name: "VDX v2", perRoom: perRoom, bare: true}
}

func vdx1() platform {
	return platform{video: world.VDX1, name: "VDX v1", perRoom: perRoom, concurrency: 8}
}

// node is an own Pexip, whose rooms are made by one call each. Not the latency but the agreed rate
// decides there.
func node() platform {
	return platform{video: world.Pexip, name: "Pexip", perRoom: 1, concurrency: 5, perSecond: world.NodeRate}
}

// begin is when the planner clicks: with a Pexip so late that every room is made at once.
func (p platform) begin() time.Time {
	if p.video == world.Pexip {
		return afternoonBefore().Add(7 * time.Hour)
	}

	return afternoonBefore()
}

// ideal is what the calls for the rooms take at least.
func (p platform) ideal(concurrency int) time.Duration {
	calls := conversions * p.perRoom
	took := time.Duration(calls) * latency / time.Duration(concurrency)

	if p.perSecond == 0 {
		return took
	}

	return max(took, time.Duration(float64(calls)/p.perSecond*float64(time.Second)))
}

// forget begins to count the peers' requests anew.
func (r *rig) forget() {
	if r.world.VDX != nil {
		r.world.VDX.ClearRequests()
	} else {
		r.world.Pexip.ClearRequests()
		r.gateway = r.world.SMS.Sends()
	}

	r.world.FHIR.ForgetRequests()
	r.served, r.sent = r.world.FHIR.Totals().Requests, len(r.world.Texts())
}

// requests are those to the platform by operation, without what serves many visits (tokens and
// sessions, and the questions with which an own Pexip's version is looked at) and without asking
// what became of an SMS, which begins 20 seconds after it left.
func (r *rig) requests() map[string]int {
	var out map[string]int

	if r.world.VDX != nil {
		out = r.world.VDX.Counts().Requests
		for _, op := range []string{vdxsim.OpToken, vdxsim.OpSTS, vdxsim.OpSession, vdxsim.OpSMSStatus} {
			delete(out, op)
		}

		return out
	}

	out = r.world.Pexip.Counts().Requests
	maps.DeleteFunc(out, func(op string, _ int) bool {
		return op == pexipsim.OpToken || strings.HasSuffix(op, ".schema") || strings.HasPrefix(op, "global.")
	})

	for _, q := range r.world.Pexip.Requests(pexipsim.OpConferenceList) {
		if strings.Contains(q.Query, "name__startswith") { // the sweep for forgotten rooms, once a day
			out[pexipsim.OpConferenceList]--
		}
	}

	out["sms"] = r.world.SMS.Sends() - r.gateway

	return out
}

// calls is how many requests the peers got.
func (r *rig) calls() int {
	total := r.world.FHIR.Totals().Requests - r.served
	for _, n := range r.requests() {
		total += n
	}

	return total
}

// writes counts the calls that change something at a peer.
func (r *rig) writes() int {
	n := len(r.world.Texts()) - r.sent

	if r.world.VDX != nil {
		n = 0 // its SMS are requests like others

		for _, q := range r.world.VDX.Requests() {
			if q.Method != http.MethodGet && q.Op != vdxsim.OpToken && q.Op != vdxsim.OpSTS && q.Op != vdxsim.OpSession && q.Op != vdxsim.OpMeetingSearch {
				n++
			}
		}
	} else {
		for _, q := range r.world.Pexip.Requests() {
			if q.Method != http.MethodGet && q.Op != pexipsim.OpToken {
				n++
			}
		}
	}

	for _, q := range r.world.FHIR.Requests() {
		if q.Method != http.MethodGet {
			n++
		}
	}

	return n
}
