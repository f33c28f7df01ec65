package care

import (
	"regexp"
	"slices"
)

// Placeholders in a municipality's texts for the record. Danish time.
const (
	PlaceDate     = "{dato}"        // of the planned visit, 24-11-2026
	PlacePlanned  = "{planlagt}"    // its planned start, 08.30
	PlaceStart    = "{start}"       // when both were there
	PlaceEnd      = "{slut}"        // when one of them left
	PlaceMinutes  = "{minutter}"    // whole minutes between
	PlaceResult   = "{resultat}"    // "Gennemført skærmbesøg"
	PlaceReason   = "{årsag}"       // why it was not completed
	PlaceService  = "{ydelse}"      // the list's word
	PlaceEmployee = "{medarbejder}" // initials
)

// Placeholders returns all of them.
func Placeholders() []string {
	return []string{PlaceDate, PlacePlanned, PlaceStart, PlaceEnd, PlaceMinutes, PlaceResult, PlaceReason, PlaceService, PlaceEmployee}
}

var (
	placeLike  = regexp.MustCompile(`\{[^{}]*\}`)
	linkLike   = regexp.MustCompile(`(?i)\bhttps?://|\bwww\.|\b[a-z0-9-]+\.(dk|com|net|org)/`)
	accessLike = regexp.MustCompile(`(?i)\b(brugernavn|bruger-?id|user ?name|log-?in|pin|pin-?koden?|adgangskoden?|adgangsord|password|kodeord(et)?|koden?)\b[\s:=»"'-]*(er\b|for\b[^.]{0,20}\ber\b)?[\s:=»"'-]*\S*\d`)
	wordLike   = regexp.MustCompile(`(?i)\b(brugernavn|user ?name|adgangskode|password|kodeord)\s*(:|=|\ber\b)\s*\S`)
	cprLike    = regexp.MustCompile(`\b\d{6}[- ]?\d{4}\b`)
)

// CheckRecordText refuses what must never stand in a care record: user names, passwords, PINs and
// links, as some municipalities used to write them into the care note (K64), and CPR numbers, for
// which the record has its own place. It refuses unknown placeholders too. The error is of kind Invalid.
func CheckRecordText(text string) error { return checkText(text, Placeholders()) }

// CheckNoteText does the same for notes about a citizen, which may have the given placeholders; none for
// a text that is written as it is.
func CheckNoteText(text string, places ...string) error { return checkText(text, places) }

func checkText(text string, places []string) error {
	for _, place := range placeLike.FindAllString(text, -1) {
		if !slices.Contains(places, place) {
			return NewError(Invalid, "Teksten til journalen bruger et felt, som ikke findes: "+place+".")
		}
	}

	switch {
	case linkLike.MatchString(text):
		return NewError(Invalid, "Teksten til journalen må ikke indeholde links.")
	case accessLike.MatchString(text), wordLike.MatchString(text):
		return NewError(Invalid, "Teksten til journalen må ikke indeholde brugernavne, koder eller adgangskoder.")
	case cprLike.MatchString(text):
		return NewError(Invalid, "Teksten til journalen må ikke indeholde CPR-numre.")
	}

	return nil
}
