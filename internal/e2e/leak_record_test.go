package e2e_test

import "strings"

// searchRecord looks into what the care record was asked and told.
func (w *walked) searchRecord(known secrets) {
	w.tb.Helper()

	ask := func(op, url, body string, headers []string, exempt ...kind) {
		w.search(known, place{name: "address of record " + op, text: []byte(url + "\n" + strings.Join(headers, "\n"))})
		w.search(known, place{name: "body of record " + op, text: []byte(body), exempt: exempt})
	}

	if w.World.Nexus != nil {
		for _, r := range w.World.Nexus.Requests() {
			ask(r.Op, r.URL, r.Body, r.Headers, cpr, name, address)
		}

		return
	}

	for _, leak := range w.World.FHIR.Leaks() {
		w.tb.Errorf("record: a CPR number in an address or header: %s", leak)
	}

	for _, r := range w.World.FHIR.Requests() {
		ask(r.Op, r.URL, r.Body, r.Headers, cpr)
	}
}
