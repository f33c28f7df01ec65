package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/glebarez/sqlite"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler/care"
)

// Config says where a municipality's database is.
type Config struct {
	URL      string      `doc:"Where the database is: sqlite:PATH or postgres://USER@HOST:PORT/NAME?sslmode=verify-full. No default." yaml:"url"`
	Password care.Secret `doc:"Password of the PostgreSQL role; empty when the URL, a password file or the operating system knows it." yaml:"password"`
	MaxConns int         `doc:"Connections for changes and reads on PostgreSQL, per process; default 10, at least 2. SQLite always has one for changes." yaml:"max_conns"`
	Readers  int         `doc:"Connections that only read, on SQLite; default 4, at least 1." yaml:"readers"`
}

// SetDefaults fills what was left out.
func (c *Config) SetDefaults() {
	if c.MaxConns == 0 {
		c.MaxConns = 10
	}

	if c.Readers == 0 {
		c.Readers = 4
	}
}

// Validate returns everything that is wrong, naming the YAML keys.
func (c Config) Validate() []error {
	var faults []error

	switch path, isFile := strings.CutPrefix(c.URL, "sqlite:"); {
	case isFile && (path == "" || strings.ContainsAny(path, "?#%") || strings.Contains(path, ":memory:")):
		faults = append(faults, errors.New("url: sqlite: needs the path of a file, without ? # or %"))
	case isFile:
	case strings.HasPrefix(c.URL, "postgres://"), strings.HasPrefix(c.URL, "postgresql://"):
		if _, err := pgx.ParseConfig(c.URL); err != nil {
			faults = append(faults, errors.New("url: not a PostgreSQL URL")) // the cause could quote a password
		}
	default:
		faults = append(faults, errors.New("url: must begin with sqlite: or postgres://"))
	}

	if c.MaxConns < 2 {
		faults = append(faults, errors.New("max_conns: must be at least 2"))
	}

	if c.Readers < 1 {
		faults = append(faults, errors.New("readers: must be at least 1"))
	}

	return faults
}

// Database is an open database: what the store, the queue and the migrations share.
type Database struct {
	// Writer carries every change. On SQLite it has one connection, because SQLite has one
	// writer; on PostgreSQL it is the same pool as Reader.
	Writer *sql.DB
	// Reader never waits for a writer.
	Reader  *sql.DB
	Dialect migrations.Dialect
	// Path is the file of an SQLite database; empty on PostgreSQL.
	Path string
}

// Connect opens a database and checks that it answers. The schema is not looked at; see
// migrations.Check. Zero pool sizes mean the defaults.
func Connect(ctx context.Context, c Config) (*Database, error) {
	c.SetDefaults()

	if faults := c.Validate(); len(faults) > 0 {
		return nil, fmt.Errorf("database: %w", errors.Join(faults...))
	}

	open := openPostgres
	if strings.HasPrefix(c.URL, "sqlite:") {
		open = openSQLite
	}

	db, err := open(c)
	if err != nil {
		return nil, err
	}

	if err := errors.Join(db.Writer.PingContext(ctx), db.Ping(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("database does not answer: %w", err), db.Close())
	}

	return db, nil
}

// Ping reports whether the database answers reads. It does not wait for writers.
func (d *Database) Ping(ctx context.Context) error {
	var one int
	if err := d.Reader.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return translate(err)
	}

	return nil
}

// Close closes the pools.
func (d *Database) Close() error {
	err := d.Writer.Close()
	if d.Reader != d.Writer {
		err = errors.Join(err, d.Reader.Close())
	}

	if err != nil {
		return fmt.Errorf("close database: %w", err)
	}

	return nil
}

func openPostgres(c Config) (*Database, error) {
	config, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return nil, errors.New("database: url: not a PostgreSQL URL")
	}

	if !c.Password.IsZero() {
		config.Password = c.Password.Reveal()
	}

	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}

	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(c.MaxConns)
	pool.SetMaxIdleConns(c.MaxConns)
	pool.SetConnMaxIdleTime(5 * time.Minute)

	return &Database{Writer: pool, Reader: pool, Dialect: migrations.Postgres}, nil
}

// Every connection: wait for another process's lock, write ahead so that readers never wait,
// survive a power cut, keep foreign keys.
const pragmas = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"

func openSQLite(c Config) (*Database, error) {
	path, err := filepath.Abs(strings.TrimPrefix(c.URL, "sqlite:"))
	if err != nil {
		return nil, fmt.Errorf("database: url: %w", err)
	}

	if err := create(path); err != nil {
		return nil, err
	}

	file := (&url.URL{Scheme: "file", Opaque: filepath.ToSlash(path)}).String()

	writer, err := sql.Open(sqlite.DriverName, file+"?"+pragmas+"&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}

	reader, err := sql.Open(sqlite.DriverName, file+"?"+pragmas+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), writer.Close())
	}

	writer.SetMaxOpenConns(1)
	writer.SetMaxIdleConns(1)
	reader.SetMaxOpenConns(c.Readers)
	reader.SetMaxIdleConns(c.Readers)

	return &Database{Writer: writer, Reader: reader, Dialect: migrations.SQLite, Path: path}, nil
}

// create makes a missing database file that only this user can read, whatever the umask says;
// SQLite gives its side files the same mode. A file that exists is not touched: closing it would
// drop the locks that this process may hold on it.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}

	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}

	if err := f.Close(); err != nil {
		return fmt.Errorf("create database: %w", err)
	}

	return nil
}

// gormOver puts gorm on a pool. PrepareStmt stays off: with it the *sql.Tx that the queue
// needs is hidden.
func gormOver(pool *sql.DB, dialect migrations.Dialect, log *slog.Logger, clock func() time.Time) (*gorm.DB, error) {
	var dialector gorm.Dialector = &sqlite.Dialector{Conn: pool}
	if dialect == migrations.Postgres {
		dialector = postgres.New(postgres.Config{Conn: pool})
	}

	db, err := gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true, // every change here has its own
		DisableAutomaticPing:   true,
		TranslateError:         true,
		Logger:                 gormLog{log},
		NowFunc:                clock,
	})
	if err != nil {
		return nil, fmt.Errorf("gorm: %w", err)
	}

	return db, nil
}
