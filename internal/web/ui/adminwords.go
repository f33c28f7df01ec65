package ui

import (
	"strings"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// whoDanish names who did something: an employee's id stands as it is.
func whoDanish(actor string) string {
	switch actor {
	case "system":
		return "Systemet"
	case "scim":
		return "Kommunens brugerkatalog"
	case "citizen":
		return "Borgeren"
	case "participant":
		return "Deltager"
	case "tablet":
		return "Tavlen"
	case "unknown":
		return "Ukendt"
	}

	return actor
}

// methodDanish tells how somebody came in.
func methodDanish(method string) string {
	switch method {
	case "":
		return ""
	case scheduler.ByLogin:
		return "login"
	case scheduler.ByEmergency:
		return "nødadgang"
	}

	return care.IdentityMethod(method).Danish()
}

// actionDanish tells what was done. An action without words of its own stands as it is, so that
// nothing is ever missing.
func actionDanish(action string) string {
	if text, ok := seenDanish()[action]; ok {
		return text
	}

	if text, ok := doneDanish()[action]; ok {
		return text
	}

	if kind, ok := strings.CutPrefix(action, "mend_"); ok && care.DriftKind(kind).Known() {
		return mendedDanish(care.DriftKind(kind).Terms().Remedy)
	}

	return action
}

// seenDanish are the readings.
func seenDanish() map[string]string {
	return map[string]string{
		"see_day": "Så dagens besøg", "see_my_day": "Så egne besøg", "see_visit": "Så et besøg", "see_lobby": "Så et besøg og hvem der venter",
		"see_who_waits": "Så hvem der venter", "see_citizen": "Så en borgers kort", "see_my_citizens": "Så listen over borgere",
		"find_by_name": "Søgte en borger på navn", "find_by_number": "Søgte en borger på CPR-nummer",
		"see_follow_ups": "Så opfølgninger", "see_troubles": "Så hvad der kræver handling", "see_plan": "Så en plan for omlægning", "see_fallback_plan": "Så en plan ved nedbrud",
		"see_call": "Så et opkald", "see_evidence": "Så videoplatformens tider", "export_evidence": "Hentede videoplatformens tider", "export_klgateway": "Hentede rapporten til KL Gateway",
		"see_audit": "Så loggen", "see_tombstones": "Så hvad der er slettet", "check_tombstone": "Kontrollerede en sletning mod journalen", "see_course": "Så en borgers forløb", "see_directory": "Så medarbejdere og enheder", "see_employee": "Så en medarbejder", "see_employees": "Så medarbejdere",
		"reveal_contact": "Så en borgers nummer og adresse", "see_codewords": "Så en borgers kodeord", "print_codewords": "Udskrev en borgers kodeord",
		"see_differences": "Så forskelle mellem journalen, videoplatformen og Sluse", "see_employee_links": "Så hvem borgeren er knyttet til", "see_tablets": "Så tavler",
	}
}

// doneDanish are the actions.
func doneDanish() map[string]string {
	return map[string]string{
		"import": "Indlæste en køreliste", "convert": "Omlagde til skærm", "ask_conversion": "Bad om godkendelse af en omlægning", "approve_conversion": "Godkendte en omlægning",
		"refuse_conversion": "Godkendte ikke en omlægning", "withdraw_conversion": "Trak en omlægning tilbage", "undo": "Fortrød en omlægning", "undo_batch": "Fortrød en omlægning",
		"move": "Flyttede et besøg", "cancel": "Aflyste et besøg", "make_physical": "Gjorde et besøg fysisk", "call_instead": "Gav et besøg på telefon",
		"call": "Ringede op", "give_up_call": "Opgav et opkald", "open_host_link": "Gik ind i rummet", "open_guest_link": "Gik ind i rummet",
		"admit": "Lukkede ind", "refuse": "Afviste", "refuse_stranger": "Blev afvist: en anden end borgeren", "vouch": "Sagde god for en person", "identify": "Blev identificeret", "identify_by_device": "Blev genkendt på en kendt enhed",
		"begin_login": "Begyndte at logge ind", "ask_code": "Bad om en kode", "enter_code": "Tastede en kode", "enter": "Åbnede sit link",
		"ask_help": "Bad om hjælp", "answer_on_tablet": "Svarede på en tavle", "conclude": "Afsluttede et besøg", "correct_outcome": "Rettede et resultat",
		"fetch_lists": "Hentede kørelister fra omsorgsjournalen", "fall_back_phone": "Gav besøg på telefon ved nedbrud", "fall_back_physical": "Gjorde besøg fysiske ved nedbrud",
		"call_by_phone": "Ringede på telefon i stedet", "ask_identity": "Bad om at få at vide, hvem personen var",
		"register_tablet": "Registrerede en tavle", "offer_tablet": "Lavede en ny kode til en tavle", "enrol_tablet": "Satte en tavle op", "wrong_enrolment_code": "Tastede en forkert kode til en tavle",
		"remember_device": "Huskede en enhed", "enter_device_code": "Tastede koden til en kendt enhed", "wrong_device_code": "Tastede en forkert kode til en kendt enhed", "end_device": "Lukkede en enhed",
		"retry": "Prøvede igen", "settle": "Tog et punkt af listen", "add_participant": "Inviterede en deltager", "remove_participant": "Fjernede en deltager",
		"accept_terms": "Sagde ja til vilkårene", "refuse_terms": "Sagde nej til vilkårene",
		"record_consent": "Noterede et samtykke", "withdraw_consent": "Noterede, at et samtykke er trukket tilbage",
		"follow_contact": "Fulgte en ændret kontakt", "add_contact": "Tilføjede en kontakt", "change_contact": "Rettede en kontakt", "remove_contact": "Fjernede en kontakt",
		"link_employee": "Knyttede en medarbejder til en borger", "end_employee_link": "Afsluttede en tilknytning", "set_identity": "Satte, hvordan en borger identificeres", "give_number": "Tog et CPR-nummer i brug for en borger", "change_number": "Så, at en borger har nyt eller intet nummer",
		"stop_access": "Lukkede al adgang for en borger", "send_new_links": "Åbnede for en borger igen med nye links", "make_codewords": "Lavede kodeord for en borger", "say_codeword": "Sagde kodeordet", "hear_codeword": "Hørte borgerens kodeord", "follow_citizen": "Fulgte en borgers nye nummer", "add_employee": "Oprettede en medarbejder", "change_employee": "Rettede en medarbejder", "save_employee": "Gemte en medarbejder", "undo_change": "Fortrød en ændring af en medarbejder", "mark_back": "Gav en medarbejder adgang igen",
		"add_group": "Oprettede en gruppe", "change_group": "Rettede en gruppe", "import_employees": "Indlæste medarbejdere fra en fil", "import_units": "Indlæste enheder fra en fil", "mark_left": "Markerede en medarbejder som fratrådt", "remove_group": "Fjernede en gruppe",
		"end_login": "Afsluttede et login", "end_other_logins": "Afsluttede sine andre logins", "make_emergency_code": "Lavede en nødkode",
		"revoke_emergency_code": "Slettede sin nødkode",
		"open_outage_ways":      "Slog nødmåder til", "close_outage_ways": "Slog nødmåder fra", "outage_ways_over": "Nødmåder sluttede af sig selv",
		"login_down": "Login-udbyder svarede ikke mere", "login_up": "Login-udbyder svarede igen", "login_unseen": "Login-udbyder har aldrig svaret",
		"login_seen": "Login-udbyder svarede", "login_unsure": "Mange logins blev ikke færdige", "login_sure": "Logins blev færdige igen", "enter_emergency": "Kom ind med nødadgang", "approve_emergency": "Godkendte nødadgang",
		"refuse_emergency_access": "Blev afvist ved nødadgang", "sign_off_emergency": "Kvitterede for nødadgang",
		"import_citizens": "Indlæste borgere fra en fil", "send_codes": "Sendte nye beskeder med kode",
		"judge_suitability": "Vurderede en borgers egnethed til skærmbesøg", "retry_note": "Lod et notat i journalen skrive igen", "settle_note": "Noterede, at et notat er skrevet i hånden", "set_risk": "Satte en borgers risikogruppe", "follow_up_call": "Gav et besøg på telefon", "follow_up_nobody": "Traf ikke borgeren på telefon", "follow_up_visit": "Sendte et fysisk besøg tilbage på listen", "follow_up_in_person": "Sendte et fysisk besøg tilbage på listen",
		"follow_up_take": "Tog en opfølgning", "follow_up_release": "Gav en opfølgning fri", "follow_up_undo": "Fortrød et klik på en opfølgning", "follow_up_no_needs": "Afsluttede uden opfølgning", "follow_up_escalated": "Gik videre med en opfølgning",
		"reconcile": "Afstemte med omsorgsjournalen", "mend_difference": "Rettede en forskel", "accept_difference": "Godkendte en forskel", "reopen_difference": "Fortrød, at en forskel er i orden",
		"import_calls": "Indlæste opkald fra et andet system", "undo_calls": "Fortrød en indlæsning af opkald",
		"export_visits": "Hentede en fil med besøg", "see_statistics_rows": "Så besøgene bag et tal i statistikken",
		"forget_visit": "Slettede et besøgs oplysninger, som journalen har", "hold_deletion": "Satte sletning på hold", "release_deletion": "Ophævede hold på sletning", "end_course": "Afsluttede en borgers forløb", "reopen_course": "Genoptog en borgers forløb",
		"sweep_room": "Lukkede et glemt rum", "leave_stray_room": "Fandt et ukendt rum",
	}
}

// mendedDanish tells what a repair after a reconciliation did.
func mendedDanish(r care.Remedy) string {
	what := map[care.Remedy]string{
		care.MoveHere: "Flyttede et besøg til journalens tid", care.CancelHere: "Aflyste et besøg", care.ReassignHere: "Gav et besøg til journalens medarbejder",
		care.ServiceHere: "Gav et besøg journalens indsats", care.PhoneHere: "Gav en borger journalens mobilnummer", care.PhysicalHere: "Gjorde et besøg fysisk",
		care.WriteAgain: "Skrev igen i journalen, oven i det, der stod", care.WriteMissing: "Skrev igen i journalen, hvor det manglede", care.RetryWrite: "Prøvede at skrive i journalen igen",
		care.NewRoom: "Bestilte et nyt videorum", care.MoveRoomBack: "Flyttede videorummet til besøgets tid", care.CloseStrayRoom: "Lukkede et videorum, der stod tilbage", care.ByHand: "Rettede",
	}[r]

	return what + " efter en afstemning"
}
