package ui

import (
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

// adminLink leads from the page "Administration" to one part of it.
type adminLink struct {
	Text, Tells, URL, Icon string

	need care.Permission
}

// adminLinks are the parts of the administration.
func adminLinks() []adminLink {
	return []adminLink{
		{"Medarbejdere", "Se og ret, hvem der må hvad, markér fratrådte, og indlæs fra fil.", "/administration/medarbejdere", "persons", care.ManageDirectory},
		{"Enheder", "Se enhederne som et træ, og indlæs dem fra fil.", "/administration/enheder", "view-in-list", care.ManageDirectory},
		{"Find en borger", "Find en borger på navn eller CPR-nummer, og knyt faste medarbejdere.", findPath, "search", care.LinkEmployees},
		{"Borgere fra fil", "Indlæs borgere med telefon, enhed og hensyn på én gang.", "/administration/borgere", "upload", care.ManageDirectory},
		{"Logins", "Se, hvem der er logget ind, og afslut logins.", "/administration/logins", "lock", care.ManageAccess},
		{"Tavler", "Registrér, luk og sæt tavler hos borgere op på ny.", "/administration/tavler", "smartphone", care.ManageAccess},
		{"Nødadgang", "Se efter og kvittér, når nogen er kommet ind uden login.", "/administration/noedadgang", "flag", care.ManageDirectory},
	}
}

// administration shows the parts that the reader may open.
func (p *Pages) administration(c *gin.Context) error {
	links := slices.DeleteFunc(adminLinks(), func(l adminLink) bool { return !route.Actor(c).MayAnywhere(l.need) })

	return p.show(c, "administration", "Administration", links)
}
