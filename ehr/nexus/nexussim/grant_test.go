package nexussim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
)

// basket is Nancy's basket of the health pathway.
func (b *bundle) basket() map[string]any {
	b.t.Helper()
	list := b.get(rel(b.patient(nancy), "availableBaskets")).list
	return b.get(rel(named(b.t, list, "pathwayPlacementName", "Sundhedsfagligt grundforløb > Sygepleje"), "self")).body
}

// draft makes a draft of an intervention by its name.
func (b *bundle) draft(name string) map[string]any {
	b.t.Helper()
	place := b.basket()
	root, _ := b.get(rel(place, "grantCatalog")).list[0].(map[string]any)
	for _, folder := range items(root, "subcatalogs") {
		for _, entry := range items(folder.(map[string]any), "subcatalogs") {
			e, _ := entry.(map[string]any)
			if str(e, "name") != name || str(e, "type") != "catalogGrant" {
				continue
			}
			prototype := b.get(rel(place, "bulkPrototype")).body
			id, _ := e["id"].(float64)
			prototype["catalogGrantId"], prototype["basketId"], prototype["key"] = e["id"], place["id"], "null:"+jsonInt(id)+":false"
			b.call(http.StatusInternalServerError, http.MethodPost, rel(place, "bulkGet"), []any{})
			return b.call(http.StatusOK, http.MethodPost, rel(place, "bulkGet"), []any{prototype}).body
		}
	}
	b.t.Fatalf("no intervention %q", name)
	return nil
}

// template is the template of a transition.
func (b *bundle) template(grant map[string]any, transition string) map[string]any {
	b.t.Helper()
	return b.get(rel(named(b.t, items(grant, "currentWorkflowTransitions"), "name", transition), "prepareEdit")).body
}

// fill sets an element's member.
func (b *bundle) fill(template map[string]any, kind, member string, value any) {
	b.t.Helper()
	named(b.t, items(template, "elements"), "type", kind)[member] = value
}

func (b *bundle) save(want int, template map[string]any) map[string]any {
	b.t.Helper()
	saved, _ := b.call(want, http.MethodPost, rel(template, "save"), template).body["savedGrant"].(map[string]any)
	return saved
}

func TestIntervention(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	draft := b.draft("Skærmbesøg SUL")
	if draft["id"] != nil || len(b.sim.Grants("")) != 0 {
		t.Errorf("a draft is stored: %v", draft["id"])
	}
	template := b.template(draft, "Ansøg, Bevilg, Bestil")
	b.save(http.StatusBadRequest, template) // neither date nor supplier
	b.fill(template, "entryDate", "date", "2026-11-23T08:00:00.000Z")
	supplier := named(t, items(template, "elements"), "type", "supplier")
	supplier["supplier"] = named(t, b.get(rel(supplier, "availableSuppliers")).list, "name", "Sygeplejen")
	b.fill(template, "supplementaryInformation", "text", "nøgle 1")
	ordered := b.save(http.StatusOK, template)
	b.save(http.StatusConflict, template) // the template is used

	edit := b.template(ordered, "Ret")
	ending := b.template(ordered, "Afslut")
	b.fill(edit, "supplementaryInformation", "text", "nøgle 1, nøgle 2")
	edited := b.save(http.StatusOK, edit)
	if edited["currentOrderGrantId"] == ordered["currentOrderGrantId"] {
		t.Error("the order kept its id")
	}
	b.save(http.StatusConflict, ending) // fetched before the edit
	b.save(http.StatusOK, b.template(b.get(rel(edited, "self")).body, "Afslut"))

	got := b.sim.Grants(nancy)
	if len(got) != 1 || got[0].State != "Afsluttet" || got[0].Active || got[0].Law != "Sundhedsloven § 138" || got[0].Supplementary != "nøgle 1, nøgle 2" || len(got[0].Changes) != 3 {
		t.Errorf("grants: %+v", got)
	}
}

func TestInterventionsAreFoundInTheTree(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	b.visit(nil)
	prefs := b.get(rel(b.patient(nancy), "patientPreferences")).body
	view := b.get(rel(named(t, items(prefs, "CITIZEN_PATHWAY"), "name", "- Alt"), "self")).body
	tree := b.get(rel(view, "pathwayReferences")).list
	upper := named(t, tree, "name", "Sundhedsfagligt grundforløb")
	lower := named(t, items(upper, "children"), "name", "Sygepleje")
	reference := named(t, items(lower, "children"), "type", "basketGrantReference")
	if rel(reference, "self") == rel(reference, "referencedObject") {
		t.Error("a reference is what it refers to")
	}
	grant := b.get(rel(reference, "referencedObject")).body
	id, _ := grant["id"].(float64)
	if again := b.get(rel(b.home(), "patientGrantById") + "/" + jsonInt(id)).body; str(again, "name") != "Medicinadministration" {
		t.Errorf("by id: %v", again)
	}
	order, _ := grant["currentOrderGrantId"].(float64)
	b.call(http.StatusNoContent, http.MethodPost, "patientGrants/supplierComment?orderGrantIds="+jsonInt(order), map[string]any{"comment": "Ring først"})
	if got := b.sim.Grants(nancy)[0].Comments; len(got) != 1 {
		t.Errorf("comments: %v", got)
	}
}

func TestOrdersOfAPlanningCalendar(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{PageSize: 2})
	for _, cpr := range []string{nancy, bruno, torre} {
		b.visit(func(v *nexussim.NewVisit) { v.CPR = []string{cpr} })
	}
	prefs := b.get(rel(b.home(), "preferences")).body
	list := b.get(rel(named(t, items(prefs, "CROSS_CITIZEN_CALENDAR"), "name", "Øst dag"), "self")).body
	outer := b.get(rel(list, "orderGrants")).body
	if outer["totalItems"] != 3.0 || len(items(outer, "pages")) != 2 {
		t.Fatalf("outer document: %v", outer)
	}
	page, _ := items(outer, "pages")[0].(map[string]any)
	node, _ := b.get(rel(page, "orderGrants")).list[0].(map[string]any)
	action := rel(named(t, items(node, "actions"), "name", "Planlagt"), "executeAction")
	b.call(http.StatusBadRequest, http.MethodPut, action, "{}")
	b.call(http.StatusNoContent, http.MethodPut, action, nil)

	outer = b.get(rel(b.calendar(nancy), "basketGrants")).body
	page, _ = items(outer, "pages")[0].(map[string]any)
	named(t, b.get(rel(page, "basketGrants")).list, "name", "Medicinadministration")
}

func TestForm(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	forms := b.get(rel(b.patient(nancy), "availableFormDefinitions")).list
	form := b.get(rel(named(t, forms, "title", "Omsorgsnotat"), "formDataPrototype")).body
	actions := b.get(rel(form, "availableActions")).list
	if len(actions) != len(items(form, "availableActions")) {
		t.Error("the rel and the array differ")
	}
	create := rel(named(t, actions, "name", "Udfyldt"), "createFormData")
	b.call(http.StatusBadRequest, http.MethodPost, create, form) // Emne is missing
	set := func(f map[string]any, label string, value any) {
		named(t, items(f, "items"), "label", label)["value"] = value
	}
	set(form, "Emne", "Vurdering: skærmbesøg")
	set(form, "Egnet til skærmbesøg", "Måske")
	b.call(http.StatusBadRequest, http.MethodPost, create, form)
	set(form, "Egnet til skærmbesøg", items(named(t, items(form, "items"), "label", "Egnet til skærmbesøg"), "possibleValues")[0])
	set(form, "Skærm i hjemmet", "Egen tablet")
	set(form, "Aftalt med", []any{map[string]any{"name": "Borger"}, "Pårørende"})
	set(form, "Vurderet den", "2026-11-23T10:00:00Z")
	stored := b.call(http.StatusOK, http.MethodPost, create, form).body

	update := rel(named(t, items(stored, "availableActions"), "name", "Låst"), "updateFormData")
	set(stored, "Notat", "Aftalt med borgeren")
	locked := b.call(http.StatusOK, http.MethodPut, update, stored).body
	b.call(http.StatusConflict, http.MethodPut, update, stored)
	if len(items(locked, "availableActions")) != 0 {
		t.Error("a locked form has actions")
	}
	b.call(http.StatusBadRequest, http.MethodPut, update, locked)
	if log := items(b.get(rel(locked, "audit")).body, "auditEntries"); len(log) != 2 {
		t.Errorf("audit: %v", log)
	}
	got := b.sim.Notes(nancy)
	want := map[string]string{
		"Emne": "Vurdering: skærmbesøg", "Egnet til skærmbesøg": "Ja", "Skærm i hjemmet": "Egen tablet", "Aftalt med": "Borger, Pårørende",
		"Vurderet den": "2026-11-23T10:00:00Z", "Notat": "Aftalt med borgeren",
	}
	if len(got) != 1 || got[0].State != "Låst" || got[0].Version != 2 || len(got[0].Fields) != len(want) {
		t.Fatalf("notes: %+v", got)
	}
	for label, value := range want {
		if got[0].Fields[label] != value {
			t.Errorf("%s: %q", label, got[0].Fields[label])
		}
	}
	half := named(t, b.get(rel(b.patient(nancy), "patientActivities")).list, "type", "formDataV2")
	if half["items"] != nil || str(b.get(rel(half, "self")).body, "title") != "Omsorgsnotat" {
		t.Errorf("activity: %v", half)
	}
}

// task is a filled prototype of a task for Nancy and where to post it.
func (b *bundle) task() (body map[string]any, create string) {
	b.t.Helper()
	types := b.get(rel(b.patient(nancy), "availableAssignmentTypes")).list
	body = b.get(rel(named(b.t, types, "name", "Registrér skærmbesøg"), "assignmentPrototype")).body
	group := named(b.t, b.get(rel(body, "availableOrganizationAssignees")).list, "name", "Planlægning Øst")
	body["title"], body["description"], body["startDate"] = "Registrér skærmbesøg", "Besøget kl. 14.00", "2026-11-23"
	body["organizationAssignee"] = map[string]any{"organizationId": group["id"], "displayName": "Planlægning Øst"}
	return body, rel(named(b.t, items(body, "actions"), "name", "Opret"), "createAssignment")
}

func TestTask(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{PageSize: 1})
	body, create := b.task()
	for member, wrong := range map[string]any{
		"title": "", "startDate": "2026-11-23T08:00:00.000Z", "dueDate": "23-11-2026", "organizationAssignee": map[string]any{"organizationId": 1},
	} {
		was := body[member]
		body[member] = wrong
		b.call(http.StatusBadRequest, http.MethodPost, create, body)
		body[member] = was
	}
	b.call(http.StatusOK, http.MethodPost, create, body)
	stored := b.call(http.StatusOK, http.MethodPost, create, body).body

	half, _ := b.get(rel(b.patient(nancy), "activeAssignments")).list[1].(map[string]any)
	if half["actions"] != nil {
		t.Error("actions in a half object")
	}
	full := b.get(rel(half, "self")).body
	full["title"] = "Registrér skærmbesøg (rettet)"
	full = b.call(http.StatusOK, http.MethodPut, rel(named(t, items(full, "actions"), "name", "Gem"), "updateAssignment"), full).body
	b.call(http.StatusConflict, http.MethodPut, rel(named(t, items(stored, "actions"), "name", "Gem"), "updateAssignment"), stored)
	b.call(http.StatusOK, http.MethodPut, rel(named(t, items(full, "actions"), "name", "Afslut"), "updateAssignment"), full)
	if n := len(b.get(rel(b.patient(nancy), "activeAssignments")).list); n != 1 {
		t.Errorf("%d active, want 1", n)
	}
	if n := len(b.get(rel(b.patient(nancy), "assignments")).list); n != 2 {
		t.Errorf("%d in all, want 2", n)
	}
	if got := b.sim.Tasks(nancy); len(got) != 2 || !got[1].Closed || got[1].Title != "Registrér skærmbesøg (rettet)" || got[1].Group != "Planlægning Øst" {
		t.Errorf("tasks: %+v", got)
	}
	b.activityList(1)
}

// activityList reads the list of open tasks through its pages.
func (b *bundle) activityList(want int) {
	b.t.Helper()
	prefs := b.get(rel(b.home(), "preferences")).body
	list := b.get(rel(named(b.t, items(prefs, "ACTIVITY_LIST"), "name", "Opgaver til planlægning"), "self")).body
	href := rel(list, "content") + "&pageSize=50&assignmentOrganizationAssignee=ALL_ORGANIZATIONS&assignmentProfessionalAssignee=NO_PROFESSIONAL_CRITERIA"
	outer := b.get(href).body
	if outer["totalItems"] != float64(want) {
		b.t.Fatalf("outer document: %v", outer)
	}
	page, _ := items(outer, "pages")[0].(map[string]any)
	entry, _ := b.get(rel(page, "content")).list[0].(map[string]any)
	if !strings.HasPrefix(str(b.get(rel(entry, "referencedObject")).body, "title"), "Registrér") {
		b.t.Errorf("entry: %v", entry)
	}
	people := b.get(rel(named(b.t, items(prefs, "CITIZEN_LIST"), "name", "Borgere i Øst"), "self")).body
	first, _ := items(b.get(rel(people, "content")).body, "pages")[0].(map[string]any)
	if len(b.get(rel(first, "patientData")).list) != 1 {
		b.t.Error("the page of citizens has not one entry")
	}
}
