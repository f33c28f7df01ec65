package scheduler_test

import (
	"context"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/ehr/pulled"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// town is a rig whose record is a simulated KMD Nexus, from which the day's list comes.
type town struct {
	*rig

	nexus *nexussim.Server
	refs  []nexussim.Ref
	other *vdx.Platform // somebody else with access to the video platform
	cprs  []string
}

// newTown has so many visits, an hour apart from ten o'clock, of which all are by screen.
func newTown(t *testing.T, visits int, changes ...change) *town {
	t.Helper()

	r := &town{}
	at := &clock{at: eve()}

	sim, err := nexussim.New(nexussim.Options{Clock: at.Now, Calm: true, Strict: true, Seed: 5, Wait: func(context.Context, time.Duration) {}, TokenTTL: 1000 * time.Hour})
	must(t, err)
	t.Cleanup(func() { _ = sim.Close() })

	urls, err := sim.Start(t.Context(), "127.0.0.1:0", "")
	must(t, err)

	root, err := url.Parse(urls.API)
	must(t, err)

	config := nexus.Config{
		Instance: nexussim.DefaultInstance, ClientID: "sluse", ClientSecret: care.NewSecret("test-sluse"), WriteVisitType: true, SkipLaw: true,
		Lists: []string{"Øst dag"}, Note: nexus.Note{TextLabel: "Notat"}, IAMURL: urls.IAM, APIURL: root.Scheme + "://" + root.Host,
	}
	config.SetDefaults()

	r.nexus = sim
	r.rig = newRig(t, append([]change{func(s *setup) {
		s.clock = at

		record, err := nexus.New(config, nexus.Options{Now: at.Now, Peer: peerOf(s)})
		must(t, err)
		t.Cleanup(record.Close)

		s.journal = func(testing.TB, *clock) ehr.Journal { return record }
		s.lists = pulled.Fetcher{From: record}
		s.set.RecordElse.Means = []care.Means{care.OnList}
		s.set.Reconcile.Rules = make(map[care.DriftKind]care.DriftPolicy)

		for _, k := range care.DriftKinds() {
			s.set.Reconcile.Rules[k] = care.DriftAsk
		}

		s.set.Rules.ScreenCategories = []string{"Videobesøg (Nexus Video)"}
	}}, changes...)...)

	r.other = r.otherPlatform()
	r.fill(t, visits)

	return r
}

// peerOf is for rigs that have faults on the way to the record; most have none.
func peerOf(*setup) *outbound.Peer { return nil }

func (r *town) otherPlatform() *vdx.Platform {
	url := r.vdxURL(setup{})
	config := vdx.Config{BaseURL: url.Video, TokenURL: url.Token, ClientID: "sluse-planner", ClientSecret: care.NewSecret("test-sluse-planner")}
	config.SetDefaults()

	p, err := vdx.New(config, vdx.Deps{Now: r.clock.Now})
	must(r.tb, err)

	return p
}

func (r *town) fill(t *testing.T, visits int) {
	t.Helper()

	day := nexussim.Day{List: "Øst dag"}

	for _, c := range r.nexus.Citizens() {
		if phone, ok := care.ParsePhone(c.Mobile); !ok || phone.IsZero() || c.Hidden || c.RestrictedPhones || c.State != nexussim.Active || len(r.cprs) == visits {
			continue
		}

		start := on(10+len(r.cprs), 0)
		r.cprs = append(r.cprs, c.CPR)
		day.Visits = append(day.Visits, nexussim.NewVisit{
			CPR: []string{c.CPR}, Start: start, End: start.Add(15 * time.Minute), Employee: "MSK", Service: "Medicinadministration", Law: "ÆL", Comment: "Nøgleboks",
		})
	}

	if len(r.cprs) < visits {
		t.Fatalf("the record has %d citizens that can be reached", len(r.cprs))
	}

	refs, err := r.nexus.Load(day)
	must(t, err)

	r.refs = refs
	r.importFetched()
	r.convert(r.sources()...)
	r.until(r.clock.Now().Add(2 * time.Minute))

	for i := range refs {
		if v := r.at(i); v.State != care.RoomIsBooked || v.Entries[0].State != care.EntryWritten {
			t.Fatalf("%s is %s: %+v %+v", v.Source.ID, v.State, v.Entries, v.Exceptions)
		}
	}
}

func (r *town) sources() []string {
	out := make([]string, len(r.refs))
	for i, ref := range r.refs {
		out[i] = strconv.Itoa(ref.ID)
	}

	return out
}

// at is the visit with a number.
func (r *town) at(i int) care.Snapshot {
	r.tb.Helper()

	return r.visit(strconv.Itoa(r.refs[i].ID))
}

// ref is the live room of the first visit.
func (r *town) ref() care.RoomRef {
	r.tb.Helper()

	return r.room(strconv.Itoa(r.refs[0].ID)).Ref
}

// compare has a run made, and returns it when it has ended.
func (r *rig) compare() scheduler.Run {
	r.tb.Helper()

	run, err := r.AskRun(r.tb.Context(), planner())
	must(r.tb, err)
	r.work()

	run, err = r.RunOf(r.tb.Context(), planner(), run.ID)
	must(r.tb, err)

	return run
}

// differences are what stands.
func (r *rig) differences() []scheduler.FindingView {
	r.tb.Helper()

	view, err := r.Reconciliation(r.tb.Context(), planner(), scheduler.FindingFilter{})
	must(r.tb, err)

	return view.Findings
}

// only is the one difference of a kind; it fails the test when there are others.
func (r *rig) only(kind care.DriftKind) scheduler.FindingView {
	r.tb.Helper()

	found := r.differences()
	if len(found) != 1 || found[0].Kind != kind || found[0].Ours == "" || found[0].Theirs == "" || found[0].Terms.Title == "" {
		r.tb.Fatalf("found %+v, want %s", drifts(found), kind)
	}

	return found[0]
}

func drifts(found []scheduler.FindingView) []care.Drift {
	out := make([]care.Drift, len(found))
	for i, f := range found {
		out[i] = f.Drift
	}

	return out
}
