package vdx

import "encoding/json"

// v2 is the second generation: bearer tokens, plain lists, 403 for a wrong role.
func v2() dialect {
	return dialect{
		path: []string{"v2"}, organisation: []string{"services", "v2", "organisation"}, code: codeV2, list: func(body []byte) ([]byte, error) { return body, nil },
		keyTaken: "24", externalTaken: "21", noPool: "19", noFreeRoom: "20", noAddress: "15",
	}
}

// errorV2 is the error body (vdx.md §1.11). The text is never used: it can quote input.
type errorV2 struct {
	Code json.RawMessage `json:"detailed_error_code"` // documented as a text; a number is taken too
}

func codeV2(body []byte) string {
	var w errorV2
	if json.Unmarshal(body, &w) != nil {
		return ""
	}

	return number(w.Code)
}
