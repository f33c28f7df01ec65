package nexus

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// Types of references in a citizen's pathways.
const (
	grantReference = "basketGrantReference"
	formReference  = "formDataV2Reference"
)

// maxReferences bounds how many references of a citizen are looked at.
const maxReferences = 20_000

// references are what stands in a citizen's pathways, the tree laid flat.
func (n *Nexus) references(ctx context.Context, patient object) ([]object, error) {
	const op = "citizen_pathways"

	view, err := n.view(ctx, patient, "CITIZEN_PATHWAY", n.config.CitizenPathway)
	if err != nil {
		return nil, err
	}

	tree, err := n.followAll(ctx, op, view, "pathwayReferences", "borgerens forløb")
	if err != nil {
		return nil, err
	}

	var flat []object

	for queue := tree; len(queue) > 0 && len(flat) < maxReferences; queue = queue[1:] {
		flat = append(flat, queue[0])
		queue = append(queue, queue[0].list("children")...)
	}

	return flat, nil
}

// activeGrants are a citizen's active interventions of a name, the oldest first.
func (n *Nexus) activeGrants(ctx context.Context, patient object, name string) ([]grant, error) {
	all, err := n.references(ctx, patient)
	if err != nil {
		return nil, err
	}

	var active []grant

	for _, ref := range all {
		if ref.text("type") != grantReference || strings.TrimSpace(ref.text("name")) != strings.TrimSpace(name) {
			continue
		}

		whole, err := n.whole(ctx, "read_intervention", ref, "borgerens indsatser")
		if err != nil {
			return nil, err
		}

		state := whole.child("workflowState").text("name")
		if !slices.ContainsFunc(n.config.Intervention.Inactive, func(s string) bool { return strings.EqualFold(s, state) }) {
			active = append(active, grant{whole})
		}
	}

	slices.SortFunc(active, func(a, b grant) int { return cmp.Compare(size(a.id()), size(b.id())) })

	return active, nil
}

func size(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64) // an id is digits, or empty and then first

	return n
}

// grantByID reads an intervention below the home resource's rel (eoj.md §1.2).
func (n *Nexus) grantByID(ctx context.Context, id string) (object, error) {
	const op = "read_intervention"

	home, err := n.start(ctx)
	if err != nil {
		return nil, err
	}

	at, err := n.follow(op, home, "patientGrantById", "indsatser")
	if err != nil {
		return nil, err
	}

	if id == "" {
		return nil, fail(op, connector.NotFound, errors.New("an intervention without id"))
	}

	return n.get(ctx, op, at.below(id))
}

// makeIntervention makes a new intervention with the visit's tag on it (eoj.md §1.7).
func (n *Nexus) makeIntervention(ctx context.Context, patient object, c ehr.Change) error {
	basket, err := n.basket(ctx, patient)
	if err != nil {
		return err
	}

	item, err := n.catalogued(ctx, basket, c.Name)
	if err != nil {
		return err
	}

	draft, err := n.draftGrant(ctx, basket, item)
	if err != nil {
		return err
	}

	own := marker{word: madeWord}.add(visitTag(c.Source))

	made, err := n.pass(ctx, grant{draft}, n.config.Intervention.Create[0], func(elements []object) error {
		if err := setMarker(elements, own); err != nil {
			return err
		}

		return n.fillNew(ctx, elements, c)
	})
	if connector.Is(err, connector.Unknown) {
		return n.settleGrant(ctx, patient, c, err)
	}

	if err != nil || made.id() == "" {
		return err
	}

	_, err = n.complete(ctx, made, c)

	return err
}

// settleGrant asks once whether an intervention of unknown outcome was made.
func (n *Nexus) settleGrant(ctx context.Context, patient object, c ehr.Change, doubt error) error {
	active, err := n.activeGrants(ctx, patient, c.Name)
	if err == nil && slices.ContainsFunc(active, func(g grant) bool { return g.marker().has(visitTag(c.Source)) }) {
		return nil
	}

	return doubt
}

// basket is where the citizen's interventions of ours are placed.
func (n *Nexus) basket(ctx context.Context, patient object) (object, error) {
	const op = "intervention_baskets"

	baskets, err := n.followAll(ctx, op, patient, "availableBaskets", "at oprette indsatser hos borgeren")
	if err != nil {
		return nil, err
	}

	half, ok := named(baskets, "pathwayPlacementName", n.config.Intervention.Placement)
	if !ok {
		return nil, absent(op, care.Conflict,
			"Borgeren har ikke forløbet »"+n.config.Intervention.Placement+"« i Nexus, så indsatsen kan ikke oprettes. Opret forløbet i Nexus, og prøv igen.",
			n.config.Intervention.Placement, textsOf(baskets, "pathwayPlacementName"))
	}

	return n.followOne(ctx, op, half, "self", "borgerens indsatser")
}

// item is an entry of the catalogue of interventions.
type item struct {
	id        string
	isPackage bool
}

func (n *Nexus) catalogued(ctx context.Context, basket object, name string) (item, error) {
	const op = "intervention_catalogue"

	catalogue, err := n.followAll(ctx, op, basket, "grantCatalog", "indsatskataloget")
	if err != nil {
		return item{}, err
	}

	var have []string

	for queue, n := catalogue, 0; len(queue) > 0 && n < maxReferences; queue, n = queue[1:], n+1 {
		o := queue[0]
		if kind := o.text("type"); kind == "catalogGrant" || kind == "catalogPackage" {
			if strings.TrimSpace(o.text("name")) == strings.TrimSpace(name) && o.id() != "" {
				return item{id: o.id(), isPackage: kind == "catalogPackage"}, nil
			}

			have = append(have, o.text("name"))
		}

		queue = append(queue, o.list("subcatalogs")...)
	}

	return item{}, absent(op, care.Invalid,
		"Indsatskataloget i Nexus har ingen indsats med navnet »"+name+"«. Bed systemforvalteren om at oprette den eller rette navnet i opsætningen.",
		name, have)
}

// draftGrant asks for a new intervention to fill in.
func (n *Nexus) draftGrant(ctx context.Context, basket object, it item) (object, error) {
	prototype, err := n.followOne(ctx, opIntervention, basket, "bulkPrototype", "at oprette indsatser")
	if err != nil {
		return nil, err
	}

	to, err := n.follow(opIntervention, basket, "bulkGet", "at oprette indsatser")
	if err != nil {
		return nil, err
	}

	prototype["catalogGrantId"] = []byte(it.id)
	prototype["basketId"] = basket["id"]
	prototype.set("key", "null:"+it.id+":"+strconv.FormatBool(it.isPackage))

	if it.isPackage {
		prototype.set("isPackage", true)
	}

	body, err := encode([]object{prototype})
	if err != nil {
		return nil, fail(opIntervention, connector.Malformed, err)
	}

	return n.write(ctx, opIntervention, http.MethodPost, to, body, nil)
}

// pass takes an intervention through a transition with some of its elements changed, and returns
// it as it is then. A transition that is absent may not be made, or not in this state.
func (n *Nexus) pass(ctx context.Context, g grant, transition string, fill func(elements []object) error) (grant, error) {
	t, ok := g.transition(transition)
	if !ok {
		return grant{}, reject(opIntervention, care.Forbidden,
			"Indsatsen kan ikke få handlingen »"+transition+"« i Nexus. Den er ikke givet adgang til, eller indsatsens tilstand tillader den ikke. "+
				"Se på borgerens indsats, eller bed systemforvalteren om at se på opsætningen.")
	}

	template, err := n.template(ctx, t)
	if err != nil {
		return grant{}, err
	}

	elements := template.list("elements")
	if err := fill(elements); err != nil {
		return grant{}, err
	}

	template.set("elements", elements)

	to, err := n.follow(opIntervention, template, "save", "at gemme indsatser")
	if err != nil {
		return grant{}, err
	}

	saved, err := n.write(ctx, opIntervention, http.MethodPost, to, template.encode(), nil)
	if err != nil {
		return grant{}, err
	}

	if inner := saved.child("savedGrant"); inner.id() != "" {
		saved = inner
	}

	return n.reread(ctx, g, saved)
}

// template is what is filled in for a transition.
func (n *Nexus) template(ctx context.Context, transition object) (object, error) {
	return n.followOne(ctx, opIntervention, transition, "prepareEdit", "at rette indsatser")
}

// reread reads an intervention anew after each transition: ordering gives it other links.
func (n *Nexus) reread(ctx context.Context, before grant, saved object) (grant, error) {
	switch {
	case saved.has("self"):
	case before.has("self"):
		saved = before.object
	default:
		return grant{saved}, nil
	}

	fresh, err := n.followOne(ctx, "read_intervention", saved, "self", "borgerens indsatser")
	if err != nil {
		return grant{}, unsure(opIntervention, err)
	}

	return grant{fresh}, nil
}

// unsure makes an error after a write one whose outcome has to be looked up.
func unsure(op string, err error) error {
	if lasting(err) {
		return err
	}

	return fail(op, connector.Unknown, err)
}

// fillNew fills in dates and supplier of a new intervention where they are empty.
func (n *Nexus) fillNew(ctx context.Context, elements []object, c ehr.Change) error {
	for _, e := range elements {
		kind := e.text("type")

		if slices.Contains(n.config.Intervention.StartDates, kind) && e.text("date") == "" {
			e.set("date", utc(c.Planned.Start))
		}

		if kind == "supplier" && n.config.Intervention.Supplier != "" && len(e.child("supplier")) == 0 {
			supplier, err := n.supplier(ctx, e)
			if err != nil {
				return err
			}

			e.set("supplier", supplier)
		}
	}

	return nil
}

func (n *Nexus) supplier(ctx context.Context, element object) (object, error) {
	all, err := n.followAll(ctx, "intervention_suppliers", element, "availableSuppliers", "leverandører af indsatser")
	if err != nil {
		return nil, err
	}

	found, ok := named(all, "name", n.config.Intervention.Supplier)
	if !ok {
		return nil, absent("intervention_suppliers", care.Invalid,
			"Nexus har ingen leverandør med navnet »"+n.config.Intervention.Supplier+"«. Bed systemforvalteren om at rette opsætningen.",
			n.config.Intervention.Supplier, textsOf(all, "name"))
	}

	return found, nil
}
