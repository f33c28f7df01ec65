package fhir

import (
	"slices"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// check refuses a change that the record can't be told, before anything is sent. The
// sentences are for the planner.
func check(c ehr.Change) *care.Error {
	switch {
	case c.Key == "" || c.Source.System == "" || c.Source.ID == "":
		return care.NewError(care.Invalid, "Besøget mangler en nøgle og kan ikke skrives i journalen. Indlæs kørelisten igen.")
	case !slices.Contains([]care.EntryKind{care.EntryPlanned, care.EntryResult, care.EntryRestored}, c.Kind):
		return care.NewError(care.Invalid, "Registreringen er af en ukendt slags og kan ikke skrives i journalen.")
	case c.Citizen.IsZero():
		return care.NewError(care.Invalid,
			"Borgerens personnummer eller erstatnings-id mangler på kørelisten. Registrér besøget i journalen i hånden, eller ret listen og indlæs den igen.")
	case !c.Planned.Valid():
		return care.NewError(care.Invalid, "Besøgets planlagte tid er ikke gyldig. Ret tiden på kørelisten, og indlæs den igen.")
	case c.Kind == care.EntryResult && !isResult(c):
		return care.NewError(care.Invalid,
			"Besøgets resultat mangler, eller årsagen er ikke valgt. Åbn besøget, vælg resultat, og prøv igen.")
	case outbound.HasSecret(c.Category) || outbound.HasSecret(c.Comment) || outbound.HasSecret(c.Service) || outbound.HasSecret(c.Unit):
		return care.NewError(care.Invalid,
			"Teksten til journalen indeholder et link, en kode eller et personnummer. Ret kategori eller bemærkning, og prøv igen.")
	}

	return nil
}

func isResult(c ehr.Change) bool {
	switch c.Result {
	case care.ResultCompleted:
		return true
	case care.ResultNotCompleted:
		return slices.Contains(care.Reasons(), c.Reason)
	}

	return false
}
