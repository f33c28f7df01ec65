package nexussim

import (
	"encoding/hex"
	"fmt"
)

// Meaning is what a visit's type says about the visit. The record itself has no such field; the
// simulator's oracle has.
type Meaning string

// The meanings.
const (
	PhysicalVisit Meaning = "physical"
	PlannedScreen Meaning = "planned"   // to be held by screen
	ScreenResult  Meaning = "result"    // held by screen
	NotCompleted  Meaning = "not-done"  // did not take place
	PhoneVisit    Meaning = "phone"     // by telephone
	NexusVideo    Meaning = "nexus"     // by the record's own video product
	Cancelled     Meaning = "cancelled" // taken off the list
	NoVisit       Meaning = "none"      // a break, a meeting
)

// active tells whether a citizen gets, or got, help by a visit of this meaning.
func (m Meaning) active() bool {
	switch m {
	case PhysicalVisit, PlannedScreen, ScreenResult, PhoneVisit, NexusVideo:
		return true
	case NotCompleted, Cancelled, NoVisit:
	}
	return false
}

// EventType is a local category of visits with its colour.
type EventType struct {
	Name    string  `json:"name"`
	Color   string  `json:"color"` // RRGGBB, background of the calendar's cell
	Meaning Meaning `json:"meaning"`
	// Retired types are known to old visits but can't be chosen.
	Retired bool `json:"retired,omitempty"`
}

type eventType struct {
	id      int
	name    string
	color   string
	meaning Meaning
	active  bool
}

const cancelledType = "Aflyst besøg"

// defaultTypes are names as municipalities use them (eoj.md §1.5, §1.6); colours are made up.
func defaultTypes() []*eventType {
	return []*eventType{
		{name: "Planlagt besøg", color: "FFFFFF", meaning: PhysicalVisit, active: true},
		{name: "Planlagt skærmbesøg", color: "CFE8FF", meaning: PlannedScreen, active: true},
		{name: "Gennemført skærmbesøg", color: "CDEFD2", meaning: ScreenResult, active: true},
		{name: "Udført skærmbesøg", color: "BFE6C5", meaning: ScreenResult, active: true},
		{name: "Ikke gennemført skærmbesøg", color: "FBD9D5", meaning: NotCompleted, active: true},
		{name: "Planlagt telefonopkald", color: "FFF1C9", meaning: PhoneVisit, active: true},
		{name: "Telefonopkald", color: "FFE9A8", meaning: PhoneVisit, active: true},
		{name: "Videobesøg (Nexus Video)", color: "E4DAF5", meaning: NexusVideo, active: true},
		{name: cancelledType, color: "E0E0E0", meaning: Cancelled, active: true},
		{name: "Pause", color: "F3F3F3", meaning: NoVisit, active: true},
		{name: "Skærmbesøg (gammel)", color: "CFE8FF", meaning: PlannedScreen},
	}
}

// DefineType adds an event type, or changes the one of that name.
func (s *Server) DefineType(t EventType) error {
	if _, err := hex.DecodeString(t.Color); err != nil || len(t.Color) != 6 || t.Name == "" {
		return fmt.Errorf("nexussim: a type needs a name and a colour of six hexadecimal digits, got %q", t.Color)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, have := range s.world.types {
		if have.name == t.Name {
			have.color, have.meaning, have.active = t.Color, t.Meaning, !t.Retired
			return nil
		}
	}
	s.world.types = append(s.world.types, &eventType{s.world.id(), t.Name, t.Color, t.Meaning, !t.Retired})
	return nil
}

// wire is the type as it stands in an event.
func (t *eventType) wire() object {
	return object{"id": t.id, "version": 0, "name": t.name, "active": t.active, "color": t.color}
}

// activeTypes answers availableEventTypes.
func (s *Server) activeTypes(*call) reply {
	list := []any{}
	for _, t := range s.world.types {
		if t.active {
			list = append(list, t.wire())
		}
	}
	return ok(list)
}
