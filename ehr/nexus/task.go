package nexus

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

const opTask = "write_task"

// tellByTask makes a task for people to register the visit (eoj.md §1.9). What is taken back closes
// the visit's open tasks; one that people have closed already was acted upon, so a new task asks
// them to put it right.
func (n *Nexus) tellByTask(ctx context.Context, patient object, c ehr.Change) (ehr.Receipt, error) {
	mine, err := n.tasksOf(ctx, patient, c)
	if err != nil {
		return ehr.Receipt{}, err
	}

	if c.Kind == care.EntryRestored {
		return n.takeTasksBack(ctx, patient, mine, c)
	}

	if done, ok := tagged(mine, c); ok {
		return n.oneTask(ctx, done, mine, c)
	}

	return n.makeTask(ctx, patient, c)
}

// oneTask closes the tasks that carry the change's own tag beside the first: two processes made them at
// once. The receipt names the first, and tells of those that could not be closed.
func (n *Nexus) oneTask(ctx context.Context, first object, all []object, c ehr.Change) (ehr.Receipt, error) {
	receipt := taskReceipt(first)

	for _, t := range all {
		own := markerIn(t.text("description"))
		if t.id() == first.id() || !own.has(tagOf(c.Key)) {
			continue
		}

		own.word = takenBackWord

		_, ok, err := n.closeTask(ctx, t, own.drop(tagOf(c.Key)))

		switch {
		case connector.Is(err, connector.Conflict): // the other process closes it, or people do
		case err != nil:
			return ehr.Receipt{}, err
		case !ok:
			receipt.Doubles++
		}
	}

	return receipt, nil
}

func taskReceipt(task object) ehr.Receipt {
	return ehr.Receipt{ID: "task/" + task.id(), Version: task.number("version")}
}

// tagged returns the task that carries the change's own tag.
func tagged(tasks []object, c ehr.Change) (object, bool) {
	i := slices.IndexFunc(tasks, func(t object) bool { return markerIn(t.text("description")).has(tagOf(c.Key)) })
	if i < 0 {
		return nil, false
	}

	return tasks[i], true
}

// tasksOf are the visit's tasks, open and closed, oldest first.
func (n *Nexus) tasksOf(ctx context.Context, patient object, c ehr.Change) ([]object, error) {
	const op = "read_tasks"

	rel := "assignments"
	if !patient.has(rel) {
		rel = "activeAssignments"
	}

	all, err := n.followAll(ctx, op, patient, rel, "borgerens opgaver")
	if err != nil {
		return nil, err
	}

	var mine []object

	for _, half := range all {
		if _, told := half["description"]; told && !markerIn(half.text("description")).has(visitTag(c.Source)) {
			continue
		}

		task, err := n.whole(ctx, op, half, "borgerens opgaver")
		if err != nil {
			return nil, err
		}

		if markerIn(task.text("description")).has(visitTag(c.Source)) {
			mine = append(mine, task)
		}
	}

	slices.SortFunc(mine, func(a, b object) int { return cmp.Compare(size(a.id()), size(b.id())) })

	return mine, nil
}

// takeTasksBack closes what is open, and asks people to correct what they have done already.
func (n *Nexus) takeTasksBack(ctx context.Context, patient object, tasks []object, c ehr.Change) (ehr.Receipt, error) {
	receipt, acted := ehr.Receipt{ID: "patient/" + patient.id(), Version: patient.number("version")}, false

	for _, t := range tasks {
		own := markerIn(t.text("description"))
		if own.has(tagOf(c.Key)) { // closed by us, or the task that asks to correct
			receipt = taskReceipt(t)

			continue
		}

		own.word = takenBackWord

		closed, ok, err := n.closeTask(ctx, t, own.add(tagOf(c.Key)))
		if err != nil {
			return ehr.Receipt{}, err
		}

		if !ok {
			acted = acted || markerIn(t.text("description")).word != takenBackWord

			continue
		}

		receipt = taskReceipt(closed)
	}

	if !acted {
		return receipt, nil
	}

	if done, ok := correction(tasks, c); ok {
		return taskReceipt(done), nil
	}

	return n.makeTask(ctx, patient, c)
}

// takenBackWord begins our part of a task that we closed.
const takenBackWord = "Taget tilbage af Sluse"

// correction is the task that asks to correct, made before.
func correction(tasks []object, c ehr.Change) (object, bool) {
	done, ok := tagged(tasks, c)
	if !ok || markerIn(done.text("description")).word == takenBackWord {
		return nil, false
	}

	return done, true
}

// closeTask closes a task and changes our part of it. Not ok: it has no such action, so it is closed already.
func (n *Nexus) closeTask(ctx context.Context, task object, own marker) (closed object, ok bool, err error) {
	action, ok := named(task.list("actions"), "name", n.config.Task.Close)
	if !ok {
		return nil, false, nil
	}

	to, err := n.follow(opTask, action, "updateAssignment", "at lukke opgaver")
	if err != nil {
		return nil, false, err
	}

	want := maps.Clone(task)
	want.set("description", own.put(task.text("description")))

	if closed, err = n.write(ctx, opTask, http.MethodPut, to, want.encode(), nil); err != nil {
		return nil, false, err
	}

	if closed.id() == "" {
		closed = want
	}

	return closed, true, nil
}

// makeTask makes a task with our tags in its description.
func (n *Nexus) makeTask(ctx context.Context, patient object, c ehr.Change) (ehr.Receipt, error) {
	task, err := n.newTask(ctx, patient, c.Name)
	if err != nil {
		return ehr.Receipt{}, err
	}

	to, err := n.taskAction(task, c.Name)
	if err != nil {
		return ehr.Receipt{}, err
	}

	if err := n.fillTask(ctx, task, patient, c); err != nil {
		return ehr.Receipt{}, err
	}

	made, err := n.write(ctx, opTask, http.MethodPost, to, task.encode(), nil)
	if err != nil && !connector.Is(err, connector.Unknown) {
		return ehr.Receipt{}, err
	}

	// The look shows what arrived although no answer did, and what another process made meanwhile.
	if now, look := n.tasksOf(ctx, patient, c); look == nil {
		if done, ok := tagged(now, c); ok {
			return n.oneTask(ctx, done, now, c)
		}
	}

	if err == nil && made.id() != "" {
		return taskReceipt(made), nil
	}

	return ehr.Receipt{}, orUnknown(opTask, err)
}

// taskAction is where a new task is posted with the configured action.
func (n *Nexus) taskAction(task object, kind string) (address, error) {
	action, ok := named(task.list("actions"), "name", n.config.Task.Create)
	if !ok {
		return address{}, absent(opTask, care.Forbidden,
			"Opgaver af typen »"+kind+"« har ikke handlingen »"+n.config.Task.Create+"« i Nexus, eller Sluse er ikke givet adgang til den. Bed systemforvalteren om at se på opsætningen.",
			n.config.Task.Create, textsOf(task.list("actions"), "name"))
	}

	return n.follow(opTask, action, "createAssignment", "at oprette opgaver")
}

// newTask is an empty task by its type's name.
func (n *Nexus) newTask(ctx context.Context, patient object, kind string) (object, error) {
	types, err := n.followAll(ctx, opTask, patient, "availableAssignmentTypes", "at oprette opgaver på borgeren")
	if err != nil {
		return nil, err
	}

	found, ok := named(types, "name", kind)
	if !ok {
		return nil, absent(opTask, care.Invalid,
			"Nexus har ingen opgavetype med navnet »"+kind+"«. Bed systemforvalteren om at oprette den eller rette navnet i opsætningen.",
			kind, textsOf(types, "name"))
	}

	return n.followOne(ctx, opTask, found, "assignmentPrototype", "opgavetypen »"+kind+"«")
}

// fillTask fills in what the change tells. Dates are local days.
func (n *Nexus) fillTask(ctx context.Context, task, patient object, c ehr.Change) error {
	task.set("title", c.Title)
	task.set("description", marker{word: joinedWord}.add(visitTag(c.Source), tagOf(c.Key)).put(joined(c.Text, c.Author)))
	start := day(n.now())
	if !c.DueAt.IsZero() {
		start = min(start, day(c.DueAt)) // a task that is made late is due all the same
		task.set("dueDate", day(c.DueAt))
	}

	task.set("startDate", start)

	if _, told := task["object"]; told && isEmpty(task["object"]) {
		task.set("object", patient)
	}

	if c.Team == "" {
		return nil
	}

	team, err := n.team(ctx, task, c.Team)
	if err != nil {
		return err
	}

	assignee := object{"organizationId": team["id"]}
	assignee.set("displayName", team.text("name"))
	task.set("organizationAssignee", assignee)

	return nil
}

// team is a group that may be given the task.
func (n *Nexus) team(ctx context.Context, task object, name string) (object, error) {
	teams, err := n.followAll(ctx, opTask, task, "availableOrganizationAssignees", "grupper, der kan få opgaver")
	if err != nil {
		return nil, err
	}

	team, ok := named(teams, "name", name)
	if !ok {
		return nil, absent(opTask, care.Invalid,
			"Nexus har ingen gruppe med navnet »"+name+"«, der kan få opgaver. Bed systemforvalteren om at rette navnet i opsætningen.",
			name, textsOf(teams, "name"))
	}

	return team, nil
}
