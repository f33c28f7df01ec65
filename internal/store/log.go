package store

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// slow is how long a statement may take before it is worth a line.
const slow = 500 * time.Millisecond

// gormLog writes gorm's log lines with slog. It never shows a statement's values, which would
// be personal data: ParamsFilter drops them before the text is made.
type gormLog struct{ log *slog.Logger }

var (
	_ logger.Interface  = gormLog{}
	_ gorm.ParamsFilter = gormLog{}
)

func (g gormLog) LogMode(logger.LogLevel) logger.Interface { return g }

func (g gormLog) Info(ctx context.Context, text string, _ ...any) { g.line(ctx, slog.LevelInfo, text) }

func (g gormLog) Warn(ctx context.Context, text string, _ ...any) { g.line(ctx, slog.LevelWarn, text) }

func (g gormLog) Error(ctx context.Context, text string, _ ...any) {
	g.line(ctx, slog.LevelError, text)
}

func (g gormLog) line(ctx context.Context, level slog.Level, text string) {
	g.log.Log(ctx, level, "gorm", "text", text)
}

// ParamsFilter keeps the placeholders and drops the values.
func (g gormLog) ParamsFilter(_ context.Context, statement string, _ ...any) (string, []any) {
	return statement, nil
}

// Trace logs statements that failed or took long. What is only "not found", "already there" or
// given up by the caller is the ordinary course of things.
func (g gormLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	took := time.Since(begin)
	failed := err != nil && !errors.Is(err, gorm.ErrRecordNotFound) && !errors.Is(err, gorm.ErrDuplicatedKey) &&
		!errors.Is(err, context.Canceled) && !busy(err)

	if !failed && took < slow {
		return
	}

	text, rows := statement()
	attrs := []slog.Attr{slog.String("sql", text), slog.Int64("rows", rows), slog.Duration("took", took), slog.Any("error", err)}

	if failed {
		g.log.LogAttrs(ctx, slog.LevelError, "statement failed", attrs...)

		return
	}

	g.log.LogAttrs(ctx, slog.LevelWarn, "slow statement", attrs...)
}
