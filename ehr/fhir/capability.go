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

// The subjects of the findings.
const (
	subjectServer = "Journalens FHIR-server"
	subjectAccess = "Adgang til journalen"
	subjectLists  = "Kørelister fra journalen"
)

// capabilities is what is read of a CapabilityStatement (R4 capabilitystatement.html).
type capabilities struct {
	ResourceType string `json:"resourceType"`
	FHIRVersion  string `json:"fhirVersion"`
	Software     struct {
		Name string `json:"name"`
	} `json:"software"`
	Rest []struct {
		Mode     string               `json:"mode"`
		Resource []resourceCapability `json:"resource"`
	} `json:"rest"`
}

type resourceCapability struct {
	Type        string `json:"type"`
	Interaction []struct {
		Code string `json:"code"`
	} `json:"interaction"`
	Versioning        string   `json:"versioning"`
	ConditionalCreate bool     `json:"conditionalCreate"`
	SearchInclude     []string `json:"searchInclude"`
	SearchRevInclude  []string `json:"searchRevInclude"`
	SearchParam       []struct {
		Name string `json:"name"`
	} `json:"searchParam"`
}

// Check implements connector.Checker: it compares what the record says of itself with what the
// settings need, tries the access with a search that finds nothing, and asks for the driving lists.
func (j *Journal) Check(ctx context.Context) []connector.Finding {
	statement, found := j.statement(ctx)
	if statement != nil {
		found = append(found, j.checkStatement(statement)...)
	}

	if refused := j.checkAccess(ctx); refused.Level != connector.Fine {
		return append(found, refused)
	}

	found = append(found, connector.Finding{Level: connector.Fine, Subject: subjectAccess, Text: "Journalen godkender vores adgang til at søge efter besøg."})

	return append(found, j.checkLists(ctx)...)
}

// statement fetches the CapabilityStatement; nil with the reason why there is none.
func (j *Journal) statement(ctx context.Context) (*capabilities, []connector.Finding) {
	answer, err := j.client.Do(ctx, outbound.Call{Op: "capabilities", Method: http.MethodGet, Path: []string{"metadata"}, Accept: mediaType})
	if err == nil && !answer.OK() {
		err = answer.Fail("")
	}

	var c capabilities
	if err == nil {
		err = answer.JSON(&c)
	}

	if err != nil {
		return nil, []connector.Finding{{
			Level: connector.Failing, Subject: subjectServer,
			Text: "Beskrivelsen af serveren (metadata) kan ikke hentes: " + connector.KindOf(err).String() + ". Tjek base_url og netværket.",
		}}
	}

	if c.ResourceType != "CapabilityStatement" || !strings.HasPrefix(c.FHIRVersion, "4.0") {
		return nil, []connector.Finding{{
			Level: connector.Failing, Subject: subjectServer,
			Text: "Serveren taler ikke FHIR R4 (4.0). Bed leverandøren om adressen på R4, og ret base_url.",
		}}
	}

	return &c, []connector.Finding{{Level: connector.Fine, Subject: subjectServer, Text: "Serveren svarer og taler FHIR R4."}}
}

// checkStatement lists what is missing. A server may do more than it says, so only what can't be
// done without is a failure.
func (j *Journal) checkStatement(c *capabilities) []connector.Finding {
	var found []connector.Finding

	say := func(level connector.Level, text string) {
		found = append(found, connector.Finding{Level: level, Subject: subjectServer, Text: text})
	}

	for _, kind := range []string{kindAppointment, kindEncounter} {
		r := c.resource(kind)
		if r == nil {
			say(connector.Failing, "Serveren har ikke "+kind+". Bed leverandøren om at åbne for den.")

			continue
		}

		for _, code := range []string{"read", "search-type", "create", "update"} {
			if !r.does(code) {
				say(connector.Failing, "Serveren tillader ikke »"+code+"« på "+kind+". Bed leverandøren om at åbne for det.")
			}
		}

		j.checkHabits(kind, r, say)
	}

	if j.config.Lists.any() {
		checkReading(c, j.config.Lists, say)
	}

	return found
}

// checkHabits compares a server's habits with the settings for them.
func (j *Journal) checkHabits(kind string, r *resourceCapability, say func(connector.Level, string)) {
	if r.Versioning == "no-version" {
		say(connector.Failing, "Serveren holder ikke styr på versioner af "+kind+", så vi kan ikke skrive uden at overskrive andres ændringer.")
	}

	if !r.ConditionalCreate && !j.config.LookFirst {
		say(connector.Notice, "Serveren siger ikke, at den kender If-None-Exist på "+kind+". Sæt look_first til true.")
	}

	if !r.searches("identifier") {
		say(connector.Notice, "Serveren siger ikke, at der kan søges på identifier i "+kind+". Uden den søgning kan et besøg blive skrevet to gange.")
	}

	if kind == kindAppointment && !slices.Contains(r.SearchRevInclude, "Encounter:appointment") && !j.config.NoRevinclude {
		say(connector.Notice, "Serveren siger ikke, at den kender _revinclude=Encounter:appointment. Sæt no_revinclude til true, hvis den afviser søgninger.")
	}
}

// checkReading looks at what driving lists need.
func checkReading(c *capabilities, lists Lists, say func(connector.Level, string)) {
	appointment := c.resource(kindAppointment)

	needed := []string{"date"}

	switch lists.By {
	case ByPractitioner, ByLocation:
		needed = append(needed, "actor")
	case BySchedule:
		needed = append(needed, "slot")
	case ByNothing:
	}

	for _, name := range needed {
		if appointment != nil && !appointment.searches(name) {
			say(connector.Notice, "Serveren siger ikke, at besøg kan søges på »"+name+"«, som kørelisterne hentes med.")
		}
	}

	if appointment != nil && !lists.NoInclude && !slices.Contains(appointment.SearchInclude, "Appointment:patient") {
		say(connector.Notice, "Serveren siger ikke, at den kender _include=Appointment:patient. Sæt lists.no_include til true, hvis den afviser søgninger.")
	}

	for _, kind := range []string{kindPatient, lists.By.kind()} {
		if kind != "" && c.resource(kind) == nil {
			say(connector.Failing, "Serveren har ikke "+kind+", som kørelisterne skal bruge. Bed leverandøren om at åbne for at læse den.")
		}
	}
}

func (c *capabilities) resource(kind string) *resourceCapability {
	for i := range c.Rest {
		for k := range c.Rest[i].Resource {
			if r := &c.Rest[i].Resource[k]; r.Type == kind && c.Rest[i].Mode == "server" {
				return r
			}
		}
	}

	return nil
}

func (r *resourceCapability) does(code string) bool {
	for _, i := range r.Interaction {
		if i.Code == code {
			return true
		}
	}

	return false
}

func (r *resourceCapability) searches(name string) bool {
	for _, p := range r.SearchParam {
		if p.Name == name {
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

	text := "Journalen svarer ikke på en søgning efter besøg: " + connector.KindOf(err).String() + ". Prøv igen, og spørg leverandøren, hvis det bliver ved."
	if connector.Is(err, connector.Unauthorized) {
		text = "Journalen godkender ikke vores adgang. Tjek client_id, nøgle eller adgangskode og de rettigheder (scopes), leverandøren har givet."
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
			Text: "Journalen giver os ikke sine kørelister: " + connector.KindOf(err).String() + ". Tjek lists i opsætningen og vores rettigheder.",
		}}
	case len(lists) == 0:
		return []connector.Finding{{
			Level: connector.Notice, Subject: subjectLists, Text: "Journalen har ingen kørelister, der passer til opsætningen. Tjek lists.by og lists.filter.",
		}}
	}

	return []connector.Finding{{
		Level: connector.Fine, Subject: subjectLists, Text: "Journalen har " + strconv.Itoa(len(lists)) + " kørelister til os.",
	}}
}
