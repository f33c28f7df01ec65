package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// writeEntry makes one entry in the care record. Entries of a visit go in order. The journal's
// Apply is safe to repeat, so a lost answer is simply tried again.
func (s *Service) writeEntry(ctx context.Context, job Job) error {
	// Thousands of entries may wait through an outage of days: while the record is known to be down none
	// of them even reads its visit. Another system takes notes elsewhere and may well be there.
	if s.notes == nil {
		if err := s.monitor.Held(connector.RecordRole, "write_entry"); err != nil {
			return err
		}
	}

	v, entry, err := s.entryToWrite(ctx, job)
	if err != nil || entry.ID == "" {
		return err
	}

	// What was overtaken may still be on its way by the same means: two at once would meet in the record.
	way := entryWay{job.Visit, entry.Means}
	if _, taken := s.underWay.LoadOrStore(way, true); taken {
		return s.later("write_entry", nextEntry)
	}
	defer s.underWay.Delete(way)

	if entry.State == care.EntrySuperseded { // the other may have ended just now, and settled this one
		if v, entry, err = s.entryToWrite(ctx, job); err != nil || entry.ID == "" {
			return err
		}
	}

	citizen, err := s.citizenOf(ctx, v)
	if err != nil {
		return err
	}

	receipt, err := s.journalFor(entry.Means).Apply(ctx, s.change(v, entry, citizen))
	if connector.Is(err, connector.NotFound) {
		receipt, err = s.applyAfterKeeping(ctx, v, entry, citizen, err)
	}

	if err != nil {
		return s.entryTrouble(ctx, job, entry.Means, err)
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		if err := v.EntryDone(entry.ID, receipt.ID, receipt.Version, s.now()); err != nil || receipt.Doubles == 0 {
			return err
		}

		v.Raise(care.EntryTrouble, job.Ref, entryDoubled, false, s.now())

		return nil
	})
}

// entryWay is what takes one entry at a time. Another process is met by the record's own versions.
type entryWay struct {
	visit care.VisitID
	means care.Means
}

// nextEntry is after how long an entry asks again whether the one before it has ended.
const nextEntry = 5 * time.Second

// entryToWrite returns a job's visit and entry; no entry when nothing is to be written, and Pending while
// others have to be written first.
func (s *Service) entryToWrite(ctx context.Context, job Job) (care.Snapshot, care.Entry, error) {
	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return v, care.Entry{}, err
	}

	entry, ok := v.EntryOf(care.EntryID(job.Ref))

	switch {
	case !ok || entry.State == care.EntryWritten || entry.State == care.EntryRejected:
		return v, care.Entry{}, nil
	case entry.State == care.EntrySuperseded && job.Attempt < 2:
		return v, care.Entry{}, nil // overtaken before it was ever tried
	case v.EarlierEntryDue(entry.ID):
		return v, care.Entry{}, s.later("write_entry", patience(s.now().Sub(entry.DueAt)))
	case entry.State == care.EntrySuperseded:
		// It may have arrived. A later entry puts that right, and must stay the last word.
		switch later, ok := v.LaterEntry(entry.ID); {
		case ok && later.State == care.EntryWritten:
			return v, care.Entry{}, nil
		case ok:
			return v, care.Entry{}, s.later("write_entry", time.Minute)
		}
	}

	return v, entry, nil
}

// entryDoubled is what to do about an entry that two processes wrote at once.
const entryDoubled = "Posten står dobbelt i omsorgsjournalen. Slet den ene dér, og markér punktet som klaret."

// journalFor is where entries by a means go.
func (s *Service) journalFor(m care.Means) ehr.Journal {
	if m == care.ByJournal && s.notes != nil && !slices.Contains(s.journal.Means(), m) {
		return s.notes
	}

	return s.journal
}

// roleFor is what the system that takes entries by a means is to us.
func (s *Service) roleFor(m care.Means) connector.Role {
	if s.journalFor(m) == s.journal {
		return connector.RecordRole
	}

	return connector.JournalRole
}

// can reports whether the record has a means, as it is set up.
func (s *Service) can(m care.Means) bool { return slices.Contains(s.journalFor(m).Means(), m) }

// applyAfterKeeping hands the journal the list's file, which it has not got yet, and tries once more.
func (s *Service) applyAfterKeeping(ctx context.Context, v care.Snapshot, e care.Entry, citizen care.Citizen, missing error) (ehr.Receipt, error) {
	journal := s.journalFor(e.Means)
	if _, ok := journal.(ehr.ListKeeper); !ok {
		return ehr.Receipt{}, missing
	}

	if err := s.keep(ctx, v.Facts.List); err != nil {
		return ehr.Receipt{}, err
	}

	return journal.Apply(ctx, s.change(v, e, citizen))
}

// keepList hands the file of an import to a journal that writes into it.
func (s *Service) keepList(ctx context.Context, job Job) error {
	return s.keep(ctx, care.ListID(job.Ref))
}

func (s *Service) keep(ctx context.Context, list care.ListID) error {
	keeper, ok := s.journal.(ehr.ListKeeper)
	if !ok {
		return nil
	}

	file, rows, err := s.store.ListFile(ctx, list)
	if err != nil {
		return err
	}

	return keeper.Keep(ctx, list, file, rows)
}

// entryTrouble puts a refusal on the exception list at once, and an outage when this entry alone fails.
func (s *Service) entryTrouble(ctx context.Context, job Job, m care.Means, err error) error {
	role := s.roleFor(m)

	switch connector.KindOf(err) {
	case connector.Rejected, connector.Conflict, connector.Malformed, connector.Unsupported, connector.NotFound:
		text := advice(err, roleDanish(role)+" afviser registreringen. Ret besøget i journalen, og prøv igen.")

		update := s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
			// What was overtaken may stand in the record all the same, and nothing comes after it to tell.
			if e, _ := v.Snapshot().EntryOf(care.EntryID(job.Ref)); e.State == care.EntrySuperseded && connector.Is(err, connector.Malformed) {
				v.Raise(care.EntryTrouble, job.Ref, text, false, s.now())
			}

			return v.EntryRefused(care.EntryID(job.Ref), text, connector.KindOf(err) != connector.Unsupported, s.now())
		})
		if update != nil {
			return update
		}
	case connector.Unavailable, connector.Unknown, connector.RateLimited, connector.Unauthorized:
		return s.tellOfWait(ctx, job, held{
			role: role, kind: care.EntryTrouble,
			many: roleDanish(role) + " svarer ikke, så registreringen venter. Vi prøver videre.",
		}, err)
	case connector.Pending:
	}

	return err
}
