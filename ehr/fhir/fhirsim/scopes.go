package fhirsim

import "strings"

// allows reports whether a token's scopes cover an operation on a type of resource
// (hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html, v2 and v1).
func (t issued) allows(op, kind string) bool {
	need := map[string]string{OpCreate: "c", OpRead: "r", OpUpdate: "u", OpSearch: "s", OpPage: "s"}[op]
	if len(t.scopes) == 0 || need == "" {
		return true
	}

	for _, scope := range t.scopes {
		of, rights, found := strings.Cut(strings.TrimPrefix(scope, "system/"), ".")
		if !found || op != OpPage && of != kind && of != "*" {
			continue
		}

		rights, _, _ = strings.Cut(rights, "?")
		rights = strings.NewReplacer("read", "rs", "write", "cud", "*", "cruds").Replace(rights)

		if strings.Contains(rights, need) {
			return true
		}
	}

	return false
}
