package nexussim

// Operation names, used in Request.Op and Fault.Op.
const (
	OpToken          = "token"
	OpHome           = "home"
	OpPatientSearch  = "patient-search"
	OpPatientRead    = "patient-read"
	OpPreferences    = "preferences"
	OpListRead       = "list-read" // a driving list
	OpCalendarRead   = "calendar-read"
	OpEventRead      = "event-read"
	OpEventUpdate    = "event-update"
	OpEventTypes     = "event-types"
	OpStopEvents     = "stop-events"
	OpReferences     = "references"
	OpBaskets        = "baskets"
	OpGrantDraft     = "grant-draft" // bulkGet
	OpGrantPrepare   = "grant-prepare"
	OpGrantSave      = "grant-save"
	OpGrantRead      = "grant-read"
	OpForms          = "forms"
	OpNoteCreate     = "note-create"
	OpNoteUpdate     = "note-update"
	OpNoteRead       = "note-read"
	OpTasks          = "tasks"
	OpTaskCreate     = "task-create"
	OpTaskUpdate     = "task-update"
	OpTaskRead       = "task-read"
	OpActivity       = "activity"
	OpOrderGrants    = "order-grants"
	OpOrderPlan      = "order-plan"
	OpSupplierRemark = "supplier-comment"
	OpStaff          = "staff"
	OpUnbuilt        = "unbuilt"
	OpAny            = "*"
)

// route is one call of the API. Those that are fixed have no seeded part.
type route struct {
	op     string
	method string
	path   string
	need   Right
	slow   bool // held back by Quirks.CalendarDelay
	fixed  bool
	handle func(*Server, *call) reply
}

// routes are all calls below the base but the home resource.
func routes() []route {
	const (
		patient = "/patients/{patient}"
		basket  = "/baskets/{basket}"
		pathway = "/pathways/{basket}"
		list    = "/preferences/{group}/{list}"
		event   = "/events/{event}"
	)
	return []route{
		{op: OpPatientSearch, method: "POST", path: searchPath, need: ReadCitizens, handle: (*Server).searchPatient},
		{op: OpPatientSearch, method: "GET", path: "/patients/search", need: ReadCitizens, handle: (*Server).searchPatients},
		{op: OpPatientSearch, method: "GET", path: "/patients", need: ReadCitizens, handle: (*Server).searchPatients},
		{op: OpPatientRead, method: "GET", path: patient, need: ReadCitizens, handle: (*Server).readPatient},
		{op: OpPreferences, method: "GET", path: patient + "/preferences", need: ReadCitizens, handle: (*Server).patientPreferences},
		{op: OpReferences, method: "GET", path: patient + "/view", need: ReadCitizens, handle: (*Server).readView},
		{op: OpReferences, method: "GET", path: patient + "/references", need: ReadCitizens, handle: (*Server).pathwayReferences},
		{op: OpReferences, method: "GET", path: patient + "/activities", need: ReadCitizens, handle: (*Server).patientActivities},
		{op: OpReferences, method: "GET", path: patient + "/pathways", need: ReadCitizens, handle: (*Server).pathways},
		{op: OpReferences, method: "GET", path: pathway, need: ReadCitizens, handle: (*Server).readPathway},
		{op: OpReferences, method: "GET", path: "/references/{grant}", need: ReadGrants, handle: (*Server).readGrantReference},

		{op: OpPreferences, method: "GET", path: "/preferences", handle: (*Server).preferences},
		{op: OpPreferences, method: "GET", path: list, handle: (*Server).readPreference},
		{op: OpListRead, method: "POST", path: "/calendar/events/criteria/EVENT/{filter}", need: ReadLists, slow: true, fixed: true, handle: (*Server).readList},
		{op: OpCalendarRead, method: "GET", path: patient + "/calendar", need: ReadCalendars, handle: (*Server).readCalendar},
		{op: OpCalendarRead, method: "GET", path: patient + "/training", need: ReadCalendars, handle: (*Server).readCalendar},
		{op: OpCalendarRead, method: "GET", path: patient + "/calendar/events", need: ReadCalendars, slow: true, handle: (*Server).readCalendarEvents},
		{op: OpCalendarRead, method: "GET", path: patient + "/calendar/grants", need: ReadGrants, handle: (*Server).calendarGrants},
		{op: OpStopEvents, method: "GET", path: patient + "/calendar/stop", need: StopSeries, handle: (*Server).eventsToStop},
		{op: OpStopEvents, method: "POST", path: patient + "/calendar/stop", need: StopSeries, handle: (*Server).stopEvents},
		{op: OpEventRead, method: "GET", path: event, need: ReadLists, handle: (*Server).readEvent},
		{op: OpEventUpdate, method: "PUT", path: event, need: WriteVisits, handle: (*Server).updateEvent},
		{op: OpEventTypes, method: "GET", path: typesPath, need: ReadLists, handle: (*Server).activeTypes},

		{op: OpBaskets, method: "GET", path: patient + "/baskets", need: ReadGrants, handle: (*Server).listBaskets},
		{op: OpBaskets, method: "GET", path: basket, need: ReadGrants, handle: (*Server).readBasket},
		{op: OpBaskets, method: "GET", path: basket + "/catalog", need: ReadGrants, handle: (*Server).readCatalog},
		{op: OpBaskets, method: "GET", path: basket + "/prototype", need: WriteGrants, handle: (*Server).bulkPrototype},
		{op: OpBaskets, method: "GET", path: "/suppliers", need: ReadGrants, handle: (*Server).suppliers},
		{op: OpGrantDraft, method: "POST", path: basket + "/bulk", need: WriteGrants, handle: (*Server).bulkGet},
		{op: OpGrantPrepare, method: "GET", path: "/grants/{grant}/edit/{transition}", need: WriteGrants, handle: (*Server).prepareEdit},
		{op: OpGrantSave, method: "POST", path: "/grants/{grant}/save/{transition}", need: WriteGrants, handle: (*Server).saveGrant},
		{op: OpGrantRead, method: "GET", path: "/patientGrants/{grant}", need: ReadGrants, fixed: true, handle: (*Server).readGrant},
		{op: OpSupplierRemark, method: "POST", path: "/patientGrants/supplierComment", need: WriteGrants, fixed: true, handle: (*Server).commentOrder},
		{op: OpOrderGrants, method: "GET", path: list + "/orderGrants", need: ReadGrants, handle: (*Server).orderGrants},
		{op: OpOrderPlan, method: "PUT", path: "/orders/{grant}/planned", need: WriteGrants, handle: (*Server).planOrder},

		{op: OpForms, method: "GET", path: patient + "/forms", need: ReadForms, handle: (*Server).listForms},
		{op: OpForms, method: "GET", path: pathway + "/forms", need: ReadForms, handle: (*Server).listForms},
		{op: OpForms, method: "GET", path: pathway + "/forms/{form}", need: WriteForms, handle: (*Server).formPrototype},
		{op: OpForms, method: "GET", path: pathway + "/forms/{form}/actions", need: WriteForms, handle: (*Server).prototypeActions},
		{op: OpNoteCreate, method: "POST", path: pathway + "/forms/{form}/save/{action}", need: WriteForms, handle: (*Server).createNote},
		{op: OpNoteRead, method: "GET", path: "/formData/{note}", need: ReadForms, handle: (*Server).readNote},
		{op: OpNoteRead, method: "GET", path: "/formData/{note}/actions", need: WriteForms, handle: (*Server).noteActions},
		{op: OpNoteRead, method: "GET", path: "/formData/{note}/audit", need: ReadForms, handle: (*Server).noteAudit},
		{op: OpNoteUpdate, method: "PUT", path: "/formData/{note}/save/{action}", need: WriteForms, handle: (*Server).updateNote},

		{op: OpTasks, method: "GET", path: patient + "/tasks/types", need: UseTasks, handle: (*Server).listTaskTypes},
		{op: OpTasks, method: "GET", path: patient + "/tasks/types/{duty}", need: UseTasks, handle: (*Server).taskPrototype},
		{op: OpTaskCreate, method: "POST", path: patient + "/tasks/types/{duty}", need: UseTasks, handle: (*Server).createTask},
		{op: OpTasks, method: "GET", path: patient + "/tasks", need: UseTasks, handle: (*Server).listTasks},
		{op: OpTasks, method: "GET", path: "/organizations", need: UseTasks, handle: (*Server).organisations},
		{op: OpTaskRead, method: "GET", path: "/assignments/{task}", need: UseTasks, handle: (*Server).readTask},
		{op: OpTaskRead, method: "GET", path: "/assignments/patient/{patient}/assignments", need: UseTasks, fixed: true, handle: (*Server).tasksByID},
		{op: OpTaskUpdate, method: "PUT", path: "/assignments/{task}/{action}", need: UseTasks, handle: (*Server).updateTask},

		{op: OpActivity, method: "GET", path: list + "/content", need: ReadActivity, handle: (*Server).activityContent},
		{op: OpActivity, method: "GET", path: list + "/patients", need: ReadActivity, handle: (*Server).citizenContent},
		{op: OpStaff, method: "GET", path: "/professionals", need: ReadStaff, handle: (*Server).professionals},
		{op: OpStaff, method: "GET", path: "/shifts", handle: (*Server).shifts},
	}
}
