package api

import (
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// person is a citizen: who it is, and no way to reach or to pass for them.
type person struct {
	ID   care.CitizenID `json:"id,omitempty"`
	Name string         `json:"name"`
	CPR  string         `json:"cpr"` // masked
	// Local is the record's own id of somebody who has no CPR number.
	Local string `json:"local_id,omitempty"`
}

type unit struct {
	ID   care.UnitID `json:"id"`
	Name string      `json:"name"`
}

type reason struct {
	Code  string `json:"code"`
	Level string `json:"level"`
	Text  string `json:"text"`
}

type exception struct {
	ID       care.ExceptionID   `json:"id"`
	Kind     care.ExceptionKind `json:"kind"`
	Text     string             `json:"text"`
	Retry    bool               `json:"retry"`
	RaisedAt string             `json:"raised_at"`
}

// visit is a visit as lists show it.
type visit struct {
	ID          care.VisitID     `json:"id"`
	Employee    care.EmployeeID  `json:"employee"`
	Unit        unit             `json:"unit"`
	Citizen     person           `json:"citizen"`
	Planned     interval         `json:"planned"`
	Service     string           `json:"service"`
	Law         care.LegalBasis  `json:"law"`
	Category    string           `json:"category"`
	ListName    string           `json:"list_name"`
	ListStatus  string           `json:"list_status"`
	Shift       care.Shift       `json:"shift,omitempty"`
	Delivery    care.Delivery    `json:"delivery"`
	State       care.VisitState  `json:"state"`
	Status      scheduler.Status `json:"status"`
	StatusText  string           `json:"status_text"`
	Level       string           `json:"level"`
	Reasons     []reason         `json:"reasons"`
	Convertible bool             `json:"convertible"`
	Conversion  care.BatchID     `json:"conversion,omitempty"`
	Exceptions  []exception      `json:"exceptions"`
}

func visitOf(v scheduler.VisitView) visit {
	facts := v.Visit.Facts

	return visit{
		ID: v.Visit.ID, Employee: facts.Employee, Unit: unitOf(v.Unit),
		Citizen: personOf(v.Citizen),
		Planned: span(facts.Planned), Service: facts.Service, Law: facts.Law, Category: facts.Category,
		ListName: facts.ListName, ListStatus: facts.Status, Shift: facts.Shift,
		Delivery: v.Visit.Delivery, State: v.Visit.State, Status: v.Status, StatusText: v.Status.Danish(),
		Level: v.Assessment.Level.String(), Convertible: v.Assessment.Possible, Conversion: v.Visit.Batch,
		Reasons: each(v.Assessment.Reasons, func(r care.Reason) reason {
			return reason{Code: r.Code, Level: r.Level.String(), Text: r.Text}
		}),
		Exceptions: openOf(v.Visit.Exceptions),
	}
}

func personOf(c care.Citizen) person { return personBy(c.ID, c.Name, c.Key()) }

func personBy(id care.CitizenID, name string, key care.CitizenKey) person {
	return person{ID: id, Name: name, CPR: key.CPR.Mask(), Local: key.Surrogate.Shown()}
}

func unitOf(u care.Unit) unit { return unit{ID: u.ID, Name: u.Name} }

func openOf(all []care.Exception) []exception {
	out := []exception{}

	for _, e := range all {
		if e.Open() {
			out = append(out, exceptionOf(e))
		}
	}

	return out
}

func exceptionOf(e care.Exception) exception {
	return exception{ID: e.ID, Kind: e.Kind, Text: e.Text, Retry: e.Retry, RaisedAt: stamp(e.RaisedAt)}
}

type dayView struct {
	Day            care.Day          `json:"day"`
	Night          bool              `json:"night"`
	All            int               `json:"all"`
	OpenExceptions int               `json:"open_exceptions"`
	Units          []unit            `json:"units"`
	Employees      []care.EmployeeID `json:"employees"`
	Visits         []visit           `json:"visits"`
}

func dayViewOf(d scheduler.DayView) dayView {
	return dayView{
		Day: d.Day, Night: d.Night, All: d.All, OpenExceptions: d.Troubles, Units: each(d.Units, unitOf),
		Employees: each(d.Employees, func(e care.EmployeeID) care.EmployeeID { return e }),
		Visits:    each(d.Visits, visitOf),
	}
}

// room tells how far a room is. Its address, PINs and links are nobody's business here.
type room struct {
	State    care.RoomState `json:"state"`
	Planned  *interval      `json:"planned,omitempty"`
	WantedAt string         `json:"wanted_at"`
	BookedAt string         `json:"booked_at,omitempty"`
	ClosedAt string         `json:"closed_at,omitempty"`
}

// sent is a message to the citizen without its content.
type sent struct {
	Kind     care.InvitationKind  `json:"kind"`
	Channel  care.Channel         `json:"channel"`
	State    care.InvitationState `json:"state"`
	QueuedAt string               `json:"queued_at"`
	SentAt   string               `json:"sent_at,omitempty"`
	OpenedAt string               `json:"opened_at,omitempty"`
}

type entry struct {
	Kind      care.EntryKind  `json:"kind"`
	Means     care.Means      `json:"means,omitempty"`
	State     care.EntryState `json:"state"`
	Why       string          `json:"why,omitempty"`
	DueAt     string          `json:"due_at"`
	WrittenAt string          `json:"written_at,omitempty"`
}

type outcome struct {
	Kind            care.ResultKind `json:"kind"`
	Reason          care.ReasonCode `json:"reason,omitempty"`
	Delivery        care.Delivery   `json:"delivery,omitempty"`
	Grade           care.Grade      `json:"grade"`
	Actual          *interval       `json:"actual,omitempty"`
	TogetherSeconds int             `json:"together_seconds"`
	By              string          `json:"by,omitempty"`
	At              string          `json:"at,omitempty"`
	Because         string          `json:"because,omitempty"`
}

// detail is one visit with its history.
type detail struct {
	visit

	OpenedAt string   `json:"opened_at,omitempty"`
	Rooms    []room   `json:"rooms"`
	Messages []sent   `json:"messages"`
	Entries  []entry  `json:"entries"`
	Outcome  *outcome `json:"outcome,omitempty"`
}

func detailOf(v scheduler.VisitView) detail {
	return detail{
		visit: visitOf(v), OpenedAt: stamp(v.Visit.OpenedAt), Outcome: outcomeOf(v.Visit.Outcome),
		Rooms: each(v.Visit.Rooms, func(r care.Room) room {
			return room{State: r.State, Planned: maybe(r.Planned), WantedAt: stamp(r.WantedAt), BookedAt: stamp(r.BookedAt), ClosedAt: stamp(r.ClosedAt)}
		}),
		Messages: each(v.Visit.Invitations, func(i care.Invitation) sent {
			return sent{Kind: i.Kind, Channel: i.Channel, State: i.State, QueuedAt: stamp(i.QueuedAt), SentAt: stamp(i.SentAt), OpenedAt: stamp(i.OpenedAt)}
		}),
		Entries: each(v.Visit.Entries, func(e care.Entry) entry {
			return entry{Kind: e.Kind, Means: e.Means, State: e.State, Why: e.Failure, DueAt: stamp(e.DueAt), WrittenAt: stamp(e.WrittenAt)}
		}),
	}
}

// outcomeOf returns nil for a visit that has not been concluded.
func outcomeOf(o care.Outcome) *outcome {
	if o.Kind == "" {
		return nil
	}

	return &outcome{
		Kind: o.Kind, Reason: o.Reason, Delivery: o.Delivery, Grade: o.Grade, Actual: maybe(o.Actual),
		TogetherSeconds: int(o.Together.Seconds()), By: o.By, At: stamp(o.At), Because: o.Because,
	}
}
