package message

import "github.com/sluse/sluse/scheduler/care"

// smsEnding closes every SMS (ux.md §6.3, V02).
const smsEnding = "Kan ikke besvares"

// The SMS texts. With a sender of 11 characters they leave 58 characters for the link.
const (
	inviteSMS    = "{afsender}: Du har en aftale på skærm {tid}. {adgang} Hjælp: {telefon}. " + smsEnding
	changedSMS   = "{afsender}: Din aftale er flyttet til {tid}. {adgang} Hjælp: {telefon}. " + smsEnding
	withdrawnSMS = "{afsender}: Din aftale {tid} er ikke på skærm alligevel. Ring {telefon}, hvis du er i tvivl. " + smsEnding
	reminderSMS  = "{afsender}: Husk din aftale på skærm {tid}. {adgang} Hjælp: {telefon}. " + smsEnding
	numberSMS    = "{afsender}: Dette nummer hos os er ændret. Ring {telefon}, hvis det ikke er dig, der har bedt om det. " + smsEnding
	codeSMS      = "{afsender}: {kode} er din kode til aftalen på skærm. Den gælder i {minutter} minutter. " + smsEnding
)

// doorText is the way in where the municipality sends no links (M21).
const doorText = "Gå til {adresse} og tast {kode}." //nolint:misspell // Danish for "key in"

// The e-mails. The subject holds no time, because it shows on a locked telephone.
const (
	inviteSubject    = "{kommune}: Aftale på skærm"
	changedSubject   = "{kommune}: Ny tid til din aftale på skærm"
	withdrawnSubject = "{kommune}: Din aftale er ikke på skærm alligevel"
	reminderSubject  = "{kommune}: Husk din aftale på skærm"

	inviteMail = "Hej\n\n" +
		"Du har en aftale på skærm med {kommune}:\n\n{tid}\n\n" + mailAccess +
		"Det er frivilligt at mødes på skærm. Vil du hellere mødes på en anden måde, så ring til os.\n\n" + mailEnd
	changedMail = "Hej\n\n" +
		"Din aftale på skærm med {kommune} har fået en ny tid:\n\n{tid}\n\n" +
		"Den gamle tid gælder ikke mere.\n\n" + mailAccess + mailEnd
	withdrawnMail = "Hej\n\n" +
		"Din aftale med {kommune} bliver ikke på skærm alligevel. Det gælder aftalen:\n\n{tid}\n\n" +
		"Du skal ikke bruge den invitation, som du har fået. Er du i tvivl om, hvad der så skal ske, så ring til os.\n\n" + mailEnd
	reminderMail = "Hej\n\n" +
		"Husk din aftale på skærm med {kommune}:\n\n{tid}\n\n" + mailAccess + mailEnd

	mailAccess = "Sådan kommer du ind, når det er tid:\n{adgang}\n\n" +
		"Du skal ikke hente en app eller oprette dig. Hav din telefon ved hånden: Vi sender en kode til den.\n\n"
	mailEnd = "Brug for hjælp? Ring til os på {telefon}.\nVed akut fare: ring 112.\n\n" +
		"Du kan ikke svare på denne besked.\n\nVenlig hilsen\n{kommune}\n"
)

// templateOf returns the text for a receiver, the citizen when to is empty, with its placeholders.
// Now says that an invitation is to a call that is made at this moment.
func templateOf(kind care.InvitationKind, channel care.Channel, to care.ParticipantKind, now bool) (Draft, error) {
	sms, mail, err := citizenTemplateOf(kind, now)
	if to != "" {
		sms, mail, err = guestTemplateOf(kind, to)
	}

	if err != nil {
		return Draft{}, err
	}

	switch channel {
	case care.SMS:
		return Draft{Text: sms}, nil
	case care.Mail:
		return mail, nil
	}

	return Draft{}, invalid("Ukendt kanal.")
}

func citizenTemplateOf(kind care.InvitationKind, now bool) (sms string, mail Draft, err error) {
	switch kind {
	case care.Invite:
		if now {
			return callSMS, Draft{Subject: callSubject, Text: callMail}, nil
		}

		return inviteSMS, Draft{Subject: inviteSubject, Text: inviteMail}, nil
	case care.Changed:
		return changedSMS, Draft{Subject: changedSubject, Text: changedMail}, nil
	case care.Withdrawn:
		return withdrawnSMS, Draft{Subject: withdrawnSubject, Text: withdrawnMail}, nil
	case care.Reminder:
		return reminderSMS, Draft{Subject: reminderSubject, Text: reminderMail}, nil
	}

	return "", Draft{}, invalid("Ukendt slags besked.")
}

// allTemplates returns every text that is ever sent, for the words that are our own.
func allTemplates() []string {
	return append(guestTemplates(),
		inviteSMS, changedSMS, withdrawnSMS, reminderSMS, codeSMS,
		inviteSubject, changedSubject, withdrawnSubject, reminderSubject,
		inviteMail, changedMail, withdrawnMail, reminderMail,
		doorText, EventTitle,
	)
}
