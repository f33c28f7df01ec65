package scheduler_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/message/mail"
	"github.com/sluse/sluse/connector/message/mail/mailsim"
	"github.com/sluse/sluse/connector/message/sms"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/ehr/pulled"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/sqlite"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// theDay is the day of the sample list.
const theDay care.Day = "2026-11-23"

// eve is when the tests begin: the day before the sample list, 11.00 Danish time.
func eve() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

// on returns a Danish wall-clock time of the sample list's day.
func on(hour, minute int) time.Time {
	return time.Date(2026, 11, 23, hour, minute, 0, 0, care.Zone()).UTC()
}

// clock is the one time that program and peers live by. It stands still but for a microsecond per
// look, because no two things happen at one instant.
type clock struct {
	mutex sync.Mutex
	at    time.Time
}

func (c *clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	c.at = c.at.Add(time.Microsecond)

	return c.at
}

// to moves the clock, never back.
func (c *clock) to(t time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	if t.After(c.at) {
		c.at = t
	}
}

// rig is the use cases of one municipality with a real database, real adapters, simulated peers
// and a clock that stands still until it is moved.
type rig struct {
	tb    testing.TB
	clock *clock
	db    *store.Database
	store *store.Store
	jobs  *jobs
	vdx   *vdxsim.Server
	mail  *mailsim.Server
	fhir  *fhirsim.Server
	texts *shortMessages // nil: SMS go through vdx
	sky   *sky

	address string // of the video platform
	after   func() // runs after every job; nil: nothing
	*scheduler.Service
}

// change alters what a rig is made of.
type change func(*setup)

type setup struct {
	gateway scheduler.CitizenReporter
	set     scheduler.Settings
	vdx     vdxsim.Options
	mail    mailsim.Options
	journal func(tb testing.TB, c *clock) ehr.Journal // nil: the FHIR record
	deaf    bool                                      // the platform tells nothing about who was in a room
	path    string                                    // of the database; empty: its own
	keys    *store.Keys                               // nil: its own
	wrap    func(p *vdx.Platform) video.Platform
	sms     *shortMessages    // nil: that of VDX
	clock   *clock            // nil: its own
	url     string            // of the database instead of path
	sky     *sky              // nil: the peers are always there, and nobody watches them
	watch   scheduler.Monitor // instead of the sky
	eids    []eid.Provider
	logins  []scheduler.LoginSource
	lists   ehr.Fetcher                          // nil: lists can't be read from the record
	stored  func(s *store.Store) scheduler.Store // nil: the store itself

	credentials scheduler.Credentials
}

// monitor is what watches the outside systems; nil: nobody.
func (s *setup) monitor() scheduler.Monitor {
	if s.watch != nil {
		return s.watch
	}

	return s.sky.monitor()
}

func newRig(tb testing.TB, changes ...change) *rig {
	tb.Helper()

	s := setup{set: settings(), vdx: vdxsim.Options{Calm: true, Strict: true}, mail: mailsim.Options{Calm: true, Strict: true}}
	for _, c := range changes {
		c(&s)
	}

	if s.clock == nil {
		s.clock = &clock{at: eve()}
	}

	if s.keys == nil {
		s.keys = newKeys(tb)
	}

	r := &rig{tb: tb, clock: s.clock, sky: s.sky}
	r.openStore(s)

	var sender message.Sender = s.sms

	if r.texts = s.sms; s.sms == nil {
		var err error

		sender, err = sms.New(r.smsConfig(s), sms.Deps{Now: r.clock.Now, Peer: r.peer(connector.SMSRole)})
		must(tb, err)
	}

	journal := s.journal
	if journal == nil {
		journal = r.record
	}

	var kept scheduler.Store = r.store
	if s.stored != nil {
		kept = s.stored(r.store)
	}

	var err error

	r.Service, err = scheduler.New(scheduler.Deps{
		Settings: s.set, Store: kept, Video: r.platform(s), Links: care.NewSecret("0123456789abcdef0123456789abcdef"),
		Messages: map[care.Channel]message.Sender{care.SMS: sender, care.Mail: r.post(s)},
		Files:    pulled.Source{Else: file.NewSource(file.Config{}, s.keys.Fingerprint)}, Lists: s.lists, Journal: journal(tb, r.clock), Monitor: s.monitor(), Now: r.clock.Now,
		Credentials: s.credentials, Eids: s.eids, Logins: s.logins, Gateway: s.gateway, Calls: file.Calls{},
	})
	must(tb, err)

	return r
}

func (r *rig) openStore(s setup) {
	if s.path == "" {
		s.path = filepath.Join(r.tb.TempDir(), "sluse.db")
	}

	if s.url == "" {
		s.url = "sqlite:" + s.path
		sqlite.Place(r.tb, s.path)
	}

	db, err := store.Connect(r.tb.Context(), store.Config{URL: s.url, Readers: 2})
	must(r.tb, err)
	r.tb.Cleanup(func() { _ = db.Close() })

	if db.Dialect == migrations.Postgres {
		must(r.tb, migrations.Up(r.tb.Context(), db.Writer, db.Dialect))
	}

	r.db = db
	r.jobs = newJobs(r.tb, db)

	r.store, err = store.New(db, s.keys, r.jobs, slog.New(slog.DiscardHandler), r.clock.Now)
	must(r.tb, err)
}

func newKeys(tb testing.TB) *store.Keys {
	tb.Helper()

	material, err := store.GenerateKeys()
	must(tb, err)

	keys, err := store.NewKeys(material)
	must(tb, err)

	return keys
}

const historyKey = "key-of-the-history-api"

// platform starts a simulated video platform and returns the adapter that speaks with it.
func (r *rig) platform(s setup) video.Platform {
	url := r.vdxURL(s)
	config := vdx.Config{
		BaseURL: url.Video, TokenURL: url.Token, ClientID: "sluse-planner", ClientSecret: care.NewSecret("test-sluse-planner"),
		HistoryURL: url.History, HistoryKey: care.NewSecret(historyKey),
	}

	if s.deaf {
		config.HistoryURL, config.HistoryKey = "", care.Secret{}
	}

	config.SetDefaults()

	platform, err := vdx.New(config, vdx.Deps{Now: r.clock.Now, Peer: r.peer(connector.VideoRole)})
	must(r.tb, err)

	if s.wrap != nil {
		return s.wrap(platform)
	}

	return platform
}

func (r *rig) vdxURL(s setup) vdxsim.URLs {
	if r.vdx == nil {
		s.vdx.Clock, s.vdx.Zone, s.vdx.Organisations = r.clock.Now, care.Zone(), vdxsim.DefaultOrganisations()
		s.vdx.Organisations[0].HistoryAPIKey, s.vdx.Organisations[0].SMSSenderName = historyKey, "Testby"
		s.vdx.TokenTTL = 240 * time.Hour // tokens are the adapters' own test

		sim, err := vdxsim.New(s.vdx)
		must(r.tb, err)

		r.vdx = sim
		server := httptest.NewServer(s.sky.over(sim.Handler(), func(path string) connector.Role {
			if strings.HasPrefix(path, "/sms") {
				return connector.SMSRole
			}

			return connector.VideoRole
		}))
		r.tb.Cleanup(server.Close)
		r.tb.Cleanup(func() { _ = sim.Close() })

		r.address = server.URL
	}

	return vdxsim.URLsAt(r.address, "")
}

func (r *rig) smsConfig(s setup) sms.Config {
	url := r.vdxURL(s)
	config := sms.Config{
		BaseURL: url.SMS, TokenURL: url.Token, ClientID: "sluse-planner", ClientSecret: care.NewSecret("test-sluse-planner"),
	}
	config.SetDefaults()

	return config
}

func (r *rig) post(s setup) *mail.Sender {
	s.mail.Clock = r.clock.Now

	sim, err := mailsim.New(s.mail)
	must(r.tb, err)
	r.tb.Cleanup(func() { _ = sim.Close() })

	address, err := sim.Listen(r.tb.Context(), "127.0.0.1:0")
	must(r.tb, err)

	r.mail = sim

	config := mail.Config{TLS: mail.Plaintext, From: "skaerm@testby.example", FromName: "Testby Kommune"}
	config.Host, config.Port = hostPort(r.tb, address)
	config.SetDefaults()

	sender, err := mail.New(config, mail.Options{Now: r.clock.Now})
	must(r.tb, err)

	return sender
}

// record starts a simulated care record and returns the adapter that writes into it.
func (r *rig) record(tb testing.TB, c *clock) ehr.Journal {
	tb.Helper()

	sim, err := fhirsim.New(fhirsim.Options{Clock: c.Now, Calm: true, Strict: true})
	must(tb, err)

	server := httptest.NewServer(r.sky.over(sim.Handler(), func(string) connector.Role { return connector.RecordRole }))
	tb.Cleanup(server.Close)

	r.fhir = sim

	config := fhir.Config{BaseURL: server.URL + "/fhir"}
	config.SetDefaults()

	journal, err := fhir.New(config, fhir.Options{Now: c.Now, Peer: r.peer(connector.RecordRole)})
	must(tb, err)
	tb.Cleanup(journal.Close)

	return journal
}

// intoFile makes the rig write into the driving list's file.
func intoFile(journal **file.Journal) change {
	return func(s *setup) {
		s.journal = func(tb testing.TB, c *clock) ehr.Journal {
			tb.Helper()

			config := file.Config{Dir: tb.TempDir()}
			config.SetDefaults()

			j, err := file.New(config, file.Options{Now: c.Now})
			must(tb, err)
			tb.Cleanup(func() { _ = j.Close(context.WithoutCancel(tb.Context())) })

			*journal = j

			return j
		}
	}
}

func settings() scheduler.Settings {
	return scheduler.Settings{
		Municipality: "testby", Name: "Testby Kommune", Sender: "Testby", Phone: "89 00 00 00", Emergency: "1813",
		Mailbox: "skaerm@testby.example", PublicURL: "https://skaerm.testby.dk",
		Units: []scheduler.UnitRule{
			{Unit: care.Unit{ID: "oest", Name: "Hjemmeplejen Øst", LiveFrom: "2026-01-01"}, Lists: []string{"Øst*"}},
			{Unit: care.Unit{ID: "vest", Name: "Hjemmeplejen Vest", LiveFrom: "2026-01-01"}, Lists: []string{"Vest*", "Uge*"}},
			{Unit: care.Unit{ID: "nat", Name: "Natholdet", LiveFrom: "2026-01-01"}, Lists: []string{"Nat*"}},
			{Unit: care.Unit{ID: "nord", Name: "Hjemmeplejen Nord"}, Lists: []string{"Nord*"}},
		},
		Rules: care.Rules{
			ScreenServices: []string{
				"Medicinadministration", "Tilsyn/omsorg", "Ernæringsvejledning", "Psykisk støtte", "Undersøgelser og måling", "Telefonopkald", "Bostøtte",
			},
			PhysicalServices:   []string{"Personlig hygiejne", "Sårbehandling", "Personlig hjælp og pleje"},
			ScreenCategories:   []string{"Skærmbesøg"},
			AbsentStatuses:     []string{"Aflyst", "Indlagt"},
			UnknownSuitability: care.Green, MinimumLead: 20 * time.Minute,
		},
		RecordElse: scheduler.RecordRule{
			Recording: care.OnListOnly(),
			Planned:   "Planlagt skærmbesøg", Completed: "Gennemført skærmbesøg", NotCompleted: "Ikke gennemført skærmbesøg", Phone: "Telefonisk", Comment: "skærmbesøg",
		},
		Record: map[care.LegalBasis]scheduler.RecordRule{ //nolint:exhaustive // the other laws have the rule above
			care.SEL83: {Recording: care.OnListOnly(), Comment: "skærmbesøg"},
			care.SEL85: {Recording: care.OnListOnly(), Planned: "Video", Completed: "Video", NotCompleted: "Video aflyst", Phone: "Telefon"},
		},
		Door: 15 * time.Minute, Grace: 15 * time.Minute, HardCap: time.Hour, Together: 30 * time.Second, RoomCheck: 3 * time.Minute,
		Participants: 5,
	}
}

// Actors of the tests.
func planner(units ...care.UnitID) care.Actor { return actor("PLAN", care.Planner, units...) }
func leader(units ...care.UnitID) care.Actor  { return actor("LEDER", care.Leader, units...) }
func caregiver(id care.EmployeeID) care.Actor { return actor(id, care.Caregiver) }

func actor(id care.EmployeeID, role care.Role, units ...care.UnitID) care.Actor {
	if len(units) == 0 {
		units = []care.UnitID{care.EveryUnit}
	}

	a := care.Actor{Employee: id, Name: "Medarbejder " + string(id)}
	for _, u := range units {
		a.Grants = append(a.Grants, care.Grant{Unit: u, Role: role})
	}

	return a
}

func must(tb testing.TB, err error) {
	tb.Helper()

	if err != nil {
		tb.Fatal(err)
	}
}

// refused fails the test unless err is of the kind and says something in Danish.
func refused(tb testing.TB, err error, want care.Kind) {
	tb.Helper()

	var e *care.Error
	if !errors.As(err, &e) || e.Kind != want || e.Message == "" {
		tb.Fatalf("got %v, want %s", err, want)
	}
}

func sample(tb testing.TB, name string) ehr.File {
	tb.Helper()

	data, err := os.ReadFile(filepath.Join("testdata", name))
	must(tb, err)

	return ehr.File{Name: name, Data: data}
}

func hostPort(tb testing.TB, address string) (string, int) {
	tb.Helper()

	host, text, err := net.SplitHostPort(address)
	must(tb, err)

	port, err := strconv.Atoi(text)
	must(tb, err)

	return host, port
}
