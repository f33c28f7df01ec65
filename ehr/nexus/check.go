package nexus

import (
	"slices"
	"strings"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// check refuses a change that the record can't be told, before anything is sent. The sentences are
// for the planner.
func check(c ehr.Change) *care.Error {
	told := []string{c.Category, c.Comment, c.Name, c.Title, c.Text, c.Author, c.Team}
	for _, f := range c.Fields {
		told = append(told, f.Label, f.Value)
	}

	switch {
	case c.Key == "" || c.Source.System == "" || c.Source.ID == "":
		return care.NewError(care.Invalid, "Besøget mangler en nøgle og kan ikke skrives i Nexus. Indlæs kørelisten igen.")
	case !slices.Contains([]care.EntryKind{care.EntryPlanned, care.EntryResult, care.EntryRestored}, c.Kind):
		return care.NewError(care.Invalid, "Registreringen er af en ukendt slags og kan ikke skrives i Nexus.")
	case c.Citizen.IsZero():
		return care.NewError(care.Invalid,
			"Borgerens personnummer mangler på kørelisten. Registrér besøget i Nexus i hånden, eller ret listen og indlæs den igen.")
	case !c.Planned.Valid():
		return care.NewError(care.Invalid, "Besøgets planlagte tid er ikke gyldig. Ret tiden på kørelisten, og indlæs den igen.")
	case c.Kind == care.EntryResult && c.Result != care.ResultCompleted && c.Result != care.ResultNotCompleted:
		return care.NewError(care.Invalid, "Besøgets resultat mangler. Åbn besøget, vælg resultat, og prøv igen.")
	case slices.ContainsFunc(told, outbound.HasSecret):
		return care.NewError(care.Invalid,
			"Teksten til Nexus indeholder et link, en kode eller et personnummer. Ret reglen for registreringen, og prøv igen.")
	case strings.ContainsAny(c.Comment, "[]#\r\n") || len([]rune(c.Comment)) > maxWord:
		return care.NewError(care.Invalid,
			"Ordet til kørelistens bemærkning må højst være 60 tegn og ikke indeholde [, ] eller #. Ret reglen for registreringen, og prøv igen.")
	}

	return nil
}

// maxWord is the longest word of ours in a comment, in characters.
const maxWord = 60
