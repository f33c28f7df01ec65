package app

import (
	"context"
	"slices"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
)

// listCheck compares the record's driving lists with those that the units name.
type listCheck struct {
	lists ehr.Fetcher
	units []config.Unit
}

// mostNamed is how many lists one line names.
const mostNamed = 12

// Check implements connector.Checker. What keeps the lists from being read is told by the record's own
// checker. Units may also come from elsewhere than the configuration, so nothing here is a failure.
func (c listCheck) Check(ctx context.Context) []connector.Finding {
	const subject = "Afdelinger og kørelister"

	lists, err := c.lists.Lists(ctx)
	if err != nil || len(lists) == 0 || len(c.units) == 0 {
		return nil
	}

	var found []connector.Finding

	named := func(rule scheduler.UnitRule) bool {
		return slices.ContainsFunc(lists, func(l ehr.ListRef) bool { return rule.Has(l.Name) })
	}

	for _, unit := range c.units {
		for _, pattern := range unit.Lists {
			if !named(scheduler.UnitRule{Lists: []string{pattern}}) {
				found = append(found, connector.Finding{
					Level: connector.Notice, Subject: subject,
					Text: "Ingen køreliste i journalen passer til »" + pattern + "« i afdelingen »" + unit.Name + "«. Ret lists under units, eller bed om at Sluse får adgang til listen.",
				})
			}
		}
	}

	if text := c.nobodys(lists); text != "" {
		found = append(found, connector.Finding{
			Level: connector.Notice, Subject: subject,
			Text: "Ingen afdeling har " + text + ", så besøgene på dem hører ikke til nogen. Tilføj navnene i lists under units.",
		})
	}

	if len(found) == 0 {
		found = []connector.Finding{{Level: connector.Fine, Subject: subject, Text: "Hver køreliste i journalen hører til en afdeling."}}
	}

	return found
}

// nobodys names the lists that no unit has; empty: there are none.
func (c listCheck) nobodys(lists []ehr.ListRef) string {
	text, more := "", 0

	for _, l := range lists {
		if slices.ContainsFunc(c.units, func(u config.Unit) bool { return scheduler.UnitRule{Lists: u.Lists}.Has(l.Name) }) {
			continue
		}

		switch more++; {
		case more > mostNamed:
		case text == "":
			text = "»" + l.Name + "«"
		default:
			text += ", »" + l.Name + "«"
		}
	}

	if more > mostNamed {
		text += " og flere"
	}

	return text
}
