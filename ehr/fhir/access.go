package fhir

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// checkToken asks for a token and looks at what it may do; false: there is none.
func (j *Journal) checkToken(ctx context.Context) ([]connector.Finding, bool) {
	if j.tokens == nil {
		return nil, true
	}

	scopes, err := j.tokens.Granted(ctx)
	if err != nil {
		return []connector.Finding{{Level: connector.Failing, Subject: subjectAccess, Text: j.noToken(err)}}, false
	}

	return j.checkScopes(scopes), true
}

func (j *Journal) noToken(err error) string {
	text := connector.Explain(err)

	switch connector.Shown(err) {
	case connector.Unauthorized, connector.Rejected:
		if !j.config.PrivateKey.IsZero() {
			return "Leverandøren giver os intet token. " + text + " Kontrollér client_id, key_id og audience i record.fhir, scopes, og at leverandøren har vores offentlige nøgle (sluse record jwks)."
		}

		return "Leverandøren giver os intet token. " + text + " Kontrollér client_id, client_secret og scopes i record.fhir."
	case connector.NotFound, connector.Malformed:
		return "Der er ingen tokentjeneste på adressen. " + text + " Kontrollér token_url i record.fhir."
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending, connector.Conflict, connector.Unsupported:
	}

	return "Tokentjenesten kan ikke nås. " + text + " Kontrollér token_url i record.fhir og firewallen, og prøv igen."
}

// checkScopes compares the token's SMART scopes with what we do. A server that grants none for
// systems has rules of its own, which only its answers tell.
func (j *Journal) checkScopes(scopes []string) []connector.Finding {
	const prefix = "system/"

	if !slices.ContainsFunc(scopes, func(scope string) bool { return strings.HasPrefix(scope, prefix) }) {
		return nil
	}

	var found []connector.Finding

	for _, n := range j.needs() {
		lacking := strings.Map(func(right rune) rune {
			if allowed(scopes, n.kind, right) {
				return -1
			}

			return right
		}, n.rights)
		if lacking == "" {
			continue
		}

		found = append(found, connector.Finding{
			Level: n.level, Subject: subjectAccess,
			Text: "Vores token giver ikke lov til " + strings.Join(interactions(lacking), ", ") + " på " + n.kind + ". Bed leverandøren om " + prefix + n.kind + "." + n.rights +
				", og skriv det i scopes i record.fhir.",
		})
	}

	if len(found) == 0 {
		found = append(found, connector.Finding{Level: connector.Fine, Subject: subjectAccess, Text: "Vores token har de rettigheder (scopes), der skal bruges."})
	}

	return found
}

// allowed reports whether scopes give a right: SMART v2 (system/Appointment.cruds), or v1 (.read,
// .write, .*). A scope with a query covers some resources alone; which, is not ours to judge.
func allowed(scopes []string, kind string, right rune) bool {
	for _, scope := range scopes {
		of, rights, _ := strings.Cut(strings.TrimPrefix(scope, "system/"), ".")
		rights, _, _ = strings.Cut(rights, "?")

		if letters, v1 := map[string]string{"read": "rs", "write": "cud", "*": "cruds"}[rights]; v1 {
			rights = letters
		}

		if (of == kind || of == "*") && strings.ContainsRune(rights, right) {
			return true
		}
	}

	return false
}

// checkAccess searches for a visit that does not exist.
func (j *Journal) checkAccess(ctx context.Context) connector.Finding {
	answer, err := j.client.Do(ctx, outbound.Call{
		Op: "check_access", Method: http.MethodGet, Path: []string{kindAppointment}, Accept: mediaType,
		Query: url.Values{"identifier": {j.config.VisitSystem + "|doctor"}, "_count": {"1"}},
	})
	if err == nil && !answer.OK() {
		err = answer.Fail("")
	}

	if err == nil {
		return connector.Finding{Level: connector.Fine}
	}

	text := "Journalen svarer ikke på en søgning efter besøg. " + connector.Explain(err) + " Prøv igen, og spørg leverandøren, hvis det bliver ved."
	if connector.Is(err, connector.Unauthorized) {
		text = "Journalen giver os ikke lov til at søge efter besøg. " + connector.Explain(err) +
			" Kontrollér token_url og scopes i record.fhir og de rettigheder, leverandøren har givet."
	}

	return connector.Finding{Level: connector.Failing, Subject: subjectAccess, Text: text}
}

// checkLists asks for the driving lists.
func (j *Journal) checkLists(ctx context.Context) []connector.Finding {
	if !j.config.Lists.any() {
		return nil
	}

	lists, err := j.Lists(ctx)

	switch {
	case err != nil:
		return []connector.Finding{{
			Level: connector.Failing, Subject: subjectLists,
			Text: "Journalen giver os ikke sine kørelister. " + connector.Explain(err) + " Kontrollér record.fhir.lists og vores rettigheder.",
		}}
	case len(lists) == 0:
		return []connector.Finding{{
			Level: connector.Notice, Subject: subjectLists, Text: "Journalen har ingen kørelister, der passer til opsætningen. Kontrollér lists.by og lists.filter i record.fhir.",
		}}
	}

	return []connector.Finding{{
		Level: connector.Fine, Subject: subjectLists, Text: "Journalen har " + strconv.Itoa(len(lists)) + " kørelister til os.",
	}}
}
