package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/connector/video"
)

type eventRow struct {
	Key        string `gorm:"primaryKey"`
	Node       string
	Seq        int64
	At         int64
	Kind       string
	Room       string
	BodySealed []byte
	ReceivedAt int64
}

// TableName names the table for gorm.
func (eventRow) TableName() string { return "events" }

// nodeRow is the newest event of a node by the node's own clock. Only events with a number count.
type nodeRow struct {
	Node       string `gorm:"primaryKey"`
	LastSeq    int64
	LastAt     int64
	ReceivedAt int64
}

// TableName names the table for gorm.
func (nodeRow) TableName() string { return "event_nodes" }

func (k *Keys) eventToRow(e video.Event, received time.Time) (eventRow, error) {
	seal := sealer{keys: k, table: "events", row: e.Key}
	row := eventRow{
		Key: e.Key, Node: e.Node, Seq: e.Seq, At: micros(e.At), Kind: e.Kind, Room: e.Room,
		BodySealed: seal.sealBytes("body", e.Body), ReceivedAt: micros(received),
	}

	return row, seal.err
}

func (k *Keys) eventFromRow(row eventRow) (video.Event, error) {
	seal := sealer{keys: k, table: "events", row: row.Key}

	return video.Event{
		Key: row.Key, Node: row.Node, Seq: row.Seq, At: instant(row.At), Kind: row.Kind, Room: row.Room,
		Body: seal.openBytes("body", row.BodySealed),
	}, seal.err
}

// maxDeliveries bounds how many callers' events share a transaction.
const maxDeliveries = 256

// delivery is the events of one caller.
type delivery struct {
	rows  []eventRow
	fresh int
}

// Keep implements video.EventLog. Callers that come while others write share a transaction.
func (s *Store) Keep(ctx context.Context, events []video.Event) (fresh int, err error) {
	if len(events) == 0 {
		return 0, nil
	}

	d, now := &delivery{}, s.clock()

	for _, e := range events {
		row, err := s.keys.eventToRow(e, now)
		if err != nil {
			return 0, translate(err)
		}

		d.rows = append(d.rows, row)
	}

	err = s.events.write(ctx, d, maxDeliveries, s.writeDeliveries)

	return d.fresh, translate(err)
}

func (s *Store) writeDeliveries(ctx context.Context, all []*place[*delivery]) error {
	var err error

	for range tries {
		err = s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return writeEvents(tx, all) })
		if !busy(err) {
			break
		}
	}

	return err
}

// writeEvents inserts what is not there yet. Rows are in order of their key, and nodes too, so
// that two processes never wait for each other in a circle.
func writeEvents(tx *gorm.DB, all []*place[*delivery]) error {
	rows, from := make(map[string]eventRow), make(map[string]*delivery)

	for _, p := range all {
		p.item.fresh = 0

		for _, row := range p.item.rows {
			if _, known := rows[row.Key]; !known {
				rows[row.Key], from[row.Key] = row, p.item
			}
		}
	}

	inserted, err := insertEvents(tx, slices.SortedFunc(maps.Values(rows), func(a, b eventRow) int { return strings.Compare(a.Key, b.Key) }))
	if err != nil {
		return err
	}

	fresh := make([]eventRow, 0, len(inserted))

	for _, key := range inserted {
		from[key].fresh++

		fresh = append(fresh, rows[key])
	}

	return noteNodes(tx, fresh)
}

const eventColumns = 8

// insertEvents returns the keys of the rows that were not there yet.
func insertEvents(tx *gorm.DB, rows []eventRow) ([]string, error) {
	limit := maxPlaceholders
	if tx.Name() == sqlite.DriverName {
		limit = maxPlaceholdersSQLite
	}

	var inserted []string

	for chunk := range slices.Chunk(rows, limit/eventColumns) {
		values := make([]any, 0, len(chunk)*eventColumns)
		for _, r := range chunk {
			values = append(values, r.Key, r.Node, r.Seq, r.At, r.Kind, r.Room, r.BodySealed, r.ReceivedAt)
		}

		var keys []string

		err := tx.Raw("INSERT INTO events (key, node, seq, at, kind, room, body_sealed, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"+
			strings.Repeat(", (?, ?, ?, ?, ?, ?, ?, ?)", len(chunk)-1)+" ON CONFLICT (key) DO NOTHING RETURNING key", values...).Scan(&keys).Error
		if err != nil {
			return nil, fmt.Errorf("insert events: %w", err)
		}

		inserted = append(inserted, keys...)
	}

	return inserted, nil
}

// noteNodes keeps the newest event of each node.
func noteNodes(tx *gorm.DB, fresh []eventRow) error {
	newest := make(map[string]nodeRow)

	for _, e := range fresh {
		if n, known := newest[e.Node]; e.Seq > 0 && (!known || e.At >= n.LastAt) {
			newest[e.Node] = nodeRow{Node: e.Node, LastSeq: e.Seq, LastAt: e.At, ReceivedAt: e.ReceivedAt}
		}
	}

	if len(newest) == 0 {
		return nil
	}

	rows := slices.SortedFunc(maps.Values(newest), func(a, b nodeRow) int { return cmp.Compare(a.Node, b.Node) })

	done := tx.Clauses(clause.OnConflict{
		UpdateAll: true,
		Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "event_nodes.last_at <= excluded.last_at"}}},
	}).Create(&rows)
	if done.Error != nil {
		return fmt.Errorf("note nodes: %w", done.Error)
	}

	return nil
}

// EventsOf implements video.EventLog.
func (s *Store) EventsOf(ctx context.Context, room string) ([]video.Event, error) {
	if room == "" {
		return nil, nil
	}

	var rows []eventRow
	if err := s.read.WithContext(ctx).Where("room = ? AND room <> ''", room).Order("at, seq").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	events := make([]video.Event, 0, len(rows))

	for _, row := range rows {
		e, err := s.keys.eventFromRow(row)
		if err != nil {
			return nil, translate(err)
		}

		events = append(events, e)
	}

	return events, nil
}

// Complete implements video.EventLog. Where no node has told anything since, nobody can know.
func (s *Store) Complete(ctx context.Context, since time.Time) (bool, error) {
	marks, err := s.Marks(ctx, since)
	if err != nil {
		return false, err
	}

	heard := slices.ContainsFunc(marks, func(m video.Mark) bool { return !m.At.Before(since) })

	return heard && len(video.Gaps(marks, since)) == 0, nil
}

// Marks implements scheduler.Events.
func (s *Store) Marks(ctx context.Context, since time.Time) ([]video.Mark, error) {
	var found []eventRow

	err := s.look(ctx, func(tx *gorm.DB) error {
		var nodes []nodeRow
		if err := tx.Find(&nodes).Error; err != nil {
			return fmt.Errorf("read nodes: %w", err)
		}

		columns := func() *gorm.DB { return tx.Model(&eventRow{}).Select("node, seq, at, received_at") }

		for _, n := range nodes {
			var before, after []eventRow

			if err := columns().Where("node = ? AND seq > 0 AND at < ?", n.Node, micros(since)).Order("at DESC, seq DESC").Limit(1).Find(&before).Error; err != nil {
				return fmt.Errorf("read events: %w", err)
			}

			if n.LastAt >= micros(since) {
				if err := columns().Where("node = ? AND seq > 0 AND at >= ?", n.Node, micros(since)).Find(&after).Error; err != nil {
					return fmt.Errorf("read events: %w", err)
				}
			}

			found = append(append(found, before...), after...)
		}

		return nil
	})
	if err != nil {
		return nil, err
	}

	marks := make([]video.Mark, 0, len(found))
	for _, r := range found {
		marks = append(marks, video.Mark{Node: r.Node, Seq: r.Seq, At: instant(r.At), Received: instant(r.ReceivedAt)})
	}

	return marks, nil
}

// LastHeard implements scheduler.Events.
func (s *Store) LastHeard(ctx context.Context) (time.Time, error) {
	var newest []int64
	if err := s.read.WithContext(ctx).Model(&nodeRow{}).Order("received_at DESC").Limit(1).Pluck("received_at", &newest).Error; err != nil {
		return time.Time{}, translate(err)
	}

	if len(newest) == 0 {
		return time.Time{}, nil
	}

	return instant(newest[0]), nil
}

// purgeAtOnce is how many rows are deleted in one transaction, so that others are not kept waiting.
const purgeAtOnce = 5_000

// PurgeEvents removes events that were received before a time, and tells how many there were.
func (s *Store) PurgeEvents(ctx context.Context, before time.Time) (int, error) {
	total := 0

	for {
		var deleted int64

		err := s.change(ctx, func(tx *gorm.DB) error {
			old := tx.Model(&eventRow{}).Select("key").Where("received_at < ?", micros(before)).Order("received_at").Limit(purgeAtOnce)
			done := tx.Where("key IN (?)", old).Delete(&eventRow{})
			deleted = done.RowsAffected

			return done.Error
		})
		if err != nil {
			return total, err
		}

		total += int(deleted)

		if deleted < purgeAtOnce {
			return total, nil
		}
	}
}
