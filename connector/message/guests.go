package message

import "github.com/sluse/sluse/scheduler/care"

// The texts of calls that are made at this moment. They tell no time: it is now.
const (
	callSMS     = "{afsender}: Vi ringer til dig på skærm nu. {adgang} Hjælp: {telefon}. " + smsEnding
	callSubject = "{kommune}: Vi ringer til dig på skærm nu"
	callMail    = "Hej\n\n" +
		"{kommune} ringer til dig på skærm nu.\n\n" + mailAccess +
		"Det er frivilligt at mødes på skærm. Vil du hellere mødes på en anden måde, så ring til os.\n\n" + mailEnd
)

// The texts to those who take part besides the citizen. They say what the receiver is there for,
// and nothing of whom the meeting is with or about (K27). In an SMS what stands before the time or
// the link is no longer than in the citizen's, so that every host that fits one fits the other.
const (
	relativeSMS    = "{afsender}: Du kan deltage på skærm {tid}. {adgang} Hjælp: {telefon}. " + smsEnding
	interpreterSMS = "{afsender}: Tolkning på skærm {tid}. {adgang} Hjælp: {telefon}. " + smsEnding
	authoritySMS   = "{afsender}: Møde på skærm {tid}. {adgang} Hjælp: {telefon}. " + smsEnding

	guestChangedSMS   = "{afsender}: Mødet er flyttet til {tid}. {adgang} Hjælp: {telefon}. " + smsEnding
	guestWithdrawnSMS = "{afsender}: Du skal ikke deltage på skærm {tid}. Ring {telefon}, hvis du er i tvivl. " + smsEnding

	guestSubject          = "{kommune}: Møde på skærm"
	guestChangedSubject   = "{kommune}: Ny tid til mødet på skærm"
	guestWithdrawnSubject = "{kommune}: Du skal ikke deltage på skærm alligevel"

	relativeMail = "Hej\n\n" +
		"{kommune} inviterer dig til at deltage i et møde på skærm:\n\n{tid}\n\n" + guestAccess + mailEnd
	interpreterMail = "Hej\n\n" +
		"{kommune} beder dig tolke ved et møde på skærm:\n\n{tid}\n\n" + guestAccess + mailEnd
	authorityMail = "Hej\n\n" +
		"{kommune} inviterer dig til et møde på skærm:\n\n{tid}\n\n" + guestAccess + mailEnd
	guestChangedMail = "Hej\n\n" +
		"Mødet på skærm med {kommune} har fået en ny tid:\n\n{tid}\n\n" +
		"Den gamle tid gælder ikke mere.\n\n" + guestAccess + mailEnd
	guestWithdrawnMail = "Hej\n\n" +
		"Du skal ikke deltage i mødet på skærm med {kommune} alligevel. Det gælder mødet:\n\n{tid}\n\n" +
		"Din invitation virker ikke længere. Er du i tvivl, så ring til os.\n\n" + mailEnd

	guestAccess = mailAccess +
		"Invitationen er kun til dig. Giv den ikke til andre. Det, du ser og hører, er fortroligt.\n\n"
)

// guestTemplateOf returns the texts for somebody who takes part besides the citizen. Reminders go
// to the citizen alone.
func guestTemplateOf(kind care.InvitationKind, to care.ParticipantKind) (sms string, mail Draft, err error) {
	switch kind {
	case care.Invite:
		return guestInvitation(to)
	case care.Changed:
		return guestChangedSMS, Draft{Subject: guestChangedSubject, Text: guestChangedMail}, nil
	case care.Withdrawn:
		return guestWithdrawnSMS, Draft{Subject: guestWithdrawnSubject, Text: guestWithdrawnMail}, nil
	case care.Reminder:
	}

	return "", Draft{}, invalid("Ukendt slags besked.")
}

func guestInvitation(to care.ParticipantKind) (sms string, mail Draft, err error) {
	switch to {
	case care.Relative:
		return relativeSMS, Draft{Subject: guestSubject, Text: relativeMail}, nil
	case care.Interpreter:
		return interpreterSMS, Draft{Subject: guestSubject, Text: interpreterMail}, nil
	case care.Authority:
		return authoritySMS, Draft{Subject: guestSubject, Text: authorityMail}, nil
	}

	return "", Draft{}, invalid("Ukendt slags deltager.")
}

// guestTemplates returns every text of this file.
func guestTemplates() []string {
	return []string{
		callSMS, callSubject, callMail, relativeSMS, interpreterSMS, authoritySMS, guestChangedSMS, guestWithdrawnSMS,
		guestSubject, guestChangedSubject, guestWithdrawnSubject,
		relativeMail, interpreterMail, authorityMail, guestChangedMail, guestWithdrawnMail,
	}
}
