package vdx

import (
	"encoding/json"
	"errors"
	"strconv"
)

// codeValidation stands for a refusal by validation: in the first generation its body has the
// shape and the number of the second (vdx.md §1.11), which would else be read as a code of its own.
const codeValidation = "validation"

// v1 is the first generation: no version in the path, HAL lists, 401 also for a wrong role.
func v1() dialect {
	return dialect{
		code: codeV1, list: listV1, organisation: []string{"services", "organisation"},
		keyTaken: "20", externalTaken: "12", noPool: "10", noFreeRoom: "11", noAddress: "21",
	}
}

// errorV1 holds the members of both shapes of error. Texts are never used: they can quote input.
type errorV1 struct {
	Code     json.RawMessage `json:"errorCode"`           // a number
	Detailed json.RawMessage `json:"detailed_error_code"` // of a refusal by validation
}

func codeV1(body []byte) string {
	var w errorV1
	if json.Unmarshal(body, &w) != nil {
		return ""
	}

	if code := number(w.Code); code != "" {
		return code
	}

	if number(w.Detailed) != "" {
		return codeValidation
	}

	return ""
}

// number reads a JSON number, or a text that is one; anything else is "".
func number(raw json.RawMessage) string {
	var n json.Number
	if json.Unmarshal(raw, &n) != nil {
		return ""
	}

	if _, err := strconv.Atoi(n.String()); err != nil {
		return ""
	}

	return n.String()
}

// listV1 takes the elements of a HAL list. An empty list has no member _embedded; the one member
// of _embedded is named after a class of the service, so its name does not count.
func listV1(body []byte) ([]byte, error) {
	var w struct {
		Embedded map[string]json.RawMessage `json:"_embedded"`
	}
	if json.Unmarshal(body, &w) != nil || len(w.Embedded) > 1 {
		return nil, errors.New("the answer is no HAL list")
	}

	for _, elements := range w.Embedded {
		return elements, nil
	}

	return []byte("[]"), nil
}
