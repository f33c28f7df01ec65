package fhir

import (
	"context"
	"net/http"
	"slices"
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

// Check implements connector.Checker: it looks at what our token may do, compares what the record says
// of itself with what the settings need, tries the access with a search that finds nothing, and asks
// for the driving lists. It stops where the rest would say the same.
func (j *Journal) Check(ctx context.Context) []connector.Finding {
	found, ok := j.checkToken(ctx)
	if !ok {
		return found
	}

	statement, said, reached := j.statement(ctx)

	found = append(found, said...)
	if !reached {
		return found
	}

	if statement != nil {
		found = append(found, j.checkStatement(statement)...)
	}

	if refused := j.checkAccess(ctx); refused.Level != connector.Fine {
		return append(found, refused)
	}

	found = append(found, connector.Finding{Level: connector.Fine, Subject: subjectAccess, Text: "Journalen godkender vores adgang til at søge efter besøg."})

	return append(found, j.checkLists(ctx)...)
}

// statement fetches the CapabilityStatement; nil with the reason why there is none. Not reached: no
// server answered at all.
func (j *Journal) statement(ctx context.Context) (*capabilities, []connector.Finding, bool) {
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
			Text: "Beskrivelsen af serveren (metadata) kan ikke hentes. " + connector.Explain(err) + " Kontrollér base_url i record.fhir og firewallen.",
		}}, answer != nil
	}

	if c.ResourceType != "CapabilityStatement" || !strings.HasPrefix(c.FHIRVersion, "4.0") {
		return nil, []connector.Finding{{
			Level: connector.Failing, Subject: subjectServer,
			Text: "Serveren taler ikke FHIR R4 (4.0). Bed leverandøren om adressen på R4, og ret base_url.",
		}}, true
	}

	return &c, []connector.Finding{{Level: connector.Fine, Subject: subjectServer, Text: "Serveren svarer og taler FHIR R4."}}, true
}

// need is what we do with resources of a type.
type need struct {
	kind   string
	rights string // letters of SMART v2: c create, r read, u update, s search
	level  connector.Level
}

// needs are what the settings make us do. Patients are read by the reconciliation too, which does
// without.
func (j *Journal) needs() []need {
	out := []need{{kindAppointment, "crus", connector.Failing}, {kindEncounter, "crus", connector.Failing}}
	if !j.config.Lists.any() {
		return append(out, need{kindPatient, "rs", connector.Notice})
	}

	out = append(out, need{kindPatient, "rs", connector.Failing})
	if kind := j.config.Lists.By.kind(); kind != "" {
		out = append(out, need{kind, "s", connector.Failing})
	}

	return out
}

// interactions are what R4 calls the rights (valueset-type-restful-interaction.html).
func interactions(rights string) []string {
	words := map[rune]string{'c': "create", 'r': "read", 'u': "update", 's': "search-type"}

	var out []string
	for _, right := range rights {
		out = append(out, words[right])
	}

	return out
}

// checkStatement lists what is missing. A server may do more than it says, so only what can't be
// done without is a failure.
func (j *Journal) checkStatement(c *capabilities) []connector.Finding {
	var found []connector.Finding

	say := func(level connector.Level, text string) {
		found = append(found, connector.Finding{Level: level, Subject: subjectServer, Text: text})
	}

	for _, n := range j.needs() {
		r := c.resource(n.kind)
		if r == nil {
			say(n.level, "Serveren har ikke "+n.kind+". Bed leverandøren om at åbne for den.")

			continue
		}

		lacking := slices.DeleteFunc(interactions(n.rights), r.does)
		if len(lacking) > 0 {
			say(n.level, "Serveren tillader ikke "+strings.Join(lacking, ", ")+" på "+n.kind+". Bed leverandøren om at åbne for det.")
		}
	}

	for _, kind := range []string{kindAppointment, kindEncounter} {
		if r := c.resource(kind); r != nil {
			j.checkHabits(kind, r, say)
		}
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

	if stays := c.resource(kindEncounter); stays != nil && !lists.NoInpatient && (!stays.searches("class") || !stays.searches("subject")) {
		say(connector.Notice, "Serveren siger ikke, at Encounter kan søges på »class« og »subject«, som vi spørger om indlagte borgere med. Sæt lists.no_inpatient til true, hvis den afviser søgninger.")
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
