package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Judge is what the routes about suitability and notes in the record call.
type Judge interface {
	Judge(ctx context.Context, actor care.Actor, id care.CitizenID, req scheduler.JudgementRequest) error
	PreviewJudgement(ctx context.Context, actor care.Actor, id care.CitizenID, req scheduler.JudgementRequest) (scheduler.NotePreview, error)
	RetryNote(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.NoteID) error
	SettleNote(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.NoteID) error
}

// judgement is what an employee decided about a citizen.
type judgement struct {
	Verdict    care.Suitability `json:"verdict"`
	Reason     string           `json:"reason"`
	ReassessOn care.Day         `json:"reassess_on,omitempty"`
	By         care.EmployeeID  `json:"by"`
	At         string           `json:"at"`
}

func judgementOf(j care.Judgement) *judgement {
	if !j.Given() {
		return nil
	}

	return &judgement{Verdict: j.Verdict, Reason: j.Why, ReassessOn: j.Again, By: j.By, At: stamp(j.At)}
}

type noteField struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

func noteFields(list []care.NoteField) []noteField {
	return each(list, func(f care.NoteField) noteField { return noteField(f) })
}

// citizenNote is one note about a citizen in the care record.
type citizenNote struct {
	ID        care.NoteID     `json:"id"`
	Topic     care.NoteTopic  `json:"topic"`
	State     care.EntryState `json:"state"`
	Form      string          `json:"form,omitempty"`
	Fields    []noteField     `json:"fields"`
	Text      string          `json:"text,omitempty"`
	Author    string          `json:"author,omitempty"`
	Failure   string          `json:"failure,omitempty"`
	At        string          `json:"at"`
	WrittenAt string          `json:"written_at,omitempty"`
	RecordID  string          `json:"record_id,omitempty"`
	SettledBy care.EmployeeID `json:"settled_by,omitempty"`
}

func citizenNoteOf(n care.CitizenNote) citizenNote {
	return citizenNote{
		ID: n.ID, Topic: n.Topic, State: n.State, Form: n.Name, Fields: noteFields(n.Fields), Text: n.Text, Author: n.Author, Failure: n.Failure,
		At: stamp(n.About), WrittenAt: stamp(n.WrittenAt), RecordID: n.RecordID, SettledBy: n.SettledBy,
	}
}

type judgementRequest struct {
	Verdict    care.Suitability `json:"verdict"`
	Reason     string           `json:"reason"`
	ReassessOn care.Day         `json:"reassess_on"`
}

func (r judgementRequest) wanted() scheduler.JudgementRequest {
	return scheduler.JudgementRequest{Verdict: r.Verdict, Why: r.Reason, Again: r.ReassessOn}
}

// judging reads whom a judgement is about and what it is.
func judging(c *gin.Context) (care.CitizenID, scheduler.JudgementRequest, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return "", scheduler.JudgementRequest{}, err
	}

	var body judgementRequest
	if err := decode(c, &body); err != nil {
		return "", scheduler.JudgementRequest{}, err
	}

	return care.CitizenID(id), body.wanted(), nil
}

// judge stores a judgement.
func (a api) judge(c *gin.Context) error {
	id, req, err := judging(c)
	if err != nil {
		return err
	}

	if err := a.Judge(c.Request.Context(), route.Actor(c), id, req); err != nil {
		return err
	}

	return done(c)
}

// notePreview is what the record would get.
type notePreview struct {
	Off        bool        `json:"off"`
	Impossible string      `json:"impossible,omitempty"`
	Where      string      `json:"where,omitempty"`
	Fields     []noteField `json:"fields"`
	Text       string      `json:"text,omitempty"`
	Author     string      `json:"author,omitempty"`
}

// previewJudgement tells what the record would get.
func (a api) previewJudgement(c *gin.Context) error {
	id, req, err := judging(c)
	if err != nil {
		return err
	}

	p, err := a.PreviewJudgement(c.Request.Context(), route.Actor(c), id, req)
	if err != nil {
		return err
	}

	return ok(c, notePreview{Off: p.Off, Impossible: p.Impossible, Where: p.Where, Fields: noteFields(p.Fields), Text: p.Text, Author: p.Author})
}

// retryNote has a rejected note written once more.
func (a api) retryNote(c *gin.Context) error { return onNote(c, a.RetryNote) }

// settleNote says that a note was written by hand.
func (a api) settleNote(c *gin.Context) error { return onNote(c, a.SettleNote) }

// onNote does something with one note of a citizen.
func onNote(c *gin.Context, do func(context.Context, care.Actor, care.CitizenID, care.NoteID) error) error {
	citizen, err := pathID(c, "id")
	if err != nil {
		return err
	}

	note, err := pathID(c, "note")
	if err != nil {
		return err
	}

	if err := do(c.Request.Context(), route.Actor(c), care.CitizenID(citizen), care.NoteID(note)); err != nil {
		return err
	}

	return done(c)
}
