package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

type legRow struct {
	VisitID   string `gorm:"primaryKey"`
	RoomRef   string `gorm:"primaryKey"`
	ID        string `gorm:"primaryKey"`
	Seq       int
	Role      string
	JoinedAt  *int64
	LeftAt    *int64
	EnteredAt *int64
	CallID    string
	Seat      int
	Media     string
	Ending    string
	Witness   string
	Node      string
}

// TableName names the table for gorm.
func (legRow) TableName() string { return "legs" }

func (r legRow) owner() string { return r.VisitID }

func (k *Keys) legToRow(visit care.VisitID, seq int, l care.Leg) (legRow, error) {
	return legRow{
		VisitID: string(visit), RoomRef: string(l.Room), ID: l.ID, Seq: seq, Role: string(l.Role),
		JoinedAt: microsOrNull(l.Joined), LeftAt: microsOrNull(l.Left), EnteredAt: microsOrNull(l.Entered),
		CallID: l.Call, Seat: l.Seat, Media: string(l.Media), Ending: string(l.Ending), Witness: string(l.Witness), Node: l.Node,
	}, nil
}

func (k *Keys) legFromRow(row legRow) (care.Leg, error) {
	return care.Leg{
		ID: row.ID, Room: care.RoomRef(row.RoomRef), Role: care.LegRole(row.Role),
		Joined: instantOrZero(row.JoinedAt), Left: instantOrZero(row.LeftAt), Entered: instantOrZero(row.EnteredAt),
		Call: row.CallID, Seat: row.Seat, Media: care.Media(row.Media), Ending: care.Ending(row.Ending),
		Witness: care.Witness(row.Witness), Node: row.Node,
	}, nil
}

type verdictRow struct {
	VisitID     string `gorm:"primaryKey"`
	Seq         int    `gorm:"primaryKey;autoIncrement:false"`
	Decided     bool
	Kind        string
	Reason      string
	Delivery    string
	ActualStart *int64
	ActualEnd   *int64
	TogetherNs  int64
	Grade       string
	Why         string
	HostStart   *int64
	HostEnd     *int64
	GuestStart  *int64
	GuestEnd    *int64
	Basis       string
	Alarms      string
	Complete    bool
	Rule        int
	JudgedAt    *int64
}

// TableName names the table for gorm.
func (verdictRow) TableName() string { return "verdicts" }

func (r verdictRow) owner() string { return r.VisitID }

// basisJSON is care.Basis as it stands in the database.
type basisJSON struct {
	Room string `json:"room"`
	Leg  string `json:"leg"`
	Use  string `json:"use"`
}

func (k *Keys) verdictToRow(visit care.VisitID, seq int, v care.Verdict) (verdictRow, error) {
	basis := make([]basisJSON, 0, len(v.Basis))
	for _, b := range v.Basis {
		basis = append(basis, basisJSON{Room: string(b.Room), Leg: b.Leg, Use: string(b.Use)})
	}

	row := verdictRow{
		VisitID: string(visit), Seq: seq, Decided: v.Decided, Kind: string(v.Outcome.Kind), Reason: string(v.Outcome.Reason),
		Delivery: string(v.Outcome.Delivery), ActualStart: microsOrNull(v.Outcome.Actual.Start), ActualEnd: microsOrNull(v.Outcome.Actual.End),
		TogetherNs: int64(v.Outcome.Together), Grade: string(v.Outcome.Grade),
		HostStart: microsOrNull(v.Host.Start), HostEnd: microsOrNull(v.Host.End),
		GuestStart: microsOrNull(v.Guest.Start), GuestEnd: microsOrNull(v.Guest.End),
		Complete: v.Complete, Rule: v.Rule, JudgedAt: microsOrNull(v.At),
	}

	for _, part := range []struct {
		value any
		text  *string
	}{{v.Why, &row.Why}, {basis, &row.Basis}, {v.Alarms, &row.Alarms}} {
		text, err := json.Marshal(part.value)
		if err != nil {
			return verdictRow{}, fmt.Errorf("verdict: %w", err)
		}

		*part.text = string(text)
	}

	return row, nil
}

func (k *Keys) verdictFromRow(row verdictRow) (care.Verdict, error) {
	v := care.Verdict{
		Decided: row.Decided,
		Outcome: care.Outcome{
			Kind: care.ResultKind(row.Kind), Reason: care.ReasonCode(row.Reason), Delivery: care.Delivery(row.Delivery),
			Actual:   care.Interval{Start: instantOrZero(row.ActualStart), End: instantOrZero(row.ActualEnd)},
			Together: time.Duration(row.TogetherNs), Grade: care.Grade(row.Grade),
		},
		Host:     care.Interval{Start: instantOrZero(row.HostStart), End: instantOrZero(row.HostEnd)},
		Guest:    care.Interval{Start: instantOrZero(row.GuestStart), End: instantOrZero(row.GuestEnd)},
		Complete: row.Complete, Rule: row.Rule, At: instantOrZero(row.JudgedAt),
	}

	var basis []basisJSON

	for _, part := range []struct {
		text string
		into any
	}{{row.Why, &v.Why}, {row.Basis, &basis}, {row.Alarms, &v.Alarms}} {
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return care.Verdict{}, fmt.Errorf("verdict %d of %s: %w", row.Seq, row.VisitID, err)
		}
	}

	for _, b := range basis {
		v.Basis = append(v.Basis, care.Basis{Room: care.RoomRef(b.Room), Leg: b.Leg, Use: care.Use(b.Use)})
	}

	return v, nil
}

type formerRow struct {
	VisitID       string `gorm:"primaryKey"`
	Seq           int    `gorm:"primaryKey;autoIncrement:false"`
	Kind          string
	Reason        string
	Delivery      string
	ActualStart   *int64
	ActualEnd     *int64
	TogetherNs    int64
	Grade         string
	DecidedBy     string
	DecidedAt     *int64
	TimedAt       *int64
	BecauseSealed []byte
}

// TableName names the table for gorm.
func (formerRow) TableName() string { return "former_outcomes" }

func (r formerRow) owner() string { return r.VisitID }

func (k *Keys) formerToRow(visit care.VisitID, seq int, o care.Outcome) (formerRow, error) {
	seal := sealer{keys: k, table: "former_outcomes", row: string(visit) + "/" + strconv.Itoa(seq)}

	row := formerRow{
		VisitID: string(visit), Seq: seq, Kind: string(o.Kind), Reason: string(o.Reason), Delivery: string(o.Delivery),
		ActualStart: microsOrNull(o.Actual.Start), ActualEnd: microsOrNull(o.Actual.End), TogetherNs: int64(o.Together),
		Grade: string(o.Grade), DecidedBy: o.By, DecidedAt: microsOrNull(o.At), TimedAt: microsOrNull(o.TimedAt), BecauseSealed: seal.seal("because", o.Because),
	}

	return row, seal.err
}

func (k *Keys) formerFromRow(row formerRow) (care.Outcome, error) {
	seal := sealer{keys: k, table: "former_outcomes", row: row.VisitID + "/" + strconv.Itoa(row.Seq)}

	o := care.Outcome{
		Kind: care.ResultKind(row.Kind), Reason: care.ReasonCode(row.Reason), Delivery: care.Delivery(row.Delivery),
		Actual:   care.Interval{Start: instantOrZero(row.ActualStart), End: instantOrZero(row.ActualEnd)},
		Together: time.Duration(row.TogetherNs), Grade: care.Grade(row.Grade), By: row.DecidedBy, At: instantOrZero(row.DecidedAt),
		TimedAt: instantOrZero(row.TimedAt), Because: seal.open("because", row.BecauseSealed),
	}

	return o, seal.err
}
