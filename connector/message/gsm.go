package message

import "strings"

// The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 §6.2.1), without
// the escape character itself. It has æ, ø and å; typographic quotes and dashes are not.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// GSMLength returns the number of septets that text takes in an SMS; a character of the
// extension table takes two. The answer is not ok when text has a character outside both
// tables: it would be sent as UCS-2, where one SMS holds 70 characters.
func GSMLength(text string) (septets int, ok bool) {
	ok = true

	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			septets++
		case strings.ContainsRune(gsmExtended, r):
			septets += 2
		default:
			septets, ok = septets+1, false
		}
	}

	return septets, ok
}
