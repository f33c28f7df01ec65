package vdxsim

import (
	"strconv"
)

func administrators() []string { return []string{RoleAdmin} }

// templateAt finds a template by the path's id: unknown is 404, another organisation's 403.
func (s *Server) templateAt(x *exchange) (*roomTemplate, *problem) {
	id, err := strconv.ParseInt(x.r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, unreadable("path: not a number")
	}
	t := s.world.template(id)
	switch {
	case t == nil:
		return nil, notFound("Scheduling template")
	case t.organisation != x.by.organisation:
		return nil, forbidden("The scheduling template belongs to another organisation")
	}
	return t, nil
}

// listTemplates shows the caller's own organisation's templates, not the inherited ones (§1.9).
func (s *Server) listTemplates(x *exchange) (reply, *problem) {
	if p := allow(x, readers()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []map[string]any{}
	for _, t := range s.world.templatesOf(x.by.organisation) {
		list = append(list, s.encodeTemplate(x, t))
	}
	return s.list(x, "schedulingTemplateDtoList", list), nil
}

func (s *Server) getTemplate(x *exchange) (reply, *problem) {
	if p := allow(x, readers()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, p := s.templateAt(x)
	if p != nil {
		return reply{}, p
	}
	return s.ok(x, s.encodeTemplate(x, t)), nil
}

func (s *Server) createTemplate(x *exchange) (reply, *problem) {
	t, p := decodeTemplate(x, s.opts.Strict)
	if p != nil {
		return reply{}, p
	}
	if p = allow(x, administrators()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.organisation, t.createdBy, t.created = x.by.organisation, x.by.person(), x.now
	if p = s.world.checkTemplate(t); p != nil {
		return reply{}, p
	}
	s.world.addTemplate(t)
	return s.ok(x, s.encodeTemplate(x, t)), nil
}

func (s *Server) putTemplate(x *exchange) (reply, *problem) {
	in, p := decodeTemplate(x, s.opts.Strict)
	if p != nil {
		return reply{}, p
	}
	if p = allow(x, administrators()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, p := s.templateAt(x)
	if p != nil {
		return reply{}, p
	}
	in.organisation = t.organisation
	if p = s.world.checkTemplate(in); p != nil {
		return reply{}, p
	}
	in.id, in.createdBy, in.created, in.updatedBy, in.updated = t.id, t.createdBy, t.created, x.by.person(), x.now
	*t = *in
	if t.isDefault {
		s.world.onlyDefault(t)
	}
	return s.ok(x, s.encodeTemplate(x, t)), nil
}

func (s *Server) deleteTemplate(x *exchange) (reply, *problem) {
	if p := allow(x, administrators()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, p := s.templateAt(x)
	if p != nil {
		return reply{}, p
	}
	t.deleted = true
	return x.deleted(), nil
}

// decodeTemplate reads the body of POST and PUT with its defaults (§1.9).
func decodeTemplate(x *exchange, strict bool) (*roomTemplate, *problem) {
	b, p := readBody(x.body, x.dialect)
	if p != nil {
		return nil, p
	}
	t := &roomTemplate{directMedia: "never"}
	b.required("conferencingSysId", "uriPrefix", "uriDomain", "hostPinRequired", "guestPinRequired", "uriNumberRangeLow", "uriNumberRangeHigh")
	pick(&t.conferencingSysID, value[int64](b, "conferencingSysId"))
	pick(&t.URIPrefix, b.text("uriPrefix", 100))
	pick(&t.URIDomain, b.text("uriDomain", 100))
	pick(&t.URINumberLow, value[int](b, "uriNumberRangeLow"))
	pick(&t.URINumberHigh, value[int](b, "uriNumberRangeHigh"))
	pick(&t.HostPINRequired, value[bool](b, "hostPinRequired"))
	pick(&t.GuestPINRequired, value[bool](b, "guestPinRequired"))
	pick(&t.HostPINLow, value[int](b, "hostPinRangeLow"))
	pick(&t.HostPINHigh, value[int](b, "hostPinRangeHigh"))
	pick(&t.GuestPINLow, value[int](b, "guestPinRangeLow"))
	pick(&t.GuestPINHigh, value[int](b, "guestPinRangeHigh"))
	pick(&t.VMRAvailableBefore, value[int](b, "vMRAvailableBefore"))
	pick(&t.MaxParticipants, value[int](b, "maxParticipants"))
	pick(&t.EndMeetingOnEndTime, value[bool](b, "endMeetingOnEndTime"))
	pick(&t.isDefault, value[bool](b, "isDefaultTemplate"))
	pick(&t.isPool, value[bool](b, "isPoolTemplate"))
	pick(&t.IVRTheme, b.text("ivrTheme", 100))
	pick(&t.CustomPortalGuest, b.text("customPortalGuest", 200))
	pick(&t.CustomPortalHost, b.text("customPortalHost", 200))
	pick(&t.ReturnURL, b.text("returnUrl", 200))
	pick(&t.directMedia, b.oneOf("directMedia", "never", "best_effort"))
	pick(&t.CallType, b.column("callType", 64))
	t.layout = decodeLayout(b).over(defaultLayout())
	return t, b.verdict(strict)
}

// encodeTemplate writes vMRAvailableBefore in a spelling of its own (§1.8).
func (s *Server) encodeTemplate(x *exchange, t *roomTemplate) map[string]any {
	self := s.prefix(x) + "/scheduling-templates/" + strconv.FormatInt(t.id, 10)
	out := map[string]any{
		"id": t.id, "organisationId": orNull(t.organisation), "conferencingSysId": t.conferencingSysID,
		"uriPrefix": t.URIPrefix, "uriDomain": t.URIDomain,
		"uriNumberRangeLow": t.URINumberLow, "uriNumberRangeHigh": t.URINumberHigh,
		"hostPinRequired": t.HostPINRequired, "hostPinRangeLow": pinOrNull(t.HostPINLow), "hostPinRangeHigh": pinOrNull(t.HostPINHigh),
		"guestPinRequired": t.GuestPINRequired, "guestPinRangeLow": pinOrNull(t.GuestPINLow), "guestPinRangeHigh": pinOrNull(t.GuestPINHigh),
		"vMRAvailableBefore": t.VMRAvailableBefore, "maxParticipants": t.MaxParticipants, "endMeetingOnEndTime": t.EndMeetingOnEndTime,
		"isDefaultTemplate": t.isDefault, "isPoolTemplate": t.isPool, "ivrTheme": orNull(t.IVRTheme),
		"customPortalGuest": orNull(t.CustomPortalGuest), "customPortalHost": orNull(t.CustomPortalHost), "returnUrl": orNull(t.ReturnURL),
		"directMedia": t.directMedia, "callType": orNull(t.CallType),
		"createdBy": encodePerson(t.createdBy), "updatedBy": encodePerson(t.updatedBy),
		"createdTime": s.date(x, t.created), "updatedTime": s.date(x, t.updated),
		"_links": map[string]any{"self": map[string]any{"href": self}},
	}
	encodeLayout(out, t.layout)
	return out
}
