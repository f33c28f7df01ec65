package vdx

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// templateWire is the part of a room template that matters to us (vdx.md §1.9).
type templateWire struct {
	IsDefault           bool `json:"isDefaultTemplate"`
	IsPool              bool `json:"isPoolTemplate"`
	HostPINRequired     bool `json:"hostPinRequired"`
	GuestPINRequired    bool `json:"guestPinRequired"`
	MaxParticipants     int  `json:"maxParticipants"`
	EndMeetingOnEndTime bool `json:"endMeetingOnEndTime"`
	GuestsCanPresent    bool `json:"guestsCanPresent"`
	AvailableBefore     int  `json:"vMRAvailableBefore"` // minutes; spelt otherwise than on rooms
}

// templates looks at the templates that rooms are made from. Only the organisation's own are
// shown; one that is inherited is not.
func (d *doctor) templates(ctx context.Context) []connector.Finding {
	notice := func(text string) connector.Finding {
		return connector.Finding{Level: connector.Notice, Subject: aboutTemplates, Text: text}
	}

	answer, err := d.api.client.Do(ctx, outbound.Call{Op: "check", Method: http.MethodGet, Path: d.api.path("scheduling-templates")})
	if err != nil || !answer.OK() {
		return []connector.Finding{notice("Rumskabelonerne kunne ikke læses.")}
	}

	all, err := readTemplates(d.api.dialect, answer.Body)
	if err != nil {
		return []connector.Finding{notice("Rumskabelonerne kunne ikke læses.")}
	}

	var found []connector.Finding

	for _, text := range d.config.judgeTemplates(all) {
		found = append(found, notice(text))
	}

	if len(found) == 0 {
		found = []connector.Finding{{Level: connector.Fine, Subject: aboutTemplates, Text: "Rumskabelonerne passer til skærmbesøg."}}
	}

	return found
}

func readTemplates(speak dialect, body []byte) ([]templateWire, error) {
	elements, err := speak.list(body)
	if err != nil {
		return nil, err
	}

	var all []templateWire
	if err = json.Unmarshal(elements, &all); err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}

	return all, nil
}

// judgeTemplates says what should be otherwise. PINs, size and the end are asked for with every
// room of our own, but a room of a pool has its template's.
func (c Config) judgeTemplates(all []templateWire) []string {
	var (
		texts            []string
		isDefault, pools bool
	)

	for _, t := range all {
		isDefault, pools = isDefault || t.IsDefault, pools || t.IsPool

		switch {
		case t.IsPool && c.Pool:
			texts = append(texts, judgePool(t)...)
		case t.IsDefault:
			texts = append(texts, judgeDefault(t)...)
		}
	}

	if !isDefault {
		texts = append(texts, "Organisationen har ingen standardskabelon selv. Rummene får den, der nedarves, og den kan ikke ses her; spørg MedCom efter gæstepin, antal deltagere og afslutning til tiden.")
	}

	if c.Pool && !pools {
		texts = append(texts, "Der skal tages rum fra en pulje (pool), men organisationen har ingen puljeskabelon selv. Nedarves puljen ikke, afviser VDX alle opkald her og nu.")
	}

	return texts
}

func judgePool(t templateWire) []string {
	var texts []string

	if !t.HostPINRequired || !t.GuestPINRequired {
		texts = append(texts, "Puljens skabelon giver ikke både værtspin og gæstepin. Rum uden begge bliver ikke brugt til borgere; ret skabelonen i VDX Management.")
	}

	if t.MaxParticipants != 0 && t.MaxParticipants < defaultMaxParticipants {
		texts = append(texts, fmt.Sprintf("Puljens rum har kun plads til %d. Et besøg kan have brug for %d.", t.MaxParticipants, defaultMaxParticipants))
	}

	if !t.EndMeetingOnEndTime {
		texts = append(texts, "Puljens rum lukker ikke af sig selv ved mødets slutning.")
	}

	return texts
}

func judgeDefault(t templateWire) []string {
	var texts []string

	if !t.GuestPINRequired {
		texts = append(texts, "Standardskabelonen giver ingen gæstepin. Vi sender selv en med hvert rum, men møder, der oprettes i andre programmer, får værtspin i borgerens link.")
	}

	if t.GuestsCanPresent {
		texts = append(texts, "Standardskabelonen lader gæster dele deres skærm. Slå det fra, hvis borgere ikke skal kunne det.")
	}

	if t.AvailableBefore == 0 {
		texts = append(texts, "Standardskabelonen gør først rummet klart, når mødet begynder. Sæt vMRAvailableBefore til mindst 15 minutter, så borgeren kan komme ind i tide.")
	}

	return texts
}
