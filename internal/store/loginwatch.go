package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type loginLookRow struct {
	Provider   string `gorm:"primaryKey"`
	Failed     int
	Worked     int
	LookedAt   int64
	AnsweredAt *int64
	DownSince  *int64
}

// TableName names the table for gorm.
func (loginLookRow) TableName() string { return "login_looks" }

type loginSwitchRow struct {
	Audience     string `gorm:"primaryKey"`
	SwitchedBy   string
	ReasonSealed []byte
	SwitchedAt   int64
	UntilAt      int64
}

// TableName names the table for gorm.
func (loginSwitchRow) TableName() string { return "login_switches" }

func (k *Keys) switchSealer(audience string) *sealer {
	return &sealer{keys: k, table: "login_switches", row: audience}
}

// LoginHealth implements scheduler.LoginWatch.
func (s *Store) LoginHealth(ctx context.Context) (scheduler.LoginHealth, error) {
	var (
		looks    []loginLookRow
		switches []loginSwitchRow
	)

	db := s.read.WithContext(ctx)
	if err := db.Find(&looks).Error; err != nil {
		return scheduler.LoginHealth{}, translate(err)
	}

	if err := db.Find(&switches).Error; err != nil {
		return scheduler.LoginHealth{}, translate(err)
	}

	out := scheduler.LoginHealth{
		Looks: make(map[string]scheduler.LoginLook, len(looks)), Switches: make(map[scheduler.LoginAudience]scheduler.LoginSwitch, len(switches)),
	}

	for _, r := range looks {
		out.Looks[r.Provider] = scheduler.LoginLook{
			Provider: r.Provider, Failed: r.Failed, Worked: r.Worked, LookedAt: instant(r.LookedAt), AnsweredAt: instantOrZero(r.AnsweredAt), DownSince: instantOrZero(r.DownSince),
		}
	}

	for _, r := range switches {
		seal := s.keys.switchSealer(r.Audience)
		w := scheduler.LoginSwitch{
			Audience: scheduler.LoginAudience(r.Audience), By: care.EmployeeID(r.SwitchedBy), Reason: seal.open("reason", r.ReasonSealed),
			At: instant(r.SwitchedAt), Until: instant(r.UntilAt),
		}

		if seal.err != nil {
			return scheduler.LoginHealth{}, translate(seal.err)
		}

		out.Switches[w.Audience] = w
	}

	return out, nil
}

// SaveLoginLook implements scheduler.LoginWatch.
func (s *Store) SaveLoginLook(ctx context.Context, look scheduler.LoginLook) error {
	row := loginLookRow{
		Provider: look.Provider, Failed: look.Failed, Worked: look.Worked, LookedAt: micros(look.LookedAt), AnsweredAt: microsOrNull(look.AnsweredAt), DownSince: microsOrNull(look.DownSince),
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

// SaveLoginSwitch implements scheduler.LoginWatch.
func (s *Store) SaveLoginSwitch(ctx context.Context, w scheduler.LoginSwitch, effects scheduler.Effects) error {
	seal := s.keys.switchSealer(string(w.Audience))
	row := loginSwitchRow{
		Audience: string(w.Audience), SwitchedBy: string(w.By), ReasonSealed: seal.seal("reason", w.Reason), SwitchedAt: micros(w.At), UntilAt: micros(w.Until),
	}

	if seal.err != nil {
		return translate(seal.err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("save a switch: %w", err)
		}

		return s.writeEffects(tx, effects)
	})
}

// loginCountRow is one group of logins.
type loginCountRow struct {
	Provider string
	Outcome  string
	Count    int
	EndedAt  *int64
}

// CountLogins implements scheduler.LoginWatch.
func (s *Store) CountLogins(ctx context.Context, since, patience time.Time) ([]scheduler.LoginCount, error) {
	var citizens, staff []loginCountRow

	db := s.read.WithContext(ctx)

	err := db.Model(&eidLoginRow{}).Select("provider, outcome, COUNT(DISTINCT visits.citizen_id) AS count, MAX(eid_logins.ended_at) AS ended_at").
		Joins("JOIN visits ON visits.id = eid_logins.visit_id").
		Where("eid_logins.begun_at >= ? AND (outcome <> '' OR eid_logins.begun_at < ?)", micros(since), micros(patience)).
		Group("provider, outcome").Order("provider, outcome").Find(&citizens).Error
	if err != nil {
		return nil, translate(err)
	}

	// The answers of employees' logins are checked before their request is completed.
	err = db.Model(&samlRequestRow{}).
		Select("CASE WHEN completed_at IS NULL THEN '' ELSE ? END AS outcome, COUNT(*) AS count, MAX(completed_at) AS ended_at", scheduler.LoginIdentified).
		Where("purpose = ? AND NOT person AND created_at >= ? AND (completed_at IS NOT NULL OR created_at < ?)", saml.PurposeLogin, micros(since), micros(patience)).
		Group("completed_at IS NULL").Order("outcome").Find(&staff).Error
	if err != nil {
		return nil, translate(err)
	}

	for i := range staff {
		staff[i].Provider = scheduler.StaffLogin
	}

	var out []scheduler.LoginCount
	for _, r := range slices.Concat(citizens, staff) {
		out = append(out, scheduler.LoginCount{Provider: r.Provider, Outcome: scheduler.LoginOutcome(r.Outcome), Count: r.Count, EndedAt: instantOrZero(r.EndedAt)})
	}

	return out, nil
}
