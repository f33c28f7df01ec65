package nexus

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler/care"
)

// VideoFlag is what is made of a citizen's allowVideoCalls in Nexus.
type VideoFlag string

// The uses of the flag (eoj.md §1.3). It is no documented judgement.
const (
	VideoHint      VideoFlag = "hint"      // allowed counts as suitable, everything else as unknown
	VideoJudgement VideoFlag = "judgement" // allowed is suitable, not allowed is unsuitable
	VideoIgnored   VideoFlag = "ignore"    // never looked at
)

// Config holds the settings of one municipality's KMD Nexus.
type Config struct {
	Instance     string      `yaml:"instance" doc:"The municipality's instance in Nexus, the name in its addresses, for example testkommune; required."`
	IAMURL       string      `yaml:"iam_url" doc:"Root of the token service, for example https://iam.nexus.kmd.dk; https except to loopback; required."`
	APIURL       string      `yaml:"api_url" doc:"Root of the API, for example https://testkommune.nexus.kmd.dk; https except to loopback; required. No address on another host is ever followed."`
	AuthPath     string      `yaml:"auth_path" doc:"First part of the token service's path, before /realms; default authx."`
	AllowPlain   bool        `yaml:"allow_plain" doc:"Allow http to a host that is not loopback, for a proxy on a private network; default false."`
	ClientID     string      `yaml:"client_id" doc:"Client id of the API user; required."`
	ClientSecret care.Secret `yaml:"client_secret" doc:"Client secret of the API user; required."`
	SecretInBody bool        `yaml:"secret_in_body" doc:"Send client id and secret as form fields instead of HTTP Basic; default false."`

	ConnectTimeout  time.Duration `yaml:"connect_timeout" doc:"Limit for connecting, as a duration; 100ms to 1m, default 5s."`
	Timeout         time.Duration `yaml:"timeout" doc:"Limit for one call, as a duration; 100ms to 5m, default 30s."`
	CalendarTimeout time.Duration `yaml:"calendar_timeout" doc:"Limit for one call that reads a calendar, which takes Nexus minutes; 100ms to 10m, default 5m."`

	Lists           []string  `yaml:"lists" doc:"Names of the driving lists that are read, with * and ? as in file names; default all of the record's cross-citizen calendars."`
	NightLists      []string  `yaml:"night_lists" doc:"Names of the lists whose day begins at 12:00 local time, as in lists; default those with the word for night in their name: Nat, Nathold, Nattevagt."`
	CancelledTypes  []string  `yaml:"cancelled_types" doc:"Visit types that mean a cancelled visit; default Aflyst besøg."`
	CitizenCalendar string    `yaml:"citizen_calendar" doc:"Name of the calendar among a citizen's views; default Borgerkalender."`
	CitizenPathway  string    `yaml:"citizen_pathway" doc:"Name of the pathway view in which a citizen's interventions and forms are found; default - Alt."`
	SkipLaw         bool      `yaml:"skip_law" doc:"Do not read the interventions of a list's visits, which saves a call for each; the law is then unknown. Default false."`
	VideoFlag       VideoFlag `yaml:"video_flag" doc:"What a citizen's allowVideoCalls in Nexus means here: hint (allowed counts as suitable, everything else as unknown), judgement (not allowed is unsuitable too) or ignore; default hint."`

	WriteVisitType bool   `yaml:"write_visit_type" doc:"Write type and comment of a visit on the list. No public source shows how; turn it on after a test in the municipality's own Nexus. Default false."`
	Strategy       string `yaml:"strategy" doc:"Name of the change strategy for this occurrence only; default THIS."`
	StrategyField  string `yaml:"strategy_field" doc:"Member of the visit that tells the strategy when it is written; default changeStrategy."`

	Intervention Intervention `yaml:"intervention" doc:"How interventions of our own are made and ended."`
	Note         Note         `yaml:"note" doc:"How notes are written."`
	Task         Task         `yaml:"task" doc:"How tasks are made and closed."`

	TestCitizen care.Secret `yaml:"test_citizen" doc:"CPR number of a fictitious citizen in this Nexus, with whom the doctor checks forms, interventions and tasks; default none, those are then not checked."`
}

// Intervention says how interventions are handled. An empty placement: there is no such way.
type Intervention struct {
	Placement  string   `yaml:"placement" doc:"Where interventions are placed, as Nexus writes it: Grundforløb > Forløb; empty (default): no interventions are made."`
	Create     []string `yaml:"create" doc:"Transitions that make an intervention, one after the other; default one: Ansøg, Bevilg, Bestil."`
	Edit       string   `yaml:"edit" doc:"Transition that changes an intervention and keeps its state; default Ret."`
	End        string   `yaml:"end" doc:"Transition that ends an intervention that we made when no screen visit is left; default Afslut."`
	Supplier   string   `yaml:"supplier" doc:"Name of the supplier that a new intervention is ordered from; empty (default): it is left as the catalogue has it."`
	StartDates []string `yaml:"start_dates" doc:"Date elements of a new intervention that are set to the visit's day when they are empty; default entryDate, workflowRequestedDate, workflowApprovedDate, orderedDate."`
	EndDates   []string `yaml:"end_dates" doc:"Date elements that are set to the visit's day when an intervention ends; default basketGrantEndDate, orderGrantEndDate, cancelledDate."`
	Inactive   []string `yaml:"inactive" doc:"States in which an intervention is over; default Afsluttet, Annulleret, Fjernet, Frafaldet, Afgjort, Afslået, Ophørt."`
}

// Note says how notes are written. An empty text label: there is no such way.
type Note struct {
	TextLabel string `yaml:"text_label" doc:"Label of the form's field for free text, where also our reference stands; empty (default): no notes are written."`
	Action    string `yaml:"action" doc:"Action with which a form is saved; default Udfyldt."`
}

// Task says how tasks are handled.
type Task struct {
	Off    bool   `yaml:"off" doc:"Make no tasks; default false."`
	Create string `yaml:"create" doc:"Action that makes a task; default Opret."`
	Close  string `yaml:"close" doc:"Action that closes a task; default Afslut."`
}

// SetDefaults fills in what is not set.
func (c *Config) SetDefaults() {
	fill(&c.AuthPath, "authx")
	fill(&c.ConnectTimeout, 5*time.Second)
	fill(&c.Timeout, 30*time.Second)
	fill(&c.CalendarTimeout, 5*time.Minute)
	fillAll(&c.CancelledTypes, "Aflyst besøg")
	fill(&c.CitizenCalendar, "Borgerkalender")
	fill(&c.CitizenPathway, "- Alt")
	fill(&c.VideoFlag, VideoHint)
	fill(&c.Strategy, "THIS")
	fill(&c.StrategyField, "changeStrategy")
	fillAll(&c.Intervention.Create, "Ansøg, Bevilg, Bestil")
	fill(&c.Intervention.Edit, "Ret")
	fill(&c.Intervention.End, "Afslut")
	fillAll(&c.Intervention.StartDates, "entryDate", "workflowRequestedDate", "workflowApprovedDate", "orderedDate")
	fillAll(&c.Intervention.EndDates, "basketGrantEndDate", "orderGrantEndDate", "cancelledDate")
	fillAll(&c.Intervention.Inactive, "Afsluttet", "Annulleret", "Fjernet", "Frafaldet", "Afgjort", "Afslået", "Ophørt")
	fill(&c.Note.Action, "Udfyldt")
	fill(&c.Task.Create, "Opret")
	fill(&c.Task.Close, "Afslut")
}

func fill[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

func fillAll(value *[]string, fallback ...string) {
	if *value == nil {
		*value = fallback
	}
}

// Means are the ways of telling that the settings turn on.
func (c Config) Means() []care.Means {
	return slices.DeleteFunc(care.AllMeans(), func(m care.Means) bool {
		switch m {
		case care.OnList:
			return !c.WriteVisitType
		case care.ByIntervention:
			return c.Intervention.Placement == ""
		case care.ByNote:
			return c.Note.TextLabel == ""
		case care.ByTask:
			return c.Task.Off
		case care.ByJournal:
		}

		return true
	})
}

// Validate returns every problem at once. Call SetDefaults first.
func (c Config) Validate() []error {
	var problems []error

	bad := func(when bool, text string) {
		if when {
			problems = append(problems, errors.New(text))
		}
	}

	bad(!pathLike.MatchString(c.Instance), "instance: must be the instance's name: letters, digits, - and _")
	bad(!pathLike.MatchString(c.AuthPath), "auth_path: must be one part of a path")
	bad(!isRoot(c.IAMURL), "iam_url: must be https://host without path, credentials or query")
	bad(!isRoot(c.APIURL), "api_url: must be https://host without path, credentials or query")
	bad(c.ClientID == "", "client_id: must be set")
	bad(c.ClientSecret.IsZero(), "client_secret: must be set")
	bad(c.ConnectTimeout < 100*time.Millisecond || c.ConnectTimeout > time.Minute, "connect_timeout: must be 100ms to 1m")
	bad(c.Timeout < 100*time.Millisecond || c.Timeout > 5*time.Minute, "timeout: must be 100ms to 5m")
	bad(c.CalendarTimeout < 100*time.Millisecond || c.CalendarTimeout > 10*time.Minute, "calendar_timeout: must be 100ms to 10m")
	bad(c.VideoFlag != VideoHint && c.VideoFlag != VideoJudgement && c.VideoFlag != VideoIgnored, "video_flag: must be hint, judgement or ignore")
	bad(!memberLike.MatchString(c.StrategyField), "strategy_field: must be a member's name")

	bad(len(c.Intervention.Create) == 0, "intervention.create: must name at least one transition")

	for _, of := range []struct {
		key      string
		patterns []string
	}{{"lists", c.Lists}, {"night_lists", c.NightLists}} {
		for i, p := range of.patterns {
			_, err := path.Match(p, "")
			bad(err != nil || p == "", fmt.Sprintf("%s[%d]: is no pattern", of.key, i))
		}
	}

	if !c.TestCitizen.IsZero() {
		_, verdict, _ := care.ParseCPR(c.TestCitizen.Reveal())
		bad(verdict == care.CPRMalformed, "test_citizen: must be a CPR number")
	}

	return problems
}

var (
	pathLike   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	memberLike = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,60}$`)
)

func isRoot(text string) bool {
	u, err := url.Parse(text)

	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
}

// cancels reports whether a visit type means a cancelled visit.
func (c Config) cancels(category string) bool {
	return slices.ContainsFunc(c.CancelledTypes, func(t string) bool { return strings.EqualFold(t, category) })
}

// isNight reports whether a list's day begins at 12:00.
func (c Config) isNight(list string) bool {
	if c.NightLists != nil {
		return matches(c.NightLists, list)
	}

	shift, ok := lexicon.ShiftNamed(list)

	return ok && shift == care.NightShift
}

// matches reports whether a name fits one of the patterns, whatever its case. A slash is a
// character like others.
func matches(patterns []string, name string) bool {
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "/", "\x1f") }

	for _, p := range patterns {
		if ok, err := path.Match(plain(p), plain(name)); ok && err == nil {
			return true
		}
	}

	return false
}
