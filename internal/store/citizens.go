package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type citizenRow struct {
	ID              string `gorm:"primaryKey"`
	CprHash         string
	CprSealed       []byte
	Verdict         int
	NameSealed      []byte
	AddressSealed   []byte
	PhoneSealed     []byte
	EmailSealed     []byte
	Suitability     string
	Hospitalised    bool
	Protected       bool
	Language        string
	RiskSealed      []byte
	Surrogate       bool // there is no CPR number: cpr_hash and cpr_sealed are those of the surrogate id
	SurrogateHash   *string
	SurrogateSealed []byte
	// Only SetJudgement writes these: whoever stores a citizen else knows nothing new of them.
	Judged          string `gorm:"->"`
	JudgedWhySealed []byte `gorm:"->"`
	JudgedAgain     string `gorm:"->"`
	JudgedBy        string `gorm:"->"`
	JudgedAt        *int64 `gorm:"->"`
	Touched         *int64 `gorm:"column:updated_at"` // not named UpdatedAt: gorm would set it by itself
}

// TableName names the table for gorm.
func (citizenRow) TableName() string { return "citizens" }

// cprPurpose keeps the hashes of CPR numbers apart from other hashes.
const cprPurpose = "citizens.cpr"

// surrogatePurpose keeps the hashes of surrogate ids apart from those of CPR numbers.
const surrogatePurpose = "citizens.surrogate"

// hashCitizen returns the hash by which a citizen is found.
func (k *Keys) hashCitizen(key care.CitizenKey) (string, error) {
	if key.CPR.IsZero() && !key.Surrogate.IsZero() {
		return k.hash(surrogatePurpose, plainSurrogate(key.Surrogate))
	}

	return k.hash(cprPurpose, key.CPR.Reveal())
}

func plainSurrogate(id care.SurrogateID) string { return id.System() + "\x00" + id.Reveal() }

func surrogateFrom(plain string) care.SurrogateID {
	system, text, _ := strings.Cut(plain, "\x00")
	id, _ := care.ParseSurrogateID(system, text) // it was read before it was stored

	return id
}

func (k *Keys) citizenToRow(c care.Citizen) (citizenRow, error) {
	hash, err := k.hashCitizen(c.Key())
	if err != nil {
		return citizenRow{}, err
	}

	seal := sealer{keys: k, table: "citizens", row: string(c.ID)}
	row := citizenRow{
		ID: string(c.ID), CprHash: hash, CprSealed: seal.seal("cpr", c.CPR.Reveal()), Verdict: int(c.Verdict),
		NameSealed: seal.seal("name", c.Name), AddressSealed: seal.seal("address", c.Address),
		PhoneSealed: seal.seal("phone", c.Phone.Reveal()), EmailSealed: seal.seal("email", c.Email.Reveal()),
		RiskSealed:  seal.seal("risk", string(c.Risk)),
		Suitability: string(c.Suitability), Hospitalised: c.Hospitalised, Protected: c.Protected, Language: string(c.Language), Touched: microsOrNull(c.UpdatedAt),
	}

	if !c.Surrogate.IsZero() {
		own, err := k.hashCitizen(care.CitizenKey{Surrogate: c.Surrogate})
		if err != nil {
			return citizenRow{}, err
		}

		row.SurrogateHash, row.SurrogateSealed = &own, seal.seal("surrogate", plainSurrogate(c.Surrogate))
	}

	if row.Surrogate = c.CPR.IsZero(); row.Surrogate {
		row.CprSealed = seal.seal("cpr", plainSurrogate(c.Surrogate)) // NOT NULL since the first release
	}

	return row, seal.err
}

func (k *Keys) citizenFromRow(row citizenRow) (care.Citizen, error) {
	seal := sealer{keys: k, table: "citizens", row: row.ID}

	var cpr care.CPR
	if !row.Surrogate {
		cpr, _, _ = care.ParseCPR(seal.open("cpr", row.CprSealed))
	}

	c := care.Citizen{
		ID: care.CitizenID(row.ID), CPR: cpr, Surrogate: surrogateFrom(seal.open("surrogate", row.SurrogateSealed)), Verdict: care.CPRVerdict(row.Verdict),
		Name: seal.open("name", row.NameSealed), Address: seal.open("address", row.AddressSealed),
		Suitability: care.Suitability(row.Suitability), Hospitalised: row.Hospitalised, Protected: row.Protected, Language: care.Language(row.Language), UpdatedAt: instantOrZero(row.Touched),
	}

	c.Risk = care.Risk(seal.open("risk", row.RiskSealed))
	if c.ID.IsStandIn() {
		c.Name = "Slettet borger"
	}

	if row.Judged != "" {
		c.Judged = care.Judgement{
			Verdict: care.Suitability(row.Judged), Why: seal.open("judged_why", row.JudgedWhySealed), Again: care.Day(row.JudgedAgain),
			By: care.EmployeeID(row.JudgedBy), At: instantOrZero(row.JudgedAt),
		}
	}

	c.Phone, c.Email = seal.phone(row.PhoneSealed), seal.email(row.EmailSealed)

	return c, seal.err
}

// CitizensByKey implements scheduler.Lists.
func (s *Store) CitizensByKey(ctx context.Context, wanted []care.CitizenKey) (map[care.CitizenKey]care.Citizen, error) {
	byHash := make(map[string]care.CitizenKey, len(wanted))

	for _, key := range wanted {
		hash, err := s.keys.hashCitizen(key)
		if err != nil {
			return nil, translate(err)
		}

		byHash[hash] = key
	}

	hashes := slices.Collect(maps.Keys(byHash))
	out := make(map[care.CitizenKey]care.Citizen, len(byHash))

	err := s.citizens(ctx, "cpr_hash IN ?", hashes, func(row citizenRow, c care.Citizen) { out[byHash[row.CprHash]] = c })
	if err != nil {
		return nil, err
	}

	err = s.citizens(ctx, "surrogate_hash IN ?", hashes, func(row citizenRow, c care.Citizen) { out[byHash[*row.SurrogateHash]] = c })
	if err != nil {
		return nil, err
	}

	return out, nil
}

// NumberCitizen implements scheduler.Lists.
func (s *Store) NumberCitizen(ctx context.Context, id care.CitizenID, cpr care.CPR, verdict care.CPRVerdict, effects scheduler.Effects) error {
	hash, err := s.keys.hashCitizen(care.CitizenKey{CPR: cpr})
	if err != nil {
		return translate(err)
	}

	seal := sealer{keys: s.keys, table: "citizens", row: string(id)}
	columns := map[string]any{"cpr_hash": hash, "cpr_sealed": seal.seal("cpr", cpr.Reveal()), "verdict": int(verdict), "surrogate": false, "updated_at": micros(s.clock())}

	if seal.err != nil {
		return translate(seal.err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&citizenRow{}).Where("id = ? AND surrogate", id).Updates(columns)
		if done.Error != nil {
			return once(fmt.Errorf("number citizen: %w", done.Error))
		}

		if done.RowsAffected != 1 {
			return once(errMoved)
		}

		return s.writeEffects(tx, effects)
	})
}

// Citizens implements scheduler.Lists.
func (s *Store) Citizens(ctx context.Context, ids []care.CitizenID) (map[care.CitizenID]care.Citizen, error) {
	keys := make([]string, 0, len(ids))
	for _, id := range ids {
		keys = append(keys, string(id))
	}

	out := make(map[care.CitizenID]care.Citizen, len(ids))

	err := s.citizens(ctx, "id IN ?", keys, func(_ citizenRow, c care.Citizen) { out[c.ID] = c })
	if err != nil {
		return nil, err
	}

	return out, nil
}

func (s *Store) citizens(ctx context.Context, condition string, keys []string, each func(citizenRow, care.Citizen)) error {
	slices.Sort(keys)

	return s.look(ctx, func(tx *gorm.DB) error {
		for chunk := range slices.Chunk(slices.Compact(keys), maxKeys) {
			var rows []citizenRow
			if err := tx.Where(condition, chunk).Find(&rows).Error; err != nil {
				return fmt.Errorf("find citizens: %w", err)
			}

			for _, row := range rows {
				c, err := s.keys.citizenFromRow(row)
				if err != nil {
					return err
				}

				each(row, c)
			}
		}

		return nil
	})
}

// saveCitizens inserts citizens or updates those that have the id already. Another citizen
// with the same CPR number or surrogate id was made meanwhile: Conflict.
func (s *Store) saveCitizens(tx *gorm.DB, citizens []care.Citizen) error {
	rows := make([]citizenRow, 0, len(citizens))

	for _, c := range citizens {
		row, err := s.keys.citizenToRow(c)
		if err != nil {
			return err
		}

		rows = append(rows, row)
	}

	// One order for everybody, so that two imports never wait for each other in a circle.
	slices.SortFunc(rows, func(a, b citizenRow) int { return cmp.Compare(a.ID, b.ID) })

	// Somebody protected a citizen meanwhile: the import is made anew, and knows it then.
	err := upsert(tx, rows, "citizens.cpr_hash = excluded.cpr_hash AND citizens.protected <= excluded.protected")

	return once(err)
}
