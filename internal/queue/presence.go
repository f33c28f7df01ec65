package queue

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/jackc/pgx/v5"
)

// presence is the first key of the advisory locks by which processes see each other. The second
// one is made from the client's id. Unlike the owner's lock they can be listed: pg_locks shows two
// keys of 32 bits each.
const presence int32 = 0x736c7573 // "slus"

// countEvery is after how many rounds of the watch processes are counted: the server's list of locks
// is not free.
const countEvery = 3

func presenceKey(id string) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash takes everything

	return int32(h.Sum32() & 0x7fffffff)
}

// appear shows that this process works, as long as the connection of its lock lives.
func (o *lockOwner) appear(ctx context.Context) error {
	if _, err := o.held.Exec(ctx, "SELECT pg_advisory_lock_shared($1, $2)", presence, presenceKey(o.id)); err != nil {
		return fmt.Errorf("appear: %w", err)
	}

	return nil
}

// count tells which of how many processes this one is, when that has changed.
func (o *lockOwner) count(ctx context.Context) error {
	rows, err := o.pool.Query(ctx, `
		SELECT DISTINCT objid::bigint FROM pg_locks
		WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid::bigint = $1
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		ORDER BY 1`, int64(presence))
	if err != nil {
		return fmt.Errorf("who works: %w", err)
	}

	keys, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("who works: %w", err)
	}

	rank := slices.Index(keys, int64(presenceKey(o.id)))
	if rank < 0 || (rank == o.rank && len(keys) == o.of) {
		return nil
	}

	o.rank, o.of = rank, len(keys)
	o.tell(o.rank, o.of)

	return nil
}
