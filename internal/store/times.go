package store

import "time"

// micros returns the stored form of an instant that is always set.
func micros(t time.Time) int64 { return t.UnixMicro() }

// microsOrNull returns the stored form of an instant; nil, stored as NULL, for the zero time.
func microsOrNull(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}

	m := t.UnixMicro()

	return &m
}

// instant returns the instant in UTC.
func instant(m int64) time.Time { return time.UnixMicro(m).UTC() }

// instantOrZero returns the zero time for NULL.
func instantOrZero(m *int64) time.Time {
	if m == nil {
		return time.Time{}
	}

	return instant(*m)
}
