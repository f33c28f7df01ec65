package ui

import (
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// mark is a word with a colour and an icon, so that colour never stands alone (WCAG 1.4.1).
type mark struct {
	Text string
	Tone string // CSS class: ok, info, warn, live, bad, calm
	Icon string
}

func chipOf(s scheduler.Status) mark {
	m := mark{Text: s.Danish(), Tone: "calm", Icon: "home"}

	switch s {
	case scheduler.StatusPhysical:
	case scheduler.StatusToCall:
		m.Tone, m.Icon = "warn", "smartphone"
	case scheduler.StatusBooking:
		m.Tone, m.Icon = "info", "sync"
	case scheduler.StatusPlanned:
		m.Tone, m.Icon = "info", "videocam"
	case scheduler.StatusInvited:
		m.Tone, m.Icon = "info", "send"
	case scheduler.StatusOpened:
		m.Tone, m.Icon = "info", "visibility"
	case scheduler.StatusWaiting:
		m.Tone, m.Icon = "warn", "hourglass"
	case scheduler.StatusRunning:
		m.Tone, m.Icon = "live", "videocam"
	case scheduler.StatusCompleted, scheduler.StatusPhone:
		m.Tone, m.Icon = "ok", "check"
	case scheduler.StatusNot:
		m.Tone, m.Icon = "bad", "close"
	case scheduler.StatusCancelled:
		m.Icon = "close"
	case scheduler.StatusTrouble:
		m.Tone, m.Icon = "bad", "flag"
	}

	return m
}

func statuses() []scheduler.Status {
	return []scheduler.Status{
		scheduler.StatusTrouble, scheduler.StatusPhysical, scheduler.StatusToCall, scheduler.StatusBooking, scheduler.StatusPlanned,
		scheduler.StatusInvited,
		scheduler.StatusOpened, scheduler.StatusWaiting, scheduler.StatusRunning, scheduler.StatusCompleted, scheduler.StatusPhone,
		scheduler.StatusNot, scheduler.StatusCancelled,
	}
}

func tagOf(l care.Level) mark {
	switch l {
	case care.Green:
		return mark{Text: l.Danish(), Tone: "ok", Icon: "success"}
	case care.Yellow:
		return mark{Text: l.Danish(), Tone: "warn", Icon: "warning"}
	case care.Red:
		return mark{Text: l.Danish(), Tone: "bad", Icon: "error"}
	}

	return mark{Text: l.Danish(), Tone: "calm", Icon: "help"}
}

func roomState(s care.RoomState) mark {
	switch s {
	case care.RoomWanted:
		return mark{"Bookes", "info", "sync"}
	case care.RoomBooked:
		return mark{"Booket", "info", "check"}
	case care.RoomProvisioned:
		return mark{"Klar", "ok", "success"}
	case care.RoomClosing:
		return mark{"Lukkes", "calm", "sync"}
	case care.RoomClosed:
		return mark{"Lukket", "calm", "lock"}
	case care.RoomFailed:
		return mark{"Fejl", "bad", "error"}
	}

	return mark{string(s), "calm", "help"}
}

func messageState(s care.InvitationState) mark {
	switch s {
	case care.InvitationQueued:
		return mark{"I kø", "info", "sync"}
	case care.InvitationSent:
		return mark{"Sendt", "info", "send"}
	case care.InvitationDelivered:
		return mark{"Leveret", "ok", "success"}
	case care.InvitationBounced:
		return mark{"Kom ikke frem", "bad", "error"}
	case care.InvitationRecalled:
		return mark{"Trækkes tilbage", "calm", "sync"}
	case care.InvitationRevoked:
		return mark{"Ikke sendt, ikke længere aktuel", "calm", "close"}
	}

	return mark{string(s), "calm", "help"}
}

func messageKind(k care.InvitationKind) string {
	switch k {
	case care.Invite:
		return "Invitation"
	case care.Changed:
		return "Ny tid"
	case care.Withdrawn:
		return "Aflysning"
	case care.Reminder:
		return "Påmindelse"
	}

	return string(k)
}

func channelDanish(ch care.Channel) string {
	switch ch {
	case care.SMS:
		return "SMS"
	case care.Mail:
		return "E-mail"
	}

	return "Ingen kanal"
}

func admissionState(s care.AdmissionState) mark {
	switch s {
	case care.AdmissionWaiting:
		return mark{"Har åbnet linket", "info", "visibility"}
	case care.AdmissionIdentified:
		return mark{"Identificeret, venter", "warn", "hourglass"}
	case care.AdmissionAdmitted:
		return mark{"Lukket ind", "ok", "success"}
	case care.AdmissionRefused:
		return mark{"Afvist eller afløst", "calm", "close"}
	}

	return mark{string(s), "calm", "help"}
}

func entryState(s care.EntryState) mark {
	switch s {
	case care.EntryDue:
		return mark{"Venter", "info", "sync"}
	case care.EntryWritten:
		return mark{"Skrevet", "ok", "success"}
	case care.EntryRejected:
		return mark{"Afvist", "bad", "error"}
	case care.EntrySuperseded:
		return mark{"Overhalet", "calm", "close"}
	case care.EntryOmitted:
		return mark{"Ikke muligt", "warn", "warning"}
	}

	return mark{string(s), "calm", "help"}
}

func entryKind(k care.EntryKind) string {
	switch k {
	case care.EntryPlanned:
		return "Planlagt skærmbesøg"
	case care.EntryResult:
		return "Resultat"
	case care.EntryRestored:
		return "Tilbage til fysisk besøg"
	}

	return string(k)
}

// means names the way in which the record is told; empty where there is none.
func troubleKind(k care.ExceptionKind) string {
	switch k {
	case care.RoomTrouble:
		return "Rum"
	case care.PoolTrouble:
		return "Intet ledigt rum"
	case care.MessageTrouble:
		return "Besked til borgeren"
	case care.EntryTrouble:
		return "Omsorgsjournal"
	case care.SourceGone:
		return "Væk fra kørelisten"
	case care.CitizenTrouble:
		return "Borgeren kan ikke komme ind"
	case care.OutcomeTrouble:
		return "Resultat"
	case care.PersonTrouble:
		return "Uventet i rummet"
	case care.ChangeTrouble:
		return "Kørelisten er ændret"
	case care.FollowUpTrouble:
		return "Opfølgning"
	}

	return string(k)
}

func changeKind(k scheduler.ChangeKind) mark {
	switch k {
	case scheduler.ChangeNew:
		return mark{"Ny", "ok", "plus"}
	case scheduler.ChangeMoved:
		return mark{"Flyttet", "warn", "time"}
	case scheduler.ChangeOther:
		return mark{"Ændret", "info", "edit"}
	case scheduler.ChangeGone:
		return mark{"Væk", "bad", "close"}
	case scheduler.ChangeNone:
		return mark{"Uændret", "calm", "check"}
	}

	return mark{string(k), "calm", "help"}
}

func batchState(s care.BatchState) mark {
	switch s {
	case care.BatchRunning:
		return mark{"I gang", "info", "sync"}
	case care.BatchDone:
		return mark{"Færdig", "ok", "success"}
	case care.BatchPartlyFailed:
		return mark{"Færdig, noget kræver handling", "warn", "flag"}
	case care.BatchUndoing:
		return mark{"Fortrydes", "info", "sync"}
	case care.BatchUndone:
		return mark{"Fortrudt", "calm", "reply"}
	case care.BatchWaiting:
		return mark{"Venter på godkendelse", "warn", "time"}
	case care.BatchRefused:
		return mark{"Ikke godkendt", "bad", "error"}
	case care.BatchWithdrawn:
		return mark{"Trukket tilbage", "calm", "reply"}
	case care.BatchExpired:
		return mark{"Ikke godkendt i tide", "calm", "time"}
	}

	return mark{string(s), "calm", "help"}
}

// gradeOf tells how sure an outcome is.
func gradeOf(g care.Grade) mark {
	switch g {
	case care.Certain:
		return mark{"Sikkert: platformen viser det", "ok", "success"}
	case care.Probable:
		return mark{"Sandsynligt", "warn", "help"}
	case care.Missing:
		return mark{"Der mangler oplysninger", "warn", "warning"}
	case care.Manual:
		return mark{"En medarbejders ord", "info", "person"}
	}

	return mark{string(g), "calm", "help"}
}

// verdictDanish is an outcome in one sentence.
func verdictDanish(o care.Outcome) string {
	switch {
	case o.Kind == care.ResultCompleted && o.Delivery == care.ByPhone:
		return "Gennemført på telefon"
	case o.Kind == care.ResultCompleted:
		return "Gennemført"
	case o.Kind == care.ResultNotCompleted:
		return "Ikke gennemført: " + o.Reason.Danish()
	}

	return "Ikke afgjort"
}
