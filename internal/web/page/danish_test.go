package page_test

import (
	"testing"
	"time"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/scheduler/care"
)

func TestDanish(t *testing.T) {
	t.Parallel()

	winter := time.Date(2026, 11, 21, 8, 45, 0, 0, time.UTC)
	summer := time.Date(2026, 6, 1, 22, 5, 0, 0, time.UTC)

	for got, want := range map[string]string{
		page.At(winter): "kl. 09.45", page.Date(winter): "21. november 2026", page.Stamp(summer): "2. juni 2026 kl. 00.05",
		page.WeekdayOf("2026-11-21"): "lørdag 21. november 2026", page.Clock(time.Time{}): "–", page.DateOf("i går"): "i går",
		page.Span(care.Interval{Start: winter, End: winter.Add(15 * time.Minute)}): "09.45–10.00",
		page.AtIn(page.English, winter):                                            "09:45", page.DateIn(page.English, winter): "21 November 2026",
		page.Lasts(time.Second): "1 sekund", page.Lasts(40 * time.Second): "40 sekunder", page.Lasts(61 * time.Second): "1 minut", page.Lasts(3*time.Minute + time.Second): "4 minutter",
		page.Number(1234567): "1.234.567", page.Number(-1200): "-1.200", page.Number(999): "999", page.Percent(1, 3): "33 %", page.Percent(1, 0): "–",
		page.Count(1, "uge", "uger"): "1 uge", page.Count(2000, "uge", "uger"): "2.000 uger", string(page.Tel("70 20 00 00")): "tel:+4570200000", string(page.Tel("+45 70200000")): "tel:+4570200000",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
