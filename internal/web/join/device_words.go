package join

import "github.com/sluse/sluse/internal/web/page"

// deviceWords are the words of known devices in one language.
type deviceWords struct {
	// Asked beside the waiting room.
	Offer, OfferMore, OfferButton string
	// The page on which a browser is remembered.
	Heading, Lead, Own, Passkey, PasskeyMore, PasskeyButton, Code, CodeMore, CodeLabel, AgainLabel, CodeButton, NotNow string
	// The way back in.
	Return, ReturnCode, ReturnLabel, ReturnButton, ReturnPasskey, Other, Known, Forget string
	// Refusals.
	Different, Weak, WrongCode, Dead, Failed string
}

func deviceWordsIn(l page.Lang) deviceWords {
	if l == page.English {
		return englishDevice()
	}

	return danishDevice()
}

func danishDevice() deviceWords {
	return deviceWords{ //nolint:gosec // G101: words for people, no credentials
		Offer: "Vil du have det nemmere næste gang?", OfferMore: "Vi kan huske denne telefon eller computer, så du ikke skal bruge MitID hver gang.", OfferButton: "Husk denne enhed",
		Heading: "Husk denne enhed", Lead: "Vælg, hvordan du vil vise, at det er dig, næste gang du kommer her.",
		Own:     "Gør det kun på din egen telefon eller computer. Du kan altid få den glemt igen.",
		Passkey: "Fingeraftryk, ansigt eller skærmlås", PasskeyMore: "Brug det samme, som du låser din enhed op med.", PasskeyButton: "Brug fingeraftryk eller ansigt",
		Code: "En kode på 4 tal", CodeMore: "Vælg 4 tal, som andre ikke kan gætte, ikke din fødselsdag. Koden virker kun på denne enhed.", CodeLabel: "Vælg 4 tal", AgainLabel: "Skriv dem igen",
		CodeButton: "Gem koden", NotNow: "Nej tak, ikke nu",
		Return: "Vi kender denne enhed", ReturnCode: "Skriv den kode på 4 tal, som du selv har valgt.", ReturnLabel: "Din kode", ReturnButton: "Gå videre",
		ReturnPasskey: "Brug fingeraftryk eller ansigt", Other: "Eller brug en anden måde:", Known: "Denne enhed er husket.", Forget: "Glem denne enhed",
		Different: "De to koder er ikke ens. Prøv igen.", Weak: "Koden skal være 4 tal, som ikke er lette at gætte. Brug ikke din fødselsdag eller tal som 1234.",
		WrongCode: "Koden er ikke rigtig. Prøv igen, eller brug en anden måde.", Dead: "Enheden kan ikke bruges længere. Brug en anden måde.",
		Failed: "Det lykkedes ikke. Prøv igen, eller brug en anden måde.",
	}
}

func englishDevice() deviceWords {
	return deviceWords{ //nolint:gosec // G101: words for people, no credentials
		Offer: "Would you like it easier next time?", OfferMore: "We can remember this phone or computer, so that you do not need MitID every time.", OfferButton: "Remember this device",
		Heading: "Remember this device", Lead: "Choose how to show that it is you the next time you come here.",
		Own:     "Do it on your own phone or computer only. You can always have it forgotten again.",
		Passkey: "Fingerprint, face or screen lock", PasskeyMore: "Use what you unlock your device with.", PasskeyButton: "Use fingerprint or face",
		Code: "A code of 4 digits", CodeMore: "Choose 4 digits that others can't guess, not your birthday. The code works on this device only.", CodeLabel: "Choose 4 digits", AgainLabel: "Type them again",
		CodeButton: "Save the code", NotNow: "No thanks, not now",
		Return: "We know this device", ReturnCode: "Type the code of 4 digits that you chose.", ReturnLabel: "Your code", ReturnButton: "Continue",
		ReturnPasskey: "Use fingerprint or face", Other: "Or use another way:", Known: "This device is remembered.", Forget: "Forget this device",
		Different: "The two codes are not the same. Try again.", Weak: "The code must be 4 digits that are not easy to guess. Do not use your birthday or digits such as 1234.",
		WrongCode: "The code is not right. Try again, or use another way.", Dead: "The device can't be used any more. Use another way.",
		Failed: "That did not work. Try again, or use another way.",
	}
}
