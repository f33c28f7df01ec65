package join

import (
	"cmp"
	"strings"
	"time"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// text is a heading and what follows it. Both may hold {opens}, {day}, {hint}.
type text struct{ Heading, Lead string }

// words is one language of the citizen's pages. A new language is one more function like danish.
type words struct {
	Lang  page.Lang
	Title string // the same on every page and free of anything about the visit (K27)

	Stages map[scheduler.CitizenStage]text
	// Guest is what participants read instead of Stages; Secrecy is what they must know.
	Guest   guestWords
	Secrecy string

	Continue, SendCode, SendNew, Enter, GoIn, Reload     string // buttons
	CodeLabel, CodeHint, NoMore, Wrong                   string
	AskHelp, HelpAsked                                   string // for who can't identify themselves
	DoorHeading, DoorLead, DoorHint, WrongVisitCode      string // where a visit code is typed
	loginDown                                            string // an identity provider, {name}, does not work
	HelpHeading, HelpPhone, HelpNoPhone, Waiting, Rights string
	Alone                                                string // where the citizen should sit (R23)
	Camera, Trouble, Reference                           string

	// What to tell about a refusal; empty: the use case's own Danish sentence.
	WrongCode, NotNow, TooMany, Closed string
}

// guestWords are the stages at which a participant must not read of a screen visit of their own.
type guestWords struct{ Landing, Early, Ended text }

// at returns the words of a stage; false where they are the citizen's.
func (g guestWords) at(s scheduler.CitizenStage) (text, bool) {
	switch s {
	case scheduler.StageLanding:
		return g.Landing, true
	case scheduler.StageEarly:
		return g.Early, true
	case scheduler.StageEnded:
		return g.Ended, true
	case scheduler.StageIdentify, scheduler.StageCode, scheduler.StageWaiting, scheduler.StageAdmitted, scheduler.StageRefused, scheduler.StageWrong,
		scheduler.StageTerms, scheduler.StageDeclined:
	}

	return text{}, false
}

func danish() words {
	return words{
		Lang: page.Danish, Title: "Skærmbesøg",
		Stages: map[scheduler.CitizenStage]text{
			scheduler.StageLanding:  {"Velkommen til dit skærmbesøg", "Tryk på knappen for at komme videre. Du skal bruge din telefon eller computer med kamera og lyd."},
			scheduler.StageEarly:    {"Du er kommet i god tid", "Dit skærmbesøg åbner {opens}. Du kan lade siden stå åben; den går selv videre."},
			scheduler.StageIdentify: {"Vis os, at det er dig", "Vi sender en kode på SMS til nummeret {hint}."},
			scheduler.StageCode:     {"Skriv koden fra SMS'en", "Vi har sendt en kode på 6 tal til nummeret {hint}. Koden virker i 5 minutter."},
			scheduler.StageWaiting:  {"Du er kommet rigtigt ind", "Medarbejderen lukker dig ind om lidt. Bliv på siden."},
			scheduler.StageAdmitted: {"Nu kan du gå ind", "Medarbejderen har lukket dig ind. Tryk på knappen. Sig ja, hvis der bliver spurgt om kamera og mikrofon."},
			scheduler.StageRefused:  {"Din plads er lukket", "Du er måske gået ind fra en anden telefon eller computer. Gå ind fra beskeden igen, hvis du vil ind her."},
			scheduler.StageEnded:    {"Dette skærmbesøg er afsluttet", "Du behøver ikke gøre mere."},
			scheduler.StageWrong:    {"Linket virker ikke", "Er din aftale flyttet, så brug linket i den nyeste besked fra os. Er den slut, behøver du ikke gøre mere. Tjek ellers, at du har åbnet hele linket."},
			scheduler.StageTerms:    {danishTerms().Heading, danishTerms().Lead},
			scheduler.StageDeclined: {danishTerms().DeclinedHeading, danishTerms().DeclinedLead},
			stageFault:              {"Vi har problemer lige nu", "Prøv igen om lidt. Kan du ikke komme ind? Vi ringer til dig."},
			stageBusy:               {"Vent et øjeblik", "Der har været mange forsøg. Vent et halvt minut, og prøv så igen."},
		},
		Guest: guestWords{
			Landing: text{"Velkommen til mødet", "Tryk på knappen for at komme videre. Du skal bruge din telefon eller computer med kamera og lyd."},
			Early:   text{"Du er kommet i god tid", "Mødet åbner {opens}. Du kan lade siden stå åben; den går selv videre."},
			Ended:   text{"Mødet er slut for dig", "Du behøver ikke gøre mere."},
		},
		Secrecy:  "Linket er kun til dig. Det, du ser og hører i mødet, er fortroligt: Du må ikke optage det, og du må ikke fortælle det til andre.",
		Continue: "Fortsæt", SendCode: "Send mig en kode", SendNew: "Send en ny kode", Enter: "Gå videre", GoIn: "Gå ind til mødet", Reload: "Prøv igen",
		CodeLabel: "Kode", CodeHint: "6 tal", NoMore: "Du kan ikke få flere koder lige nu. Vent et kvarter, eller ring til os.", Wrong: "Det gik ikke",
		AskHelp: "Jeg kan ikke – bed om hjælp", HelpAsked: "Vi har sagt til medarbejderen, at du har brug for hjælp. Bliv på siden. Medarbejderen ringer til dig.",
		DoorHeading: "Skriv din kode", DoorLead: "Koden er på ni tal. Den står i beskeden fra os.", DoorHint: "9 tal",
		loginDown:      "{name} virker ikke lige nu. Vis på en anden måde her på siden, at det er dig. Kan du ikke det, ringer vi til dig.",
		WrongVisitCode: "Koden virker ikke. Tjek, at du har skrevet alle ni tal fra den nyeste besked. Koden virker tidligst en time før din aftale og ikke, når den er slut.",
		HelpHeading:    "Brug for hjælp?", HelpPhone: "Ring til os på", HelpNoPhone: "Ring til kommunen.",
		Alone:   "Sæt dig et sted, hvor ingen andre kan se eller høre med.",
		Waiting: "Vi venter på medarbejderen.", Rights: "Skærmbesøg er frivilligt. Du kan altid sige nej tak, og det ændrer ikke den hjælp, du får.",
		Camera: "Kan du ikke komme ind? Vi ringer til dig.", Trouble: "Virker kamera eller lyd ikke, så ringer medarbejderen til dig.", Reference: "Reference",
	}
}

func english() words {
	return words{
		Lang: page.English, Title: "Screen visit",
		Stages: map[scheduler.CitizenStage]text{
			scheduler.StageLanding:  {"Welcome to your screen visit", "Press the button to continue. You need a phone or computer with camera and sound."},
			scheduler.StageEarly:    {"You are early", "Your screen visit opens at {opens}. You can leave this page open; it continues by itself."},
			scheduler.StageIdentify: {"Show us that it is you", "We send a code by text message to the number {hint}."},
			scheduler.StageCode:     {"Type the code from the text message", "We have sent a code of 6 digits to the number {hint}. The code works for 5 minutes."},
			scheduler.StageWaiting:  {"You are in the right place", "The care worker will let you in shortly. Stay on this page."},
			scheduler.StageAdmitted: {"You can go in now", "The care worker has let you in. Press the button. Say yes if you are asked about camera and microphone."},
			scheduler.StageRefused:  {"Your place is closed", "You may have gone in from another phone or computer. Go in from the message again if you want to come in here."},
			scheduler.StageEnded:    {"This screen visit has ended", "You do not need to do anything more."},
			scheduler.StageWrong:    {"The link does not work", "If your appointment was moved, use the link in our newest message. If it is over, you do not need to do anything more. Otherwise check that you have opened the whole link."},
			scheduler.StageTerms:    {englishTerms().Heading, englishTerms().Lead},
			scheduler.StageDeclined: {englishTerms().DeclinedHeading, englishTerms().DeclinedLead},
			stageFault:              {"We have problems right now", "Try again in a moment. Can't get in? We will call you."},
			stageBusy:               {"Please wait a moment", "There have been many attempts. Wait half a minute, then try again."},
		},
		Guest: guestWords{
			Landing: text{"Welcome to the meeting", "Press the button to continue. You need a phone or computer with camera and sound."},
			Early:   text{"You are early", "The meeting opens at {opens}. You can leave this page open; it continues by itself."},
			Ended:   text{"The meeting is over for you", "You do not need to do anything more."},
		},
		Secrecy:  "The link is for you alone. What you see and hear in the meeting is confidential: do not record it, and do not tell others.",
		Continue: "Continue", SendCode: "Send me a code", SendNew: "Send a new code", Enter: "Continue", GoIn: "Go to the meeting", Reload: "Try again",
		CodeLabel: "Code", CodeHint: "6 digits", NoMore: "You can't get more codes right now. Wait a quarter of an hour, or call us.", Wrong: "That did not work",
		AskHelp: "I can't – ask for help", HelpAsked: "We have told the care worker that you need help. Stay on this page. The care worker will call you.",
		DoorHeading: "Type your code", DoorLead: "The code has nine digits. It is in our message to you.", DoorHint: "9 digits",
		loginDown:      "{name} does not work right now. Show in another way on this page that it is you. If you can't, we will call you.",
		WrongVisitCode: "The code does not work. Check that you have typed all nine digits from our newest message. The code works from an hour before your appointment, and not when it is over.",
		HelpHeading:    "Need help?", HelpPhone: "Call us on", HelpNoPhone: "Call the municipality.",
		Alone:   "Sit where nobody else can see or hear.",
		Waiting: "We are waiting for the care worker.", Rights: "Screen visits are voluntary. You can always say no thank you, and it does not change the help you get.",
		Camera: "Can't get in? We will call you.", Trouble: "If camera or sound does not work, the care worker will call you.", Reference: "Reference",
		WrongCode: "The code is not right or no longer works. Try again or get a new code.",
		NotNow:    "That is not possible at the moment. Try again.",
		TooMany:   "There have been too many attempts. Wait a quarter of an hour, or call us.",
		Closed:    "Your place in the waiting room is closed. Go in from the message again.",
	}
}

// stage returns heading and lead of a page with its times filled in.
func (w words) stage(v scheduler.CitizenView, now time.Time) (heading, lead string) {
	t, ok := w.Stages[v.Stage]
	if !ok {
		t = w.Stages[stageFault]
	}

	if own, ok := w.Guest.at(v.Stage); ok && v.Guest != "" {
		t = own
	}

	opens := page.AtIn(w.Lang, v.Opens)
	if !v.Opens.IsZero() && care.DayOf(v.Opens) != care.DayOf(now) {
		opens = page.DateIn(w.Lang, v.Opens) + ", " + opens
	}

	r := strings.NewReplacer("{opens}", opens, "{hint}", v.PhoneHint)

	return r.Replace(t.Heading), r.Replace(t.Lead)
}

// LoginDown tells that an identity provider does not work.
func (w words) LoginDown(name string) string { return strings.ReplaceAll(w.loginDown, "{name}", name) }

// complaint is what to tell about a refusal.
func (w words) complaint(k care.Kind, message string) string {
	own := ""

	switch k {
	case care.Invalid:
		own = w.WrongCode
	case care.Conflict:
		own = w.NotNow
	case care.TooMany:
		own = w.TooMany
	case care.Gone:
		own = w.Closed
	case care.NotFound, care.Forbidden, care.Unauthenticated, care.Unavailable, care.Internal:
	}

	return cmp.Or(own, message)
}
