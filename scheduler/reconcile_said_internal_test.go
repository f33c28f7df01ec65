package scheduler

import (
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

func recordSaid() []said {
	none := []care.DriftKind(nil)
	one := func(k care.DriftKind) []care.DriftKind { return []care.DriftKind{k} }

	return []said{
		{"all agree", func(*book, *heard) {}, none},
		{"moved", moveTo(time.Hour, time.Hour), one(care.DriftMoved)},
		{"longer", moveTo(0, 5*time.Minute), one(care.DriftMoved)},
		{"to another day", moveTo(24*time.Hour, 24*time.Hour), one(care.DriftMoved)},
		{"seconds are no move", moveTo(30*time.Second, 30*time.Second), none},
		{"no end was told", func(_ *book, h *heard) { h.sight.Planned.End = time.Time{} }, none},
		{"no time was told", func(_ *book, h *heard) { h.sight.Planned = care.Interval{} }, none},
		{"moved while they talk", both(become(care.Open), moveTo(time.Hour, time.Hour)), none},
		{"moved after its end", both(become(care.Completed), moveTo(time.Hour, time.Hour)), none},
		{"our own move is on its way there", both(entry(0, care.EntryDue), moveTo(time.Hour, time.Hour)), none},
		{"moved, to be called", both(become(care.Reverted), func(b *book, _ *heard) { b.visit.Delivery = care.ByPhone }, moveTo(time.Hour, time.Hour)), one(care.DriftMoved)},
		{"moved, physical here too", both(become(care.Reverted), moveTo(time.Hour, time.Hour)), none},

		{"cancelled", off, one(care.DriftCancelled)},
		{"cancelled and all else too", both(off, moveTo(time.Hour, time.Hour), category("Aflyst")), one(care.DriftCancelled)},
		{"cancelled on both sides", both(off, become(care.Cancelled)), none},
		{"cancelled there, physical here", both(off, become(care.Reverted)), none},
		{"completed here, cancelled there", both(off, become(care.Completed)), one(care.DriftDoneCancelled)},
		{"not completed here, cancelled there", both(off, become(care.NotCompleted)), none},

		{"deleted", presence(ehr.Absent), one(care.DriftDeleted)},
		{"can't tell whether it is there", presence(""), none},
		{"deleted after its end", both(presence(ehr.Absent), become(care.Completed)), none},
		{"deleted and cancelled here", both(presence(ehr.Absent), become(care.Cancelled)), none},
		{"deleted, its task too", both(presence(ehr.Absent), task(ehr.Trace{Told: true})), []care.DriftKind{care.DriftDeleted, care.DriftPlannedMissing}},

		{"delivered", func(_ *book, h *heard) { h.sight.Delivered = true }, one(care.DriftDelivered)},
		{"delivered, completed here", both(become(care.Completed), func(_ *book, h *heard) { h.sight.Delivered = true }), none},
		{"delivered long ago", both(passed(40*time.Hour), func(_ *book, h *heard) { h.sight.Delivered = true; h.platform = false }), none},

		{"another employee", func(_ *book, h *heard) { h.sight.Employee = "AHA" }, one(care.DriftEmployee)},
		{"an employee at last", func(b *book, _ *heard) { b.visit.Facts.Employee = "" }, one(care.DriftEmployee)},
		{"no employee was told", func(_ *book, h *heard) { h.sight.Employee = "" }, none},
		{"another employee after its end", both(become(care.NotCompleted), func(_ *book, h *heard) { h.sight.Employee = "AHA" }), none},

		{"another service", func(_ *book, h *heard) { h.sight.Service = "Bad" }, one(care.DriftService)},
		{"the same service, written otherwise", func(_ *book, h *heard) { h.sight.Service = " MEDICIN" }, none},
		{"no service was told", func(_ *book, h *heard) { h.sight.Service = "" }, none},
		{"we know of no service", func(b *book, _ *heard) { b.visit.Facts.Service = "" }, none},

		{"another category", category("Tilsyn"), one(care.DriftCategory)},
		{"no category was told", category(""), none},
		{"the same category, written otherwise", category("planlagt SKÆRMBESØG "), none},
		{"our entry is on its way", both(entry(0, care.EntryDue), category("Tilsyn")), none},
		{"another category after the result", both(become(care.Completed), category("Tilsyn")), one(care.DriftCategory)},
		{"we took ours back", both(become(care.Reverted), func(b *book, _ *heard) { b.written[0].Change.Kind = care.EntryRestored }, category("Tilsyn")), none},
		{"we write no category", both(func(b *book, _ *heard) { b.written[0].Change.Category = "" }, category("Tilsyn")), none},
		{"made physical", both(category("Planlagt besøg"), mark(ehr.MarkGone)), one(care.DriftUndone)},
		{"original category, our word stands", both(category("Planlagt besøg")), one(care.DriftCategory)},
		{"made physical after its end", both(become(care.Completed), category("Planlagt besøg"), mark(ehr.MarkGone)), one(care.DriftCategory)},
		{"our word is gone", mark(ehr.MarkGone), one(care.DriftComment)},
		{"our word was not looked for", mark(""), none},
		{"another video product", category("Videobesøg (Nexus Video)"), one(care.DriftOtherVideo)},
		{"the record says it is another's", func(_ *book, h *heard) { h.sight.OtherVideo = true }, one(care.DriftOtherVideo)},
		{"another product's category is ours too", both(func(b *book, _ *heard) {
			b.own = append(b.own, "Videobesøg (Nexus Video)")
			b.written[0].Change.Category = "Videobesøg (Nexus Video)"
		}, category("Videobesøg (Nexus Video)")), none},

		{"twice for one employee", beside(0, "MSK"), one(care.DriftTwice)},
		{"two employees together", beside(0, "AHA"), none},
		{"the other one has nobody yet", beside(0, ""), none},
		{"another at another time", beside(5, "MSK"), none},
		{"twice, but physical here", both(become(care.Reverted), beside(0, "MSK")), none},
		{"the record gave both to another", both(func(_ *book, h *heard) { h.sight.Employee = "AHA" }, beside(0, "AHA")), []care.DriftKind{care.DriftEmployee, care.DriftTwice}},

		{"in hospital", standing(ehr.InHospital), one(care.DriftHospital)},
		{"dead", standing(ehr.Dead), one(care.DriftDead)},
		{"dead, and no number", both(standing(ehr.Dead), func(_ *book, h *heard) { h.citizen.Phone = care.Phone{} }), one(care.DriftDead)},
		{"ended", standing(ehr.Inactive), one(care.DriftInactive)},
		{"how the citizen is was not told", standing(""), none},
		{"in hospital after the visit", both(standing(ehr.InHospital), become(care.Completed)), none},
		{"in hospital, visit over but open", both(standing(ehr.InHospital), passed(90*time.Minute)), none},
		{"another number", func(_ *book, h *heard) { h.citizen.Phone = care.NewPhone("+4520000002") }, one(care.DriftPhone)},
		{"no number there", func(_ *book, h *heard) { h.citizen.Phone = care.Phone{} }, one(care.DriftPhone)},
		{"number not told", func(_ *book, h *heard) { h.citizen.Phone, h.citizen.HasPhone = care.Phone{}, false }, none},

		{"the task is gone", task(ehr.Trace{Told: true}), one(care.DriftPlannedMissing)},
		{"the task can't be seen", task(ehr.Trace{}), none},
		{"the task waits", both(entry(1, care.EntryDue), task(ehr.Trace{Told: true})), none},
		{"the result is gone", both(result(care.EntryResult), task(ehr.Trace{Told: true})), one(care.DriftResultMissing)},
		{"twice", task(ehr.Trace{Told: true, Copies: 2}), one(care.DriftEntryDoubled)},
		{"otherwise", task(ehr.Trace{Told: true, Copies: 1, Differs: "Teksten er ændret."}), one(care.DriftEntryDiffers)},
		{"fewer traces than entries", func(_ *book, h *heard) { h.sight.Entries = nil }, none},

		{"refused", entry(1, care.EntryRejected), one(care.DriftEntryStuck)},
		{"waits for two hours", both(entry(1, care.EntryDue), func(b *book, h *heard) { b.visit.Entries[1].DueAt = h.now.Add(-2 * time.Hour) }), none},
		{"waits for longer", both(entry(1, care.EntryDue), func(b *book, h *heard) { b.visit.Entries[1].DueAt = h.now.Add(-2*time.Hour - time.Second) }), one(care.DriftEntryStuck)},
		{"locked", both(entry(0, care.EntryRejected), func(_ *book, h *heard) { h.sight.ReadOnly = true }), one(care.DriftLocked)},
		{"locked, nothing to write", func(_ *book, h *heard) { h.sight.ReadOnly = true }, none},
		{"refused because of a category by hand", both(entry(0, care.EntryRejected), category("Tilsyn")), one(care.DriftCategory)},
		{"overtaken", entry(1, care.EntrySuperseded), none},

		{"the record is silent", func(_ *book, h *heard) {
			h.citizen, h.sight = nil, nil
		}, none},
		{"the record is silent, an entry waits", both(entry(1, care.EntryDue), func(_ *book, h *heard) { h.citizen, h.sight = nil, nil }), none},
		{"missed on the list", func(b *book, _ *heard) {
			b.visit.Exceptions = append(b.visit.Exceptions, care.Exception{Kind: care.SourceGone, About: "l1"})
		}, one(care.DriftUnlisted)},
		{"missed on the list and deleted", both(presence(ehr.Absent), func(b *book, _ *heard) {
			b.visit.Exceptions = append(b.visit.Exceptions, care.Exception{Kind: care.SourceGone, About: "l1"})
		}), one(care.DriftUnlisted)},
	}
}

func rooms(do func(*roomSight)) func(*book, *heard) {
	return func(_ *book, h *heard) { do(&h.rooms[0]) }
}

func roomEnded(r *roomSight) { r.booking.Status = video.Ended }

func second(closedAgo time.Duration) func(*book, *heard) {
	return func(b *book, h *heard) {
		b.visit.Rooms = append(b.visit.Rooms, care.Room{Ref: "r0", State: care.RoomClosed, BookedAt: h.now.Add(-9 * time.Hour), ClosedAt: h.now.Add(-closedAgo)})
		h.rooms = append(h.rooms, roomSight{ref: "r0", found: true, booking: video.Booking{Ref: "r0", Status: video.Awaiting}})
	}
}

func platformSaid() []said {
	none := []care.DriftKind(nil)
	one := func(k care.DriftKind) []care.DriftKind { return []care.DriftKind{k} }
	closed := func(b *book, _ *heard) { b.visit.Rooms[0].State = care.RoomClosed }

	return []said{
		{"room gone", rooms(func(r *roomSight) { r.found = false }), one(care.DriftRoomGone)},
		{"room gone after the visit", both(passed(4*time.Hour), rooms(func(r *roomSight) { r.found = false })), none},
		{"room gone, and wanted anew", both(func(b *book, _ *heard) { b.visit.Rooms[0].State = care.RoomWanted }, rooms(func(r *roomSight) { r.found = false })), none},
		{"nothing was asked", func(_ *book, h *heard) { h.rooms = nil }, none},
		{"platform silent", func(_ *book, h *heard) { h.platform, h.rooms[0].found = false, false }, none},
		{"room of another time", rooms(func(r *roomSight) { r.booking.Planned.Start = r.booking.Planned.Start.Add(time.Hour) }), one(care.DriftRoomMoved)},
		{"room of another time, ours is on its way", both(func(b *book, _ *heard) {
			b.visit.Rooms[0].Planned.Start = b.visit.Rooms[0].Planned.Start.Add(-time.Hour)
		},
			rooms(func(r *roomSight) { r.booking.Planned.Start = r.booking.Planned.Start.Add(time.Hour) })), none},
		{"room's time not told", rooms(func(r *roomSight) { r.booking.Planned = care.Interval{} }), none},
		{"room ended", rooms(roomEnded), one(care.DriftRoomEnded)},
		{"room can't be used", rooms(func(r *roomSight) { r.unusable = true }), one(care.DriftRoomEnded)},
		{"room over already", rooms(func(r *roomSight) {
			r.booking.Planned.Start, r.booking.Planned.End = r.booking.Planned.Start.Add(-9*time.Hour), r.booking.Planned.Start.Add(-8*time.Hour)
		}), one(care.DriftRoomEnded)},
		{"room ended after the visit", both(turned(care.Completed), rooms(roomEnded)), none},
		{"other codes", rooms(func(r *roomSight) { r.booking.GuestPIN = care.GuestPIN{} }), one(care.DriftRoomChanged)},
		{"left behind", both(turned(care.Reverted), closed), one(care.DriftRoomOrphan)},
		{"closed just now", both(turned(care.Reverted), closed, func(b *book, h *heard) { b.visit.Rooms[0].ClosedAt = h.now.Add(-14 * time.Minute) }), none},
		{"closed a while ago, stands", both(turned(care.Reverted), closed, func(b *book, h *heard) { b.visit.Rooms[0].ClosedAt = h.now.Add(-15 * time.Minute) }), one(care.DriftRoomOrphan)},
		{"closing", both(turned(care.Reverted), func(b *book, _ *heard) { b.visit.Rooms[0].State = care.RoomClosing }), none},
		{"gone after closing", both(turned(care.Reverted), closed, rooms(func(r *roomSight) { r.found = false })), none},
		{"ended after closing", both(turned(care.Reverted), closed, rooms(roomEnded)), none},
		{"two rooms", second(time.Hour), one(care.DriftRoomTwo)},
		{"two rooms for a moment", second(10 * time.Minute), none},
		{"a room that is none of the visit's", func(_ *book, h *heard) { h.rooms = append(h.rooms, roomSight{ref: "x", found: true}) }, none},
	}
}
