package vdxsim

import (
	"strings"
	"time"
)

// The first generation reads dates with java.text.SimpleDateFormat (§1.10): bodies leniently by four patterns
// in turn, queries strictly by one. This file acts like that class where a client can tell:
// blanks before a field are skipped, numbers may have any length, what follows a complete
// match is ignored, and month 13 is January. Of its time zone names only the few that a
// Danish system may send are known.

// dateScanner walks through one text.
type dateScanner struct {
	text string
	at   int
	fail bool
}

// number reads digits after any blanks.
func (d *dateScanner) number() int {
	d.blanks()
	from, n := d.at, 0
	for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
		n = min(n*10+int(d.text[d.at]-'0'), 999_999_999)
		d.at++
	}
	if d.at == from {
		d.fail = true
	}
	return n
}

func (d *dateScanner) blanks() {
	for d.at < len(d.text) && (d.text[d.at] == ' ' || d.text[d.at] == '\t') {
		d.at++
	}
}

func (d *dateScanner) literal(c byte) {
	if d.at >= len(d.text) || d.text[d.at] != c {
		d.fail = true
		return
	}
	d.at++
}

// wall reads yyyy-MM-dd'T'HH:mm:ss.
func (d *dateScanner) wall() [6]int {
	var out [6]int
	for i, sep := range []byte("--T::.") {
		if out[i] = d.number(); i < 5 {
			d.literal(sep)
		}
	}
	return out
}

// offset reads "+hh", or with minutes "+hhmm" or "+hh:mm", in seconds.
func (d *dateScanner) offset(minutes, colon bool) int {
	sign := 0
	if d.at < len(d.text) {
		sign = strings.IndexByte("-?+", d.text[d.at]) - 1
	}
	if sign != 1 && sign != -1 {
		d.fail = true
		return 0
	}
	d.at++
	h, m := d.two(), 0
	if minutes {
		if colon {
			d.literal(':')
		}
		m = d.two()
	}
	if h > 23 || m > 59 {
		d.fail = true
	}
	return sign * (h*3600 + m*60)
}

// two reads exactly two digits.
func (d *dateScanner) two() int {
	if d.at+2 > len(d.text) || strings.Trim(d.text[d.at:d.at+2], "0123456789") != "" {
		d.fail = true
		return 0
	}
	n := int(d.text[d.at]-'0')*10 + int(d.text[d.at+1]-'0')
	d.at += 2
	return n
}

// zoneZ is pattern letter Z: RFC 822, or a name.
func (d *dateScanner) zoneZ() int {
	d.blanks()
	names := []struct {
		name    string
		seconds int
	}{{"GMT", 0}, {"UTC", 0}, {"CEST", 7200}, {"CET", 3600}}
	for _, z := range names {
		if rest := d.text[d.at:]; len(rest) >= len(z.name) && strings.EqualFold(rest[:len(z.name)], z.name) {
			d.at += len(z.name)
			return z.seconds
		}
	}
	return d.offset(true, false)
}

// zoneX is pattern letters X (hours only: minutes that follow are ignored) and XXX.
func (d *dateScanner) zoneX(minutes bool) int {
	d.blanks()
	if d.at < len(d.text) && d.text[d.at] == 'Z' {
		d.at++
		return 0
	}
	return d.offset(minutes, true)
}

// instant is what a lenient calendar makes of the fields.
func (d *dateScanner) instant(wall [6]int, offset int) (time.Time, bool) {
	if d.fail {
		return time.Time{}, false
	}
	zone := time.FixedZone("", offset)
	return time.Date(wall[0], time.Month(wall[1]), wall[2], wall[3], wall[4], wall[5], 0, zone), true
}

// parseBodyDateV1 tries the four patterns of a v1 body in their order.
func parseBodyDateV1(text string) (time.Time, bool) {
	zones := []func(*dateScanner) int{
		func(d *dateScanner) int { d.literal(' '); return d.zoneZ() },
		func(d *dateScanner) int { return d.zoneZ() },
		func(d *dateScanner) int { d.literal(' '); return d.zoneX(false) },
		func(d *dateScanner) int { return d.zoneX(true) },
	}
	for _, zone := range zones {
		d := &dateScanner{text: text}
		wall := d.wall()
		if t, ok := d.instant(wall, zone(d)); ok {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseQueryDateV1 is the strict pattern of v1 queries: +0200, whose plus must be sent as
// %2B; no Z, no colon, no month 13.
func parseQueryDateV1(text string) (time.Time, bool) {
	d := &dateScanner{text: text}
	wall := d.wall()
	t, ok := d.instant(wall, d.zoneZ())
	if !ok || wall != [6]int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()} {
		return time.Time{}, false
	}
	return t, true
}
