package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type linkRow struct {
	CitizenID string
	Unit      string
	Visits    int
	First     *int64 // nil: by the register alone
	Last      *int64
	LawLow    string
	LawHigh   string
}

// Links implements scheduler.Visits.
func (s *Store) Links(ctx context.Context, q scheduler.LinkQuery) ([]scheduler.Link, error) {
	if len(q.Units) == 0 {
		return nil, nil
	}

	var rows []linkRow

	for _, citizens := range parts(q.Citizens) {
		var c conditions

		c.add("unit IN ?", q.Units)
		c.add("planned_start >= ?", micros(q.Window.Start))
		c.add("planned_start < ?", micros(q.Window.End))
		c.add("system <> ?", care.OwnSystem)
		c.add("deleted_at IS NULL")
		c.add("NOT (state = 'cancelled' AND outcome_by = ?)", care.ByList)

		if len(citizens) > 0 {
			c.add("citizen_id IN ?", citizens)
		}

		var part []linkRow

		err := c.apply(s.read.WithContext(ctx).Model(&visitRow{})).
			Select("citizen_id, unit, COUNT(*) AS visits, MIN(planned_start) AS first, MAX(planned_start) AS last, MIN(law) AS law_low, MAX(law) AS law_high").
			Group("citizen_id, unit").Find(&part).Error
		if err != nil {
			return nil, translate(err)
		}

		rows = append(rows, part...)

		registered, err := s.registered(ctx, q.Units, citizens)
		if err != nil {
			return nil, err
		}

		rows = append(rows, registered...)
	}

	slices.SortStableFunc(rows, func(a, b linkRow) int {
		return cmp.Or(cmp.Compare(a.CitizenID, b.CitizenID), cmp.Compare(a.Unit, b.Unit))
	})

	out := make([]scheduler.Link, 0, len(rows))

	for i, r := range rows {
		if i > 0 && r.Visits == 0 && rows[i-1].CitizenID == r.CitizenID && rows[i-1].Unit == r.Unit {
			continue // the unit visits them too
		}

		law := care.LegalBasis(r.LawLow)
		if r.LawLow != r.LawHigh {
			law = care.LawUnknown
		}

		out = append(out, scheduler.Link{
			Citizen: care.CitizenID(r.CitizenID), Unit: care.UnitID(r.Unit), Visits: r.Visits, First: instantOrZero(r.First), Last: instantOrZero(r.Last), Law: law,
		})
	}

	return out, nil
}

// registered reads who belongs to units by a register.
func (s *Store) registered(ctx context.Context, units []care.UnitID, citizens []care.CitizenID) ([]linkRow, error) {
	var c conditions

	c.add("unit IN ?", units)

	if len(citizens) > 0 {
		c.add("citizen_id IN ?", citizens)
	}

	var found []citizenUnitRow
	if err := c.apply(s.read.WithContext(ctx).Model(&citizenUnitRow{})).Find(&found).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]linkRow, 0, len(found))
	for _, r := range found {
		out = append(out, linkRow{CitizenID: r.CitizenID, Unit: r.Unit, LawLow: string(care.LawUnknown), LawHigh: string(care.LawUnknown)})
	}

	return out, nil
}

// AddVisit implements scheduler.Visits.
func (s *Store) AddVisit(ctx context.Context, v *care.Visit, effects scheduler.Effects) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := s.insertSome(tx, []*care.Visit{v}); err != nil {
			return err
		}

		return s.writeEffects(tx, effects)
	})
}

// CodesSentTo implements scheduler.Visits. As with CodesSent the number errs on the safe side.
func (s *Store) CodesSentTo(ctx context.Context, phone care.Phone, since time.Time) (int, error) {
	hash, err := s.keys.hash(phonePurpose, phone.Reveal())
	if err != nil {
		return 0, translate(fmt.Errorf("codes sent: %w", err))
	}

	var sum int

	err = s.read.WithContext(ctx).Raw(
		"SELECT COALESCE(SUM(a.code_count), 0) FROM admissions a JOIN participants p ON p.id = a.participant_id WHERE p.phone_hash = ? AND a.code_sent_at >= ?",
		hash, micros(since)).Scan(&sum).Error

	return sum, translate(err)
}
