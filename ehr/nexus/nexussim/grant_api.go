package nexussim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) basketPath(b *basket) string { return s.slug + "/baskets/" + strconv.Itoa(b.id) }

func (s *Server) basketOf(c *call) *basket {
	id, err := strconv.Atoi(c.r.PathValue("basket"))
	if err != nil {
		return nil
	}
	return s.world.baskets[id]
}

func (s *Server) grantOf(c *call) *grant {
	id, err := strconv.Atoi(c.r.PathValue("grant"))
	if err != nil {
		return nil
	}
	return s.world.grants[id]
}

// listBaskets answers availableBaskets (eoj.md §1.7, step 1).
func (s *Server) listBaskets(c *call) reply {
	p := s.patientOf(c)
	if p == nil {
		return notFound()
	}
	list := []any{}
	for _, b := range s.world.basketsOf(p) {
		list = append(list, object{
			"id": b.id, "pathwayPlacementName": b.placement, "_links": c.links().to("self", s.basketPath(b), ReadGrants).out,
		})
	}
	return ok(list)
}

func (s *Server) readBasket(c *call) reply {
	b := s.basketOf(c)
	if b == nil {
		return notFound()
	}
	place := s.basketPath(b)
	return ok(object{
		"id": b.id, "version": 0, "pathwayPlacementName": b.placement, "_links": c.links().
			to("self", place, ReadGrants).
			to("grantCatalog", place+"/catalog", ReadGrants).
			to("bulkPrototype", place+"/prototype", WriteGrants).
			to("bulkGet", place+"/bulk", WriteGrants).out,
	})
}

// readCatalog answers the tree of what may be granted (step 2).
func (s *Server) readCatalog(c *call) reply {
	if s.basketOf(c) == nil {
		return notFound()
	}
	folders, order := map[string][]any{}, []string{}
	for _, e := range s.world.catalog {
		if _, seen := folders[e.folder]; !seen {
			order = append(order, e.folder)
		}
		folders[e.folder] = append(folders[e.folder], object{"id": e.id, "name": e.name, "type": "catalogGrant", "subcatalogs": []any{}})
	}
	tree := []any{}
	for i, name := range order {
		tree = append(tree, object{"id": i + 1, "name": name, "type": "catalog", "subcatalogs": folders[name]})
	}
	pack := object{"id": 90, "name": "Pakke: Personlig pleje", "type": "catalogPackage", "subcatalogs": []any{}}
	return ok([]any{object{"id": 91, "name": "Indsatskatalog", "type": "catalog", "subcatalogs": append(tree, pack)}})
}

func (s *Server) bulkPrototype(c *call) reply {
	if s.basketOf(c) == nil {
		return notFound()
	}
	return ok(object{
		"catalogGrantId": nil, "basketId": nil, "key": nil, "isPackage": false, "version": 0, "_links": object{},
	})
}

// bulkGet makes a draft of the one prototype in the array (step 3).
func (s *Server) bulkGet(c *call) reply {
	b := s.basketOf(c)
	if b == nil {
		return notFound()
	}
	var body []object
	if err := decode(c.body, &body); err != nil || len(body) != 1 {
		return s.crash(c) // a single object, or an empty array
	}
	id, _ := whole(body[0], "catalogGrantId")
	place, _ := whole(body[0], "basketId")
	at := slices.IndexFunc(s.world.catalog, func(e *catalogEntry) bool { return e.id == id })
	if at < 0 || place != b.id || text(body[0], "key") != fmt.Sprintf("null:%d:false", id) {
		return bad("the prototype names no intervention of this basket")
	}
	e := s.world.catalog[at]
	g := &grant{id: s.world.id(), entry: e, name: e.name, basket: b, elements: s.world.elementsOf(e)}
	s.world.keep(g)
	return ok(s.grant(c, g))
}

// readGrant answers a stored grant.
func (s *Server) readGrant(c *call) reply {
	g := s.grantOf(c)
	if g == nil || g.state == "" {
		return notFound()
	}
	return ok(s.grant(c, g))
}

// grant is a grant with its next steps.
func (s *Server) grant(c *call, g *grant) object {
	steps := []any{}
	for _, t := range transitions(g.state) {
		place := s.slug + "/grants/" + strconv.Itoa(g.id) + "/edit/" + strconv.Itoa(s.transitionID(t.name))
		if links := c.links().to("prepareEdit", place, WriteGrants).out; len(links) > 0 {
			steps = append(steps, object{"id": s.transitionID(t.name), "name": t.name, "resultWith": t.to, "_links": links})
		}
	}
	out := object{
		"id": g.id, "version": g.version, "uid": s.dice.hex(32, "grant", strconv.Itoa(g.id)), "name": g.name, "basketId": g.basket.id,
		"catalogGrantId": g.entry.id, "workflowState": object{"id": s.transitionID(g.state), "name": g.state},
		"currentElements": s.elements(c, g), "futureElements": []any{}, "currentOrderGrantId": nil, "currentWorkflowTransitions": steps,
		"_links": c.links().to("self", grantPath(g), ReadGrants).out,
	}
	if g.order != 0 {
		out["currentOrderGrantId"] = g.order
	}
	if g.state == "" { // not stored yet
		out["id"], out["uid"], out["workflowState"], out["_links"] = nil, nil, nil, object{}
	}
	return out
}

// elements are the grant's fields with their links.
func (s *Server) elements(c *call, g *grant) []any {
	list := make([]any, 0, len(g.elements))
	for _, e := range g.elements {
		e = deepCopy(e)
		links := c.links()
		if text(e, "type") == "supplier" {
			links.to("availableSuppliers", s.slug+"/suppliers", ReadGrants)
		}
		if text(e, "type") == "klMapping" {
			links.out["opusAccountAvailable"] = object{"href": "#"} // seen: a link that leads nowhere
			e["klCatalogGrant"] = object{"uid": s.dice.hex(32, "kl", g.entry.name), "uuid": nil, "code": orNull(g.entry.fsiii)}
		}
		e["_links"] = links.out
		list = append(list, e)
	}
	return list
}

// prepareEdit answers the template of a transition (step 5).
func (s *Server) prepareEdit(c *call) reply {
	g, t := s.grantOf(c), s.step(c)
	if g == nil || t == nil {
		return notFound()
	}
	place := s.slug + "/grants/" + strconv.Itoa(g.id) + "/save/" + strconv.Itoa(s.transitionID(t.name))
	return ok(object{
		"name": g.name, "version": g.version, "basketId": g.basket.id, "transitionName": t.name, "elements": s.elements(c, g),
		"_links": c.links().to("save", place, WriteGrants).out,
	})
}

// step is the transition that a call names, if the grant's state allows it.
func (s *Server) step(c *call) *transition {
	g := s.grantOf(c)
	if g == nil {
		return nil
	}
	for _, t := range transitions(g.state) {
		if strconv.Itoa(s.transitionID(t.name)) == c.r.PathValue("transition") {
			return &t
		}
	}
	return nil
}

// saveGrant takes the filled template.
func (s *Server) saveGrant(c *call) reply {
	g, t := s.grantOf(c), s.step(c)
	if g == nil {
		return notFound()
	}
	var body object
	if err := decode(c.body, &body); err != nil {
		return bad("the body must be the template")
	}
	if version, given := whole(body, "version"); !given || version != g.version || t == nil {
		return s.stale()
	}
	filled, why := s.filled(g, body["elements"], t)
	if why != "" {
		return bad("%s", why)
	}
	g.elements, g.state = filled, t.to
	g.version++
	if g.state == stateOrdered {
		g.order = s.world.id()
	}
	g.changes = append(g.changes, GrantChange{At: s.now(), By: c.client.ID, Bearer: c.bearer, Transition: t.name, State: t.to})
	return ok(object{"savedGrant": s.grant(c, g), "messages": []any{}})
}

// filled checks the elements of a template and takes their values.
func (s *Server) filled(g *grant, value any, t *transition) (filled []object, why string) {
	sent, isList := objects(value)
	if !isList || len(sent) != len(g.elements) {
		return nil, "the template's elements are incomplete"
	}
	for i, want := range g.elements {
		kind := text(want, "type")
		if text(sent[i], "type") != kind {
			return nil, "the template's elements are not in their order"
		}
		kept := deepCopy(want)
		for _, member := range []string{"text", "date", "number", "supplier"} {
			if _, there := want[member]; !there {
				continue
			}
			if why := s.fits(member, sent[i][member]); why != "" {
				return nil, kind + ": " + why
			}
			kept[member] = copyValue(sent[i][member])
		}
		if t.to == stateOrdered && (kind == "entryDate" && kept["date"] == nil || kind == "supplier" && kept["supplier"] == nil) {
			return nil, kind + " must be filled in to order"
		}
		filled = append(filled, kept)
	}
	return filled, ""
}

// fits tells why a value has the wrong kind, or nothing.
func (s *Server) fits(member string, value any) string {
	if value == nil {
		return ""
	}
	switch member {
	case "text":
		if _, is := value.(string); !is {
			return "not a text"
		}
	case "date":
		date, _ := value.(string)
		if _, err := time.Parse(time.RFC3339, date); err != nil || !strings.HasSuffix(date, "Z") {
			return "not a time in UTC"
		}
	case "number":
		if _, is := whole(object{"n": value}, "n"); !is {
			return "not a number"
		}
	case "supplier":
		supplier, _ := value.(object)
		id, _ := whole(supplier, "id")
		if !slices.ContainsFunc(s.world.groups, func(g *organisation) bool { return g.id == id }) {
			return "no such supplier"
		}
	}
	return ""
}

func (s *Server) suppliers(*call) reply {
	list := []any{}
	for _, g := range s.world.groups {
		list = append(list, g.supplier())
	}
	return ok(list)
}

// commentOrder notes a supplier's comment on orders; its address is one that public code builds.
func (s *Server) commentOrder(c *call) reply {
	var body object
	if err := decode(c.body, &body); err != nil || text(body, "comment") == "" {
		return bad("the body needs a comment")
	}
	ids := strings.Split(c.r.URL.Query().Get("orderGrantIds"), ",")
	for _, g := range s.world.grants {
		if g.order != 0 && slices.Contains(ids, strconv.Itoa(g.order)) {
			g.comments = append(g.comments, text(body, "comment"))
			return reply{status: http.StatusNoContent, header: map[string]string{}}
		}
	}
	return notFound()
}

// grantReference is a grant as the pathway tree shows it.
func (s *Server) grantReference(c *call, g *grant) object {
	return object{
		"type": "basketGrantReference", "id": g.id, "name": g.name, "workflowState": object{"name": g.state},
		"additionalInfo": []any{object{"key": "Leverandør", "value": text(part(g.element("supplier"), "supplier"), "name")}},
		"children":       []any{},
		"_links":         c.links().to("self", s.slug+"/references/"+strconv.Itoa(g.id), ReadGrants).to("referencedObject", grantPath(g), ReadGrants).out,
	}
}

// readGrantReference answers the self of a reference, which is not the grant.
func (s *Server) readGrantReference(c *call) reply {
	g := s.grantOf(c)
	if g == nil || g.state == "" {
		return notFound()
	}
	return ok(s.grantReference(c, g))
}
