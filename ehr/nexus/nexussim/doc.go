// Package nexussim is a simulator of the care record KMD Nexus as its HAL API shows itself in
// public code: token, home resource, citizens, driving lists, calendars, visits, interventions,
// forms, tasks and activity lists. It shares no code with the client; "eoj.md §1.4" and the like
// in comments are sections of the project's contract note on care records.
//
// Only rels matter. All paths below the base hold a seeded part, so that nobody builds on them,
// except those that public code builds itself: calendar/events/criteria/EVENT/{filterId}, where
// filterId is the id of the CROSS_CITIZEN_CALENDAR preference, {patientGrantById}/{id},
// patientGrants/supplierComment?orderGrantIds=, and assignments/patient/{id}/assignments?ids=.
// The token endpoint has a port of its own: it is another host than the API's.
//
// What eoj.md leaves open is decided here as follows; none of it is proved by a public source.
//
// # Driving lists
//
// Both from and to are starts of days, local or 12:00 local: the answer holds what begins in
// [from, to plus one local day). Entries are half objects: without update, and without
// description, lockedOnStartTime and variationId; with Quirks.HalfLists also without comments
// and changeStrategies. An entry without patients (type PROFESSIONAL_EVENT) is a break or a
// meeting. A visit that nobody drives has resourceId null. In patientResourceList, _links.self leads
// to the patient, grants[]._links.self to the grant.
//
// # A visit
//
// Its self leads to one occurrence (its query says which), with an ETag unless Quirks.NoETag. Rels of
// the full object: self, patient, availableEventTypes (an array of {id, version, name, active,
// color}, also on a driving list's preference and on a pathway), and update, which is absent
// without the right and on a readOnly event. A PUT to update takes the whole object. The strategy is
// told by an extra member of the body, "changeStrategy", with one of changeStrategies; an event
// that is repeated refuses a PUT without it (400). After THIS the occurrence keeps id and
// eventOccurrenceKey, gets a variationId and a version of its own; ALL changes every occurrence
// that has no variationId. A stale version or If-Match is 409 (Quirks.StaleStatus: 409, 412,
// 500). A member that the body leaves out is emptied; in strict mode that is 400. What comes back
// is 200 with the full object. The type decides statusColor and background. A PUT of an event that
// is readOnly or deliveredEvent, or of another start on lockedOnStartTime, is refused with 400. A cancelled visit
// keeps its place and gets the type "Aflyst besøg"; a deleted one is gone (self is 404).
//
// # Citizens
//
// The patientState is {id, name, type{id, name}}: "Aktiv" ACTIVE, "Indlagt" HOSPITALIZED, "Død" DEAD.
// Of telephonesRestricted and address.restricted: they are flags: the values are there all the same.
// Further rels: activeAssignments and assignments (tasks), availablePathwayAssociation.
// In patientPreferences, CITIZEN_PATHWAY "- Alt" and self of it lead to pathwayReferences (a tree by
// "children": patientPathwayReference over basketGrantReference and formDataV2Reference, each
// with _links.referencedObject) and patientActivities (half objects with self).
//
// # Interventions
//
// A bulkGet takes an array of one prototype and answers one object that is not stored yet, with
// currentElements and currentWorkflowTransitions. A prepareEdit answers {elements, _links.save};
// save answers {savedGrant}. A grant: {id, version, uid, name, basketId, workflowState{id, name},
// currentElements, futureElements, currentOrderGrantId, currentWorkflowTransitions, _links.self}.
// Transitions: to begin with "Ansøg", "Ansøg, Bevilg" and "Ansøg, Bevilg, Bestil"; then "Bevilg",
// "Bestil", "Ret" (edits and keeps the state), "Afslut", "Annullér", "Fjern" as the state allows.
// Each save of an ordered grant gives a new currentOrderGrantId; a template that was fetched
// before another save is stale. Ordering needs entryDate and supplier. Texts are {type, text},
// dates {type, date}, numbers {type, number}.
//
// # Forms and tasks
//
// The availableActions are both an array in the form and a rel that answers the same array. The value of
// radioGroup and dropDown is one of possibleValues as an object ({id, name}), of checkGroup an
// array of them; a bare name is taken too and answered as the object. In availableFormDefinitions:
// [{id, title, _links.formDataPrototype}]. Actions: "Aktivt", "Udfyldt", "Låst"; a locked form has
// none. A stored form: id, version, workflowState{name}, rels self, availableActions, audit.
// A task's dates are YYYY-MM-DD; actions are "Opret" (createAssignment), then "Gem" and "Afslut"
// (updateAssignment); a prototype's availableOrganizationAssignees: [{id, name}].
//
// # Errors
//
// {status, error, message}. A 500 names the citizen's CPR number in its message, as stack traces
// do: nothing of it may reach a log.
package nexussim
