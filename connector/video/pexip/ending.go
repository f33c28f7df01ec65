package pexip

import (
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// endings maps the beginnings of disconnect reasons. Pexip's list is not exhaustive, and some
// reasons come from endpoints (pexip.md §10), so what is not here is Usual; whether somebody was
// in the room is told by other means wherever there are any. Lower case; the first match counts.
func endings() []struct {
	prefix string
	ending care.Ending
} {
	return []struct {
		prefix string
		ending care.Ending
	}{
		{"timeout waiting for conference host", care.NoHostCame},
		{"conference terminated", care.EndedForAll},
		{"conference host ended", care.EndedForAll},
		{"all conference hosts departed", care.EndedForAll},
		{"conference ended", care.EndedForAll},
		{"disconnected by", care.TurnedAway},
		{"call rejected by", care.TurnedAway},
		{"participant limit", care.RoomFull},
		{"conference full", care.RoomFull},
		{"conference is full", care.RoomFull},
		{"maximum", care.RoomFull},
		{"insufficient", care.RoomFull},
		{"no license", care.RoomFull},
		{"invalid license", care.RoomFull},
		{"out of", care.RoomFull},
		{"resource unavailable", care.RoomFull},
		{"transcoding resource", care.RoomFull},
		{"pin entry", care.NeverThrough},
		{"timeout waiting for pin", care.NeverThrough},
		{"invalid pin", care.NeverThrough},
		{"incorrect pin", care.NeverThrough},
		{"wrong pin", care.NeverThrough},
		{"too many pin", care.NeverThrough},
		{"failed to enter", care.NeverThrough},
		{"participant failed to join", care.NeverThrough},
		{"sso ", care.NeverThrough},
		{"not authorized", care.NeverThrough},
		{"not allowed", care.NeverThrough},
		{"two-stage", care.NeverThrough},
		{"ice ", care.LostContact},
		{"failed to gather", care.LostContact},
		{"media ", care.LostContact},
		{"no media", care.LostContact},
		{"signaling node", care.LostContact},
		{"signalling node", care.LostContact},
		{"timer expired", care.LostContact},
		{"token refresh", care.LostContact},
		{"session timed out", care.LostContact},
		{"session timeout", care.LostContact},
		{"connection ", care.LostContact},
		{"lost ", care.LostContact},
		{"network ", care.LostContact},
		{"keepalive", care.LostContact},
		{"no direct route", care.LostContact},
		{"unknown error", care.LostContact},
	}
}

// endingOf reads a disconnect reason.
func endingOf(reason string) care.Ending {
	reason = strings.ToLower(strings.TrimSpace(reason))

	for _, e := range endings() {
		if strings.HasPrefix(reason, e.prefix) {
			return e.ending
		}
	}

	return care.Usual
}
