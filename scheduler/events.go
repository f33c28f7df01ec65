package scheduler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	gapGrace     = 2 * time.Minute // how long an event may be late before it counts as missing
	gapWindow    = 24 * time.Hour  // how far back gaps are looked for
	gapNotices   = 20              // new notices of one look
	longestOpen  = 24 * time.Hour  // nobody's visit goes on for longer
	extraLook    = "0"             // number of a look that no schedule asked for
	unreadableBy = 24 * time.Hour  // how long an unreadable event is told of
)

// ReceiveEvents keeps one delivery of the video platform's events. When it returns nil they are
// durable, each of them once. What can't be read is kept too: refused, the platform would send it
// again for ever and in the end fall silent (pexip.md §4.3). Unavailable: the platform must send
// it again. NotFound: the platform sends none.
func (s *Service) ReceiveEvents(ctx context.Context, body []byte) error {
	receiver, ok := s.video.(video.Receiver)
	if !ok {
		return care.NewError(care.NotFound, "Videoplatformen sender ingen hændelser.")
	}

	events, err := receiver.Decode(body)
	if err != nil {
		sum := sha256.Sum256(body)
		events = []video.Event{{Key: hex.EncodeToString(sum[:]), At: s.now(), Kind: string(EventsUnreadable), Body: body}}
	}

	if _, kept := s.store.Keep(ctx, events); kept != nil {
		return &care.Error{Kind: care.Unavailable, Message: "Hændelserne kunne ikke gemmes. Send dem igen.", Err: kept}
	}

	if err == nil {
		return nil
	}

	text := "Videoplatformen har sendt noget, som ikke kan læses. Det er gemt. Tjek, at event sink på Management Node bruger version 2, og giv leverandøren besked."
	if _, err := s.store.RaiseNotice(ctx, s.notice(EventsUnreadable, "", connector.Notice, text), Effects{}); err != nil {
		return &care.Error{Kind: care.Unavailable, Message: "Hændelserne kunne ikke gemmes. Send dem igen.", Err: err}
	}

	return nil
}

func (s *Service) notice(kind NoticeKind, about string, level connector.Level, text string) Notice {
	return Notice{Kind: kind, About: about, Level: level, Text: text, RaisedAt: s.now()}
}

// WatchEvents looks whether the platform's events come as they should, and raises and resolves
// notices. It is called every few minutes, by any number of processes.
func (s *Service) WatchEvents(ctx context.Context) error {
	if _, ok := s.video.(video.Receiver); !ok || s.set.EventSilence <= 0 {
		return nil // none are expected
	}

	open, err := s.store.OpenNotices(ctx)
	if err != nil {
		return err
	}

	if err := s.watchGaps(ctx, open); err != nil {
		return err
	}

	if err := s.watchSilence(ctx, open); err != nil {
		return err
	}

	for _, n := range open {
		if n.Kind == EventsUnreadable && s.now().Sub(n.RaisedAt) > unreadableBy {
			return s.store.ResolveNotice(ctx, n.Kind, n.About, s.now(), Effects{})
		}
	}

	return nil
}

// watchGaps tells of events that are missing, once each, and has the platform's own record read
// again for the visits that they may have been about. A gap that was filled is forgotten.
func (s *Service) watchGaps(ctx context.Context, open []Notice) error {
	since := s.now().Add(-gapWindow)

	marks, err := s.store.Marks(ctx, since)
	if err != nil {
		return err
	}

	missing, raised := map[string]bool{}, 0

	for _, g := range video.Gaps(marks, since) {
		about := fmt.Sprintf("%s %s %d-%d", g.Node, g.Before.UTC().Format(time.RFC3339), g.First, g.Last)
		missing[about] = true

		if s.now().Sub(g.Noticed) < gapGrace || raised >= gapNotices || isOpen(open, EventGap, about) {
			continue
		}

		jobs, err := s.lookAgainAt(ctx, g)
		if err != nil {
			return err
		}

		if _, err := s.store.RaiseNotice(ctx, s.notice(EventGap, about, connector.Notice, gapText(g)), Effects{Jobs: jobs}); err != nil {
			return err
		}

		raised++
	}

	for _, n := range open {
		if n.Kind == EventGap && !missing[n.About] {
			if err := s.store.ResolveNotice(ctx, n.Kind, n.About, s.now(), Effects{}); err != nil {
				return err
			}
		}
	}

	return nil
}

func isOpen(open []Notice, kind NoticeKind, about string) bool {
	return slices.ContainsFunc(open, func(n Notice) bool { return n.Kind == kind && n.About == about })
}

func gapText(g video.Gap) string {
	count := fmt.Sprintf("%d hændelser", g.Last-g.First+1)
	if g.First == g.Last {
		count = "1 hændelse"
	}

	when := "før " + clock(g.Before)
	if !g.After.IsZero() {
		when = "mellem " + clock(g.After) + " og " + clock(g.Before)
	}

	return fmt.Sprintf("Der mangler %s fra videoplatformens node %s %s. Platformens egen historik bruges i stedet. Sker det tit, så tjek netværket fra noden til Sluse.", count, g.Node, when)
}

// lookAgainAt returns the jobs that read the platform's record of the visits during a gap. Those
// whose time has not come yet are looked at then anyway.
func (s *Service) lookAgainAt(ctx context.Context, g video.Gap) ([]Job, error) {
	from := g.After
	if from.IsZero() || g.Before.Sub(from) > gapWindow {
		from = g.Before.Add(-gapWindow)
	}

	visits, err := s.store.Visits(ctx, VisitQuery{Window: care.Interval{Start: from.Add(-longestVisit), End: g.Before.Add(s.set.Door)}})
	if err != nil {
		return nil, err
	}

	var jobs []Job

	for _, v := range visits {
		if !s.over(v).After(from) || !slices.ContainsFunc(v.Rooms, func(r care.Room) bool { return !s.never(r) }) {
			continue
		}

		switch v.State {
		case care.RoomIsBooked, care.Open:
			if s.now().After(v.Facts.Planned.End.Add(s.set.Grace)) { // a person was asked
				jobs = append(jobs, Job{Kind: ConcludeJob, Visit: v.ID})
			}
		case care.Completed, care.NotCompleted:
			jobs = append(jobs, Job{Kind: VerifyOutcomeJob, Visit: v.ID, Ref: extraLook})
		case care.Listed, care.Chosen, care.BookingRoom, care.Cancelled, care.Reverted:
		}
	}

	return jobs, nil
}

// watchSilence tells when somebody was let into a room and no node has told anything since: the
// platform may have stopped telling us (pexip.md §0.3).
func (s *Service) watchSilence(ctx context.Context, open []Notice) error {
	now := s.now()

	going, err := s.store.Visits(ctx, VisitQuery{Window: care.Interval{Start: now.Add(-longestOpen), End: now.Add(s.set.Door)}, State: care.Open})
	if err != nil {
		return err
	}

	heard, err := s.store.LastHeard(ctx)
	if err != nil {
		return err
	}

	silent := slices.ContainsFunc(going, func(v care.Snapshot) bool {
		return heard.Before(v.OpenedAt) && now.Sub(v.OpenedAt) >= s.set.EventSilence && now.Before(s.over(v))
	})

	switch told := isOpen(open, EventSilence, ""); {
	case silent:
		since := "endnu ikke har sendt hændelser"
		if !heard.IsZero() {
			since = "ikke har sendt hændelser siden " + clock(heard)
		}

		text := "Der er skærmbesøg i gang, men videoplatformen " + since + ". Platformens egen historik bruges i stedet. Tjek på Management Node, om event sink er stoppet, og om noderne kan nå Sluse."
		_, err = s.store.RaiseNotice(ctx, s.notice(EventSilence, "", connector.Failing, text), Effects{})

		return err
	case told && (len(going) == 0 || slices.ContainsFunc(going, func(v care.Snapshot) bool { return heard.After(v.OpenedAt) })):
		return s.store.ResolveNotice(ctx, EventSilence, "", now, Effects{})
	}

	return nil
}
