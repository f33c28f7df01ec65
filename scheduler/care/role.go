package care

import "slices"

// Role is what somebody does in a unit. The zero value is invalid.
type Role string

// The roles.
const (
	Planner       Role = "planner"
	Caregiver     Role = "caregiver"
	Leader        Role = "leader"
	Administrator Role = "administrator"
	Auditor       Role = "auditor"      // reads who did what with whose data, and nothing else
	ServiceDesk   Role = "service_desk" // helps with logins, tablets and connections
)

// Roles lists every role.
func Roles() []Role { return []Role{Planner, Caregiver, Leader, Administrator, Auditor, ServiceDesk} }

// Danish returns the wording shown on screens.
func (r Role) Danish() string {
	switch r {
	case Planner:
		return "Planlægger"
	case Caregiver:
		return "Medarbejder"
	case Leader:
		return "Leder"
	case Administrator:
		return "Systemforvalter"
	case Auditor:
		return "Revisor"
	case ServiceDesk:
		return "Servicedesk"
	}

	return string(r)
}

// Permission is one thing that a person may do. The zero value is invalid.
type Permission string

// The permissions.
const (
	ImportLists    Permission = "import_lists"
	SeeDay         Permission = "see_day"
	Convert        Permission = "convert"
	ConvertRed     Permission = "convert_red" // against the rules, with a reason
	Undo           Permission = "undo"
	HandleTrouble  Permission = "handle_exceptions"
	HostVisits     Permission = "host_visits" // own visits, and colleagues' in the unit when standing in
	SeeStatistics  Permission = "see_statistics"
	ExportReports  Permission = "export_reports" // files with CPR numbers for authorities' control
	SeeConnections Permission = "see_connections"
	CallCitizens   Permission = "call_citizens"   // those whom the unit visits
	ManageContacts Permission = "manage_contacts" // of citizens whom the unit visits, with their consent
	InviteOthers   Permission = "invite_others"   // relatives, interpreters and others into a visit

	ManageDirectory  Permission = "manage_directory"  // employees, units, roles, imports of them
	ManageAccess     Permission = "manage_access"     // others' sessions, citizens' devices, tablets
	LinkEmployees    Permission = "link_employees"    // citizens with employees, from a day to a day (V09)
	SetIdentity      Permission = "set_identity"      // how a citizen is identified; codewords
	JudgeSuitability Permission = "judge_suitability" // of citizens whom the unit visits, for screen visits (K63)
	StopAccess       Permission = "stop_access"       // all open links and devices of a citizen at once
	ApproveEmergency Permission = "approve_emergency" // a colleague's emergency access
	OpenOutageWays   Permission = "open_outage_ways"  // weaker ways in, when the administrator knows of an outage
	ManageDeletion   Permission = "manage_deletion"   // hold back the deletion of a visit's data; end a citizen's course
	HandleRooms      Permission = "handle_rooms"      // rooms that stand on the platform although nobody needs them, without whose they were
	SeeAudit         Permission = "see_audit"
)

// Permissions lists every permission.
func Permissions() []Permission {
	return []Permission{
		ImportLists, SeeDay, Convert, ConvertRed, Undo, HandleTrouble, HostVisits, SeeStatistics, ExportReports, SeeConnections, CallCitizens, ManageContacts, InviteOthers,
		ManageDirectory, ManageAccess, LinkEmployees, SetIdentity, JudgeSuitability, StopAccess, ApproveEmergency, OpenOutageWays, ManageDeletion, HandleRooms, SeeAudit,
	}
}

// RolesWith returns the roles that have a permission. Whatever is not named here is denied.
func RolesWith(p Permission) []Role {
	switch p {
	case ImportLists, Convert, Undo, HandleTrouble:
		return []Role{Planner, Leader}
	case SeeDay:
		return []Role{Planner, Leader}
	case ConvertRed:
		return []Role{Leader}
	case HostVisits, CallCitizens:
		return []Role{Caregiver}
	case ManageContacts, InviteOthers:
		return []Role{Planner, Caregiver}
	case SeeStatistics:
		return []Role{Leader, Planner}
	case SeeConnections:
		return []Role{Planner, Leader, Administrator, ServiceDesk}
	case ManageDirectory, OpenOutageWays, HandleRooms:
		return []Role{Administrator}
	case ManageAccess:
		return []Role{Administrator, ServiceDesk}
	case LinkEmployees, ApproveEmergency, ExportReports, ManageDeletion:
		return []Role{Leader, Administrator}
	case SetIdentity:
		return []Role{Planner, Leader}
	case JudgeSuitability:
		return []Role{Planner, Leader, Caregiver}
	case StopAccess:
		return []Role{Planner, Leader, ServiceDesk}
	case SeeAudit:
		return []Role{Auditor}
	}

	return nil
}

// EveryUnit in a Grant stands for all units of the municipality.
const EveryUnit UnitID = "*"

// Grant is one role in one unit.
type Grant struct {
	Unit UnitID
	Role Role
}

// Actor is a logged-in employee of one municipality.
type Actor struct {
	Employee EmployeeID
	Name     string
	Grants   []Grant
}

// May reports whether the actor has the permission in the unit.
func (a Actor) May(p Permission, unit UnitID) bool {
	roles := RolesWith(p)

	return slices.ContainsFunc(a.Grants, func(g Grant) bool {
		return (g.Unit == unit || g.Unit == EveryUnit) && slices.Contains(roles, g.Role)
	})
}

// MayAnywhere reports whether the actor has the permission in any unit.
func (a Actor) MayAnywhere(p Permission) bool {
	roles := RolesWith(p)

	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return slices.Contains(roles, g.Role) })
}

// Must returns a Forbidden error when the actor lacks the permission in the unit.
func (a Actor) Must(p Permission, unit UnitID) error {
	if a.May(p, unit) {
		return nil
	}

	return NewError(Forbidden, "Du har ikke adgang til det her. Spørg din leder eller systemforvalter.")
}
