package sms

import (
	"errors"
	"net/url"

	"github.com/sluse/sluse/scheduler/care"
)

// maxCallback is the longest smsCallbackUrl that VDX stores, in characters (vdx.md §8).
const maxCallback = 100

// Callback is what VDX tells of one message by calling our address.
type Callback struct {
	Reference string // the receipt of the message
	Status    care.DeliveryStatus
}

// CallbackURL returns the smsCallbackUrl to register for an organisation: our address with
// VDX's placeholders. The address must be absolute, without query, and short enough.
func CallbackURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("sms: the callback address must be absolute and without query")
	}

	full := address + "?reference=%reference%&status=%status%"
	if len(full) > maxCallback {
		return "", errors.New("sms: the callback address is longer than VDX stores (100 characters)")
	}

	return full, nil
}

// ParseCallback reads the query of a call to CallbackURL. Anybody can make such a call, so
// it is a hint to ask the service (Sender.Status), never evidence by itself. The error is a
// *care.Error of kind Invalid.
func ParseCallback(query url.Values) (Callback, error) {
	references, words := query["reference"], query["status"]
	if len(references) != 1 || len(words) != 1 || len(words[0]) > maxReference {
		return Callback{}, care.NewError(care.Invalid, "Kaldet skal have en reference og en status.")
	}

	key := reference(references[0])
	if key == "" || words[0] == "" || key == "%reference%" {
		return Callback{}, care.NewError(care.Invalid, "Kaldet skal have en reference og en status.")
	}

	return Callback{Reference: key, Status: ParseStatus(words[0])}, nil
}
