package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/migrations"
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

// nodeRow is a node that was heard. Only events with a number count.
type nodeRow struct {
	Node    string `gorm:"primaryKey"`
	HeardAt int64
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

// eventWriters is how many transactions write events at once on PostgreSQL: while the disk is
// asked to keep one, another is prepared.
const eventWriters = 4

// writeDeliveries inserts what is not there yet. Rows are in order of their key, so that two
// writers never wait for each other in a circle.
func (s *Store) writeDeliveries(ctx context.Context, all []*place[*delivery]) error {
	rows, from := make(map[string]eventRow), make(map[string]*delivery)

	for _, p := range all {
		for _, row := range p.item.rows {
			if _, known := rows[row.Key]; !known {
				rows[row.Key], from[row.Key] = row, p.item
			}
		}
	}

	sorted := slices.SortedFunc(maps.Values(rows), func(a, b eventRow) int { return strings.Compare(a.Key, b.Key) })

	inserted, err := s.insertEvents(ctx, sorted)
	if err != nil {
		return err
	}

	for _, key := range inserted {
		from[key].fresh++
	}

	return s.noteNodes(ctx, sorted)
}

// insertEvents returns the keys of the rows that were not there yet. What fails has to be kept
// again as a whole, so the parts need no common transaction.
func (s *Store) insertEvents(ctx context.Context, rows []eventRow) ([]string, error) {
	insert, limit := insertInto, maxPlaceholdersSQLite/eventColumns
	if s.base.Dialect == migrations.Postgres {
		insert, limit = insertArrays, maxEvents
	}

	var inserted []string

	for chunk := range slices.Chunk(rows, limit) {
		var (
			keys []string
			err  error
		)

		for range tries {
			if keys, err = insert(ctx, s.base.Writer, chunk); !busy(err) {
				break
			}
		}

		if err != nil {
			return nil, fmt.Errorf("insert events: %w", err)
		}

		inserted = append(inserted, keys...)
	}

	return inserted, nil
}

const (
	eventColumns = 8
	maxEvents    = 5_000 // in a statement of PostgreSQL

	intoEvents = "INSERT INTO events (key, node, seq, at, kind, room, body_sealed, received_at) "
	onlyFresh  = " ON CONFLICT (key) DO NOTHING RETURNING key"
)

// insertInto is for SQLite.
func insertInto(ctx context.Context, db *sql.DB, rows []eventRow) ([]string, error) {
	values := make([]any, 0, len(rows)*eventColumns)
	for _, r := range rows {
		values = append(values, r.Key, r.Node, r.Seq, r.At, r.Kind, r.Room, r.BodySealed, r.ReceivedAt)
	}

	return queryKeys(ctx, db, intoEvents+"VALUES (?, ?, ?, ?, ?, ?, ?, ?)"+strings.Repeat(", (?, ?, ?, ?, ?, ?, ?, ?)", len(rows)-1)+onlyFresh, values...)
}

// insertArrays is for PostgreSQL, which prepares the statement once, however many rows there are.
func insertArrays(ctx context.Context, db *sql.DB, rows []eventRow) ([]string, error) {
	return queryKeys(ctx, db,
		intoEvents+"SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::bigint[])"+onlyFresh,
		column(rows, func(r eventRow) string { return r.Key }), column(rows, func(r eventRow) string { return r.Node }),
		column(rows, func(r eventRow) int64 { return r.Seq }), column(rows, func(r eventRow) int64 { return r.At }),
		column(rows, func(r eventRow) string { return r.Kind }), column(rows, func(r eventRow) string { return r.Room }),
		column(rows, func(r eventRow) []byte { return r.BodySealed }), column(rows, func(r eventRow) int64 { return r.ReceivedAt }))
}

func column[T any](rows []eventRow, of func(eventRow) T) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = of(r)
	}

	return out
}

func queryKeys(ctx context.Context, db *sql.DB, text string, values ...any) ([]string, error) {
	found, err := db.QueryContext(ctx, text, values...)
	if err != nil {
		return nil, err //nolint:wrapcheck // wrapped by the caller, which looks at its code first
	}
	defer found.Close()

	var keys []string

	for found.Next() {
		var key string
		if err := found.Scan(&key); err != nil {
			return nil, err //nolint:wrapcheck // as above
		}

		keys = append(keys, key)
	}

	return keys, found.Err() //nolint:wrapcheck // as above
}

// noteEvery is how often it is written down that a node was heard.
const noteEvery = 10 * time.Second

// nodes remembers when this process last wrote down that a node was heard.
type nodes struct {
	mutex sync.Mutex
	noted map[string]int64
}

// due returns the nodes that are to be written down.
func (n *nodes) due(events []eventRow) []nodeRow {
	n.mutex.Lock()
	defer n.mutex.Unlock()

	if n.noted == nil {
		n.noted = make(map[string]int64)
	}

	var rows []nodeRow

	for _, e := range events {
		if at, known := n.noted[e.Node]; e.Seq > 0 && (!known || e.ReceivedAt-at >= noteEvery.Microseconds()) {
			n.noted[e.Node] = e.ReceivedAt
			rows = append(rows, nodeRow{Node: e.Node, HeardAt: e.ReceivedAt})
		}
	}

	slices.SortFunc(rows, func(a, b nodeRow) int { return strings.Compare(a.Node, b.Node) })

	return rows
}

func (n *nodes) forget(rows []nodeRow) {
	n.mutex.Lock()
	defer n.mutex.Unlock()

	for _, r := range rows {
		delete(n.noted, r.Node)
	}
}

// noteNodes writes down now and then that nodes were heard. Before the first events of a node are
// answered the node is known; without it their gaps would not be looked for.
func (s *Store) noteNodes(ctx context.Context, events []eventRow) error {
	rows := s.nodes.due(events)
	if len(rows) == 0 {
		return nil
	}

	err := s.change(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{
			UpdateAll: true,
			Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "event_nodes.heard_at < excluded.heard_at"}}},
		}).Create(&rows).Error
	})
	if err != nil {
		s.nodes.forget(rows)
	}

	return err
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

			if err := columns().Where("node = ? AND seq > 0 AND at >= ?", n.Node, micros(since)).Find(&after).Error; err != nil {
				return fmt.Errorf("read events: %w", err)
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
	if err := s.read.WithContext(ctx).Model(&nodeRow{}).Order("heard_at DESC").Limit(1).Pluck("heard_at", &newest).Error; err != nil {
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
