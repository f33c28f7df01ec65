package app

import (
	"fmt"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/holiday"
)

// followUps turns the rules of follow-ups into the use cases' words.
func followUps(f config.FollowUp) (scheduler.FollowUpSettings, error) {
	days, err := holiday.New(f.Holidays...)
	if err != nil {
		return scheduler.FollowUpSettings{}, fmt.Errorf("follow_up: %w", err)
	}

	out := scheduler.FollowUpSettings{Default: followUpRule(f.Default), Travel: f.Travel, Holiday: days.On}

	for _, s := range f.ByService {
		out.First = append(out.First, scheduler.FollowUpServiceRule{Services: s.Services, Laws: s.Laws, Rule: followUpRule(s.Rule)})
	}

	for _, e := range f.Escalation {
		ladder := scheduler.Ladder{Units: e.Units, Shifts: e.Shifts}

		for _, d := range e.Days {
			ladder.Days = append(ladder.Days, scheduler.DayKind(d))
		}

		for _, s := range e.Steps {
			ladder.Steps = append(ladder.Steps, scheduler.EscalationStep{After: s.After, Who: s.Who, Phone: s.Phone, Mail: emails(s.Mail)})
		}

		out.Ladders = append(out.Ladders, ladder)
	}

	return out, nil
}

func followUpRule(r config.FollowUpRule) scheduler.FollowUpRule {
	out := scheduler.FollowUpRule{Causes: r.Causes, CallWithin: max(0, r.CallWithin), VisitWithin: r.VisitWithin, Tell: emails(r.Tell)}

	switch r.Mode {
	case config.FollowUpAsk:
		out.Mode = scheduler.AskFollowUp
	case config.FollowUpAutomatic:
		out.Mode = scheduler.AutomaticFollowUp
	}

	return out
}

func emails(texts []string) []care.Email {
	out := make([]care.Email, 0, len(texts))

	for _, t := range texts {
		if address, ok := care.ParseEmail(t); ok { // the configuration was checked
			out = append(out, address)
		}
	}

	return out
}
