package calls

import (
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Examples returns the layouts that come with the program, by name. They are assumptions: no vendor
// publishes its format. Names come from what municipalities tell of the exports they get (Viewcare:
// start, end, length, status of the request, shift, district, calls of relatives; VitaComm: a list
// with semicolons, callers and callees with their kind, of which only Employee to Resident counts;
// Appinux: meetings with their participants). A municipality compares them with its own file in
// the preview and sets what differs.
func Examples() map[string]Layout {
	return map[string]Layout{"viewcare": viewcare(), "vitacomm": vitacomm(), "appinux": appinux()}
}

func viewcare() Layout {
	return Layout{
		Zone: care.Zone(), Bare: time.Second,
		Columns: map[Field][]string{
			CallID: {"Opkalds-id", "Opkald id", "Id"}, Date: {"Dato"}, Start: {"Starttidspunkt", "Opkald startet", "Start", "Starttid"},
			End: {"Sluttidspunkt", "Opkald afsluttet", "Slut", "Sluttid"}, Length: {"Varighed", "Samtaletid", "Varighed (sek)", "Varighed i sekunder"},
			Status: {"Anmodningsstatus", "Opkaldsstatus", "Status"}, Kind: {"Opkaldstype", "Type"}, Unit: {"Distrikt", "Afdeling", "Enhed", "Team"},
			Employee: {"Medarbejder", "Initialer", "Medarbejder-id"}, CPR: {"CPR-nummer", "CPR", "CPR-nr."}, Citizen: {"Borger-id", "Borgernummer"},
			Shift: {"Vagtlag", "Vagt", "Dag/aften/nat"}, Service: {"Ydelse", "Indsats"}, Law: {"Lovgrundlag", "Paragraf"},
		},
		Answered:   []string{"Besvaret", "Accepteret", "Gennemført", "Afsluttet"},
		Unanswered: []string{"Ubesvaret", "Ikke besvaret", "Afvist", "Mistet", "Optaget", "Timeout"},
		LeftOut:    []string{"Test", "Testopkald", "Annulleret"},
		Kinds:      []string{"Borgeropkald", "Medarbejder til borger", "Skærmbesøg"}, // others are calls of relatives
	}
}

func vitacomm() Layout {
	return Layout{
		Zone: care.Zone(), Bare: time.Second,
		Columns: map[Field][]string{ //nolint:exhaustive // its lists tell no law and no shift
			CallID: {"Call ID", "CallId", "Session ID", "Id"}, Date: {"Date", "Dato"}, Start: {"Start time", "Started", "Start", "Starttid"},
			End: {"End time", "Ended", "End", "Sluttid"}, Length: {"Duration (seconds)", "Duration", "Varighed"}, Status: {"Result", "Call status", "Status"},
			Kind: {"Direction", "Caller and callee", "Retning"}, Unit: {"Caller district", "District", "Caller group", "Distrikt"}, Employee: {"Caller initials", "Employee", "Medarbejder"},
			CPR: {"CPR", "Personal number", "CPR-nr."}, Citizen: {"Resident ID", "Callee ID", "Borger-id"}, Service: {"Service", "Ydelse"},
		},
		Answered:   []string{"Answered", "Completed", "Besvaret"},
		Unanswered: []string{"Missed", "Unanswered", "No answer", "Rejected", "Declined", "Busy", "Ubesvaret"},
		LeftOut:    []string{"Cancelled", "Test"},
		Kinds:      []string{"Employee to Resident", "Employee -> Resident", "Employee → Resident", "Medarbejder til borger"},
	}
}

func appinux() Layout {
	return Layout{
		Zone: care.Zone(), Bare: time.Minute,
		Columns: map[Field][]string{ //nolint:exhaustive // its lists tell no kind, law or shift
			CallID: {"Møde-id", "Møde ID", "Id"}, Date: {"Dato", "Mødedato"}, Start: {"Startet", "Faktisk start", "Mødestart", "Start"},
			End: {"Afsluttet", "Faktisk slut", "Mødeslut", "Slut"}, Length: {"Varighed (min)", "Varighed i minutter", "Varighed"}, Status: {"Mødestatus", "Status"},
			Unit: {"Organisation", "Team", "Afdeling", "Enhed"}, Employee: {"Vært", "Medarbejder", "Initialer"}, CPR: {"CPR", "CPR-nr."}, Citizen: {"Borger-id"},
			Service: {"Ydelse", "Mødetype"},
		},
		Answered:   []string{"Afholdt", "Gennemført"},
		Unanswered: []string{"Udeblevet", "Ikke gennemført", "Ubesvaret"},
		LeftOut:    []string{"Aflyst", "Planlagt", "Test"},
	}
}
