package scheduler_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// upset is one way in which the three books come apart.
type upset struct {
	kind care.DriftKind
	do   func(t *testing.T, r *town)
	// mended tells that the repair did what it should; nil: a person does it in the record, by undo.
	mended func(t *testing.T, r *town)
	undo   func(t *testing.T, r *town)
	change change
}

func state(want care.VisitState) func(*testing.T, *town) {
	return func(t *testing.T, r *town) {
		t.Helper()

		if v := r.at(0); v.State != want {
			t.Errorf("the visit is %s, want %s", v.State, want)
		}
	}
}

func byTask(s *setup) {
	s.set.RecordElse.Means = []care.Means{care.ByTask}
	s.set.RecordElse.Task = scheduler.TaskRule{Type: "Registrér skærmbesøg", Team: "Hjemmeplejen Øst", Within: time.Hour}
}

// bookAgain has somebody else book a room under a key of ours.
func (r *town) bookAgain(ref care.RoomRef, planned care.Interval) {
	r.tb.Helper()

	host, err := care.NewHostPIN("111222")
	must(r.tb, err)

	guest, err := care.NewGuestPIN("333444")
	must(r.tb, err)

	_, err = r.other.Book(r.tb.Context(), ref, video.Spec{Planned: planned, Subject: "Aftale på skærm", HostPIN: host, GuestPIN: guest, MaxParticipants: 5})
	must(r.tb, err)
}

func (r *town) lasting() care.Interval {
	p := r.at(0).Facts.Planned
	p.End = p.End.Add(75 * time.Minute)

	return p
}

func newRoom(t *testing.T, r *town) {
	t.Helper()

	v := r.at(0)
	if live, ok := v.LiveRoom(); !ok || live.State == care.RoomWanted || len(v.Rooms) != 2 {
		t.Errorf("rooms: %+v", v.Rooms)
	}
}

func category(want string) func(*testing.T, *town) {
	return func(t *testing.T, r *town) {
		t.Helper()

		if v, err := r.nexus.Visit(r.refs[0]); err != nil || v.Category != want {
			t.Errorf("the record has %q (%v), want %q", v.Category, err, want)
		}
	}
}

func upsets() []upset {
	return []upset{
		{kind: care.DriftMoved, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Move(r.refs[0], on(10, 30), on(10, 45)))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()

			if v := r.at(0); !v.Facts.Planned.Start.Equal(on(10, 30)) || !r.room(v.Source.ID).Planned.Start.Equal(on(10, 30)) {
				t.Errorf("the visit is at %v, its room at %v", v.Facts.Planned, r.room(v.Source.ID).Planned)
			}
		}},
		{kind: care.DriftCancelled, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Cancel(r.refs[0]))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()
			state(care.Cancelled)(t, r)
			category("Aflyst besøg")(t, r)
		}},
		{kind: care.DriftDeleted, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Delete(r.refs[0]))
		}, mended: state(care.Cancelled)},
		{kind: care.DriftDelivered, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Deliver(r.refs[0]))
		}},
		{kind: care.DriftEmployee, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Assign(r.refs[0], "AHA"))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()

			if e := r.at(0).Facts.Employee; e != "AHA" {
				t.Errorf("%s has the visit", e)
			}
		}},
		{kind: care.DriftService, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Retitle(r.refs[0], "Tilsyn/omsorg"))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()

			if s := r.at(0).Facts.Service; s != "Tilsyn/omsorg" {
				t.Errorf("service %q", s)
			}
		}},
		{kind: care.DriftCategory, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Categorise(r.refs[0], "Planlagt telefonopkald"))
		}, mended: category("Planlagt skærmbesøg")},
		{kind: care.DriftComment, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Remark(r.refs[0], "Nøgleboks"))
		}, mended: category("Planlagt skærmbesøg")},
		{kind: care.DriftUndone, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Categorise(r.refs[0], "Planlagt besøg"))
			must(t, r.nexus.Remark(r.refs[0], "Nøgleboks"))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()
			state(care.Reverted)(t, r)
			category("Planlagt besøg")(t, r)
		}},
		{kind: care.DriftOtherVideo, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Categorise(r.refs[0], "Videobesøg (Nexus Video)"))
		}, undo: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Categorise(r.refs[0], "Planlagt skærmbesøg"))
		}},
		{kind: care.DriftLocked, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Protect(r.refs[0], true))
			must(t, r.CallInstead(t.Context(), planner(), r.at(0).ID))
			r.work()
		}},
		{kind: care.DriftTwice, do: func(t *testing.T, r *town) {
			t.Helper()

			_, err := r.nexus.Double(r.refs[0])
			must(t, err)
		}},
		{kind: care.DriftDoneCancelled, do: func(t *testing.T, r *town) {
			t.Helper()
			r.finish()
			must(t, r.nexus.Cancel(r.refs[0]))
		}, undo: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Categorise(r.refs[0], "Gennemført skærmbesøg"))
		}},
		{kind: care.DriftPlannedMissing, change: byTask, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.DropTask(r.nexus.Tasks(r.cprs[0])[0].ID))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()

			if n := len(r.nexus.Tasks(r.cprs[0])); n != 1 {
				t.Errorf("%d tasks", n)
			}
		}},
		{kind: care.DriftResultMissing, change: func(s *setup) {
			s.set.RecordElse.Means = []care.Means{care.OnList, care.ByNote}
			s.set.RecordElse.Note = scheduler.NoteRule{Form: "Omsorgsnotat", Fields: []ehr.Field{{Label: "Emne", Value: "Skærmbesøg"}}}
		}, do: func(t *testing.T, r *town) {
			t.Helper()
			r.finish()
			must(t, r.nexus.DropNote(r.nexus.Notes(r.cprs[0])[0].ID))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()

			if n := len(r.nexus.Notes(r.cprs[0])); n != 1 {
				t.Errorf("%d notes", n)
			}
		}},
		{kind: care.DriftEntryDiffers, change: func(s *setup) {
			s.set.RecordElse.Means = []care.Means{care.OnList, care.ByNote}
			s.set.RecordElse.Note = scheduler.NoteRule{Form: "Omsorgsnotat", Fields: []ehr.Field{{Label: "Emne", Value: "Skærmbesøg"}}}
		}, do: func(t *testing.T, r *town) {
			t.Helper()
			r.finish()

			note := r.nexus.Notes(r.cprs[0])[0]
			must(t, r.nexus.EditNote(note.ID, "Notat", "Ikke gennemført "+note.Fields["Notat"][len("Gennemført skærmbesøg"):]))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()

			if n := len(r.nexus.Notes(r.cprs[0])); n != 2 {
				t.Errorf("%d notes", n)
			}
		}},
		{kind: care.DriftEntryDoubled, change: byTask, do: func(t *testing.T, r *town) {
			t.Helper()

			_, err := r.nexus.DoubleTask(r.nexus.Tasks(r.cprs[0])[0].ID)
			must(t, err)
		}, undo: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.DropTask(r.nexus.Tasks(r.cprs[0])[1].ID))
		}},
		{kind: care.DriftEntryStuck, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Protect(r.refs[0], true))
			must(t, r.CallInstead(t.Context(), planner(), r.at(0).ID))
			r.work()
			must(t, r.nexus.Protect(r.refs[0], false))
		}, mended: category("Telefonopkald"), change: func(s *setup) { s.set.RecordElse.Phone = "Telefonopkald" }},
		{kind: care.DriftHospital, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Admit(r.cprs[0]))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()
			state(care.Cancelled)(t, r)
			category("Ikke gennemført skærmbesøg")(t, r)
		}},
		{kind: care.DriftDead, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.MarkDead(r.cprs[0]))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()
			state(care.Cancelled)(t, r)

			if slices.ContainsFunc(r.at(0).Invitations, func(i care.Invitation) bool { return i.Kind == care.Withdrawn }) {
				t.Error("somebody writes to the dead")
			}
		}},
		{kind: care.DriftInactive, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Deactivate(r.cprs[0]))
		}, mended: state(care.Cancelled)},
		{kind: care.DriftPhone, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.EditCitizen(r.cprs[0], func(c *nexussim.Citizen) { c.Mobile = "20999999" }))
		}, mended: func(t *testing.T, r *town) {
			t.Helper()

			all, err := r.store.Citizens(t.Context(), []care.CitizenID{r.at(0).Facts.Citizen})
			must(t, err)

			if c := all[r.at(0).Facts.Citizen]; c.Phone.Hint() != "•• •• •• 99" {
				t.Errorf("number %s", c.Phone.Hint())
			}
		}},
		{kind: care.DriftRoomGone, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.other.Close(t.Context(), r.ref()))
		}, mended: newRoom},
		{kind: care.DriftRoomMoved, do: func(t *testing.T, r *town) {
			t.Helper()

			_, err := r.other.Move(t.Context(), r.ref(), care.Interval{Start: on(15, 0), End: on(17, 0)})
			must(t, err)
		}, mended: func(t *testing.T, r *town) {
			t.Helper()

			if b, err := r.other.Find(t.Context(), r.ref()); err != nil || !b.Planned.Start.Equal(on(10, 0)) {
				t.Errorf("the room is at %v (%v)", b.Planned, err)
			}
		}},
		{kind: care.DriftRoomChanged, do: func(t *testing.T, r *town) {
			t.Helper()

			ref := r.ref()
			must(t, r.other.Close(t.Context(), ref))
			r.bookAgain(ref, r.lasting())
		}, mended: newRoom},
		{kind: care.DriftRoomEnded, do: func(t *testing.T, r *town) {
			t.Helper()
			r.until(on(9, 58))
			must(t, r.vdx.FinishProvisioning(string(r.ref())))
			r.until(on(9, 59))
			must(t, r.vdx.EndMeeting(string(r.ref())))
		}, mended: newRoom},
		{kind: care.DriftRoomOrphan, do: func(t *testing.T, r *town) {
			t.Helper()

			ref, lasting := r.ref(), r.lasting()
			must(t, r.MakePhysical(t.Context(), planner(), r.at(0).ID))
			r.until(r.clock.Now().Add(20 * time.Minute))
			r.bookAgain(ref, lasting)
		}, mended: func(t *testing.T, r *town) {
			t.Helper()

			if n := r.vdx.Counts().RoomsLive; n != 0 {
				t.Errorf("%d rooms stand", n)
			}
		}},
		{kind: care.DriftRoomTwo, do: func(t *testing.T, r *town) {
			t.Helper()

			ref := r.ref()
			must(t, r.other.Close(t.Context(), ref))
			must(t, r.store.UpdateVisit(t.Context(), r.at(0).ID, func(v *care.Visit) (scheduler.Effects, error) {
				must(t, v.RetryRoom(ref, "9f3f9f0e-1d65-4a0b-8f5b-0c7f1e2d3a4b", "PLAN", r.clock.Now()))

				return scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.BookRoomJob, Visit: v.ID(), Ref: "9f3f9f0e-1d65-4a0b-8f5b-0c7f1e2d3a4b"}, {Kind: scheduler.CloseRoomJob, Visit: v.ID(), Ref: string(ref)}}}, nil
			}))
			r.until(r.clock.Now().Add(20 * time.Minute))
			r.bookAgain(ref, r.lasting())
		}, mended: func(t *testing.T, r *town) {
			t.Helper()

			if n := r.vdx.Counts().RoomsLive; n != 1 {
				t.Errorf("%d rooms stand", n)
			}
		}},
		{kind: care.DriftUnlisted, do: func(t *testing.T, r *town) {
			t.Helper()
			must(t, r.nexus.Delete(r.refs[0]))

			_, err := r.nexus.Load(nexussim.Day{List: "Øst dag", Visits: []nexussim.NewVisit{{CPR: r.cprs[:1], Start: on(18, 0), End: on(18, 15), Employee: "MSK", Service: "Tilsyn/omsorg"}}})
			must(t, err)
			r.importFetched()
		}, mended: state(care.Cancelled)},
	}
}

// finish completes the first visit by screen.
func (r *town) finish() {
	r.tb.Helper()

	source := r.at(0).Source.ID
	r.known(source)
	r.until(on(9, 58))
	must(r.tb, r.vdx.FinishProvisioning(string(r.ref())))
	must(r.tb, r.Conclude(r.tb.Context(), leader(), r.at(0).ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}))
	r.until(r.clock.Now().Add(2 * time.Minute))

	for _, e := range r.at(0).Entries {
		if e.State != care.EntryWritten {
			r.tb.Fatalf("%+v", e)
		}
	}
}

// TestEveryDriftIsFoundAndMended: each way of coming apart is made at the record or the platform over
// HTTP, found by a run, explained, and repaired; a second run and a second repair change nothing.
func TestEveryDriftIsFoundAndMended(t *testing.T) {
	t.Parallel()

	tested := make(map[care.DriftKind]bool)

	for _, u := range upsets() {
		tested[u.kind] = true

		t.Run(string(u.kind), func(t *testing.T) {
			t.Parallel()

			var changes []change
			if u.change != nil {
				changes = append(changes, u.change)
			}

			r := newTown(t, 1, changes...)

			if run := r.compare(); run.State != scheduler.RunDone || run.Found != 0 || run.Looked != 1 {
				t.Fatalf("before: %+v %+v", run, drifts(r.differences()))
			}

			u.do(t, r)

			if run := r.compare(); run.State != scheduler.RunDone || run.Found != 1 {
				t.Fatalf("run %+v: %+v", run, drifts(r.differences()))
			}

			f := r.only(u.kind)

			if u.mended == nil {
				r.byHand(t, u, f)

				return
			}

			must(t, r.MendFinding(t.Context(), planner(), f.ID, true))
			must(t, r.MendFinding(t.Context(), planner(), f.ID, true)) // a second click
			r.until(r.clock.Now().Add(2 * time.Minute))
			u.mended(t, r)

			before := r.at(0)

			if run := r.compare(); run.Found != 0 {
				t.Errorf("after: %+v", drifts(r.differences()))
			}

			must(t, r.MendFinding(t.Context(), planner(), f.ID, true))
			r.until(r.clock.Now().Add(2 * time.Minute))

			if diff := cmp.Diff(before.Entries, r.at(0).Entries); diff != "" || before.State != r.at(0).State || len(before.Rooms) != len(r.at(0).Rooms) {
				t.Errorf("the second repair did something: %s", diff)
			}

			settled, err := r.Reconciliation(t.Context(), planner(), scheduler.FindingFilter{Settled: true})
			must(t, err)

			if len(settled.Findings) != 1 || settled.Findings[0].State != care.FindingMended || settled.Findings[0].ClosedBy != "PLAN" {
				t.Errorf("history: %+v", settled.Findings)
			}
		})
	}

	for _, k := range care.DriftKinds() {
		if !tested[k] {
			t.Errorf("%s is not tested", k)
		}
	}
}

// byHand checks a kind that people repair in the record: no button does it, and it goes by itself.
func (r *town) byHand(t *testing.T, u upset, f scheduler.FindingView) {
	t.Helper()

	refused(t, r.MendFinding(t.Context(), planner(), f.ID, true), care.Invalid)

	if u.undo == nil {
		return
	}

	u.undo(t, r)
	r.compare()

	if found := r.differences(); len(found) != 0 {
		t.Errorf("after it was put right by hand: %+v", drifts(found))
	}
}
