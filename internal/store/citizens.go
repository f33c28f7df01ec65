package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler/care"
)

type citizenRow struct {
	ID            string `gorm:"primaryKey"`
	CprHash       string
	CprSealed     []byte
	Verdict       int
	NameSealed    []byte
	AddressSealed []byte
	PhoneSealed   []byte
	EmailSealed   []byte
	Suitability   string
	Hospitalised  bool
	Protected     bool
	Touched       *int64 `gorm:"column:updated_at"` // not named UpdatedAt: gorm would set it by itself
}

// TableName names the table for gorm.
func (citizenRow) TableName() string { return "citizens" }

// cprPurpose keeps the hashes of CPR numbers apart from other hashes.
const cprPurpose = "citizens.cpr"

func (k *Keys) citizenToRow(c care.Citizen) (citizenRow, error) {
	hash, err := k.hash(cprPurpose, c.CPR.Reveal())
	if err != nil {
		return citizenRow{}, err
	}

	seal := sealer{keys: k, table: "citizens", row: string(c.ID)}
	row := citizenRow{
		ID: string(c.ID), CprHash: hash, CprSealed: seal.seal("cpr", c.CPR.Reveal()), Verdict: int(c.Verdict),
		NameSealed: seal.seal("name", c.Name), AddressSealed: seal.seal("address", c.Address),
		PhoneSealed: seal.seal("phone", c.Phone.Reveal()), EmailSealed: seal.seal("email", c.Email.Reveal()),
		Suitability: string(c.Suitability), Hospitalised: c.Hospitalised, Protected: c.Protected, Touched: microsOrNull(c.UpdatedAt),
	}

	return row, seal.err
}

func (k *Keys) citizenFromRow(row citizenRow) (care.Citizen, error) {
	seal := sealer{keys: k, table: "citizens", row: row.ID}
	cpr, _, _ := care.ParseCPR(seal.open("cpr", row.CprSealed))

	c := care.Citizen{
		ID: care.CitizenID(row.ID), CPR: cpr, Verdict: care.CPRVerdict(row.Verdict),
		Name: seal.open("name", row.NameSealed), Address: seal.open("address", row.AddressSealed),
		Suitability: care.Suitability(row.Suitability), Hospitalised: row.Hospitalised, Protected: row.Protected, UpdatedAt: instantOrZero(row.Touched),
	}

	c.Phone, c.Email = seal.phone(row.PhoneSealed), seal.email(row.EmailSealed)

	return c, seal.err
}

// CitizensByCPR implements scheduler.Lists.
func (s *Store) CitizensByCPR(ctx context.Context, numbers []care.CPR) (map[care.CPR]care.Citizen, error) {
	byHash := make(map[string]care.CPR, len(numbers))

	for _, n := range numbers {
		hash, err := s.keys.hash(cprPurpose, n.Reveal())
		if err != nil {
			return nil, translate(err)
		}

		byHash[hash] = n
	}

	hashes := make([]string, 0, len(byHash))
	for hash := range byHash {
		hashes = append(hashes, hash)
	}

	out := make(map[care.CPR]care.Citizen, len(byHash))

	err := s.citizens(ctx, "cpr_hash IN ?", hashes, func(row citizenRow, c care.Citizen) { out[byHash[row.CprHash]] = c })
	if err != nil {
		return nil, err
	}

	return out, nil
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
// with the same CPR number was made meanwhile: Conflict.
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

	err := upsert(tx, rows, "citizens.cpr_hash = excluded.cpr_hash")

	return once(err)
}
