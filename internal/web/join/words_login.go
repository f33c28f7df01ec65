package join

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// loginWords are what one language says of logins at identity providers. {name} is the provider's.
type loginWords struct {
	LogIn, LogOut, Back string
	Lead, LeadCode      string // of the stage in which people identify themselves; {hint} is where a code goes
	Alone               string // the same, where neither login nor code is possible
	Other               text
	Outcomes            map[eid.Reason]string
}

func danishLogin() loginWords {
	return loginWords{
		LogIn: "Log ind med {name}", LogOut: "Log ud af {name}", Back: "Tilbage",
		Lead:     "Log ind, så vi ved, at det er dig.",
		LeadCode: "Log ind, så vi ved, at det er dig. Du kan også få en kode på SMS til nummeret {hint}.",
		Alone:    "Du kan ikke få en kode eller logge ind her. Tryk på knappen, så får medarbejderen besked og ringer til dig. Du kan også ringe til os.",
		Other:    text{"Denne invitation er til en anden person", "Du er logget ind, men linket er ikke dit. Log ud, og bed den, som beskeden er til, om at logge ind."},
		Outcomes: map[eid.Reason]string{
			eid.Cancelled:    "Login blev afbrudt. Prøv igen, eller vælg en anden måde.",
			eid.LevelTooLow:  "Dit login er ikke sikkert nok til et skærmbesøg. Brug dit MitID med app, kodeviser eller chip, eller vælg en anden måde.",
			eid.WrongType:    "Du loggede ind som medarbejder. Log ind som privatperson, eller vælg en anden måde.",
			eid.Expired:      "Der gik for lang tid. Log ind igen.",
			eid.Replayed:     "Login er allerede brugt. Log ind igen.",
			eid.WrongBrowser: "Login blev startet i en anden browser. Log ind igen her på siden.",
			eid.Invalid:      "Vi kunne ikke godkende dit login. Prøv igen, eller vælg en anden måde.",
			eid.Unavailable:  "Login virker ikke lige nu. Vælg en anden måde, eller ring til os.",
		},
	}
}

func englishLogin() loginWords {
	return loginWords{
		LogIn: "Log in with {name}", LogOut: "Log out of {name}", Back: "Back",
		Lead:     "Log in, so that we know that it is you.",
		LeadCode: "Log in, so that we know that it is you. You can also get a code by text message to the number {hint}.",
		Alone:    "You can't get a code or log in here. Press the button, and the care worker is told and calls you. You can also call us.",
		Other:    text{"This invitation is for another person", "You are logged in, but the link is not yours. Log out, and ask the person whom the message is for to log in."},
		Outcomes: map[eid.Reason]string{
			eid.Cancelled:    "The login was cancelled. Try again, or choose another way.",
			eid.LevelTooLow:  "Your login is not secure enough for a screen visit. Use your MitID with app, code display or chip, or choose another way.",
			eid.WrongType:    "You logged in as an employee. Log in as a private person, or choose another way.",
			eid.Expired:      "It took too long. Log in again.",
			eid.Replayed:     "The login was used already. Log in again.",
			eid.WrongBrowser: "The login was started in another browser. Log in again on this page.",
			eid.Invalid:      "We could not approve your login. Try again, or choose another way.",
			eid.Unavailable:  "Login does not work right now. Choose another way, or call us.",
		},
	}
}

func (w words) login() loginWords {
	if w.Lang == page.English {
		return englishLogin()
	}

	return danishLogin()
}

// loginBody is what the templates need of logins.
type loginBody struct {
	Buttons []loginButton
	Notice  string // what became of the login that the browser comes from
	LogOut  string // empty: there is nothing to log out of
	Back    string
	NoCode  bool // one-time codes are not allowed here
	Behind  bool // no provider works now, and a code does: the buttons stand behind it
}

// loginButton leads to a provider. The first one is the big one.
type loginButton struct{ Text, Action string }

// logins fills in what a page offers and tells of logins, and the heading and lead where they speak
// of them.
func (w words) logins(c *gin.Context, view scheduler.CitizenView, b *body) {
	l := w.login()
	b.Login.Back = l.Back

	if view.Leave.Key != "" {
		b.Login.LogOut = strings.ReplaceAll(l.LogOut, "{name}", view.Leave.Name)
	}

	if view.Stage == stageOther {
		b.Heading, b.Lead = l.Other.Heading, l.Other.Lead

		return
	}

	if view.Stage != scheduler.StageIdentify && view.Stage != scheduler.StageCode {
		return
	}

	b.Login.Notice = l.Outcomes[eid.Reason(c.Query("login"))]
	b.Login.NoCode = (len(view.Methods) > 0 || view.PhoneHint == "") && !slices.Contains(view.Methods, care.ByCode)

	for _, info := range view.Providers {
		b.Login.Buttons = append(b.Login.Buttons, loginButton{strings.ReplaceAll(l.LogIn, "{name}", info.Name), answerPrefix + info.Key})
	}

	b.Login.Behind = b.Ask && !b.Login.NoCode && len(view.Providers) > 0 &&
		!slices.ContainsFunc(view.Providers, func(info eid.Info) bool { return !slices.Contains(view.LoginsDown, info.Name) })

	switch {
	case view.Stage != scheduler.StageIdentify, b.Login.Behind:
	case len(b.Login.Buttons) == 0 && b.Login.NoCode && !slices.Contains(view.Methods, care.ByDevice):
		b.Lead = l.Alone
	case len(b.Login.Buttons) == 0:
	case b.Login.NoCode:
		b.Lead = l.Lead
	default:
		b.Lead = strings.ReplaceAll(l.LeadCode, "{hint}", view.PhoneHint)
	}
}
