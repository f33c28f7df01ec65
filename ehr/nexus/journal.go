package nexus

import (
	"context"
	"slices"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// Means are the ways that the settings turn on. Whether the API user has the rights for them is
// what Check tells.
func (n *Nexus) Means() []care.Means { return n.config.Means() }

// Apply makes one change. The receipt names what was written in the record: "visit/", "grant/",
// "form/" or "task/" and its id there. A repeat returns the same, with the present version, which
// is the first one until a later entry of the visit is written.
//
// Errors are *connector.Error. Rejected, Conflict, NotFound and Unsupported carry a *care.Error
// with a Danish sentence. Unknown means that a write may have arrived and the record could not
// tell: Apply with the same key finds out.
func (n *Nexus) Apply(ctx context.Context, change ehr.Change) (ehr.Receipt, error) {
	if !slices.Contains(n.Means(), change.Means) || !change.Means.Tells(change.Kind) {
		return ehr.Receipt{}, fail("check", connector.Unsupported, care.NewError(care.Invalid,
			"Nexus er ikke sat op til at få skærmbesøg at vide på denne måde. Registrér besøget i Nexus i hånden, eller ret reglen for registreringen."))
	}

	if problem := check(change); problem != nil {
		return ehr.Receipt{}, fail("check", connector.Rejected, problem)
	}

	if change.Means == care.OnList {
		return n.tellOnList(ctx, change)
	}

	patient, err := n.citizen(ctx, change.Citizen)
	if err != nil {
		return ehr.Receipt{}, err
	}

	// The record takes no key of ours, so who looks before writing must be alone. The queue gives an
	// entry to one process; should two write it all the same, each looks again after writing, and
	// whoever sees both keeps the oldest.
	leave, err := n.citizens.enter(ctx, patient.id())
	if err != nil {
		return ehr.Receipt{}, err
	}
	defer leave()

	switch change.Means {
	case care.ByIntervention:
		return n.tellByIntervention(ctx, patient, change)
	case care.ByNote:
		return n.tellByNote(ctx, patient, change)
	case care.ByTask:
		return n.tellByTask(ctx, patient, change)
	case care.OnList, care.ByJournal:
	}

	return ehr.Receipt{}, fail("check", connector.Unsupported, nil)
}
