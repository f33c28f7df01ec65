package app

import (
	"cmp"
	"fmt"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// settings turns a municipality's part of the file into the use cases' words.
func settings(m config.Municipality) (scheduler.Settings, error) {
	quiet, err := m.Messages.Quiet()
	if err != nil {
		return scheduler.Settings{}, fmt.Errorf("messages: %w", err)
	}

	out := scheduler.Settings{
		Municipality: m.ID, Name: m.Name, Sender: m.Messages.Sender, Phone: m.Phone, Emergency: m.Emergency,
		Mailbox: mailbox(m), PublicURL: m.PublicURL, Rules: rules(m.Rules), RecordElse: recordRule(m.Record.Default), Notes: citizenNotes(m.Record.Notes),
		Record: make(map[care.LegalBasis]scheduler.RecordRule), Door: m.Times.Door, Grace: m.Times.Grace, HardCap: m.Times.HardCap,
		Together: m.Times.Together, Bridge: m.Times.Bridge, ClockSkew: m.Times.ClockSkew, RoomCheck: m.Times.RoomCheck, Reminder: m.Times.Reminder, Fallback: m.Times.Fallback, Participants: m.Video.Participants, Quiet: quiet,
		CodeOnly: m.Messages.LinkMode == config.CodeOnlyMode, ShortAddress: m.Protection.ShortAddress,
		CallLength: m.Calls.Length, CallLinked: m.Calls.Linked, Identity: m.Identity.Policy(),
		Devices: devices(m.Devices), ApproveFrom: m.Conversion.ApproveFrom, ApproveIn: m.Conversion.ApproveIn,
		Statistics: scheduler.StatisticsSettings{Terms: m.Statistics.Terms(), Sources: m.Statistics.CallSources(), Services: m.Statistics.Services},
	}

	if out.FollowUp, err = followUps(m.FollowUp); err != nil {
		return scheduler.Settings{}, err
	}

	if m.Video.Hook != nil {
		out.EventSilence = m.Video.Hook.Silence
	}

	for law, rule := range m.Record.ByLaw {
		out.Record[law] = recordRule(rule)
	}

	out.KeepDays = m.Record.KeepAfterReceipt
	out.Fetch = scheduler.FetchSettings{Every: m.Record.Fetch.Every, Days: m.Record.Fetch.Days, Auto: m.Record.Fetch.Import}

	out.Reconcile = reconcile(m.Record.Reconcile)

	for _, s := range m.Record.ByService {
		out.RecordFirst = append(out.RecordFirst, scheduler.ServiceRule{Services: s.Services, Laws: s.Laws, Rule: recordRule(s.Rule)})
	}

	for _, u := range m.Units {
		out.Units = append(out.Units, scheduler.UnitRule{
			Unit: care.Unit{ID: u.ID, Name: u.Name, LiveFrom: care.Day(u.LiveFrom)}, Lists: u.Lists,
		})
	}

	return out, nil
}

func reconcile(r config.Reconcile) scheduler.ReconcileSettings {
	return scheduler.ReconcileSettings{Shifts: r.ShiftTimes(), Night: r.NightTime(), Poll: r.Poll, Days: r.Days, Rules: r.Rules, Most: r.Most}
}

func recordRule(r config.RecordRule) scheduler.RecordRule {
	out := scheduler.RecordRule{
		Recording: care.Recording{Means: r.Means, Why: r.Impossible},
		Planned:   r.Planned, Completed: r.Completed, NotCompleted: r.NotCompleted, Phone: r.Phone, Comment: r.Comment,
		Intervention: r.Intervention, Journal: r.Journal, Note: scheduler.NoteRule{Form: r.Note.Form},
		Task: scheduler.TaskRule{Type: r.Task.Type, Team: r.Task.Team, Within: r.Task.Within},
	}

	for _, f := range r.Note.Fields {
		out.Note.Fields = append(out.Note.Fields, ehr.Field{Label: f.Label, Value: f.Value})
	}

	return out
}

// citizenNotes are the rules for notes about citizens; a topic without a rule is left out.
func citizenNotes(n config.Notes) map[care.NoteTopic]scheduler.CitizenNoteRule {
	out := make(map[care.NoteTopic]scheduler.CitizenNoteRule)

	for topic, r := range map[care.NoteTopic]config.CitizenNote{care.SuitabilityNote: n.Suitability, care.DeviceNote: n.Device} {
		if r.Off() {
			continue
		}

		rule := scheduler.CitizenNoteRule{Means: r.Means, Why: r.Impossible, Name: cmp.Or(r.Form, r.Journal), Text: r.Text, Words: r.Words}
		for _, f := range r.Fields {
			rule.Fields = append(rule.Fields, ehr.Field{Label: f.Label, Value: f.Value})
		}

		out[topic] = rule
	}

	return out
}

func mailbox(m config.Municipality) string {
	if m.Messages.Mailbox == "" && m.Messages.Mail != nil {
		return m.Messages.Mail.From
	}

	return m.Messages.Mailbox
}

func rules(r config.Rules) care.Rules {
	level := map[string]care.Level{"green": care.Green, "yellow": care.Yellow, "red": care.Red}

	return care.Rules{
		ScreenServices: r.ScreenServices, PhysicalServices: r.PhysicalServices, ScreenCategories: r.ScreenCategories,
		AbsentStatuses: r.AbsentStatuses, UnknownSuitability: level[r.UnknownSuitability], MinimumLead: r.MinimumLead,
	}
}

func devices(d config.Devices) scheduler.DeviceSettings {
	return scheduler.DeviceSettings{
		Known: d.Known, MinLevel: d.Least(), Level: d.Counts(), Terms: care.DeviceTerms{Idle: d.Idle, TabletIdle: d.TabletIdle}, Silence: d.Silence,
	}
}
