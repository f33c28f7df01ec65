package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// When it is looked whether both are in the room: first when whoever was let in has had time to enter, and
// then so often.
const (
	stageFirst = 15 * time.Second
	stageLook  = time.Minute
)

// stageJobs tell the record that the citizen was let in, where the municipality wants that, and look
// whether the employee has come too, where the platform can tell while a room is in use.
func (s *Service) stageJobs(before, after care.Snapshot) []Job {
	if !before.ArrivedAt().IsZero() || after.ArrivedAt().IsZero() || s.stages(after) == nil {
		return nil
	}

	jobs := []Job{{Kind: TellStageJob, Visit: after.ID, Ref: string(care.StageArrived)}}

	_, told := s.video.(video.Receiver)
	_, asked := s.video.(video.Poller)

	if told || asked {
		jobs = append(jobs, Job{Kind: TellStageJob, Visit: after.ID, Ref: string(care.StageStarted), At: s.now().Add(stageFirst)})
	}

	return jobs
}

// stages is where stages of a visit are told; nil: nowhere.
func (s *Service) stages(v care.Snapshot) ehr.StageJournal {
	teller, ok := s.journal.(ehr.StageJournal)
	if !ok || !teller.TellsStages() || !slices.Contains(v.Recording.Means, care.OnList) {
		return nil
	}

	return teller
}

// tellStage tells the record how far a visit has come. It follows the planned entry, and is dropped as
// soon as the visit is over: the result says it all.
func (s *Service) tellStage(ctx context.Context, job Job) error {
	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	teller := s.stages(v)
	if teller == nil || v.State != care.Open || s.now().After(s.over(v)) {
		return nil
	}

	last, ok := lastOnList(v)

	switch {
	case !ok || last.Kind != care.EntryPlanned:
		return nil
	case last.State == care.EntryDue:
		return s.later("tell_stage", stageLook)
	case last.State != care.EntryWritten:
		return nil // a person has to look at that first
	}

	stage := care.Stage(job.Ref)

	at, err := s.reached(ctx, v, stage)
	if err != nil {
		return err
	}

	if at.IsZero() {
		return s.later("tell_stage", stageLook)
	}

	citizen, err := s.citizenOf(ctx, v)
	if err != nil {
		return err
	}

	change := s.change(v, last, citizen)
	change.Key += "/" + string(stage)
	change.Stage, change.At = stage, at
	if stage == care.StageStarted {
		change.Arrived = v.ArrivedAt()
	}

	return teller.Stage(ctx, change)
}

// lastOnList is the newest entry on the list that was not overtaken.
func lastOnList(v care.Snapshot) (care.Entry, bool) {
	for _, e := range slices.Backward(v.Entries) {
		if e.Means == care.OnList && e.State != care.EntrySuperseded {
			return e, true
		}
	}

	return care.Entry{}, false
}

// reached is when a visit reached a stage; zero: not yet, as far as can be seen.
func (s *Service) reached(ctx context.Context, v care.Snapshot, stage care.Stage) (time.Time, error) {
	if stage == care.StageArrived {
		return v.ArrivedAt(), nil
	}

	legs, _, err := s.legs(ctx, v)
	if err != nil {
		return time.Time{}, err
	}

	return with(v, legs).StartedAt(), nil
}
