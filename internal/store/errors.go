package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler/care"
)

// errMoved tells inside this package that a version was not the one that was read.
var errMoved = errors.New("store: changed by somebody else")

const (
	textNotFound    = "Det findes ikke, eller det er slettet."
	textConflict    = "En anden har ændret det samme i mellemtiden. Indlæs siden igen."
	textUnavailable = "Databasen svarer ikke lige nu. Prøv igen om lidt."
	textInternal    = "Der skete en fejl hos os. Prøv igen om lidt."
)

func notFound() error { return care.NewError(care.NotFound, textNotFound) }

// translate turns what the database said into the application's error.
func translate(err error) error {
	if err == nil {
		return nil
	}

	var known *care.Error

	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound):
		return &care.Error{Kind: care.NotFound, Message: textNotFound, Err: err}
	case errors.Is(err, errMoved), errors.Is(err, gorm.ErrDuplicatedKey), busy(err), code(err) == codeUnique:
		return &care.Error{Kind: care.Conflict, Message: textConflict, Err: err}
	case unreachable(err):
		return &care.Error{Kind: care.Unavailable, Message: textUnavailable, Err: err}
	}

	return &care.Error{Kind: care.Internal, Message: textInternal, Err: err}
}

// PostgreSQL error codes (Appendix A of its manual).
const (
	codeUnique        = "23505"
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
)

func code(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}

	return ""
}

// SQLite primary result codes (sqlite.org/rescode.html).
const (
	sqliteBusy   = 5
	sqliteLocked = 6
	sqliteIO     = 10
	sqliteFull   = 13
	sqliteOpen   = 14
)

func sqliteCode(err error) int {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return coded.Code() & 0xff
	}

	return 0
}

// busy reports whether the same transaction may well succeed when it is run again.
func busy(err error) bool {
	return code(err) == codeSerialization || code(err) == codeDeadlock || sqliteCode(err) == sqliteBusy || sqliteCode(err) == sqliteLocked
}

func unreachable(err error) bool {
	var network net.Error

	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, driver.ErrBadConn),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.As(err, &network):
		return true
	case sqliteCode(err) == sqliteIO, sqliteCode(err) == sqliteFull, sqliteCode(err) == sqliteOpen:
		return true
	}

	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}

	// 08 connection, 53 resources, 57P operator intervention such as a restart.
	c := code(err)

	return strings.HasPrefix(c, "08") || strings.HasPrefix(c, "53") || strings.HasPrefix(c, "57P") ||
		err.Error() == "sql: database is closed"
}
