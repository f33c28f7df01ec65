package nexussim

import (
	"net/http"
	"slices"
	"strconv"
)

// paged answers the outer document of a list: how many entries, and a link to each page under
// the rel of this kind of list (eoj.md §1.9). The place must hold a question mark.
func (s *Server) paged(c *call, total int, rel, place string, need Right) reply {
	size, err := strconv.Atoi(c.r.URL.Query().Get("pageSize"))
	if err != nil || size < 1 {
		size = s.options.PageSize
	}
	pages := []any{}
	for from := 0; from < total; from += size {
		here := place + "&page=" + strconv.Itoa(len(pages)) + "&size=" + strconv.Itoa(size)
		pages = append(pages, object{"_links": c.links().to(rel, here, need).out})
	}
	return ok(object{"totalItems": total, "pages": pages, "_links": object{}})
}

// pageOf cuts the page out that a call asks for; is is false for the outer document.
func pageOf[T any](c *call, all []T) (page []T, is bool) {
	q := c.r.URL.Query()
	number, err := strconv.Atoi(q.Get("page"))
	size, err2 := strconv.Atoi(q.Get("size"))
	if err != nil || err2 != nil || number < 0 || size < 1 {
		return nil, false
	}
	from := min(number*size, len(all))
	return all[from:min(from+size, len(all))], true
}

// activityContent answers an activity list: open tasks, also those of one group only.
func (s *Server) activityContent(c *call) reply {
	l := s.world.preference(c.r.PathValue("list"))
	if l == nil || l.group != activityLists {
		return notFound()
	}
	q := c.r.URL.Query()
	want := q.Get("assignmentOrganizationAssignee")
	tasks := slices.DeleteFunc(sorted(s.world.tasks, func(t *task) int { return t.id }), func(t *task) bool {
		return t.closed || (want != "" && want != "ALL_ORGANIZATIONS" && want != strconv.Itoa(t.group.id))
	})
	page, is := pageOf(c, tasks)
	if !is {
		place := s.slug + listPath(l) + "/content?view=all&assignmentOrganizationAssignee=" + orElse(want, "ALL_ORGANIZATIONS")
		return s.paged(c, len(tasks), "content", place, ReadActivity)
	}
	list := []any{}
	for _, t := range page {
		list = append(list, object{
			"id": t.id, "type": "assignment", "name": t.title, "date": t.startDate, "patient": object{"id": t.citizen.id},
			"_links": c.links().to("self", s.slug+taskPath(t), UseTasks).to("referencedObject", s.slug+taskPath(t), UseTasks).out,
		})
	}
	return ok(list)
}

// citizenContent answers a list of citizens, whose pages lie under patientData.
func (s *Server) citizenContent(c *call) reply {
	l := s.world.preference(c.r.PathValue("list"))
	if l == nil || l.group != citizenLists {
		return notFound()
	}
	all := slices.DeleteFunc(s.world.everyone(), func(p *citizen) bool { return p.hidden })
	page, is := pageOf(c, all)
	if !is {
		return s.paged(c, len(all), "patientData", s.slug+listPath(l)+"/patients?view=all", ReadActivity)
	}
	list := []any{}
	for _, p := range page {
		list = append(list, object{
			"id": p.id, "fullName": p.name, "_links": c.links().to("self", s.slug+patientPath(p), ReadCitizens).out,
		})
	}
	return ok(list)
}

// orderGrants answers the ordered interventions of a planning calendar (eoj.md §1.7).
func (s *Server) orderGrants(c *call) reply {
	l := s.world.preference(c.r.PathValue("list"))
	if l == nil || l.group != drivingLists {
		return notFound()
	}
	ordered := slices.DeleteFunc(sorted(s.world.grants, func(g *grant) int { return g.id }), func(g *grant) bool { return g.state != stateOrdered })
	page, is := pageOf(c, ordered)
	if !is {
		return s.paged(c, len(ordered), "orderGrants", s.slug+listPath(l)+"/orderGrants?mode=planning", ReadGrants)
	}
	list := []any{}
	for _, g := range page {
		action := c.links().to("executeAction", s.slug+"/orders/"+strconv.Itoa(g.id)+"/planned", WriteGrants).out
		list = append(list, object{
			"type": "order-grant", "id": g.order, "name": g.name, "planned": g.planned,
			"patient": object{"id": g.basket.citizen.id, "_links": c.links().to("self", s.slug+patientPath(g.basket.citizen), ReadCitizens).out},
			"actions": []any{object{"name": "Planlagt", "_links": action}},
		})
	}
	return ok(list)
}

// planOrder is the action "Planlagt": an empty body, and 400 for {} (eoj.md §1.7).
func (s *Server) planOrder(c *call) reply {
	g := s.grantOf(c)
	if g == nil || g.state != stateOrdered {
		return notFound()
	}
	if len(c.body) > 0 {
		return bad("the body must be empty")
	}
	g.planned = true
	return reply{status: http.StatusNoContent, header: map[string]string{}}
}

// calendarGrants answers a citizen's interventions as the calendar's basketGrants.
func (s *Server) calendarGrants(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	all := p.stored()
	page, is := pageOf(c, all)
	if !is {
		return s.paged(c, len(all), "basketGrants", s.slug+calendarPath(p)+"/grants?mode=planning", ReadGrants)
	}
	list := []any{}
	for _, g := range page {
		list = append(list, s.grantReference(c, g))
	}
	return ok(list)
}
