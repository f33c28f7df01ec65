package pexipsim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is one configuration object. Values are by field name: text, int, bool, nil,
// time.Time, the id (int) of a related object, or a list ([]any) of ids or JSON values.
type object struct {
	id     int
	values map[string]any
}

func (o *object) text(name string) string {
	s, _ := o.values[name].(string)
	return s
}

func (o *object) flag(name string) bool {
	b, _ := o.values[name].(bool)
	return b
}

func (o *object) number(name string) int {
	n, _ := o.values[name].(int)
	return n
}

// table holds the objects of one resource.
type table struct {
	spec    *spec
	objects map[int]*object
	order   []int // ids, oldest first
	next    int
	unique  map[string]map[string]int // field → lower-case value → id
}

// config is what the Management Node stores. It is guarded by Server.mu.
type config struct {
	specs   map[string]*spec
	tables  map[string]*table
	world   *world
	dice    dice
	emptied int // collections that were deleted whole
}

func newConfig(o Options, d dice, w *world, now time.Time) (*config, error) {
	c := &config{specs: make(map[string]*spec), tables: make(map[string]*table), world: w, dice: d}
	for _, sp := range configurationSpecs() {
		sp.index(o.Without)
		c.specs[sp.name] = sp
		c.tables[sp.name] = &table{
			spec: sp, objects: make(map[int]*object), next: 1, unique: make(map[string]map[string]int),
		}
	}
	// Numbers of rooms begin anywhere, so that no client can count on small ones.
	c.tables[resConference].next = d.between(1, 4000, "conference ids")
	c.tables[resAlias].next = d.between(1, 9000, "alias ids")
	return c, c.furnish(o, now)
}

// furnish makes the objects that a platform has before anybody calls.
func (c *config) furnish(o Options, now time.Time) error {
	global := c.add(resGlobal, nil, now)
	for name, v := range o.Global {
		f := c.specs[resGlobal].byName[name]
		if f == nil || f.readonly {
			return fmt.Errorf("pexipsim: Options.Global: no setting %q", name)
		}
		accepted, why := f.accept(v)
		if why != "" {
			return fmt.Errorf("pexipsim: Options.Global: %s: %s", name, why)
		}
		global.values[name] = accepted
	}
	c.add(resLogin, map[string]any{"api_oauth2_disable_basic": o.BasicOff, "api_oauth2_expiration": int(o.TokenTTL / time.Second)}, now)
	c.add(resTheme, map[string]any{"name": "Dansk tale"}, now)
	c.add(resGroup, map[string]any{"name": "Medarbejdere"}, now)
	for _, n := range o.Nodes {
		if c.named(resLocation, n.Location) == nil {
			c.add(resLocation, map[string]any{"name": n.Location}, now)
		}
	}
	for i, sink := range o.EventSinks {
		if err := c.addSink(sink, i, now); err != nil {
			return err
		}
	}
	return nil
}

// addSink makes an event sink and attaches it to every location.
func (c *config) addSink(sink EventSink, i int, now time.Time) error {
	name := sink.Name
	if name == "" {
		name = "sink " + strconv.Itoa(i+1)
	}
	if c.named(resSink, name) != nil {
		return fmt.Errorf("pexipsim: event sink %q is given twice", name)
	}
	version := sink.Version
	if version == 0 {
		version = 2
	}
	if version != 1 && version != 2 {
		return errors.New("pexipsim: an event sink's version is 1 or 2")
	}
	made := c.add(resSink, map[string]any{
		"name": name, "url": sink.URL, "username": sink.Username, "password": sink.Password, "version": version,
		"bulk_support": sink.Bulk, "verify_tls_certificate": false,
	}, now)
	for _, location := range c.all(resLocation) {
		list, _ := location.values["event_sinks"].([]any)
		location.values["event_sinks"] = append(slices.Clone(list), made.id)
	}
	c.attach(now)
	return nil
}

// add stores a new object with defaults for what is not given.
func (c *config) add(resource string, values map[string]any, now time.Time) *object {
	t := c.tables[resource]
	o := &object{id: t.next, values: make(map[string]any, len(t.spec.fields))}
	t.next++
	for _, f := range t.spec.fields {
		o.values[f.name] = f.def
	}
	maps.Copy(o.values, values)
	o.values["id"] = o.id
	if t.spec.byName["creation_time"] != nil {
		o.values["creation_time"] = now
	}
	if t.spec.byName["uuid"] != nil {
		o.values["uuid"] = c.dice.uuid(resource, strconv.Itoa(o.id))
	}
	t.objects[o.id] = o
	t.order = append(t.order, o.id)
	t.remember(o)
	return o
}

// change stores new values of an object.
func (c *config) change(resource string, o *object, values map[string]any) {
	t := c.tables[resource]
	t.forget(o)
	maps.Copy(o.values, values)
	t.remember(o)
}

func (t *table) remember(o *object) {
	for _, f := range t.spec.fields {
		if f.unique {
			if t.unique[f.name] == nil {
				t.unique[f.name] = make(map[string]int)
			}
			t.unique[f.name][strings.ToLower(o.text(f.name))] = o.id
		}
	}
}

func (t *table) forget(o *object) {
	for _, f := range t.spec.fields {
		if f.unique {
			delete(t.unique[f.name], strings.ToLower(o.text(f.name)))
		}
	}
}

// remove deletes an object and what hangs on it.
func (c *config) remove(resource string, id int, now time.Time) bool {
	t := c.tables[resource]
	o := t.objects[id]
	if o == nil {
		return false
	}
	t.forget(o)
	delete(t.objects, id)
	t.order = slices.DeleteFunc(t.order, func(n int) bool { return n == id })
	switch resource {
	case resConference:
		for _, a := range c.aliasesOf(id) {
			c.remove(resAlias, a.id, now)
		}
		c.world.forget(id, now)
	case resAlias:
		c.publish(o.number("conference"), now)
	case resSink:
		for _, location := range c.all(resLocation) {
			list, _ := location.values["event_sinks"].([]any)
			location.values["event_sinks"] = slices.DeleteFunc(slices.Clone(list), func(v any) bool { return v == id })
		}
		c.attach(now)
	case resLocation:
		c.attach(now)
	}
	return true
}

// all are the objects of a resource, oldest first.
func (c *config) all(resource string) []*object {
	t := c.tables[resource]
	out := make([]*object, 0, len(t.order))
	for _, id := range t.order {
		out = append(out, t.objects[id])
	}
	return out
}

// named finds an object by its unique name.
func (c *config) named(resource, name string) *object {
	t := c.tables[resource]
	id, ok := t.unique["name"][strings.ToLower(name)]
	if !ok {
		return nil
	}
	return t.objects[id]
}

func (c *config) aliasesOf(conference int) []*object {
	var out []*object
	for _, id := range c.world.aliasIDs[conference] {
		if o := c.tables[resAlias].objects[id]; o != nil && o.number("conference") == conference {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b *object) int { return a.number("view_order") - b.number("view_order") })
	return out
}

// publish tells the nodes, in time, how a conference is now.
func (c *config) publish(id int, now time.Time) {
	o := c.tables[resConference].objects[id]
	if o == nil {
		return
	}
	v := vmrVersion{
		name: o.text("name"), tag: o.text("tag"), serviceType: o.text("service_type"), pin: o.text("pin"),
		guestPIN: o.text("guest_pin"), allowGuests: o.flag("allow_guests"), limit: -1, callType: o.text("call_type"),
		muteGuests: o.flag("mute_all_guests"),
	}
	if n, limited := o.values["participant_limit"].(int); limited {
		v.limit = n
	}
	for _, a := range c.aliasesOf(id) {
		v.aliases = append(v.aliases, a.text("alias"))
	}
	c.world.publish(id, v, now)
}

// setting is a global setting: seconds or pieces, 0 or 1 for one that is off or on.
func (c *config) setting(name string) int {
	o := c.single(resGlobal)
	if o.flag(name) {
		return 1
	}
	return o.number(name)
}

// single is the object of a resource that has one only.
func (c *config) single(resource string) *object {
	t := c.tables[resource]
	return t.objects[t.order[0]]
}

// attach tells the nodes of every location which sinks they serve.
func (c *config) attach(now time.Time) {
	byLocation := make(map[string][]sinkConfig)
	for _, location := range c.all(resLocation) {
		list, _ := location.values["event_sinks"].([]any)
		for _, id := range list {
			n, _ := id.(int)
			if o := c.tables[resSink].objects[n]; o != nil {
				byLocation[location.text("name")] = append(byLocation[location.text("name")], sinkOf(o))
			}
		}
	}
	c.world.hub.attach(byLocation, now)
}

func sinkOf(o *object) sinkConfig {
	out := sinkConfig{
		id: o.id, name: o.text("name"), url: o.text("url"), username: o.text("username"), password: o.text("password"),
		version: o.number("version"), bulk: o.flag("bulk_support"), filter: o.flag("filter_events"),
	}
	out.restart, _ = o.values["restart_date"].(time.Time)
	list, _ := o.values["events"].([]any)
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			name, _ := m["name"].(string)
			out.events = append(out.events, name)
		}
	}
	return out
}
