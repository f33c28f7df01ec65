package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// Directory is the part of a store that keeps employees, units and SCIM groups.
type Directory struct{ s *Store }

var _ directory.Store = (*Directory)(nil)

// Directory returns the directory of the municipality.
func (s *Store) Directory() *Directory { return &Directory{s} }

// standingRow is an employee with one grant, or one group, or neither.
type standingRow struct {
	ID       string
	StartsOn string
	EndsOn   string
	LeftAt   *int64
	Unit     string
	Role     string
	Grp      string
}

// The two halves of a standing. Each finds its rows by the first column of a primary key.
const (
	standingGrants = "SELECT e.id, e.starts_on, e.ends_on, e.left_at, COALESCE(g.unit, '') AS unit, COALESCE(g.role, '') AS role, '' AS grp " +
		"FROM employees e LEFT JOIN employee_grants g ON g.employee_id = e.id"
	standingGroups = "SELECT e.id, e.starts_on, e.ends_on, e.left_at, '', '', s.name " +
		"FROM employees e JOIN scim_members m ON m.employee_id = e.id JOIN scim_groups s ON s.id = m.group_id"
)

// Standing implements directory.Reader.
func (d *Directory) Standing(ctx context.Context, id care.EmployeeID) (directory.Standing, error) {
	var rows []standingRow

	err := d.s.read.WithContext(ctx).Raw(standingGrants+" WHERE e.id = ? UNION ALL "+standingGroups+" WHERE e.id = ?", id, id).Scan(&rows).Error
	if err != nil {
		return directory.Standing{}, translate(err)
	}

	if len(rows) == 0 {
		return directory.Standing{}, notFound()
	}

	return standingsOf(rows)[0], nil
}

// standingsOf puts rows together that come employee by employee within each half.
func standingsOf(rows []standingRow) []directory.Standing {
	var out []directory.Standing

	at := make(map[string]int)

	for _, r := range rows {
		i, known := at[r.ID]
		if !known {
			i = len(out)
			at[r.ID] = i
			out = append(out, directory.Standing{
				Employee: care.EmployeeID(r.ID), Left: r.LeftAt != nil, StartsOn: care.Day(r.StartsOn), EndsOn: care.Day(r.EndsOn),
			})
		}

		if r.Role != "" {
			out[i].Grants = append(out[i].Grants, care.Grant{Unit: care.UnitID(r.Unit), Role: care.Role(r.Role)})
		}

		if r.Grp != "" {
			out[i].Groups = append(out[i].Groups, r.Grp)
		}
	}

	return out
}

func allStandings(tx *gorm.DB) ([]directory.Standing, error) {
	var rows []standingRow
	if err := tx.Raw(standingGrants + " UNION ALL " + standingGroups).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read standings: %w", err)
	}

	return standingsOf(rows), nil
}

// Employees implements directory.Reader.
func (d *Directory) Employees(ctx context.Context, q directory.Query) ([]care.Employee, error) {
	var c conditions

	if q.Login != "" {
		hash, err := d.s.keys.find(loginPurpose, strings.ToLower(q.Login))
		if err != nil {
			return nil, translate(err)
		}

		c.add("login_hash = ?", hash)
	}

	if q.ExternalID != "" {
		hash, err := d.s.keys.find(externalPurpose, q.ExternalID)
		if err != nil {
			return nil, translate(err)
		}

		c.add("external_hash = ?", hash)
	}

	if q.Source != "" {
		c.add("source = ?", q.Source)
	}

	if q.EndedBy != "" {
		c.add("left_at IS NULL AND ends_on <> '' AND ends_on < ?", q.EndedBy)
	}

	var out []care.Employee

	err := d.s.look(ctx, func(tx *gorm.DB) error {
		out = nil

		for _, ids := range parts(q.IDs) {
			some, err := d.employees(tx, c, ids)
			if err != nil {
				return err
			}

			out = append(out, some...)
		}

		return nil
	})

	return out, err
}

func (d *Directory) employees(tx *gorm.DB, c conditions, ids []care.EmployeeID) ([]care.Employee, error) {
	query := c.apply(tx.Model(&employeeRow{}))
	if len(ids) > 0 {
		query = query.Where("id IN ?", ids)
	}

	var rows []employeeRow
	if err := query.Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("find employees: %w", err)
	}

	out := make([]care.Employee, 0, len(rows))
	at := make(map[string]int, len(rows))
	keys := make([]string, 0, len(rows))

	for _, row := range rows {
		e, err := d.s.keys.employeeFromRow(row)
		if err != nil {
			return nil, err
		}

		at[row.ID] = len(out)
		keys = append(keys, row.ID)
		out = append(out, e)
	}

	for _, chunk := range parts(keys) {
		if len(chunk) == 0 {
			break
		}

		var grants []grantRow
		if err := tx.Where("employee_id IN ?", chunk).Order("employee_id, unit, role, source").Find(&grants).Error; err != nil {
			return nil, fmt.Errorf("find grants: %w", err)
		}

		for _, g := range grants {
			e := &out[at[g.EmployeeID]]
			e.Grants = append(e.Grants, care.Assignment{Grant: care.Grant{Unit: care.UnitID(g.Unit), Role: care.Role(g.Role)}, Source: care.GrantSource(g.Source)})
		}
	}

	return out, nil
}

// History implements directory.Reader.
func (d *Directory) History(ctx context.Context, id care.EmployeeID, limit int) ([]directory.Revision, error) {
	var rows []revisionRow
	if err := d.s.read.WithContext(ctx).Where("employee_id = ?", id).Order("version DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]directory.Revision, 0, len(rows))

	for _, row := range rows {
		r, err := d.s.keys.revisionFromRow(row)
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, r)
	}

	return out, nil
}

// Units implements directory.Reader.
func (d *Directory) Units(ctx context.Context) (units []directory.Unit, version int, err error) {
	err = d.s.look(ctx, func(tx *gorm.DB) error {
		units = nil

		var rows []unitRow
		if err := tx.Order("id").Find(&rows).Error; err != nil {
			return fmt.Errorf("find units: %w", err)
		}

		for _, row := range rows {
			u, err := unitFromRow(row)
			if err != nil {
				return err
			}

			units = append(units, u)
		}

		return tx.Raw(stateVersion).Scan(&version).Error
	})

	return units, version, err
}

const stateVersion = "SELECT version FROM directory_state WHERE id = 1"

// Version implements directory.Reader.
func (d *Directory) Version(ctx context.Context) (int, error) {
	var version int

	err := d.s.read.WithContext(ctx).Raw(stateVersion).Scan(&version).Error

	return version, translate(err)
}

// Groups implements directory.Reader.
func (d *Directory) Groups(ctx context.Context) ([]directory.Group, error) {
	var out []directory.Group

	err := d.s.look(ctx, func(tx *gorm.DB) error {
		out = nil

		var rows []groupRow
		if err := tx.Order("name").Find(&rows).Error; err != nil {
			return fmt.Errorf("find groups: %w", err)
		}

		var members []memberRow
		if err := tx.Order("employee_id").Find(&members).Error; err != nil {
			return fmt.Errorf("find members: %w", err)
		}

		of := make(map[string][]care.EmployeeID, len(rows))
		for _, m := range members {
			of[m.GroupID] = append(of[m.GroupID], care.EmployeeID(m.EmployeeID))
		}

		for _, r := range rows {
			out = append(out, directory.Group{
				ID: r.ID, Version: r.Version, Name: r.Name, ExternalID: r.ExternalID, Members: of[r.ID], CreatedAt: instant(r.MadeAt), ChangedAt: instant(r.ChangedAt),
			})
		}

		return nil
	})

	return out, err
}

// uploadPrefix keeps files of the directory apart from driving lists.
const uploadPrefix = "directory:"

// KeepUpload implements directory.Store.
func (d *Directory) KeepUpload(ctx context.Context, id string, file directory.File, by care.EmployeeID, at time.Time) error {
	return d.s.KeepUpload(ctx, care.ListID(uploadPrefix+id), ehr.File(file), by, at)
}

// Upload implements directory.Store.
func (d *Directory) Upload(ctx context.Context, id string) (directory.File, error) {
	file, _, err := d.s.Upload(ctx, care.ListID(uploadPrefix+id))

	return directory.File(file), err
}

// Record implements directory.Store.
func (d *Directory) Record(ctx context.Context, rows []directory.AuditRow) error {
	return d.s.Record(ctx, auditOf(rows))
}

func auditOf(rows []directory.AuditRow) []scheduler.AuditRow {
	out := make([]scheduler.AuditRow, 0, len(rows))
	for _, r := range rows {
		out = append(out, scheduler.AuditRow{At: r.At, Actor: r.Actor, Action: r.Action, Detail: r.Detail})
	}

	return out
}
