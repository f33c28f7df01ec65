package vdxsim

import (
	"strings"
	"time"
)

// Encoding builds maps, not structs: member order then differs from the service's, and
// extra members are easy.

func orNull(v string) any {
	if v == "" {
		return nil
	}
	return v
}

func pinOrNull(pin int) any {
	if pin == 0 {
		return nil
	}
	return pin
}

func deref(v *string) any {
	if v == nil {
		return nil
	}
	return *v
}

func encodePerson(p person) map[string]any {
	return map[string]any{"organisationId": orNull(p.organisation), "email": orNull(p.email)}
}

// shortLink is the configured base plus the short id by plain concatenation (§2.7).
func shortLink(base string, m *meeting) string { return base + "/m/" + m.shortID }

// encodeMeeting is the meeting of both generations (§1.7). An extra member, knownParticipants, is on the
// service's roadmap and unknown to clients of today: it must not hurt.
func (s *Server) encodeMeeting(x *exchange, m *meeting) map[string]any {
	labels := append([]string{}, m.labels...)
	shuffle(s.dice, m.uuid, labels, func(l string) string { return l })
	info := make([]map[string]any, 0, len(m.info))
	for _, kv := range m.info {
		info = append(info, map[string]any{"key": kv.key, "value": kv.value})
	}
	shuffle(s.dice, m.uuid, info, func(kv map[string]any) string { key, _ := kv["key"].(string); return key })
	return map[string]any{
		"subject": m.subject, "uuid": m.uuid, "shortId": m.shortID,
		"createdBy": encodePerson(m.createdBy), "updatedBy": encodePerson(m.updatedBy), "organizedBy": encodePerson(m.organizedBy),
		"startTime": s.date(x, m.start), "endTime": s.date(x, m.end),
		"createdTime": s.date(x, m.created), "updatedTime": s.date(x, m.updated),
		"description": deref(m.description), "projectCode": deref(m.projectCode), "externalId": deref(m.externalID),
		"shortLink": shortLink(m.room.baseURL, m), "shortlink": shortLink(m.room.baseURL, m),
		"guestMicrophone": m.guestMicrophone, "guestPinRequired": m.guestPINRequired,
		"labels": labels, "additionalInformation": info, "knownParticipants": 0,
		"_links": s.meetingLinks(x, m, x.dialect == v2),
	}
}

// prefix is the base of links into the API: with https forced in v2, in v1 with the scheme
// that the service behind the gateway saw (§1.7).
func (s *Server) prefix(x *exchange) string {
	if x.dialect == v1 {
		return strings.Replace(x.base, "https://", "http://", 1) + "/videoapi"
	}
	return strings.Replace(x.base, "http://", "https://", 1) + "/videoapi/v2"
}

func (s *Server) meetingLinks(x *exchange, m *meeting, room bool) map[string]any {
	out := map[string]any{"self": map[string]any{"href": s.prefix(x) + "/meetings/" + m.uuid}}
	if room {
		out["scheduling-info"] = map[string]any{"href": s.prefix(x) + "/scheduling-info/" + m.uuid}
	}
	return out
}

// encodeRoom is the scheduling-info (§1.8), with breakoutRooms as an extra member of a
// later version.
func (s *Server) encodeRoom(x *exchange, r *room) map[string]any {
	out := map[string]any{
		"uuid": r.uuid, "hostPin": pinOrNull(r.hostPIN), "guestPin": pinOrNull(r.guestPIN),
		"vmrAvailableBefore": int(r.availableBefore / time.Minute), "maxParticipants": r.maxParticipants,
		"endMeetingOnEndTime": r.endOnEndTime,
		"uriWithDomain":       r.uriWithDomain, "uriWithoutDomain": orNull(r.uriWithoutDomain),
		"provisionStatus": r.status.String(), "provisionStatusDescription": orNull(r.statusText),
		"provisionTimestamp": s.date(x, r.statusAt), "provisionVmrId": orNull(r.vmrID),
		"portalLink": orNull(r.portalLink), "ivrTheme": orNull(r.ivrTheme),
		"directMedia": r.directMedia, "callType": orNull(r.callType), "breakoutRooms": false,
		"reservationId": orNull(r.reservation), "customPortalGuest": orNull(r.portalGuest), "customPortalHost": orNull(r.portalHost),
		"returnUrl": orNull(r.returnURL), "createdBy": encodePerson(r.createdBy), "updatedBy": encodePerson(r.updatedBy),
		"createdTime": s.date(x, r.created), "updatedTime": s.date(x, r.updated),
		"shortLink": nil, "shortlink": nil, "meetingDetails": nil,
		"_links": map[string]any{"self": map[string]any{"href": s.prefix(x) + "/scheduling-info/" + r.uuid}},
	}
	if m := r.meeting; m != nil {
		link := shortLink(r.baseURL, m)
		out["shortLink"], out["shortlink"], out["meetingDetails"] = link, link, s.encodeMeeting(x, m)
	}
	encodeLayout(out, r.layout)
	return out
}

func encodeLayout(out map[string]any, l layout) {
	out["vmrType"], out["vmrQuality"] = l.vmrType, l.vmrQuality
	out["hostView"], out["guestView"] = l.hostView, l.guestView
	out["enableOverlayText"], out["guestsCanPresent"] = l.enableOverlayText, l.guestsCanPresent
	out["forcePresenterIntoMain"], out["forceEncryption"] = l.forcePresenterIntoMain, l.forceEncryption
	out["muteAllGuests"] = l.muteAllGuests
}
