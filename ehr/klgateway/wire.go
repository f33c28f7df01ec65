package klgateway

// The code systems (eoj.md §3.3, §3.4, §3.6).
const (
	systemCPR        = "urn:oid:1.2.208.176.1.2"
	systemSOR        = "urn:oid:1.2.208.176.1.1"
	systemFSIII      = "urn:oid:1.2.208.176.2.21"
	systemCareSocial = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
	systemActCode    = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

	profileBase = "http://fhir.kl.dk/gateway/StructureDefinition/"
	// The extension has no id of its own in the IG, so its name ends its address.
	extensionBasedOn = profileBase + "BasedOnInterventionExtension"

	codeScreenVisit  = "124be95d-6924-4609-9d2a-e7c73ae3ab3d" // Skærmbesøg
	codePhone        = "1b55a4b0-1156-4f58-b2df-b5c6014d9048" // Telefonisk
	codePlannedVisit = "784275f1-6822-4a88-b361-d958007d5253" // udførelse af planlagt indsats
	codeNotGranted   = "c03b426a-4348-407f-b343-f4baa9759c72" // ikke-bevilget
)

// The parts of R4 that the profiles leave.
type (
	bundle struct {
		ResourceType string  `json:"resourceType"`
		Meta         meta    `json:"meta"`
		Type         string  `json:"type"`
		Timestamp    string  `json:"timestamp"`
		Entry        []entry `json:"entry"`
	}
	entry struct {
		FullURL  string `json:"fullUrl"`
		Resource any    `json:"resource"`
	}
	meta struct {
		Profile []string `json:"profile"`
	}
	identifier struct {
		Use    string `json:"use,omitempty"`
		System string `json:"system"`
		Value  string `json:"value"`
	}
	reference struct {
		Reference  string      `json:"reference,omitempty"`
		Identifier *identifier `json:"identifier,omitempty"`
	}
	coding struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display,omitempty"`
	}
	concept struct {
		Coding []coding `json:"coding"`
	}
	period struct {
		Start string `json:"start"`
		End   string `json:"end,omitempty"`
	}
	extension struct {
		URL   string    `json:"url"`
		Value reference `json:"valueReference"`
	}
	patient struct {
		ResourceType string       `json:"resourceType"`
		ID           string       `json:"id"`
		Meta         meta         `json:"meta"`
		Identifier   []identifier `json:"identifier"`
		Active       bool         `json:"active"`
		Managing     reference    `json:"managingOrganization"`
	}
	encounter struct {
		ResourceType string      `json:"resourceType"`
		ID           string      `json:"id"`
		Meta         meta        `json:"meta"`
		Extension    []extension `json:"extension,omitempty"`
		Status       string      `json:"status"`
		Class        coding      `json:"class"`
		Type         []concept   `json:"type"`
		Subject      reference   `json:"subject"`
		Period       period      `json:"period"`
	}
	carePlan struct {
		ResourceType string     `json:"resourceType"`
		ID           string     `json:"id"`
		Meta         meta       `json:"meta"`
		Status       string     `json:"status"`
		Intent       string     `json:"intent"`
		Subject      reference  `json:"subject"`
		Period       period     `json:"period"`
		Activity     []activity `json:"activity"`
	}
	activity struct {
		Detail detail `json:"detail"`
	}
	detail struct {
		Code   concept `json:"code"`
		Status string  `json:"status"`
	}
)

func profile(name string) meta { return meta{Profile: []string{profileBase + name}} }
