package vdxsim

import "time"

// pickup is how long after the end the deprovisioner notices; the real work list asks for
// endTime strictly before now (§2.2).
const pickup = time.Second

// advance lets time pass for one room: the provisioner's steps and scripted people, in the
// order in which they would have happened. State is derived when somebody looks, so a room
// costs nothing while nobody does.
func (w *world) advance(r *room, now time.Time) {
	for {
		status, at, due := r.nextStatus()
		if len(r.script) > 0 && (!due || !r.script[0].at.After(at)) {
			next := r.script[0]
			if next.at.After(now) {
				break
			}
			r.script = r.script[1:]
			next.act(w, r, next.at)
			continue
		}
		if !due || at.After(now) {
			break
		}
		w.setStatus(r, status, at)
	}
	w.pastEnd(r, now)
}

// pastEnd notes the end and throws people out where the room says so (§2.7).
func (w *world) pastEnd(r *room, now time.Time) {
	end := r.end()
	if now.Before(end) {
		return
	}
	if r.endedAt.IsZero() {
		r.endedAt = latest(end, r.considerFrom)
	}
	if r.endOnEndTime {
		w.clear(r, r.endedAt, ReasonEnded)
	}
}

// nextStatus is the provisioner's next step by the present plan.
func (r *room) nextStatus() (ProvisionStatus, time.Time, bool) {
	if !r.deletedAt.IsZero() || r.external {
		return 0, time.Time{}, false
	}
	switch r.status {
	case AwaitsProvision:
		// A meeting whose end passed while it waited stays here for ever (§2.2).
		at := latest(r.vmrStart(), r.considerFrom)
		return StartingToProvision, at, !r.stuck && !at.After(r.end())
	case StartingToProvision:
		at := r.statusAt.Add(r.provisionDelay)
		if r.failWith != "" {
			return ProvisionProblems, at, true
		}
		return ProvisionedOK, at, !r.stuck
	case ProvisionedOK:
		return StartingToDeprovision, latest(r.end(), r.considerFrom, r.statusAt).Add(pickup), true
	case StartingToDeprovision:
		at := r.statusAt.Add(r.provisionDelay)
		if r.closeFailWith != "" {
			return DeprovisionProblems, at, true
		}
		return DeprovisionOK, at, true
	case ProvisionProblems, DeprovisionProblems, DeprovisionOK:
		return 0, time.Time{}, false
	}
	return 0, time.Time{}, false
}

// setStatus is what PUT scheduling-info does: stamp the time, and on DEPROVISION_OK free
// the number for another room while uriWithDomain stays (§2.2).
func (w *world) setStatus(r *room, status ProvisionStatus, at time.Time) {
	r.status, r.statusAt, r.statusText = status, at, ""
	switch status {
	case ProvisionedOK:
		r.provisionedAt = at
		r.statusText = "ok"
		r.vmrID = w.dice.hex(6, "vmr", r.uuid)
	case ProvisionProblems:
		r.statusText = r.failWith
	case DeprovisionProblems:
		r.statusText = r.closeFailWith
	case DeprovisionOK:
		w.releaseNumber(r)
		w.clear(r, at, ReasonEnded)
	case AwaitsProvision, StartingToProvision, StartingToDeprovision:
	}
}

func (w *world) releaseNumber(r *room) {
	if r.uriWithoutDomain == "" {
		return
	}
	delete(w.byLiveNumber, r.uriWithoutDomain+"@"+r.uriDomain)
	w.byShortURI[r.uriWithoutDomain] = without(w.byShortURI[r.uriWithoutDomain], r)
	if len(w.byShortURI[r.uriWithoutDomain]) == 0 {
		delete(w.byShortURI, r.uriWithoutDomain)
	}
	r.uriWithoutDomain = ""
}

func without(rooms []*room, gone *room) []*room {
	kept := make([]*room, 0, len(rooms))
	for _, r := range rooms {
		if r != gone {
			kept = append(kept, r)
		}
	}
	return kept
}

func latest(times ...time.Time) time.Time {
	var out time.Time
	for _, t := range times {
		if t.After(out) {
			out = t
		}
	}
	return out
}
