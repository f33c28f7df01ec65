package care

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// account tells who was in the room when, in Danish sentences that a caregiver can check against
// what they remember.
func (s scene) account() []string {
	var out []string

	if told := s.whereabouts("Medarbejderen", AsHost, counts); told != "" {
		out = append(out, told)
	}

	if told := s.whereabouts("Borgeren", AsGuest, counts); told != "" {
		out = append(out, told)
	}

	if told := s.whereabouts("En anden inviteret", AsGuest, other); told != "" {
		out = append(out, told)
	}

	for _, p := range s.parts {
		if told := set(p); told != "" && len(out) < maxSentences {
			out = append(out, told)
		}
	}

	return out
}

const (
	maxSentences = 8
	maxStays     = 4
)

// set tells of a leg that was set aside, and why.
func set(p part) string {
	who := "Borgeren"
	if p.leg.Role == AsHost {
		who = "Medarbejderen"
	}

	switch p.use {
	case LegSilent:
		return who + " var forbundet " + when(p.in) + " uden billede og lyd."
	case LegTurnedAway:
		return who + " blev sat ud " + at(p.in.End) + "."
	case LegNotIn:
		return who + " nåede ikke ind i rummet " + when(p.in) + why(p.leg.Ending) + "."
	case LegOutside:
		return who + " var også i rummet " + whenever(p.leg) + "; det er uden for besøget."
	case LegCounted, LegDamaged, LegRecorder, LegOther, LegStranger:
	}

	return ""
}

func why(e Ending) string {
	switch e {
	case NoHostCame:
		return ", fordi ingen medarbejder kom"
	case RoomFull:
		return ", fordi der ikke var plads"
	case NeverThrough, Usual, LostContact, EndedForAll, TurnedAway:
	}

	return ""
}

// whereabouts is for example "Borgeren var i rummet kl. 09.03–09.10 og kl. 09.12–09.24", as a
// sentence; empty when nobody was seen.
func (s scene) whereabouts(who string, role LegRole, is func(part) bool) string {
	stays := merge(s.stays(role, is), s.e.Bridge)
	if len(stays) == 0 {
		return ""
	}

	times := make([]string, 0, maxStays)
	for _, i := range stays[:min(len(stays), maxStays)] {
		times = append(times, when(i))
	}

	last := len(times) - 1
	text := times[last]

	if last > 0 {
		text = strings.Join(times[:last], ", ") + " og " + text
	}

	if more := len(stays) - maxStays; more > 0 {
		text += " og " + strconv.Itoa(more) + " gange mere"
	}

	if s.any(func(p part) bool {
		return p.leg.Role == role && is(p) && p.leg.Left.IsZero() && p.in.Valid() && p.in.End.Equal(s.e.Now)
	}) {
		text += " og er der stadig"
	}

	return who + " var i rummet " + text + "."
}

func (s scene) togetherFor(both []Interval, told time.Duration) string {
	if gaps := len(merge(both, s.e.Bridge)); gaps > 1 {
		return fmt.Sprintf("De var sammen i %s, fordelt på %d gange.", length(told), gaps)
	}

	return "De var sammen i " + length(told) + "."
}

// when is "kl. 09.03–09.10", or "kl. 09.03 i 20 sekunder" for less than a minute.
func when(i Interval) string {
	if i.Duration() < time.Minute {
		return at(i.Start) + " i " + length(i.Duration())
	}

	return at(i.Start) + "–" + i.End.In(Zone()).Format("15.04")
}

// whenever also names the day of a leg that may be of another one.
func whenever(l Leg) string {
	return "den " + l.Joined.In(Zone()).Format("2.1.") + " " + at(l.Joined)
}

func at(t time.Time) string { return "kl. " + t.In(Zone()).Format("15.04") }

// length is a duration in words: "40 sekunder", "1 minut og 20 sekunder", "21 minutter", "1 time
// og 5 minutter".
func length(d time.Duration) string {
	seconds := int(d / time.Second)
	minutes := int((d + time.Minute/2) / time.Minute)

	switch {
	case seconds < 60:
		return many(seconds, "sekund", "sekunder")
	case seconds < 120 && seconds%60 != 0:
		return "1 minut og " + many(seconds%60, "sekund", "sekunder")
	case minutes < 60:
		return many(minutes, "minut", "minutter")
	case minutes%60 == 0:
		return many(minutes/60, "time", "timer")
	default:
		return many(minutes/60, "time", "timer") + " og " + many(minutes%60, "minut", "minutter")
	}
}

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}

	return strconv.Itoa(n) + " " + more
}
