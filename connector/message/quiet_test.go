package message_test

import (
	"testing"
	"time"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

// TestQuietHours tries hours that a municipality chose itself.
func TestQuietHours(t *testing.T) {
	t.Parallel()

	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 11, day, hour, minute, 0, 0, care.Zone())
	}
	planned := at(25, 14, 0)

	for _, c := range []struct {
		name, from, until string
		now, want         time.Time
	}{
		{"never, by night", "00:00", "00:00", at(23, 3, 0), at(23, 3, 0)},
		{"never, another way", "08:00", "08:00", at(23, 8, 0), at(23, 8, 0)},
		{"over midnight", "22:30", "06:15", at(23, 22, 29), at(23, 22, 29)},
		{"over midnight, evening", "22:30", "06:15", at(23, 22, 30), at(24, 6, 15)},
		{"over midnight, morning", "22:30", "06:15", at(24, 6, 14), at(24, 6, 15)},
		{"after midnight only", "00:00", "06:00", at(23, 23, 59), at(23, 23, 59)},
		{"after midnight only, within", "00:00", "06:00", at(24, 0, 0), at(24, 6, 0)},
		{"within one day", "12:00", "13:00", at(23, 12, 30), at(23, 13, 0)},
		{"within one day, after", "12:00", "13:00", at(23, 13, 0), at(23, 13, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			q, err := message.ParseQuiet(c.from, c.until)
			if err != nil {
				t.Fatal(err)
			}

			if got := q.SendAt(c.now, planned); !got.Equal(c.want) {
				t.Errorf("SendAt = %s, want %s", got, c.want)
			}
		})
	}

	for _, bad := range [][2]string{{"", "08:00"}, {"21:00", "24:00"}, {"21", "08:00"}, {"21:00", "8 AM"}} {
		if _, err := message.ParseQuiet(bad[0], bad[1]); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
